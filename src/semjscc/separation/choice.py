"""Which source coder serves the task best, and what to design for under fading: chosen on val.

``choice.json`` holds, for a family, a ratio and an SNR in dB, the coder with the best task score on
val, or for photographs on train, and all scores; `tools/choose_coder.py` measures and writes it.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHOICE = Path(__file__).parent / "choice.json"
_STEP_DB = 0.5
"""Between the SNRs that a scheme for outage can be designed for."""
_LARGER = 2
"""From so many times the pixels of the images that were measured on, an image has more bits to a
ratio than they had, and what suits it is what suited them at as many."""


@cache
def _content() -> dict[str, Any]:
    return json.loads(CHOICE.read_text())


def chosen_coder(
    family: str, ratio: Fraction, snr_db: float, pixels: int | None = None
) -> str | None:
    """The coder of the nearest SNR that was measured; None for a family that never was.

    At a ratio that was not measured, and in larger images, the coder of the point whose capacity is
    nearest: what suits an image is a matter of the bits that it may have.

    Args:
        family: of shipped weights.
        ratio: k/n.
        snr_db: what the sender believes in.
        pixels: of the image; None for one like those that were measured on.
    """
    by_ratio = _content()["coders"].get(family)
    if not by_ratio:
        return None
    if pixels and is_larger(family, pixels):
        ratio = ratio * pixels / _content()["scores"][family]["pixels"]
    elif by_snr := by_ratio.get(str(ratio)):
        return by_snr[min(by_snr, key=lambda measured: abs(float(measured) - snr_db))]
    wanted = _log_bits(ratio, snr_db)
    _, coder = min(
        (abs(_log_bits(Fraction(measured), float(at)) - wanted), coder)
        for measured, by_snr in by_ratio.items()
        for at, coder in by_snr.items()
    )
    return coder


def is_larger(family: str, pixels: int) -> bool:
    """Whether an image is larger than those that the family's coders were chosen on."""
    measured_on = _content().get("scores", {}).get(family, {}).get("pixels")
    return measured_on is not None and pixels >= _LARGER * measured_on


def _log_bits(ratio: Fraction, snr_db: float) -> float:
    """The logarithm of the capacity in bits for each of an image's numbers."""
    return math.log(ratio * math.log2(1 + 10 ** (snr_db / 10)))


@dataclass(frozen=True)
class Worth:
    """What an image is worth to the task, by the SNR in dB that its scheme was made for.

    Attributes:
        snrs_db: SNRs to choose from, in steps of half a decibel.
        scores: the worth at each where it arrives.
        lost: the worth of the concealed image where it does not.
    """

    snrs_db: NDArray[np.float64]
    scores: NDArray[np.float64]
    lost: float

    def expected(self, snr_db: float, arrives: float) -> float:
        """The mean worth where a share of the images arrives; beyond the SNRs that of the next."""
        there = float(np.interp(snr_db, self.snrs_db, self.scores))
        return arrives * there + (1 - arrives) * self.lost


def worth_of(family: str, ratio: Fraction) -> Worth:
    """What val says, interpolated between the SNRs that were measured.

    Where val was never asked, log2(1 + SNR): an image is worth the bits that it may have.
    """
    measured = _content().get("scores", {}).get(family)
    by_snr = measured["accuracy"].get(str(ratio)) if measured else None
    if not by_snr:
        snrs = np.arange(-10, 30, _STEP_DB)
        return Worth(snrs, np.log2(1 + 10 ** (snrs / 10)), 0.0)
    best = {float(snr): max(each.values()) for snr, each in by_snr.items()}
    asked = sorted(best)
    snrs = np.arange(asked[0], asked[-1] + _STEP_DB, _STEP_DB)
    scores = np.interp(snrs, asked, [best[snr] for snr in asked])
    return Worth(snrs, scores, measured["concealed"])


def outage_snr(worth: Worth, arrives: Callable[[float], float]) -> float:
    """The SNR in dB to design for where each image meets a channel that nobody foresees.

    Args:
        worth: see `worth_of`.
        arrives: from an SNR to the share of images whose channel carries as much.

    Returns:
        the one with the best expected worth.
    """
    return max(worth.snrs_db.tolist(), key=lambda snr_db: worth.expected(snr_db, arrives(snr_db)))
