"""Bits to symbols and back: checksum, channel code, repetition, scrambling, QAM.

    bits ─► CRC, LDPC or polar ─► repeat to k·order bits ─► scramble ─► Gray QAM ─► k symbols
    bits, ok ◄─ decode, CRC ◄─ sum of repeated LLRs ◄─ descramble ◄─ soft demapping ◄─┘

Codes, interleavers and constellations are those of 5G NR (TS 38.211, 38.212) as Sionna builds
them. Nothing here draws random numbers: the scrambling sequence is fixed, and only keeps constant
payloads from always using the same constellation points.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from semjscc.errors import UserError
from semjscc.separation.ldpc import Graph, decode_blocks, graph_of
from semjscc.separation.modes import POLAR_CRC_BITS, Mode
from semjscc.separation.nr import (
    CRCDecoder,
    CRCEncoder,
    Demapper,
    Mapper,
    Polar5GDecoder,
    Polar5GEncoder,
    TBEncoder,
    tb_encoder,
)
from semjscc.separation.recurrences import checksum_matrix, gold_sequence

SCRAMBLING = 1 << 15 | 1
"""Initial state of the Gold sequence (TS 38.211 section 7.3.1.1 with both identities 1)."""
LIST_SIZE = 8
"""Of polar list decoding: the size of 3GPP's own reference curves."""
LEAST_NOISE = 1e-10
"""A noiseless channel has finite log-likelihood ratios all the same."""
LLR_LIMIT = 1e4
CODES = 64
"""Encoders and decoders kept ready."""


class _QuickChecksum(CRCEncoder):
    """Sionna's, but its matrix is not made bit by bit, which for a photograph takes seconds."""

    def _gen_crc_mat(self, k: int, pol_crc: np.ndarray) -> np.ndarray:
        return checksum_matrix(k, pol_crc)


# The only way in: transport blocks make their checksums themselves.
tb_encoder.CRCEncoder = _QuickChecksum


def bytes_to_bits(payload: bytes, mode: Mode) -> Tensor:
    """A payload of at most ``mode.payload_bytes`` bytes -> (payload_bits,) float32, zero-padded.

    Raises:
        UserError: the payload is longer.
    """
    if len(payload) > mode.payload_bytes:
        raise UserError(
            f"{mode.name} carries {mode.payload_bytes} bytes, not {len(payload)}: "
            "compress further or choose another mode"
        )
    padded = payload.ljust(mode.payload_bytes, b"\0")
    bits = np.unpackbits(np.frombuffer(padded, np.uint8))
    return torch.from_numpy(np.pad(bits, (0, mode.payload_bits - len(bits)))).float()


