"""The best an image coder can do within a number of bytes.

For every scale and variant the finest quality that fits is looked for; the one with the best PSNR
of the full-size image wins. Sizes nearly always grow with quality, so bisection finds it. In large
images lengths and PSNRs are so even in quality that a few of them tell the others: a search that
guesses finds nearly always the same in half the trials or fewer.
"""

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

from semjscc.separation.sources.base import SCALES, Accounting, Pixels, Setting, SourceCoder
from semjscc.separation.sources.search.attempts import Attempts
from semjscc.separation.sources.search.finest import COARSEST, GROWTH, finest, finest_growing, steps
from semjscc.separation.sources.search.scaling import scaled_size
from semjscc.separation.sources.search.trials import Trials

MINIMUM_SIDE = 8
"""Smaller images than one block of JPEG are not made by shrinking."""

LARGE_PIXELS = 128 * 128
"""From so many on a search guesses."""

CLEARLY_DB = 1.0
"""A scale so much worse than a larger one ends a search that guesses."""

STEP = 4
"""A search that guesses looks at every so many qualities first, and at both ends, where lengths and
PSNRs are less even, at each."""

SLACK = 0.05
"""By how much guessed lengths (as a share) and PSNRs (in dB) may be off."""

MOST_GAIN_DB = 50.0
"""From a quality to the next one looked at; one without any error has infinite PSNR."""


@dataclass(frozen=True)
class Encoded:
    """An image as bytes.

    Attributes:
        payload: what crosses the channel.
        setting: what the control record tells.
        psnr_db: of the image that comes back, on RGB; infinite without any error.
    """

    payload: bytes
    setting: Setting
    psnr_db: float


def encode(
    coder: SourceCoder, image: Pixels, max_bytes: int, accounting: Accounting
) -> Encoded | None:
    """The best PSNR in at most ``max_bytes``.

    Args:
        coder: any.
        image: (H, W, 3) uint8.
        max_bytes: the longest payload.
        accounting: what the payload is, see `scaling.reconstruct`.

    Returns:
        None where nothing fits.
    """
    return Search(coder, image, accounting, {}).best(max_bytes)


