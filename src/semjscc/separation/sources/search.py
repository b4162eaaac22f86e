"""The best an image coder can do within a number of bytes.

For every scale and variant the finest quality that fits is looked for; the one with the best PSNR
of the full-size image wins. Sizes nearly always grow with quality, so bisection finds it; while a
person waits, short cuts find nearly always the same in less than half the trials.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from semjscc.separation.sources.base import SCALES, Accounting, Pixels, Setting, SourceCoder
from semjscc.separation.sources.finest import COARSEST, finest, finest_growing, steps
from semjscc.separation.sources.trials import Trial, Trials

MINIMUM_SIDE = 8
"""Smaller images than one block of JPEG are not made by shrinking."""

CLEARLY_DB = 1.0
"""A scale so much worse than a larger one ends a search that takes short cuts."""

_NEVER = 2**62
"""The length of what a coder cannot code: longer than any budget."""


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


def scaled_size(size: tuple[int, int], scale: int) -> tuple[int, int]:
    """(H, W) of the image that is coded, from the image's own and a place in `SCALES`."""
    height, width = (max(1, round(side * SCALES[scale])) for side in size)
    return height, width


def reconstruct(
    coder: SourceCoder,
    payload: bytes,
    setting: Setting,
    size: tuple[int, int],
    accounting: Accounting,
) -> Pixels:
    """The image of a payload, at its full size.

    Args:
        coder: the one that made it.
        payload: as in `Encoded`, or a stranger's bytes.
        setting: as in `Encoded`.
        size: (H, W) of the image.
        accounting: whether the payload is the whole file or what `SourceCoder.strip` left of it.

    Raises:
        ValueError: no image of this size can be made of it.
    """
    scale, variant, quality = setting.scale, setting.variant, setting.quality
    ladders = (SCALES, coder.variants, coder.qualities)
    if not all(
        0 <= place < len(ladder)
        for place, ladder in zip((scale, variant, quality), ladders, strict=True)
    ):
        raise ValueError(f"{coder.name} has no {setting}")
    small = scaled_size(size, scale)
    file = payload if accounting == "file" else coder.restore(payload, small, variant, quality)
    image = coder.decompress(file, small)
    # Each coder checks it too, but a picture of another size must not pass for want of one check.
    if image.shape != (*small, 3) or image.dtype != np.uint8:
        raise ValueError(f"{coder.name}: the image is not of the announced size")
    return _resize(image, size)


