"""Which source coder serves the task best, and what to design for under fading: chosen on val.

``choice.json`` holds, for a family, a ratio and an SNR in dB, the coder with the best task score on
val and all scores; `tools/choose_coder.py` measures and writes it.
"""

import json
import math
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import exp1

CHOICE = Path(__file__).parent / "choice.json"
_STEP_DB = 0.5
"""Between the SNRs that a scheme for block fading can be designed for."""


@cache
def _content() -> dict[str, Any]:
    return json.loads(CHOICE.read_text())


def chosen_coder(family: str, ratio: Fraction, snr_db: float) -> str | None:
    """The coder of the nearest SNR that was measured; None for a ratio or family that never was."""
    by_snr = _content()["coders"].get(family, {}).get(str(ratio))
    if not by_snr:
        return None
    return by_snr[min(by_snr, key=lambda measured: abs(float(measured) - snr_db))]


def block_fading_snr(family: str, ratio: Fraction, mean_snr_db: float) -> float:
    """The SNR in dB to design for where each image meets one Rayleigh gain that nobody foresees.

    A scheme for the SNR s arrives with probability exp(−s/mean), and is then worth what val says of
    s, interpolated between the SNRs that were measured; else the concealed image is. The s with the
    best expectation wins; where val was never asked, the one with the best expected log2(1 + s).
    """
    measured = _content().get("scores", {}).get(family)
    by_snr = measured["accuracy"].get(str(ratio)) if measured else None
    if by_snr:
        best = {float(snr): max(each.values()) for snr, each in by_snr.items()}
        asked = sorted(best)
        snrs = np.arange(asked[0], asked[-1] + _STEP_DB, _STEP_DB)
        scores = np.interp(snrs, asked, [best[snr] for snr in asked])
        worth = dict(zip(snrs.tolist(), scores.tolist(), strict=True))
        lost = measured["concealed"]
    else:
        snrs = np.arange(-10, 30, _STEP_DB)
        worth = dict(zip(snrs.tolist(), np.log2(1 + 10 ** (snrs / 10)).tolist(), strict=True))
        lost = 0.0

    def expected(snr_db: float) -> float:
        arrives = math.exp(-(10 ** ((snr_db - mean_snr_db) / 10)))
        return arrives * worth[snr_db] + (1 - arrives) * lost

    return max(worth, key=expected)


def fast_fading_snr(mean_snr_db: float) -> float:
    """The SNR in dB whose capacity is the ergodic capacity of Rayleigh fading at a mean SNR.

    E[log2(1 + |h|²·γ)] = log2(e)·exp(1/γ)·E1(1/γ) (Goldsmith 2005, section 4.2.4).
    """
    inverse = 10 ** (-mean_snr_db / 10)
    # exp(x)·E1(x) tends to 1/(1 + x); the product itself overflows.
    nats = math.exp(inverse) * float(exp1(inverse)) if inverse < 100 else 1 / (1 + inverse)
    return 10 * math.log10(math.expm1(nats))
