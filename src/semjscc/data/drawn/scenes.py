"""The embedded data set for detection and segmentation: road scenes with several signs.

Objects are small, clutter is plenty, and there is a label, boxes and a mask of each scene. All
follows from (split, index, size) alone; the photographs behind the signs are those of `signs`.
"""

import numpy as np
import torch

from semjscc.data.base import ImageSet, Split
from semjscc.data.drawn import backdrops, drawing, scene, shapes
from semjscc.data.drawn.kept import Arrays, Drawn, drawn_arrays
from semjscc.data.drawn.scene import MOST_SIGNS, render
from semjscc.data.drawn.shapes import CLASS_NAMES
from semjscc.data.splits import fingerprint
from semjscc.errors import UserError

__all__ = ["COUNTS", "GENERATOR_VERSION", "load_scenes", "render"]

GENERATOR_VERSION = "1"
COUNTS: dict[Split, int] = {"train": 4_000, "val": 400, "test": 400}
BACKGROUND = "background"
"""The class 0 of masks."""


def _render_range(split: Split, start: int, stop: int, size: int) -> Arrays:
    """Images (N, 3, size, size) and masks (N, size, size) uint8, boxes (N, 5, 5), -1 for none."""
    images = np.empty((stop - start, 3, size, size), np.uint8)
    masks = np.empty((stop - start, size, size), np.uint8)
    boxes = np.full((stop - start, MOST_SIGNS, 5), -1, np.int64)
    for row, index in enumerate(range(start, stop)):
        shown = render(split, index, size)
        images[row] = shown.image.transpose(2, 0, 1)
        masks[row] = shown.mask
        boxes[row, : len(shown.boxes)] = shown.boxes
    return {"images": images, "masks": masks, "boxes": boxes}


_SCENES = Drawn(
    *("scenes", GENERATOR_VERSION, _render_range, (backdrops, drawing, shapes, scene)), many=500
)


def load_scenes(split: Split, count: int | None = None, size: int = 256) -> ImageSet:
    """The first ``count`` scenes of a split, with boxes and masks.

    A large set is rendered by several processes and kept in `paths.cache_folder`.

    Args:
        split: train, val or test.
        count: the number of images; ``COUNTS[split]`` where it is None.
        size: height and width in pixels.

    Returns:
        images (count, 3, size, size) uint8; the label is the class of the largest sign.

    Raises:
        UserError: count or size is too small.
    """
    count = COUNTS[split] if count is None else count
    if count < 1:
        raise UserError(f"cannot draw {count} scenes: ask for one or more")
    arrays = drawn_arrays(_SCENES, split, count, size)
    images, masks = (torch.from_numpy(arrays[name]) for name in ("images", "masks"))
    boxes = [torch.from_numpy(one[one[:, 4] >= 0]) for one in arrays["boxes"]]
    labels = torch.stack([_largest(one) for one in boxes])
    return ImageSet(
        name="scenes",
        split=split,
        images=images,
        labels=labels,
        class_names=CLASS_NAMES,
        revision=GENERATOR_VERSION,
        fingerprint=fingerprint(images, labels),
        masks=masks,
        mask_names=(BACKGROUND, *CLASS_NAMES),
        boxes=boxes,
        box_names=CLASS_NAMES,
    )


def _largest(boxes: torch.Tensor) -> torch.Tensor:
    """The class of the largest of (n, 5) boxes."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return boxes[area.argmax(), 4]