class Search:
    """The search for one image, which remembers every trial from budget to budget.

    What it finds for a budget does not depend on what it remembers.

    Args:
        coder: any.
        image: (H, W, 3) uint8.
        accounting: what the payload is, see `scaling.reconstruct`.
        known: trials of this very image.
        guessing: look at every fourth quality, interpolate the lengths and PSNRs of the others
            between the two that enclose the budget, and try the most promising until none is left
            that could be better; leave out scales beyond one clearly worse than the larger before
            it. None does so in large images.
        variant: only this one, where others search the rest; scales are compared within it. None
            searches all.
    """

    def __init__(
        self,
        coder: SourceCoder,
        image: Pixels,
        accounting: Accounting,
        known: Trials,
        *,
        guessing: bool | None = None,
        variant: int | None = None,
    ) -> None:
        self._coder = coder
        self._size = (image.shape[0], image.shape[1])
        self._accounting: Accounting = accounting
        self._attempts = Attempts(coder, image, accounting, known)
        large = image.shape[0] * image.shape[1] >= LARGE_PIXELS
        self._guessing = large if guessing is None else guessing
        self._variant = variant

    def best(self, max_bytes: int) -> Encoded | None:
        """The best PSNR in at most ``max_bytes``; of equals the one with the largest scale."""
        return self._guess(max_bytes) if self._guessing else self._try_all(max_bytes)

    def _try_all(self, max_bytes: int) -> Encoded | None:
        best: Encoded | None = None
        for scale in self._scales():
            # Coding does not undo what shrinking has lost: this scale cannot win any more.
            if best is not None and self._attempts.ceiling(scale) <= best.psnr_db:
                continue
            for variant in self._variants(scaled_size(self._size, scale)):
                found = self._finest(scale, variant, max_bytes)
                if found is not None:
                    best = self._better(found, best)
        return best

    def _guess(self, max_bytes: int) -> Encoded | None:
        promising: list[tuple[float, Setting]] = []
        sure = larger = -math.inf
        last: Setting | None = None
        for scale in self._scales():
            if self._attempts.ceiling(scale) <= sure:
                continue
            here = -math.inf
            for variant in self._variants(scaled_size(self._size, scale)):
                low, high = self._enclosing(scale, variant, max_bytes, last)
                if low is None:
                    continue
                last = low
                sure = max(sure, self._attempts.psnr_db(low))
                guesses, at_budget = self._between(low, high, max_bytes)
                promising += guesses
                here = max(here, at_budget)
            if here < larger - CLEARLY_DB:
                break
            larger = here
        best: Encoded | None = None
        for psnr_db, setting in sorted(promising, key=lambda one: (-one[0], one[1])):
            if best is not None and psnr_db + SLACK <= best.psnr_db:
                break
            if self._attempts.length(setting) <= max_bytes:
                best = self._better(setting, best)
        return best

    def fresh(self, longest: int) -> Trials:
        """The trials that are new, with the payloads of at most ``longest`` bytes."""
        return self._attempts.fresh(longest)

    def _scales(self) -> list[int]:
        return [
            scale
            for scale, factor in enumerate(SCALES)
            if factor == 1 or min(self._size) * factor >= MINIMUM_SIDE
        ]

    def _variants(self, small: tuple[int, int]) -> Sequence[int]:
        useful = self._coder.useful_variants(small, self._accounting)
        return useful if self._variant is None else [v for v in useful if v == self._variant]

    def _finest(self, scale: int, variant: int, max_bytes: int) -> Setting | None:
        """The finest setting that fits."""
        count = len(self._coder.qualities)
        quality = finest(
            lambda quality: self._attempts.length(Setting(scale, variant, quality)) <= max_bytes,
            count,
        )
        return None if quality is None else Setting(scale, variant, quality)

    def _enclosing(
        self, scale: int, variant: int, max_bytes: int, last: Setting | None
    ) -> tuple[Setting | None, Setting | None]:
        """Of the qualities looked at first the finest that fits and the next, None without one.

        ``last`` is what did fit in another variant or scale.
        """
        count = len(self._coder.qualities)
        everywhere = {*range(STEP), *range(0, count, STEP), *range(count - STEP, count)}
        qualities = sorted(everywhere & {*range(count)})
        rungs = [Setting(scale, variant, quality) for quality in qualities]
        start = bisect(qualities, self._expected(scale, max_bytes, last)) - 1
        found = finest_growing(
            lambda rung: self._attempts.length(rungs[rung]),
            max_bytes,
            len(rungs),
            start,
            GROWTH**STEP,
        )
        below = -1 if found is None else found
        return (
            None if found is None else rungs[found],
            rungs[below + 1] if below + 1 < len(rungs) else None,
        )

    def _expected(self, scale: int, max_bytes: int, last: Setting | None) -> int:
        """The quality that may fit: where it is known, from what did fit just before."""
        if last is None:
            pixels = math.prod(scaled_size(self._size, scale))
            return steps(max(1, max_bytes) / (COARSEST * pixels))
        # By the sides and not by the area: a smaller image has more to say in each pixel.
        return last.quality + steps(float(SCALES[last.scale] / SCALES[scale]))

    def _between(
        self, low: Setting, high: Setting | None, max_bytes: int
    ) -> tuple[list[tuple[float, Setting]], float]:
        """Settings from ``low`` up that may fit with the PSNR to expect, and that at the budget."""
        psnr_db = self._attempts.psnr_db(low)
        finer_db = -math.inf if high is None else self._attempts.psnr_db(high)
        if high is None or not math.isfinite(psnr_db) or finer_db == -math.inf:
            return [(psnr_db, low)], psnr_db
        gain = min(finer_db - psnr_db, MOST_GAIN_DB)
        length = math.log1p(self._attempts.length(low))
        growth = math.log1p(self._attempts.length(high)) - length
        room = math.log1p(max_bytes) - length
        count = high.quality - low.quality
        guesses = [
            (psnr_db + gain * step / count, replace(low, quality=low.quality + step))
            for step in range(count)
            if growth * step / count <= room + SLACK
        ]
        return guesses, psnr_db + gain * room / growth

    def _better(self, setting: Setting, best: Encoded | None) -> Encoded | None:
        psnr_db = self._attempts.psnr_db(setting)
        if psnr_db <= (-math.inf if best is None else best.psnr_db):
            return best
        return Encoded(self._attempts.payload(setting), setting, psnr_db)