def bits_to_bytes(bits: Tensor) -> bytes:
    """(payload_bits,) of 0 and 1 -> bytes; what does not fill a byte is left out."""
    whole = bits[: len(bits) // 8 * 8].to(torch.uint8).numpy()
    return np.packbits(whole).tobytes()


@torch.inference_mode()
def encode(bits: Tensor, mode: Mode, k: int) -> Tensor:
    """Payloads to symbols.

    Args:
        bits: (B, payload_bits) of 0 and 1.
        mode: one of ``modes_for(k)``.
        k: complex symbols.

    Returns:
        (B, k) complex64; the constellation's points have mean energy 1.
    """
    coded = _ldpc(mode)(bits.float()) if mode.code == "ldpc" else _polar(mode)[0](bits.float())
    scrambled = (_repeat(coded, mode, k) - _scrambling(k * mode.order)).abs()
    return _mapper(mode.order)(scrambled).to(torch.complex64)


@torch.inference_mode()
def decode(symbols: Tensor, noise_variance: Tensor, mode: Mode, k: int) -> tuple[Tensor, Tensor]:
    """Received symbols to payloads.

    Args:
        symbols: (B, k), equalised.
        noise_variance: N0 of each image (B,) or each symbol (B, k); infinite for an erased one.
        mode: what the sender used.
        k: complex symbols.

    Returns:
        (B, payload_bits) float32 of 0 and 1, and (B,) bool: whether the checksum holds.
    """
    llr = demap(symbols, noise_variance, mode.order) * (1 - 2 * _scrambling(k * mode.order))
    llr = _sum_repetitions(llr, mode)
    bits, ok = _decode_ldpc(llr, mode) if mode.code == "ldpc" else _decode_polar(llr, mode)
    # Codes are linear, so that silence decodes to zeros with a valid checksum: fewer known bits
    # than unknown ones are no delivery.
    known = (llr != 0).sum(dim=1)
    return bits, ok & (known >= mode.payload_bits + POLAR_CRC_BITS)


def demap(symbols: Tensor, noise_variance: Tensor, order: int) -> Tensor:
    """Exact log-likelihood ratios of Gray QAM, on each axis alone.

    Args:
        symbols: (B, k) complex64.
        noise_variance: (B,) or (B, k), N0.
        order: bits a symbol, even.

    Returns:
        (B, k·order) log p(0)/p(1), in the order in which the mapper takes the bits.
    """
    noise = noise_variance if noise_variance.ndim == 2 else noise_variance[:, None]
    noise = noise.expand(symbols.shape).clamp_min(LEAST_NOISE)[..., None]
    # What arrives in place of an erased symbol may be anything, infinity included.
    axes = torch.where(noise.isinf(), 0.0, torch.view_as_real(symbols))  # (B, k, 2)
    # The axis constellation has energy 1 rather than 1/2, and the demapper takes the exponent
    # to be -d²/N0, which on one axis is -d²/(2·N0/2).
    llr = _axis_demapper(order // 2)(
        torch.complex(axes, torch.zeros_like(axes)) * 2**0.5,
        (2 * noise).expand(axes.shape).contiguous(),
    )
    # (B, k, 2·order/2) by axis -> alternately in phase and in quadrature (TS 38.211, 5.1).
    both = llr.view(*symbols.shape, 2, order // 2).transpose(2, 3)
    return -both.reshape(symbols.shape[0], -1).clamp(-LLR_LIMIT, LLR_LIMIT)


def _repeat(coded: Tensor, mode: Mode, k: int) -> Tensor:
    """(B, encoded_bits) -> (B, k·order), the inverse of `_sum_repetitions`."""
    if k * mode.order == mode.encoded_bits:
        return coded
    again = coded[:, _repeated_first(mode)].repeat(1, k * mode.order // mode.encoded_bits)
    return torch.cat([coded, again], dim=1)[:, : k * mode.order]


def _repeated_first(mode: Mode) -> Tensor:
    """(encoded_bits,): the coded bits of a mode that repeats some, in the order of repetition.

    Code blocks take turns, as each is only as strong as its own repetitions: TS 38.212 section
    5.4.2.1 too gives every code block the same share of the symbols.
    """
    return torch.arange(mode.encoded_bits).view(mode.blocks, -1).T.reshape(-1)


def _sum_repetitions(llr: Tensor, mode: Mode) -> Tensor:
    """(B, k·order) -> (B, encoded_bits), the LLRs of every bit's repetitions added."""
    once, *again = llr.split(mode.encoded_bits, dim=1)
    if not again:
        return llr
    total, order = once.clone(), _repeated_first(mode)
    for part in again:
        total[:, order[: part.shape[1]]] += part
    return total


def _decode_ldpc(llr: Tensor, mode: Mode) -> tuple[Tensor, Tensor]:
    encoder = _ldpc(mode)
    graph, crc = _ldpc_graph(mode)
    punctured = llr.new_zeros(
        llr.shape[0], encoder.ldpc_encoder.n * encoder.num_cbs - encoder.cw_lengths_sum
    )
    ordered = torch.cat([llr, punctured], dim=1)[:, encoder.output_perm_inv]
    blocks = decode_blocks(graph, ordered.reshape(-1, encoder.ldpc_encoder.n))
    checksum = encoder.cb_crc_encoder.crc_length if encoder.cb_crc_encoder is not None else 0
    payload = blocks[:, : blocks.shape[1] - checksum].reshape(llr.shape[0], -1)
    bits, ok = crc((payload < 0).float())
    return bits, ok[:, 0].bool() & (payload != 0).all(dim=1)


def _decode_polar(llr: Tensor, mode: Mode) -> tuple[Tensor, Tensor]:
    # Sionna's decoders take log p(1)/p(0).
    bits, ok = _polar(mode)[1](-llr)
    return bits.float(), ok.bool()


@lru_cache(maxsize=CODES)
def _ldpc(mode: Mode) -> TBEncoder:
    return TBEncoder(
        target_tb_size=mode.payload_bits,
        num_coded_bits=mode.encoded_bits,
        target_coderate=mode.rate,
        num_bits_per_symbol=mode.order,
        use_scrambler=False,  # done here, over the repetitions too
        precision="single",
        device="cpu",
    )


@lru_cache(maxsize=CODES)
def _ldpc_graph(mode: Mode) -> tuple[Graph, CRCDecoder]:
    encoder = _ldpc(mode)
    checksum = CRCDecoder(encoder.tb_crc_encoder, precision="single", device="cpu")
    return graph_of(encoder.ldpc_encoder), checksum


@lru_cache(maxsize=CODES)
def _polar(mode: Mode) -> tuple[Polar5GEncoder, Polar5GDecoder]:
    encoder = Polar5GEncoder(mode.payload_bits, mode.encoded_bits, precision="single", device="cpu")
    decoder = Polar5GDecoder(
        encoder, "SCL", LIST_SIZE, return_crc_status=True, precision="single", device="cpu"
    )
    return encoder, decoder


@lru_cache(maxsize=CODES)
def _scrambling(length: int) -> Tensor:
    """(length,) of 0 and 1."""
    return torch.from_numpy(gold_sequence(length, SCRAMBLING)).float()


@lru_cache
def _mapper(order: int) -> Mapper:
    return Mapper("qam", order, precision="single", device="cpu")


@lru_cache
def _axis_demapper(bits: int) -> Demapper:
    return Demapper("app", "pam", bits, precision="single", device="cpu")
