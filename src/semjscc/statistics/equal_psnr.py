"""How far one accuracy–PSNR front lies above another where both have the same PSNR.

Fronts are interpolated linearly between their weights, and compared nowhere else: on the long way
from the plain codec to the smallest weight a straight line would lie far below the truth. The gap
is then a weighted sum of the points' accuracies, and so the mean over images of the same sum of
each image's outcomes: its interval is that of a mean over paired images. The points' PSNRs count as
exact: their own error, small as all links send the same images, is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semjscc.statistics.fronts import FrontPoint
from semjscc.statistics.intervals import clustered_bootstrap


@dataclass(frozen=True)
class Gap:
    """What one front is above another.

    Attributes:
        points: the difference in percentage points, positive where the first is ahead.
        interval: its paired 95 % interval over images; None where outcomes lack.
    """

    points: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class FrontGap:
    """How far one loss lies above another at equal PSNR and ratio.

    Attributes:
        ratio: such as 1/24.
        ours: one front.
        theirs: another.
        at: our points, and the gap at each one's PSNR, where theirs reaches it.
        mean: over all PSNRs that both reach; None where they have none in common.
    """

    ratio: str
    ours: str
    theirs: str
    at: tuple[tuple[FrontPoint, Gap], ...]
    mean: Gap | None


def front_gap(
    ratio: str, names: tuple[str, str], ours: Sequence[FrontPoint], theirs: Sequence[FrontPoint]
) -> FrontGap:
    """Compare two fronts at one ratio.

    Args:
        ratio: such as 1/24.
        names: of the two.
        ours: the front in question.
        theirs: the front it is compared with.
    """
    ours, theirs = _weighted(ours), _weighted(theirs)
    if not ours or not theirs:
        return FrontGap(ratio, *names, at=(), mean=None)
    low, high = _reach(theirs)
    at = tuple(
        (point, _gap([point], theirs, np.array([point.psnr_db]), np.ones(1)))
        for point in ours
        if low <= point.psnr_db <= high
    )
    return FrontGap(ratio, *names, at=at, mean=_mean_gap(ours, theirs))


def _mean_gap(ours: Sequence[FrontPoint], theirs: Sequence[FrontPoint]) -> Gap | None:
    """The gap averaged over the PSNRs that both fronts reach, None where there are none."""
    (our_low, our_high), (their_low, their_high) = _reach(ours), _reach(theirs)
    low, high = max(our_low, their_low), min(our_high, their_high)
    if low >= high:
        return None
    knots = [point.psnr_db for point in (*ours, *theirs) if low <= point.psnr_db <= high]
    at = np.unique(np.array([low, *knots, high]))
    # Between knots the gap is linear, so that the trapezoids are its integral.
    steps = np.diff(at) / 2
    shares = np.concatenate([steps, [0]]) + np.concatenate([[0], steps])
    return _gap(ours, theirs, at, shares / shares.sum())


def _weighted(front: Sequence[FrontPoint]) -> list[FrontPoint]:
    return [point for point in front if point.weight]


def _reach(front: Sequence[FrontPoint]) -> tuple[float, float]:
    psnr_db = [point.psnr_db for point in front]
    return min(psnr_db), max(psnr_db)


def _gap(
    ours: Sequence[FrontPoint],
    theirs: Sequence[FrontPoint],
    at: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> Gap:
    """The gap at some PSNRs, which count by their shares."""
    parts = [
        (sign * share, point)
        for sign, front in ((1, ours), (-1, theirs))
        for share, point in zip(shares @ _interpolation(front, at), front, strict=True)
        if share
    ]
    points = float(sum(share * point.accuracy for share, point in parts))
    outcomes = [share * point.outcomes for share, point in parts if point.outcomes is not None]
    if len(outcomes) < len(parts) or len({len(each) for each in outcomes}) != 1:
        return Gap(points, None)
    return Gap(points, clustered_bootstrap(np.sum(outcomes, axis=0)[:, None], seed=0))


def _interpolation(front: Sequence[FrontPoint], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """(PSNRs, points) by which the points' accuracies make the front's at those PSNRs."""
    order = np.argsort([point.psnr_db for point in front])
    psnr_db = np.array([point.psnr_db for point in front])[order]
    return np.stack([np.interp(at, psnr_db, place == order) for place in range(len(front))], axis=1)
