"""Which source coder serves the task best, and what to design for under fading: chosen on val.

``choice.json`` holds, for a family, a ratio and an SNR in dB, the coder with the best task score on
val and all scores; `tools/choose_coder.py` measures and writes it.
"""

import json
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


@cache
def _content() -> dict[str, Any]:
    return json.loads(CHOICE.read_text())


def chosen_coder(family: str, ratio: Fraction, snr_db: float) -> str | None:
    """The coder of the nearest SNR that was measured; None for a ratio or family that never was."""
    by_snr = _content()["coders"].get(family, {}).get(str(ratio))
    if not by_snr:
        return None
    return by_snr[min(by_snr, key=lambda measured: abs(float(measured) - snr_db))]


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
