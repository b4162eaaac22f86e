"""Mean average precision of any choice of images, from evidence of what was found in each.

COCO's definition (pycocotools, `COCOeval.accumulate`): found objects of a class by falling score,
precision made monotonous, averaged over the recalls 0, 0.01 … 1; then over thresholds and over
those classes of which there are objects. Here every image has a weight, how often it is chosen,
so that resampling images needs no new matching.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RECALLS = 101
"""0, 0.01 … 1."""


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
    share = np.divide(RECALLS - 1, there, out=np.zeros_like(there), where=there > 0)[:, np.newaxis]
    seen = np.cumsum(weights, axis=1)
    for threshold in right.T:
        if not threshold.any():
            continue
        # Precision rises at hits alone, so that no other place can be the best behind a recall.
        hits = np.cumsum(weights[:, threshold], axis=1)
        total = seen[:, threshold]
        precision = np.divide(hits, total, out=np.zeros_like(hits), where=total > 0)
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        # Recalls that so many hits reach; rounding must not miss one, and hits are whole numbers.
        reached = np.minimum(np.floor((hits + 1e-9) * share) + 1, RECALLS)
        reached[:, 1:] -= reached[:, :-1].copy()
        sums += np.einsum("rk,rk->r", precision, reached) / RECALLS
    return sums / right.shape[1]
