"""The ways to carry bits on k symbols: modulation, code rate and payload, after 3GPP NR.

The rates are those of TS 38.214 tables 5.1.3.1-1 to 5.1.3.1-3 (QPSK to 256-QAM); the payload is
the transport block size of TS 38.214 section 5.1.3.2, in as many code blocks as TS 38.212 section
5.2.2 says. LDPC codes carry 24 bits and more. Up to 140 bits there are polar codes too, one for
each whole byte, with the rates that table 5.1.3.1-2 gives each modulation.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import torch

from semjscc.errors import UserError
from semjscc.separation.nr import calculate_tb_size, decode_mcs_index

MCS_LINES = {2: 28, 1: 29, 3: 29}
"""Number of a table in TS 38.214 section 5.1.3.1 -> its lines. The second reaches 256-QAM, the
first has twice as many rates of QPSK, and the third goes on below them."""
RATE_LIMIT = 948 / 1024
"""Of one code block, checksums included. Sionna warns above it and refuses rates above 0.95; in
between there are short blocks whose punctured bits no decoder recovers, even without noise."""

POLAR_CRC_BITS = 11
POLAR_PAYLOADS = range(24, 141, 8)
"""Whole bytes; below 20 bits NR has a shorter checksum and parity bits that Sionna lacks."""
POLAR_LONGEST = 1024
"""Longest mother code; longer words repeat its bits anyway."""
# The table's own range for each order, but half its lowest rate for QPSK: repetition goes on.
POLAR_RATES = {2: (60 / 1024, 602 / 1024), 4: (378 / 1024, 658 / 1024), 6: (466 / 1024, 873 / 1024)}


@dataclass(frozen=True)
class Mode:
    """One way to fill k symbols.

    Attributes:
        code: ``ldpc`` (transport block with CRC-16 or CRC-24A) or ``polar`` (CRC-11).
        order: bits of a QAM symbol: 2, 4, 6 or 8.
        rate: the target code rate.
        payload_bits: bits carried, without checksums; a multiple of 8.
        encoded_bits: bits that leave the encoder; repeated to fill the symbols, each code block
            alike.
        blocks: code blocks, each coded alone; the payload is lost where one of them is.
        block_bits: bits of a code block before coding, checksums included.
    """

    code: Literal["ldpc", "polar"]
    order: int
    rate: float
    payload_bits: int
    encoded_bits: int
    blocks: int
    block_bits: int

    @property
    def name(self) -> str:
        """Unique among the modes of one k, such as ``ldpc-16qam-304``."""
        return f"{self.code}-{2**self.order}qam-{self.payload_bits}"

    @property
    def payload_bytes(self) -> int:
        """Whole bytes carried."""
        return self.payload_bits // 8


@lru_cache(maxsize=1024)
def modes_for(k: int) -> tuple[Mode, ...]:
    """All modes of k complex symbols, by payload and order; empty where nothing fits.

    A mode's place in this tuple is what the control record says.

    Raises:
        UserError: k is below 1.
    """
    if k < 1:
        raise UserError(f"a transmission needs at least 1 symbol, not {k}")
    found: dict[str, Mode] = {}
    for mode in [*_ldpc_modes(k), *_polar_modes(k)]:
        # The same block size and order is the same transmission: one of them is enough.
        found.setdefault(mode.name, mode)
    return tuple(sorted(found.values(), key=lambda m: (m.payload_bits, m.order, m.code)))


def mode_named(name: str, k: int) -> Mode:
    """The mode of k symbols with this name.

    Raises:
        UserError: k symbols have no such mode.
    """
    for mode in modes_for(k):
        if mode.name == name:
            return mode
    raise UserError(f"{k} symbols have no mode {name}; remake the table with tools/mcs_table.py")


def _ldpc_modes(k: int) -> list[Mode]:
    lines = _mcs_lines()
    orders, rates = (torch.tensor(column) for column in zip(*lines, strict=True))
    sizes = calculate_tb_size(
        orders, rates, num_coded_bits=k * orders, return_cw_length=False, device="cpu"
    )
    blocks = zip(*(size.tolist() for size in sizes[:3]), strict=True)
    modes = [_ldpc_mode(k, *line, *block) for line, block in zip(lines, blocks, strict=True)]
    return [mode for mode in modes if mode is not None]


@cache
def _mcs_lines() -> tuple[tuple[int, float], ...]:
    """Order and rate of every line of the tables, each once."""
    lines = [
        decode_mcs_index(index, table_index=table, is_pusch=False, device="cpu")
        for table, count in MCS_LINES.items()
        for index in range(count)
    ]
    return tuple(dict.fromkeys((int(order), float(rate)) for order, rate in lines))


def _ldpc_mode(
    k: int, order: int, rate: float, payload: int, block: int, blocks: int
) -> Mode | None:
    """The transport block of one line of a table, or None where it cannot be sent."""
    coded = k * order
    # TS 38.212 section 7.2.2: base graph 1 has no rates below 1/3, base graph 2 none below 1/5.
    lowest = 3 if block > 3824 and rate > 0.25 else 5
    step = order * blocks
    encoded = min(coded, lowest * block * blocks // step * step)
    if blocks * block > RATE_LIMIT * encoded:
        return None
    return Mode("ldpc", order, rate, payload, encoded, blocks, block)


def _polar_modes(k: int) -> list[Mode]:
    modes = []
    for order, (low, high) in POLAR_RATES.items():
        coded = k * order
        for payload in POLAR_PAYLOADS:
            fits = payload + POLAR_CRC_BITS <= coded
            if fits and low <= payload / coded <= high:
                encoded = min(coded, POLAR_LONGEST)
                block = payload + POLAR_CRC_BITS
                modes.append(Mode("polar", order, payload / coded, payload, encoded, 1, block))
    return modes
