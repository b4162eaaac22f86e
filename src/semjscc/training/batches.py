"""Which images a training step sees, and how they are varied: functions of (seed, step) alone.

Nothing here has a state. A run that was killed therefore continues with exactly the batches it
would have seen, and several processes share one global batch by taking a slice of it each.
"""

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
    rng = generator(seed, "augment", step)
    draws = torch.from_numpy(rng.random((count * share.processes, 5), dtype=np.float32))
    side, down, right, top, left = share.take(draws).T
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
    """Images (B, 3, H, W), float32 in [0, 1], and their targets, of one process at one step."""
    chosen = share.take(batch_indices(seed, step, len(data), batch))
    return data.batch(chosen), data.targets(target, chosen)
