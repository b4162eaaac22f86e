"""Confidence intervals of a mean over test images.

Shapes: N images, D draws of the channel for each.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from semjscc.randomness import generator

_CHUNK = 2**22
"""Indices drawn at once: 32 MB. Where they are all, they are kept for the next call."""


def wilson(successes: float, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a binomial share (Wilson 1927), without continuity correction.

    It stays within [0, 1] and keeps its coverage near 0 and 1, where the textbook interval
    p ± z·√(p(1-p)/n) collapses.

    Args:
        successes: how many of the trials succeeded; a mean where each is one of several draws.
        trials: how many there were; they must be independent.
        confidence: the share of such intervals that hold the truth.

    Returns:
        its lower and upper end.

    Raises:
        ValueError: no trials, or successes outside 0..trials.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    z = float(ndtri(0.5 + confidence / 2))
    share = successes / trials
    weight = z * z / trials
    centre = share + weight / 2
    spread = z * (share * (1 - share) / trials + weight / (4 * trials)) ** 0.5
    low, high = (centre - spread) / (1 + weight), (centre + spread) / (1 + weight)
    # At 0 and 1 the ends meet the share exactly, which rounding would miss by a bit.
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def clustered_bootstrap(
    values: NDArray[np.floating] | NDArray[np.bool_],
    seed: int,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """The percentile bootstrap interval of the mean, resampling whole images.

    The draws of one image are not independent trials: an easy image succeeds in all of them.
    Resampling images with all their draws keeps that, and so the interval does not shrink to
    nothing as D grows.

    Args:
        values: (N, D).
        seed: of the resampling; the same seed resamples every link alike.
        resamples: how many means the percentiles are taken from.
        confidence: the share of such intervals that hold the truth.

    Returns:
        its lower and upper end; both are the mean where all images agree.

    Raises:
        ValueError: values is not a table of at least one image and draw.
    """
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"values of shape {values.shape}, not (images, draws)")
    # All images have D draws, so the mean over a resample is that of its images' means.
    of_image = values.mean(axis=1, dtype=np.float64)
    count = len(of_image)
    small = count * resamples <= _CHUNK
    drawn = (_kept_resamples if small else _resamples)(seed, count, resamples)
    means = [of_image[rows].mean(axis=1) for rows in drawn]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)


def of_mean(right: NDArray[np.bool_], seed: int) -> tuple[float, float]:
    """The 95 % interval of a share of rights over images and draws.

    With one draw an image Wilson's. With several the bootstrap over images; where all images have
    the same share, such as all of their draws, it would have no width: then Wilson's with a trial
    an image, since more draws of the same images tell nothing of others.

    Args:
        right: (N, D).
        seed: of the bootstrap.
    """
    of_image = right.mean(axis=1)
    if right.shape[1] == 1 or (of_image == of_image[0]).all():
        return wilson(float(of_image.sum()), len(right))
    return clustered_bootstrap(right, seed)


def _resamples(seed: int, count: int, resamples: int) -> Iterator[NDArray[np.int64]]:
    """The rows of each resample, (some, count) at a time."""
    random = generator(seed, "bootstrap", 0)
    rows = max(1, _CHUNK // count)
    for start in range(0, resamples, rows):
        yield random.integers(count, size=(min(rows, resamples - start), count))


@lru_cache(maxsize=1)
def _kept_resamples(seed: int, count: int, resamples: int) -> tuple[NDArray[np.int64], ...]:
    """Kept for the next table of as many images: drawing takes as long as all that follows."""
    return tuple(_resamples(seed, count, resamples))
