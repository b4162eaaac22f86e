"""How a recording stores a number: the datatypes of SigMF, of which raw files hold some.

| stored  | taken as                                                        |
| ------- | --------------------------------------------------------------- |
| f32 f64 | what they say                                                   |
| i8 …    | ±2^(bits-1) is ± the full scale                                 |
| u8 …    | likewise around the middle of the range, 127.5 of u8            |
| V3      | three bytes of an integer, in WAV files alone                   |

The full scale lies far enough above a waveform of mean power one for its peaks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IQ_FULL_SCALE = 4.0
"""12 dB above a waveform of power one on each axis; rounding to 8 bits is 38 dB below its power."""
REAL_FULL_SCALE = 8.0
"""18 dB, because a real signal peaks higher and noise of -5 dB SNR should fit too."""


@dataclass(frozen=True)
class SampleFormat:
    """One of SigMF's datatypes.

    Attributes:
        name: what messages call it.
        number: of I, of Q, or of a real sample, with its order of bytes.
        is_complex: whether I and Q come in turn.
    """

    name: str
    number: np.dtype
    is_complex: bool

    @property
    def numbers(self) -> int:
        """In a sample."""
        return 2 if self.is_complex else 1

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return self.numbers * self.number.itemsize

    @property
    def full_scale(self) -> float:
        """What integers reach."""
        return IQ_FULL_SCALE if self.is_complex else REAL_FULL_SCALE

    @property
    def steps(self) -> int:
        """Of an integer up to the full scale."""
        return 1 << (8 * self.number.itemsize - 1)

    @property
    def middle(self) -> float:
        """The integer for zero; unsigned ones have none, since their range is even."""
        return self.steps - 0.5 if self.number.kind == "u" else 0.0

    def values(self, data: bytes) -> NDArray[np.float32]:
        """What is stored in bytes of whole numbers."""
        stored = np.frombuffer(data, self.number)
        if self.number.kind == "V":
            # Into the upper three bytes of four, whose sign counts.
            padded = np.zeros((len(stored), 4), np.uint8)
            padded[:, 1:] = stored.view(np.uint8).reshape(-1, 3)
            stored = padded.view("<i4")[:, 0] // 256
        if self.number.kind == "f":
            with np.errstate(over="ignore", invalid="ignore"):  # whoever reads looks for damage
                return stored.astype(np.float32)
        step = np.float32(self.full_scale / self.steps)
        if self.number.kind == "u" and self.number.itemsize > 2:
            # float32 has 24 bits: the middle has to go first.
            return (stored.astype(np.float64) - self.middle).astype(np.float32) * step
        values = stored.astype(np.float32)
        if self.middle:
            values -= np.float32(self.middle)
        values *= step
        return values


def _datatypes() -> dict[str, SampleFormat]:
    found: dict[str, SampleFormat] = {}
    for axes in "cr":
        for one in ("i8", "u8"):
            found[axes + one] = SampleFormat(axes + one, np.dtype(f"{one[0]}1"), axes == "c")
        for kind in ("f32", "f64", "i32", "i16", "u32", "u16"):
            for order, sign in (("le", "<"), ("be", ">")):
                number = np.dtype(f"{sign}{kind[0]}{int(kind[1:]) // 8}")
                name = axes + kind if order == "le" else f"{axes}{kind}_be"
                found[f"{axes}{kind}_{order}"] = SampleFormat(name, number, axes == "c")
    return found


DATATYPES = _datatypes()
"""By their names in SigMF; messages leave out that a format is little-endian."""
SOUND = SampleFormat("wav", np.dtype("<i2"), is_complex=False)


def raw_format(kind: str) -> SampleFormat:
    """Of a raw file, one of the kinds `RAW`."""
    return DATATYPES.get(kind) or DATATYPES[f"{kind}_le"]
