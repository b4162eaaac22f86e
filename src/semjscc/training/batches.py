"""Which images a training step sees, and how they are varied: functions of (seed, step) alone.

Nothing here has a state. A run that was killed therefore continues with exactly the batches it
would have seen, and several processes share one global batch by taking a slice of it each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.data.base import ImageSet, TargetName
from semjscc.randomness import generator


@dataclass(frozen=True)
class Share:
    """The part of every global batch that one process works on."""

    rank: int = 0
    processes: int = 1

    def take(self, batch: Tensor) -> Tensor:
        """Every ``processes``-th row, beginning at ``rank``."""
        return batch[self.rank :: self.processes]


def batch_indices(seed: int, step: int, count: int, batch: int) -> Tensor:
    """The images of one step: each epoch is a fresh permutation, an incomplete batch is dropped.

    Returns:
        (batch,) int64 places in a set of ``count`` images.
    """
    batch = min(batch, count)
    epoch, place = divmod(step, count // batch)
    order = generator(seed, "order", epoch).permutation(count)
    return torch.from_numpy(order[place * batch : (place + 1) * batch])


def augment(
    images: Tensor,
    seed: int,
    step: int,
    share: Share,
    *,
    mirror: bool,
    shift: int,
    erase: int,
) -> Tensor:
    """Mirror half of the images, move them a little, grey out a square.

    Args:
        images: (B, 3, H, W), this process's share of the global batch; what follows behind the
            three colours, such as a mask, goes along, and nothing of it is greyed out.
        seed: the run's seed.
        step: the training step.
        share: which rows of the global batch these are.
        mirror: turn half of the images around.
        shift: largest displacement in pixels, the border is reflected; 0 leaves out.
        erase: side of the erased square in pixels (DeVries 2017); 0 leaves out.

    Returns:
        (B, 3, H, W), new memory.
    """
    count, _, height, width = images.shape
    side, down, right, top, left = _augmentation(count, seed, step, share)
    padded = F.pad(images, (shift,) * 4, mode="reflect") if shift else images
    rows = (down * (2 * shift + 1)).long()[:, None] + torch.arange(height)  # (B, H)
    columns = torch.arange(width).expand(count, width)
    if mirror:
        columns = torch.where(side[:, None] < 0.5, columns, columns.flip(1))
    columns = columns + (right * (2 * shift + 1)).long()[:, None]
    batch = torch.arange(count)[:, None, None]
    # Advanced indexing around a slice puts the channels last, as convolutions like them.
    varied = padded[batch, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    if erase:
        inside_rows = _within(top, height, erase)[:, None, :, None]
        inside_columns = _within(left, width, erase)[:, None, None, :]
        greyed = varied[:, :3].masked_fill(inside_rows & inside_columns, 0.5)
        varied = greyed if varied.shape[1] == 3 else torch.cat([greyed, varied[:, 3:]], dim=1)
    return varied


def _augmentation(count: int, seed: int, step: int, share: Share) -> tuple[Tensor, ...]:
    """Five draws (B,) in [0, 1): side, down, right; and the erased square's top and left."""
    rng = generator(seed, "augment", step)
    draws = torch.from_numpy(rng.random((count * share.processes, 5), dtype=np.float32))
    return tuple(share.take(draws).T)


def padded_boxes(boxes: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
    """Boxes of each image (n, 5) in pixels as (B, K, 5) in parts of its sides, -1 for none."""
    height, width = size
    most = max(1, *map(len, boxes))
    padded = torch.full((len(boxes), most, 5), -1.0)
    scale = torch.tensor([width, height, width, height, 1.0])
    for row, some in zip(padded, boxes, strict=True):
        row[: len(some)] = some / scale
    return padded


def augment_boxes(
    boxes: Tensor,
    size: tuple[int, int],
    seed: int,
    step: int,
    share: Share,
    *,
    mirror: bool,
    shift: int,
) -> Tensor:
    """Boxes (B, K, 5) where `augment` has moved what they are around.

    What has left the image is cut off, and an object of which less than two pixels stay is none.
    """
    height, width = size
    side, down, right, _, _ = _augmentation(len(boxes), seed, step, share)
    moved = boxes.clone()
    across = (shift - (right * (2 * shift + 1)).long())[:, None] / width
    below = (shift - (down * (2 * shift + 1)).long())[:, None] / height
    turned = (side[:, None] >= 0.5) & mirror
    moved[..., 0] = torch.where(turned, 1 - boxes[..., 2] - across, boxes[..., 0] + across)
    moved[..., 2] = torch.where(turned, 1 - boxes[..., 0] - across, boxes[..., 2] + across)
    moved[..., 1:4:2] = boxes[..., 1:4:2] + below[..., None]
    moved[..., :4] = moved[..., :4].clamp(0, 1)
    least = torch.tensor([2 / width, 2 / height])
    small = (moved[..., 2:4] - moved[..., :2] < least).any(dim=-1)
    moved[..., 4] = torch.where(small, -1.0, boxes[..., 4])
    return moved


def cut_and_paste(
    images: Tensor, others: Tensor, seed: int, step: int, share: Share, probability: float
) -> tuple[Tensor, Tensor]:
    """CutMix (Yun 2019): a rectangle of some images comes from other images.

    Args:
        images: (B, 3, H, W), this process's share of the global batch.
        others: (B, 3, H, W), what is pasted.
        seed: the run's seed.
        step: the training step.
        share: which rows of the global batch these are.
        probability: that an image is cut at all; the area is then uniform up to the border's clip.

    Returns:
        the images, and (B,) the share of each that is still its own.
    """
    count, _, height, width = images.shape
    rng = generator(seed, "paste", step)
    draws = torch.from_numpy(rng.random((count * share.processes, 4), dtype=np.float32))
    cut, area, top, left = share.take(draws).T
    side = area.sqrt() * (cut < probability)
    rows = _within(top, height, (side * height).round().long()[:, None])
    columns = _within(left, width, (side * width).round().long()[:, None])
    inside = rows[:, None, :, None] & columns[:, None, None, :]
    return torch.where(inside, others, images), 1 - inside.float().mean(dim=(1, 2, 3))


def _within(place: Tensor, length: int, side: int | Tensor) -> Tensor:
    """(B,) places in [0, 1) -> (B, length), True on ``side`` pixels, one or (B, 1), around each."""
    centre = (place * length).long()[:, None]
    place_in_square = torch.arange(length) - centre + side // 2
    return (place_in_square >= 0) & (place_in_square < side)


def batch_at(
    data: ImageSet, seed: int, step: int, batch: int, share: Share, target: TargetName = "label"
) -> tuple[Tensor, Tensor]:
    """Images (B, 3, H, W), float32 in [0, 1], and their targets, of one process at one step.

    Boxes are (B, K, 5) in parts of the image's sides, with -1 for the class where there is none.
    """
    chosen = share.take(batch_indices(seed, step, len(data), batch))
    images, right = data.batch(chosen), data.targets(target, chosen)
    if isinstance(right, Tensor):
        return images, right
    return images, padded_boxes(right, (images.shape[-2], images.shape[-1]))
