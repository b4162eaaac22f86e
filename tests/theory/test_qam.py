"""QAM, LDPC and polar codes against closed forms and published error rates."""

import math

import pytest
import torch
from scipy.stats import binomtest
from sionna.phy.fec.ldpc import LDPC5GEncoder
from sionna.phy.mapping import Mapper
from torch import Tensor

from semjscc.randomness import Draws
from semjscc.separation.ldpc import decode_blocks, graph_of
from semjscc.separation.modes import mode_named
from semjscc.separation.throughput import lost_blocks
from semjscc.separation.transport import decode, demap, encode

CONFIDENCE = 0.999


def gray_qam_bit_error_rate(order: int, snr_db: float) -> float:
    """Exact, for square Gray QAM: Cho and Yoon 2002, doi 10.1109/TCOMM.2002.800818, eq. 14, 16."""
    side, snr = 2 ** (order // 2), 10 ** (snr_db / 10)
    total = 0.0
    for bit in range(1, order // 2 + 1):
        for i in range(int((1 - 2.0**-bit) * side)):
            sign = (-1) ** (i * 2 ** (bit - 1) // side)
            weight = 2 ** (bit - 1) - math.floor(i * 2 ** (bit - 1) / side + 0.5)
            distance = (2 * i + 1) * math.sqrt(3 * snr / (2 * (side**2 - 1)))
            total += sign * weight * math.erfc(distance) / side
    return total / (order // 2)


def noisy(symbols: Tensor, snr_db: float) -> tuple[Tensor, Tensor]:
    noise = 10 ** (-snr_db / 10)
    drawn = Draws(7, range(len(symbols))).complex_normal("theory", symbols.shape[1])
    return symbols + noise**0.5 * drawn, torch.full((len(symbols),), noise)


# At higher error rates the exact decision about a bit is better than the nearest point's, which
# the formula is about.
@pytest.mark.parametrize(
    ("order", "snr_db"),
    [(2, 2.0), (2, 9.0), (4, 9.0), (4, 15.0), (6, 15.0), (6, 21.0), (8, 21.0), (8, 27.0)],
)
def test_uncoded_qam_has_the_textbook_bit_error_rate(order: int, snr_db: float) -> None:
    theory = gray_qam_bit_error_rate(order, snr_db)
    assert 5e-4 < theory < 0.2
    bits = torch.randint(2, (4, 20_000 * order), generator=torch.Generator().manual_seed(1))
    symbols = Mapper("qam", order, device="cpu")(bits.float())
    decided = demap(*noisy(symbols, snr_db), order) < 0
    # A nearest wrong point has one wrong bit: errors are as good as independent.
    interval = binomtest(int((decided != bits.bool()).sum()), bits.numel()).proportion_ci(
        CONFIDENCE, method="exact"
    )
    assert interval.low <= theory <= interval.high


@pytest.mark.parametrize(("shift_db", "below"), [(-0.3, False), (0.3, True)])
def test_ldpc_waterfall_is_the_published_one(shift_db: float, below: bool) -> None:
    # AFF3CT 4.4.0, reference "LDPC (1024,512) BPF-SPA 20 ite. 5G NR UL-SCH" of the repository
    # aff3ct/error_rate_references: frame error rate 1.69e-2 at Eb/N0 1.75 dB and 2.80e-3 at 2 dB,
    # so 1e-2 at 1.82 dB. At rate 1/2, Es/N0 of QPSK is Eb/N0.
    encoder = LDPC5GEncoder(512, 1024, device="cpu")
    bits = torch.randint(2, (800, 512), generator=torch.Generator().manual_seed(5)).float()
    with torch.inference_mode():
        symbols = Mapper("qam", 2, device="cpu")(encoder(bits))
    llr = demap(*noisy(symbols, 1.82 + shift_db), 2)
    decided = decode_blocks(graph_of(encoder), llr) < 0
    lost = int((decided != bits.bool()).any(dim=1).sum())
    if below:
        assert lost < 800 * 0.01
    else:
        assert lost > 800 * 0.01


@pytest.mark.parametrize(("shift_db", "below"), [(-0.3, False), (0.3, True)])
def test_polar_waterfall_is_the_published_one(shift_db: float, below: bool) -> None:
    # Sionna's tutorial "5G Channel Coding and Rate-Matching: Polar vs. LDPC Codes", 64 bits in
    # 128, list of 8: block error rate 3.50e-2 at Eb/N0 2.5 dB, 7.52e-3 at 3 dB, so 1e-2 at 2.91.
    lost = lost_blocks(mode_named("polar-4qam-64", 64), 64, 2.91 + shift_db, range(1000))
    if below:
        assert lost < 10
    else:
        assert lost > 10


def test_repetition_gains_its_factor() -> None:
    # The code with 1280 bits on 2000 repeats 720 of them; on 5120 symbols, 8 times all of them.
    few, many = 640, 2560
    mode = mode_named("ldpc-4qam-240", 1000)
    assert mode.encoded_bits == 2 * few
    counted = []
    for k in (few, many):
        bits = torch.randint(2, (300, 240), generator=torch.Generator().manual_seed(2)).float()
        loss_db = 10 * math.log10(k / few)
        symbols, noise = noisy(encode(bits, mode, k), -3.6 - loss_db)
        received, _ = decode(symbols, noise, mode, k)
        counted.append(int((received != bits).any(dim=1).sum()))
    # Equal error rates in the waterfall, where 0.5 dB would change them by a factor of three.
    assert 20 <= counted[0] <= 200
    spread = math.sqrt(counted[0] * (1 - counted[0] / 300) * 2)
    assert abs(counted[1] - counted[0]) < 4 * spread


def test_repetition_serves_every_code_block_alike() -> None:
    # Two blocks of 3,304 bits, of whose 33,040 coded bits 9,296 are sent twice. Block error rate
    # 1e-2 was measured at -5.1 dB; were all repetitions the first block's, it would be -4.1 dB.
    k = 21168
    mode = mode_named("ldpc-4qam-6536", k)
    assert mode.blocks == 2
    assert lost_blocks(mode, k, -4.8, range(16)) == 0


def test_bits_and_symbols_are_counted_alike_by_the_channel() -> None:
    # 640 bits in 256 symbols: 2.5 bits a symbol, whatever the code does inside.
    mode = mode_named("ldpc-16qam-640", 256)
    symbols = encode(torch.zeros(1, 640), mode, 256)
    assert symbols.numel() == 256
    assert len(torch.unique(torch.view_as_real(symbols[0]).mul(10**0.5).round())) == 4
