"""Tests and intervals for two links that sent the same images through the same noise.

What one image does over one link says much about what it does over the other: easy images succeed
with both. A paired test looks at the images on which the two differ, and sees what two separate
intervals cannot.

Shapes: N images, D draws of the channel for each.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr
from scipy.stats import binom

from semjscc.statistics.intervals import clustered_bootstrap, wilson


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of McNemar's test (1947) of two links that are equally good.

    Under it, each image on which the two differ is a coin tossed.

    Args:
        only_first: images that only the first link got right.
        only_second: images that only the second did.
    """
    count = only_first + only_second
    # The distribution is symmetric, so that both tails weigh the same.
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), count, 0.5))) if count else 1.0


def sign_flip(differences: NDArray[np.integer]) -> float:
    """The exact two-sided p-value of the sign-flip permutation test of a mean of 0.

    Where the two links are equally good, an image's difference is as likely to have the other
    sign. All 2^N ways to flip them are counted and none is drawn: over the images whose difference
    has one size, the number of positive ones is binomial, and the sizes are few whole numbers, so
    that the distribution of the sum is a convolution of binomial ones. With one draw an image this
    is McNemar's test. An image is flipped with all its draws, which are not independent.

    Args:
        differences: (N,) how many draws of each image were right with the first link, less those
            that were with the second.
    """
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    null = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        part = np.zeros(size * count + 1)
        part[::size] = binom.pmf(np.arange(count + 1), count, 0.5)
        null = np.convolve(null, part)
    sums = 2 * np.arange(len(null)) - (len(null) - 1)
    as_far = np.abs(sums) >= abs(int(differences.sum()))
    return min(1.0, float(null[as_far].sum()))


def newcombe(
    first: NDArray[np.bool_], second: NDArray[np.bool_], confidence: float = 0.95
) -> tuple[float, float]:
    """The interval of the difference of two paired shares (Newcombe 1998, method 10).

    It is put together from the two score intervals and the correlation of the pairs, stays within
    [-1, 1], and has a width also where no image tells the links apart.

    Args:
        first: (N,) which images came out right.
        second: (N,) the same of the other.
        confidence: the share of such intervals that hold the truth.

    Returns:
        the lower and upper end of the first share less the second.

    Raises:
        ValueError: they are not as many, or none.
    """
    if first.ndim != 1 or first.shape != second.shape or not first.size:
        raise ValueError(f"outcomes of shapes {first.shape} and {second.shape} are no pairs")
    count = len(first)
    hits, others = int(first.sum()), int(second.sum())
    both = int((first & second).sum())
    neither = count - hits - others + both
    only_first, only_second = hits - both, others - both
    low, high = wilson(hits, count, confidence)
    other_low, other_high = wilson(others, count, confidence)
    share, other = hits / count, others / count
    # The correlation of the pairs, with a continuity correction where it is positive.
    covariance = both * neither - only_first * only_second
    if covariance > 0:
        covariance = max(covariance - count / 2, 0)
    scale = (hits * (count - hits) * others * (count - others)) ** 0.5
    correlation = covariance / scale if scale else 0.0

    def reach(own: float, of_other: float) -> float:
        return max(0.0, own**2 - 2 * correlation * own * of_other + of_other**2) ** 0.5

    gain = share - other
    return (
        gain - reach(share - low, other_high - other),
        gain + reach(high - share, other - other_low),
    )


def paired_test(
    first: NDArray[np.bool_], second: NDArray[np.bool_], seed: int
) -> tuple[float, tuple[float, float]]:
    """The p-value of equal accuracy and the 95 % interval of the difference.

    With one draw McNemar's test and Newcombe's interval; with several the sign-flip test by image
    and the bootstrap over images, or Newcombe's interval where all images say the same.

    Args:
        first: (N, D) outcomes of one link.
        second: (N, D) of the other, for the same images and noise.
        seed: of the bootstrap.
    """
    if first.shape[1] == 1:
        one, other = first[:, 0], second[:, 0]
        p = mcnemar(int((one & ~other).sum()), int((other & ~one).sum()))
        return p, newcombe(one, other)
    differences = first.astype(np.int64) - second
    of_image = differences.sum(axis=1)
    p = sign_flip(of_image)
    if (of_image == of_image[0]).all() and abs(of_image[0]) in (0, first.shape[1]):
        # All resamples would agree, and tell of no width, however few images there are.
        return p, newcombe(first.mean(axis=1) >= 0.5, second.mean(axis=1) >= 0.5)
    return p, clustered_bootstrap(differences.astype(float), seed)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted by Holm's step-down method (1979), in the order they came.

    Those below α reject what they test, and the chance that any of them in the family is wrong is
    at most α, however the tests hang together.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        # No hypothesis may be rejected before one with a smaller p-value.
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
