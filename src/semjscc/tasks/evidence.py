"""Evidence: what each image says of a metric, and the metric of any choice of images.

A metric such as the mean intersection over union is no mean over images, so that one number an
image does not make it up. Evidence does, and is kept in the results: tests and intervals draw
images anew, or exchange them between two links, and need nothing else.

| kind       | rows of an image and draw | columns        | metric                              |
| ---------- | ------------------------- | -------------- | ----------------------------------- |
| bits       | 1                         | 1              | their mean                          |
| mean       | 1                         | 1, 0 to 1      | likewise                            |
| mean-ratio | 1                         | 2M: a_m, b_m   | mean of Σ a_m / Σ b_m, where b_m > 0 |
| average-   | 1 for each object found,  | class, score,  | COCO's mean average precision       |
| precision  | 1 for each that is there  | right at t …   |                                     |
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semjscc.tasks.average_precision import average_precision
from semjscc.tasks.base import Kind, Rows

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What N images, sent D times each, say of a metric.

    Attributes:
        kind: how rows become the metric.
        rows: (rows, columns), those of an image's draws one after the other.
        counts: (N, D) how many rows each image and draw has.
    """

    kind: Kind
    rows: Floats
    counts: NDArray[np.int64]

    def values(self, weights: Floats) -> Floats:
        """The metric of each choice of images.

        Args:
            weights: (R, N) how often each image counts.

        Returns:
            (R,), 0 to 1; nan where nothing is left to measure.
        """
        return VALUES[self.kind](self, weights)

    @property
    def value(self) -> float:
        """The metric of all images; nan where there is nothing to measure."""
        return float(self.values(np.ones((1, len(self.counts))))[0])

    @property
    def of_row(self) -> NDArray[np.int64]:
        """(rows,) the image that each row is of."""
        return np.repeat(np.arange(len(self.counts)), self.counts.sum(axis=1))


def gather(kind: Kind, found: Sequence[Sequence[Rows]]) -> Evidence:
    """Evidence of N images from the rows of each one's D draws."""
    counts = np.array([[len(rows) for rows in draws] for draws in found], np.int64)
    rows = np.concatenate([rows for draws in found for rows in draws]).astype(np.float64)
    return Evidence(kind, rows, counts)


def _mean(evidence: Evidence, weights: Floats) -> Floats:
    sums = np.zeros(len(evidence.counts))
    np.add.at(sums, evidence.of_row, evidence.rows[:, 0])
    total = weights @ evidence.counts.sum(axis=1)
    return _quotient(weights @ sums, total)


def _mean_ratio(evidence: Evidence, weights: Floats) -> Floats:
    sums = np.zeros((len(evidence.counts), evidence.rows.shape[1]))
    np.add.at(sums, evidence.of_row, evidence.rows)
    above, below = np.split(weights @ sums, 2, axis=1)
    ratios = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    occur = (below > 0).sum(axis=1)
    return _quotient(ratios.sum(axis=1), occur)


def _quotient(above: Floats, below: Floats) -> Floats:
    """One by the other, nan where that is nothing."""
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


VALUES: dict[Kind, Callable[[Evidence, Floats], Floats]] = {
    "bits": _mean,
    "mean": _mean,
    "mean-ratio": _mean_ratio,
    "average-precision": lambda one, weights: average_precision(one.rows, one.of_row, weights),
}