def encode(
    coder: SourceCoder, image: Pixels, max_bytes: int, accounting: Accounting
) -> Encoded | None:
    """The best PSNR in at most ``max_bytes``.

    Args:
        coder: any.
        image: (H, W, 3) uint8.
        max_bytes: the longest payload.
        accounting: what the payload is, see `reconstruct`.

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
        accounting: what the payload is, see `reconstruct`.
        known: trials of this very image.
        growing: take it that lengths grow with quality, and look where they would meet the budget;
            and that scales beyond one clearly worse than the larger before it are no better.
            Less than half of the trials; what is found is the same wherever both are true. In
            small images some lengths fall by a few bytes.
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
        growing: bool = False,
        variant: int | None = None,
    ) -> None:
        self._coder = coder
        self._image = image
        self._size = (image.shape[0], image.shape[1])
        self._accounting: Accounting = accounting
        self._trials = dict(known)
        self._shrunk: dict[int, Pixels] = {}
        self._ceilings: dict[int, float] = {}
        self._known = dict(known)
        self._growing = growing
        self._variant = variant

    def best(self, max_bytes: int) -> Encoded | None:
        """The best PSNR in at most ``max_bytes``; of equals the one with the largest scale."""
        best: Encoded | None = None
        last: Setting | None = None
        larger = -math.inf
        for scale in self._scales():
            # Coding does not undo what shrinking has lost: this scale cannot win any more.
            if best is not None and self._ceiling(scale) <= best.psnr_db:
                continue
            small = scaled_size(self._size, scale)
            here = -math.inf
            for variant in self._variants(small):
                found = self._finest(scale, variant, max_bytes, last)
                if found is None:
                    continue
                last = found
                psnr_db = self._psnr_db(found)
                here = max(here, psnr_db)
                if psnr_db > (-math.inf if best is None else best.psnr_db):
                    best = Encoded(self._payload(found), found, psnr_db)
            if self._growing and here < larger - CLEARLY_DB:
                break
            larger = here
        return best

    def fresh(self, longest: int) -> Trials:
        """The trials that are new, with the payloads of at most ``longest`` bytes."""
        return {
            at: trial if trial.length <= longest else replace(trial, payload=None)
            for at, trial in self._trials.items()
            if self._known.get(at) != trial
        }

    def _scales(self) -> list[int]:
        return [
            scale
            for scale, factor in enumerate(SCALES)
            if factor == 1 or min(self._size) * factor >= MINIMUM_SIDE
        ]

    def _variants(self, small: tuple[int, int]) -> Sequence[int]:
        useful = self._coder.useful_variants(small, self._accounting)
        return useful if self._variant is None else [v for v in useful if v == self._variant]

    def _finest(
        self, scale: int, variant: int, max_bytes: int, last: Setting | None
    ) -> Setting | None:
        """The finest setting that fits; ``last`` is what did in another variant or scale."""
        count = len(self._coder.qualities)

        def length(quality: int) -> int:
            return self._length(Setting(scale, variant, quality))

        if self._growing:
            start = self._expected(scale, max_bytes, last)
            quality = finest_growing(length, max_bytes, count, start)
        else:
            quality = finest(lambda quality: length(quality) <= max_bytes, count)
        return None if quality is None else Setting(scale, variant, quality)

    def _expected(self, scale: int, max_bytes: int, last: Setting | None) -> int:
        """The quality that may fit: where it is known, from what did fit just before."""
        if last is None:
            pixels = math.prod(scaled_size(self._size, scale))
            return steps(max(1, max_bytes) / (COARSEST * pixels))
        # By the sides and not by the area: a smaller image has more to say in each pixel.
        return last.quality + steps(float(SCALES[last.scale] / SCALES[scale]))

    def _length(self, setting: Setting) -> int:
        if setting not in self._trials:
            self._compress(setting)
        return self._trials[setting].length

    def _payload(self, setting: Setting) -> bytes:
        payload = self._trials[setting].payload
        return self._compress(setting) if payload is None else payload

    def _psnr_db(self, setting: Setting) -> float:
        known = self._trials[setting].psnr_db
        if known is not None:
            return known
        try:
            back = reconstruct(
                self._coder, self._payload(setting), setting, self._size, self._accounting
            )
            psnr_db = _psnr_db(self._image, back)
        except ValueError:  # the coder cannot read its own file: no use to anybody
            psnr_db = -math.inf
        self._trials[setting] = replace(self._trials[setting], psnr_db=psnr_db)
        return psnr_db

    def _compress(self, setting: Setting) -> bytes:
        image = self._shrink(setting.scale)
        size, variant, quality = image.shape[:2], setting.variant, setting.quality
        try:
            payload = self._coder.compress(image, variant, quality)
            if self._accounting == "compact":
                payload = self._coder.strip(payload, (size[0], size[1]), variant, quality)
        except ValueError:
            self._trials[setting] = Trial(_NEVER, None, None)
            return b""
        old = self._trials.get(setting)
        self._trials[setting] = Trial(len(payload), old and old.psnr_db, payload)
        return payload

    def _shrink(self, scale: int) -> Pixels:
        if scale not in self._shrunk:
            self._shrunk[scale] = _resize(self._image, scaled_size(self._size, scale))
        return self._shrunk[scale]

    def _ceiling(self, scale: int) -> float:
        """The PSNR in dB of shrinking and enlarging alone."""
        if scale not in self._ceilings:
            back = _resize(self._shrink(scale), self._size)
            self._ceilings[scale] = _psnr_db(self._image, back)
        return self._ceilings[scale]


def _resize(image: Pixels, size: tuple[int, int]) -> Pixels:
    """Lanczos, with antialiasing where it shrinks; Pillow computes it in integers."""
    if image.shape[:2] == size:
        return image
    height, width = size
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
    return np.array(resized)


def _psnr_db(image: Pixels, back: Pixels) -> float:
    error = image.astype(np.int32) - back
    mean_square = float(np.mean(error * error))
    return 10 * math.log10(255**2 / mean_square) if mean_square else math.inf
