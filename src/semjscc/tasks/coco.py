"""Which found objects are right, by COCO's own evaluation (pycocotools)."""

from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semjscc.tasks.base import Rows

THRESHOLDS: Mapping[str, NDArray[np.float64]] = {
    "map50": np.array([0.5]),
    "map": np.linspace(0.5, 0.95, 10),
}
"""Intersections over union from which a found object is right, by metric."""
MISSING = -1.0
"""The score of a row that stands for an object that is there, not for one that was found."""


def match(
    found: Sequence[NDArray[np.float64]], there: Sequence[NDArray[np.float64]], classes: int
) -> dict[str, list[Rows]]:
    """Evidence of the kind ``average-precision``, for each metric.

    Args:
        found: (n, 6) of each image: left, top, right, bottom, class and score.
        there: (n, 5) of each image: likewise without a score.
        classes: M.

    Returns:
        of each image a row for each found object: its class, its score, and whether it is right
        at each threshold; then one for each that is there: its class, `MISSING`, and ones.
    """
    every = np.unique(np.concatenate(list(THRESHOLDS.values())))
    rows = _rows(found, there, classes, every)
    taken = {name: np.searchsorted(every, some - 1e-9) for name, some in THRESHOLDS.items()}
    return {
        name: [one[:, np.concatenate([[0, 1], 2 + places])] for one in rows]
        for name, places in taken.items()
    }


def _rows(
    found: Sequence[NDArray[np.float64]],
    there: Sequence[NDArray[np.float64]],
    classes: int,
    thresholds: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with redirect_stdout(StringIO()):  # it tells of its progress
        truth: Any = COCO()
        truth.dataset = {
            "images": [{"id": image} for image in range(len(there))],
            "categories": [{"id": number} for number in range(classes)],
            "annotations": _annotations(there),
        }
        truth.createIndex()
        seen: Any = COCO()
        seen.dataset = {**truth.dataset, "annotations": _annotations(found)}
        seen.createIndex()
        evaluation: Any = COCOeval(truth, seen, "bbox")
        evaluation.params.iouThrs = thresholds
        evaluation.params.areaRng = [[0, 1e10]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.evaluate()
    rows: list[list[NDArray[np.float64]]] = [[] for _ in there]
    for one in evaluation.evalImgs:
        if one is None:
            continue
        right = (np.asarray(one["dtMatches"]) > 0).T.astype(float)
        score = np.asarray(one["dtScores"], float)
        number = np.full((len(score), 1), one["category_id"], float)
        rows[one["image_id"]].append(np.hstack([number, score[:, None], right]))
    for image, objects in enumerate(there):
        standing = np.ones((len(objects), 2 + len(thresholds)))
        standing[:, 0], standing[:, 1] = objects[:, 4], MISSING
        rows[image].append(standing)
    return [np.concatenate(one) for one in rows]


def _annotations(objects: Sequence[NDArray[np.float64]]) -> list[dict[str, Any]]:
    """In COCO's form, whose numbers begin at 1: 0 means "no match" there."""
    made: list[dict[str, Any]] = []
    for image, some in enumerate(objects):
        for left, top, right, bottom, number, *score in some.tolist():
            width, height = max(0.0, right - left), max(0.0, bottom - top)
            made.append(
                {
                    "id": len(made) + 1,
                    "image_id": image,
                    "category_id": int(number),
                    "bbox": [left, top, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                    "score": score[0] if score else 1.0,
                }
            )
    return made
