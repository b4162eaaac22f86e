"""Bits over symbols and back: every mode, erasures, garbage, and Sionna's own decoders."""

import pytest
import sionna.phy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sionna.phy.mapping import Demapper
from sionna.phy.nr import TBDecoder, TBEncoder
from torch import Tensor

from semjscc.errors import UserError
from semjscc.randomness import Draws
from semjscc.separation.ldpc import decode_blocks, graph_of
from semjscc.separation.modes import Mode, mode_named, modes_for
from semjscc.separation.transport import bits_to_bytes, bytes_to_bits, decode, demap, encode


def payloads(mode: Mode, count: int) -> Tensor:
    random = torch.Generator().manual_seed(mode.payload_bits)
    return torch.randint(2, (count, mode.payload_bits), generator=random).float()


def over_awgn(symbols: Tensor, snr_db: float) -> tuple[Tensor, Tensor]:
    noise = 10 ** (-snr_db / 10)
    count, k = symbols.shape
    drawn = Draws(0, range(count)).complex_normal("test", k)
    return symbols + noise**0.5 * drawn, torch.full((count,), noise)


@pytest.mark.parametrize("k", [6, 20, 75])
def test_every_mode_fills_k_symbols_and_comes_back_without_noise(k: int) -> None:
    for mode in modes_for(k):
        bits = payloads(mode, 2)
        symbols = encode(bits, mode, k)
        assert (symbols.shape, symbols.dtype) == ((2, k), torch.complex64)
        received, ok = decode(symbols, torch.full((2,), 1e-3), mode, k)
        assert ok.all(), mode.name
        assert torch.equal(received, bits), mode.name


@given(k=st.integers(8_000, 40_000), place=st.floats(0, 1, exclude_max=True))
@settings(max_examples=6)
def test_modes_of_several_code_blocks_fill_k_symbols_of_any_number(k: int, place: float) -> None:
    modes = [mode for mode in modes_for(k) if mode.blocks > 1]
    mode = modes[int(place * len(modes))]
    bits = payloads(mode, 1)
    received, ok = decode(encode(bits, mode, k), torch.full((1,), 1e-4), mode, k)
    assert ok.all()
    assert torch.equal(received, bits)


@pytest.mark.parametrize("name", ["ldpc-4qam-1928", "ldpc-16qam-12040", "ldpc-256qam-60456"])
def test_long_blocks_come_back(name: str) -> None:
    # Repetition, three code blocks, and eight at the highest rate.
    mode = mode_named(name, 8192)
    bits = payloads(mode, 1)
    received, ok = decode(encode(bits, mode, 8192), torch.zeros(1), mode, 8192)
    assert ok.all()
    assert torch.equal(received, bits)


def test_repeated_blocks_come_back_from_whichever_copy_is_there() -> None:
    # Three code blocks, all bits at least twice: either half of the symbols is enough.
    k = 81000
    mode = next(mode for mode in modes_for(k) if mode.blocks == 3 and mode.rate < 0.08)
    assert 2 * mode.encoded_bits <= k * mode.order
    bits = payloads(mode, 1)
    symbols = encode(bits, mode, k)
    once = mode.encoded_bits // mode.order
    for kept in (slice(0, once), slice(once, 2 * once)):
        noise = torch.full((1, k), torch.inf)
        noise[:, kept] = 0
        received, ok = decode(symbols, noise, mode, k)
        assert ok.all()
        assert torch.equal(received, bits)


@pytest.mark.parametrize("payload", ["random", "zeros"])
def test_symbols_have_the_constellations_energy(payload: str) -> None:
    for name in ("polar-4qam-136", "ldpc-16qam-504", "ldpc-64qam-1032", "ldpc-256qam-1544"):
        mode = mode_named(name, 256)
        bits = payloads(mode, 8) * (payload == "random")
        power = encode(bits, mode, 256).abs().square().mean().item()
        # Zeros are one block eight times: 256 symbols of 256-QAM deviate by 5 %.
        assert power == pytest.approx(1, abs=0.05 if payload == "random" else 0.12)


@given(data=st.binary(max_size=30))
@settings(max_examples=30)
def test_bytes_survive_with_zeros_behind(data: bytes) -> None:
    mode = mode_named("ldpc-16qam-240", 128)
    bits = bytes_to_bits(data, mode)
    assert bits.shape == (240,)
    assert bits_to_bytes(bits) == data.ljust(30, b"\0")


def test_first_bit_is_the_highest_of_the_first_byte() -> None:
    mode = mode_named("ldpc-16qam-240", 128)
    assert bytes_to_bits(b"\x80\x01", mode)[:16].tolist() == [1.0] + [0.0] * 14 + [1.0]


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(UserError, match="carries 30 bytes, not 31: compress further"):
        bytes_to_bits(bytes(31), mode_named("ldpc-16qam-240", 128))


