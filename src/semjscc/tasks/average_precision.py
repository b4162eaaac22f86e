"""Mean average precision of any choice of images, from evidence of what was found in each.

COCO's definition (pycocotools, `COCOeval.accumulate`): found objects of a class by falling score,
precision made monotonous, averaged over the recalls 0, 0.01 … 1; then over thresholds and over
those classes of which there are objects. Here every image has a weight, how often it is chosen,
so that resampling images needs no new matching.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RECALLS = np.linspace(0, 1, 101)


def average_precision(rows: Floats, image: NDArray[np.int64], weights: Floats) -> Floats:
    """The metric of each choice of images.

    Args:
        rows: (K, 2 + T): class, score and one column for each threshold: whether what was found
            is right there; a score below 0 stands for an object that is there.
        image: (K,) the image that each row is of.
        weights: (R, N) how often each image counts.

    Returns:
        (R,), 0 to 1; nan where there is no object.
    """
    found = rows[:, 1] >= 0
    total, known = np.zeros(len(weights)), np.zeros(len(weights))
    for number in np.unique(rows[:, 0]):
        own = rows[:, 0] == number
        there = weights[:, image[own & ~found]].sum(axis=1)
        places = np.flatnonzero(own & found)
        # A stable sort, as COCO's: of equal scores the earlier image counts first.
        places = places[np.argsort(-rows[places, 1], kind="stable")]
        precision = _mean_precision(rows[places, 2:] > 0, weights[:, image[places]], there)
        total += np.where(there > 0, precision, 0)
        known += there > 0
    return np.divide(total, known, out=np.full(len(weights), np.nan), where=known > 0)


def _mean_precision(right: NDArray[np.bool_], weights: Floats, there: Floats) -> Floats:
    """Of one class, averaged over thresholds and recalls: (R,).

    Args:
        right: (K, T), by falling score.
        weights: (R, K).
        there: (R,) how many objects there are.
    """
    sums = np.zeros(len(weights))
    if not len(right):
        return sums
    seen = np.cumsum(weights, axis=1)
    for threshold in right.T:
        hits = np.cumsum(weights * threshold, axis=1)
        precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        # Recalls are reached from where hits are enough; rounding must not miss one.
        for row, (got, values) in enumerate(zip(hits, precision, strict=True)):
            if there[row] <= 0:
                continue
            first = np.searchsorted(got, RECALLS * there[row] - 1e-9)
            reached = first < len(values)
            sums[row] += values[first[reached]].sum() / len(RECALLS)
    return sums / right.shape[1]
