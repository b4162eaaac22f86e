"""Intervals and tests of metrics that are no means over images, by their evidence.

The bootstrap draws images anew, with all their draws (Efron and Tibshirani 1993, chapter 16). The
permutation test exchanges what two links made of an image: where they are equally good, either
could have been the one's or the other's, and the difference of their metrics as large. Draws and
exchanges that leave nothing to measure do not count: no value is known of them.
"""

import numpy as np

from semjscc.randomness import generator
from semjscc.tasks.evidence import Evidence, Floats

RESAMPLES = 2000


def bootstrap(evidence: Evidence, seed: int, confidence: float = 0.95) -> tuple[float, float]:
    """The percentile interval of the metric over images: its lower and upper end."""
    return _percentiles(evidence.values(_drawn(len(evidence.counts), seed)), confidence)


def paired_bootstrap(
    first: Evidence, second: Evidence, seed: int, confidence: float = 0.95
) -> tuple[float, float]:
    """The percentile interval of the first metric less the second, over the same images."""
    weights = _drawn(len(first.counts), seed)
    return _percentiles(first.values(weights) - second.values(weights), confidence)


def paired_permutation(first: Evidence, second: Evidence, seed: int) -> float:
    """The two-sided p-value that two links are equally good, by exchanging images at random.

    It is at least 1 / (`RESAMPLES` + 1), since the images as they are count as one exchange.
    """
    count = len(first.counts)
    stays = generator(seed, "permutation", 0).integers(0, 2, (RESAMPLES, count)).astype(float)
    both = _joined(first, second)
    ours = both.values(np.concatenate([stays, 1 - stays], axis=1))
    theirs = both.values(np.concatenate([1 - stays, stays], axis=1))
    found = abs(first.value - second.value)
    apart = _known(np.abs(ours - theirs))
    # What rounding alone sets apart counts as equal, so that a test of nothing gives 1.
    as_far = int((apart >= found - 1e-12).sum())
    return (as_far + 1) / (len(apart) + 1)


def _joined(first: Evidence, second: Evidence) -> Evidence:
    """The images of both, the second link's behind the first's."""
    return Evidence(
        first.kind,
        np.concatenate([first.rows, second.rows]),
        np.concatenate([first.counts, second.counts]),
    )


def _drawn(count: int, seed: int) -> Floats:
    """(R, N) how often each image is drawn, N in all, with replacement."""
    drawn = generator(seed, "bootstrap", 0).integers(count, size=(RESAMPLES, count))
    weights = np.zeros((RESAMPLES, count))
    np.add.at(weights, (np.arange(RESAMPLES)[:, np.newaxis], drawn), 1)
    return weights


def _percentiles(values: Floats, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low, high = np.quantile(_known(values), [tail, 1 - tail])
    return float(low), float(high)


def _known(values: Floats) -> Floats:
    """Those of draws that leave something to measure."""
    return values[~np.isnan(values)]
