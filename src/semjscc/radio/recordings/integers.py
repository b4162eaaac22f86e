"""Samples as the integers of a file, and what that costs those that are too strong or too weak."""

import math

import numpy as np
from numpy.typing import NDArray

from semjscc.radio.recordings.formats import SampleFormat

TOO_STRONG, TOO_WEAK = 1e-3, 0.5
"""Shares of the values from which on a recording is no longer what it was: clipping at 1 in 1000
leaves noise 30 dB below the signal or more."""


class Integers:
    """Turns values into bytes, and counts.

    Args:
        form: of integers.
    """

    def __init__(self, form: SampleFormat) -> None:
        self._form = form
        self._values = self._clipped = self._lost = 0
        self._strongest = 0.0

    def to_bytes(self, values: NDArray[np.float32]) -> bytes:
        """±full scale onto the whole range; what exceeds it saturates."""
        limits = np.iinfo(self._form.number)
        scaled = values * np.float32(self._form.steps / self._form.full_scale)
        codes = np.rint(scaled + np.float32(self._form.middle))
        something = values != 0
        self._values += int(something.sum())
        self._lost += int((something & (np.abs(scaled) <= 0.5)).sum())
        self._clipped += int(((codes < limits.min) | (codes > limits.max)).sum())
        self._strongest = max(self._strongest, float(np.abs(values).max(initial=0)))
        return np.clip(codes, limits.min, limits.max).astype(self._form.number).tobytes()

    def problem(self) -> str | None:
        """What a user has to know of all the values so far; None if nothing."""
        if not self._values:
            return None
        if self._clipped / self._values > TOO_STRONG:
            much = math.ceil(20 * math.log10(self._strongest / self._form.full_scale))
            return (
                f"{self._clipped / self._values:.1%} of its values are beyond what its integers "
                f"hold, and clipped: {much} dB less gain, or .cf32, would hold them all"
            )
        if self._lost / self._values > TOO_WEAK:
            return (
                f"{self._lost / self._values:.0%} of its values are weaker than half a step of its "
                "integers, and lost: take more gain, or .cf32"
            )
        return None