@pytest.mark.parametrize(("name", "passing"), [("ldpc-4qam-112", 0), ("polar-4qam-96", 4)])
def test_checksum_catches_noise_alone(name: str, passing: int) -> None:
    # A list of 8 and a CRC of 11 bits let pass 8/2048 of all noise: 0.5 of 128 on average.
    noise = Draws(3, range(128)).complex_normal("test", 128)
    _, ok = decode(noise, torch.ones(128), mode_named(name, 128), 128)
    assert int(ok.sum()) <= passing


@pytest.mark.parametrize("name", ["ldpc-4qam-48", "polar-4qam-56", "ldpc-256qam-928"])
def test_nothing_received_is_nothing_delivered(name: str) -> None:
    mode = mode_named(name, 128)
    # The all-zero word has a valid checksum.
    for erased in (torch.full((2, 128), torch.inf), torch.full((2,), torch.inf)):
        symbols = torch.full((2, 128), complex(float("nan"), float("inf")))
        assert not decode(symbols, erased, mode, 128)[1].any()


@pytest.mark.parametrize("name", ["ldpc-4qam-48", "polar-4qam-56"])
def test_half_of_the_symbols_may_be_erased_at_a_low_rate(name: str) -> None:
    mode = mode_named(name, 128)
    bits = payloads(mode, 4)
    symbols, noise = over_awgn(encode(bits, mode, 128), 12.0)
    variances = noise[:, None].repeat(1, 128)
    variances[:, ::2] = torch.inf
    received, ok = decode(symbols, variances, mode, 128)
    assert ok.all()
    assert torch.equal(received, bits)


def test_a_symbols_own_noise_is_believed() -> None:
    mode = mode_named("ldpc-4qam-48", 128)
    bits = payloads(mode, 4)
    symbols = encode(bits, mode, 128).clone()
    symbols[:, :40] = Draws(1, range(4)).complex_normal("test", 40) * 10
    variances = torch.full((4, 128), 0.01)
    assert not decode(symbols, variances, mode, 128)[1].any()
    variances[:, :40] = 100.0
    assert torch.equal(decode(symbols, variances, mode, 128)[0], bits)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_demapping_by_axis_is_sionnas_over_the_plane(order: int) -> None:
    symbols = Draws(0, range(2)).complex_normal("test", 50)
    noise = torch.rand(2, 50, generator=torch.Generator().manual_seed(0)) + 0.05
    plane = Demapper("app", "qam", order, device="cpu")(symbols, noise)
    torch.testing.assert_close(demap(symbols, noise, order), -plane, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize(("payload", "coded", "ebno_db"), [(96, 256, 1.5), (352, 512, 2.4)])
def test_layered_decoder_agrees_with_sionnas_flooding(
    payload: int, coded: int, ebno_db: float
) -> None:
    encoder = TBEncoder(payload, coded, payload / coded, 2, use_scrambler=False, device="cpu")
    bits = torch.randint(2, (100, payload), generator=torch.Generator().manual_seed(2)).float()
    noise = 10 ** (-ebno_db / 10) / (2 * payload / coded)
    drawn = torch.randn(100, coded, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        llr = 2 * (1 - 2 * encoder(bits) + noise**0.5 * drawn) / noise
        theirs = TBDecoder(encoder, num_bp_iter=50, device="cpu")(-llr)[0]
        ordered = llr[:, encoder.output_perm_inv]
        ours = decode_blocks(graph_of(encoder.ldpc_encoder), ordered)[:, :payload] < 0
    lost = [int((decided != bits).any(dim=1).sum()) for decided in (theirs, ours)]
    # In the waterfall; the two may differ in a few words on the edge.
    assert 4 <= lost[0] <= 60
    assert abs(lost[1] - lost[0]) <= 3


def test_one_image_is_decoded_as_in_a_batch() -> None:
    for name, snr_db in (("ldpc-16qam-240", 6.3), ("polar-4qam-136", 1.5)):
        mode = mode_named(name, 128)
        symbols, noise = over_awgn(encode(payloads(mode, 40), mode, 128), snr_db)
        together, ok = decode(symbols, noise, mode, 128)
        assert 0 < int(ok.sum()) < 40
        for place in (0, 17, 39):
            part = slice(place, place + 1)
            alone, alone_ok = decode(symbols[part], noise[part], mode, 128)
            assert torch.equal(alone_ok, ok[part])
            assert torch.equal(alone, together[part])


def test_no_global_random_state_is_touched() -> None:
    states = (torch.random.get_rng_state(), sionna.phy.config.torch_rng("cpu").get_state())
    numbers = sionna.phy.config.np_rng.bit_generator.state
    for mode in (modes_for(30)[0], modes_for(30)[-1]):
        decode(encode(payloads(mode, 2), mode, 30), torch.ones(2), mode, 30)
    assert torch.equal(torch.random.get_rng_state(), states[0])
    assert torch.equal(sionna.phy.config.torch_rng("cpu").get_state(), states[1])
    assert sionna.phy.config.np_rng.bit_generator.state == numbers
