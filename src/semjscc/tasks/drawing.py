"""Colours of classes, and boxes and masks drawn in them over images."""

import colorsys
from collections.abc import Sequence

import torch
from torch import Tensor

from semjscc.tasks.tags import Tag, draw_tags, enlarged

_LINE = 1 / 128
"""Width of a line in parts of the image's longer side."""
_COLOUR = 0.55
"""Share of the class's colour in a mask that is laid over an image."""
_NAMED = 0.005
"""Of an image, the least that a class fills whose name is written."""


def colours(classes: int) -> Tensor:
    """(M, 3) in [0, 1]: hues that lie far apart for neighbouring classes."""
    turn = (5**0.5 - 1) / 2
    values = [colorsys.hsv_to_rgb((turn * i) % 1, 0.75, 1 - 0.35 * (i % 2)) for i in range(classes)]
    return torch.tensor(values).reshape(-1, 3)


def draw_boxes(
    images: Tensor, objects: Sequence[Tensor], class_names: Sequence[str] = ()
) -> Tensor:
    """Copies of (B, 3, H, W) with a frame around each object, and its class and score.

    Args:
        images: in [0, 1].
        objects: of each image (n, 5 or more): left, top, right, bottom in pixels, the class, and
            the score where there is one; the surest first.
        class_names: M names; without any nothing is written.

    Returns:
        of the same shape; a whole number of times larger where names could not be read else.
    """
    if class_names:
        return _with_names(images, objects, class_names)
    drawn = images.clone()
    height, width = images.shape[-2:]
    line = max(1, round(_LINE * max(height, width)))
    for image, some in zip(drawn, objects, strict=True):
        palette = colours(int(some[:, 4].max()) + 1).to(images) if len(some) else None
        for left, top, right, bottom, number in some[:, :5].round().long().tolist():
            assert palette is not None
            colour = palette[number][:, None, None]
            columns = slice(max(0, left - line), min(width, right + line))
            rows = slice(max(0, top - line), min(height, bottom + line))
            inside = image[:, max(0, top) : bottom, max(0, left) : right].clone()
            image[:, rows, columns] = colour
            image[:, max(0, top) : bottom, max(0, left) : right] = inside
    return drawn


def _with_names(images: Tensor, objects: Sequence[Tensor], class_names: Sequence[str]) -> Tensor:
    images, factor = enlarged(images)
    palette = colours(len(class_names)).to(images)
    moved = [torch.cat([some[:, :4] * factor, some[:, 4:]], dim=1) for some in objects]
    drawn = []
    for image, some in zip(draw_boxes(images, moved), moved, strict=True):
        tags = []
        for left, top, _, _, number, *score in some.tolist():
            text = class_names[int(number)] + "".join(f" {one:.0%}" for one in score)
            tags.append(Tag(text, left, top, palette[int(number)]))
        drawn.append(draw_tags(image, tags))
    return torch.stack(drawn)


def draw_masks(images: Tensor, masks: Tensor, class_names: Sequence[str] = ()) -> Tensor:
    """Each class in its own colour over the grey image, and its name within it.

    Args:
        images: (B, 3, H, W) in [0, 1].
        masks: (B, H, W) int64.
        class_names: M names; without any nothing is written.

    Returns:
        as of `draw_boxes`.
    """
    grey = images.mean(dim=1, keepdim=True)
    palette = colours(int(masks.max()) + 1).to(images)
    drawn = torch.lerp(grey.expand_as(images), palette[masks].movedim(-1, 1), _COLOUR)
    if not class_names:
        return drawn
    drawn, factor = enlarged(drawn)
    tags = [_names_within(mask, palette, class_names, factor) for mask in masks]
    return torch.stack([draw_tags(image, some) for image, some in zip(drawn, tags, strict=True)])


def _names_within(
    mask: Tensor, palette: Tensor, class_names: Sequence[str], factor: int
) -> list[Tag]:
    """The name of each class, above it in the column of the place that is nearest its middle.

    Those of small classes come first, and lie on top.
    """
    numbers, counts = mask.unique(return_counts=True)
    tags = []
    for number in map(int, numbers[counts.argsort()].tolist()):
        places = (mask == number).nonzero().float()
        if len(places) < _NAMED * mask.numel():
            continue
        nearest = (places - places.mean(dim=0)).square().sum(dim=1).argmin()
        column = places[nearest, 1]
        top = places[places[:, 1] == column, 0].min()
        left, bottom = float(column) * factor, float(top) * factor
        tags.append(Tag(class_names[number], left, bottom, palette[number]))
    return tags
