"""The embedded data set: road signs drawn by rule, so that nothing need be downloaded.

Each picture shows one sign, small in a cluttered scene: what a vision model needs is a small
part of the image, which is the case that semantic importance is for. Images, labels, boxes and
masks follow from (split, index, size) alone.
"""

import numpy as np
import torch

from semjscc.data.base import ImageSet, Split
from semjscc.data.drawn import backdrops, drawing, shapes, sign
from semjscc.data.drawn.kept import Arrays, Drawn, drawn_arrays
from semjscc.data.drawn.shapes import CLASS_NAMES
from semjscc.data.drawn.sign import Sign, render
from semjscc.data.splits import fingerprint
from semjscc.errors import UserError

__all__ = ["CLASS_NAMES", "COUNTS", "GENERATOR_VERSION", "Sign", "load_signs", "render"]

GENERATOR_VERSION = "1"
COUNTS: dict[Split, int] = {"train": 20_000, "val": 2_000, "test": 2_000}


def _render_range(split: Split, start: int, stop: int, size: int) -> Arrays:
    """Images (N, 3, size, size) uint8 and labels (N,) int64 of the places start to stop - 1."""
    images = np.empty((stop - start, 3, size, size), np.uint8)
    labels = np.empty(stop - start, np.int64)
    for row, index in enumerate(range(start, stop)):
        shown = render(split, index, size)
        images[row] = shown.image.transpose(2, 0, 1)
        labels[row] = shown.label
    return {"images": images, "labels": labels}


_SIGNS = Drawn("signs", GENERATOR_VERSION, _render_range, (backdrops, drawing, shapes, sign))


def load_signs(split: Split, count: int | None = None, size: int = 64) -> ImageSet:
    """The first ``count`` pictures of a split, with their labels.

    A large set is rendered by several processes and kept in `paths.cache_folder`.

    Args:
        split: train, val or test.
        count: the number of images; ``COUNTS[split]`` where it is None.
        size: height and width in pixels.

    Returns:
        Images (count, 3, size, size) uint8 and labels (count,) int64.

    Raises:
        UserError: count or size is too small.
    """
    count = COUNTS[split] if count is None else count
    if count < 1:
        raise UserError(f"cannot draw {count} signs: ask for one or more")
    arrays = drawn_arrays(_SIGNS, split, count, size)
    pixels, classes = (torch.from_numpy(arrays[name]) for name in ("images", "labels"))
    return ImageSet(
        name="signs",
        split=split,
        images=pixels,
        labels=classes,
        class_names=CLASS_NAMES,
        revision=GENERATOR_VERSION,
        fingerprint=fingerprint(pixels, classes),
    )
