"""Which images are looked at together."""

from collections.abc import Iterator, Sequence
from itertools import groupby

_BATCH_PIXELS = 4 * 100 * 64**2
"""Above it a batch has fewer images, so that photographs fit in memory as well as signs do."""


def batches(sizes: Sequence[tuple[int, int]], batch: int) -> Iterator[list[int]]:
    """Places of consecutive images of one size, at most ``batch`` of them at once."""
    for (height, width), run in groupby(range(len(sizes)), key=lambda index: sizes[index]):
        indices = list(run)
        count = max(1, min(batch, _BATCH_PIXELS // (height * width)))
        yield from (indices[start : start + count] for start in range(0, len(indices), count))
