"""Rows of a burst that more than noise struck: interference, dropped samples, a recorder's faults.

    pilots of a row ─► what the channel's estimate leaves of them ─► far above the noise?

Of white noise, twice what is left over the noise variance follows the chi-square law with two
degrees of freedom for each pilot. A row without pilots goes by the nearest rows with them on both
sides.
"""

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from semjscc.radio.waveform.layout import Layout

FALSE_ALARM = 1e-4
"""Share of sound rows that are taken for damaged."""
LEAST_DAMAGE = 0.03
"""Of the channel's power: noise below it counts as so much. What clipping leaves in a row is less
than a tenth of it on average, and as much in one of 1000 rows."""
LOUD = 4.0
"""Over the header's power: a row that may not have a say in what the others are."""


def loud_rows(received: NDArray[np.complexfloating], layout: Layout) -> NDArray[np.bool_]:
    """Which rows (S,) of received values (S, K) are far louder than training and header."""
    power = np.mean(np.abs(received) ** 2, axis=1)
    return power > LOUD * power[: layout.header[-1] + 1].mean()


def damaged_rows(
    left: NDArray[np.floating],
    known: NDArray[np.bool_],
    noise: NDArray[np.floating],
    least: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How strong the noise of each row is, and whether it is far stronger than it should be.

    Args:
        left: (S, K), |received − channel · sent|².
        known: (S, K), where it means something.
        noise: (S,) variance that is expected of ``left``.
        least: what noise counts as at least.

    Returns:
        (S,) variance as measured, 0 where nothing tells of it, and (S,) whether the row is damaged.
    """
    count = known.sum(axis=1)
    measured = np.sum(left, axis=1, where=known) / np.maximum(count, 1)
    freedom = 2 * np.maximum(count, 1)
    limit = np.maximum(noise, least) * scipy.stats.chi2.isf(FALSE_ALARM, freedom) / freedom
    damaged = (count > 0) & (measured > limit)
    telling = np.flatnonzero(count)
    if not len(telling):
        return measured, damaged
    rows = np.arange(len(left))
    behind = np.searchsorted(telling, rows)
    sides = [
        telling[np.clip(behind - 1, 0, None)],
        telling[np.clip(behind, None, len(telling) - 1)],
    ]
    strong = np.where(damaged, measured, 0)
    either = np.maximum(strong[sides[0]], strong[sides[1]])
    silent = count == 0
    return np.where(silent, either, measured), damaged | (silent & (either > 0))
