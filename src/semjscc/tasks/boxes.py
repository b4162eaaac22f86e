"""Geometry of boxes: (..., 4) of left, top, right and bottom, in any unit."""

import torch
from torch import Tensor

_SAME = 0.6
"""Intersection over union from which two boxes of a class are of one object."""


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of boxes that broadcast, 0 where both are empty."""
    return _overlap(first, second)[0]


def giou(first: Tensor, second: Tensor) -> Tensor:
    """Generalised intersection over union, -1 to 1 (Rezatofighi et al. 2019, arXiv 1902.09630)."""
    ratio, union = _overlap(first, second)
    hull = _area(
        torch.cat(
            [
                torch.minimum(first[..., :2], second[..., :2]),
                torch.maximum(first[..., 2:], second[..., 2:]),
            ],
            dim=-1,
        )
    )
    return ratio - (hull - union) / hull.clamp_min(1e-9)


def _overlap(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """The ratio, and the union."""
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    inside = (high - low).clamp_min(0).prod(dim=-1)
    union = _area(first) + _area(second) - inside
    return inside / union.clamp_min(1e-9), union


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp_min(0).prod(dim=-1)


def distinct(queries: Tensor, least: float, most: int) -> Tensor:
    """The places of those queries of one image that stand for an object each, the surest first.

    Of two queries of one class whose boxes overlap, the surer one counts (non-maximum
    suppression).

    Args:
        queries: (Q, 4 + M), see `semjscc.tasks.detection.Detection`.
        least: the probability from which a query counts.
        most: how many at most.
    """
    sure, classes = queries[:, 4:].sigmoid().max(dim=1)
    order = sure.argsort(descending=True, stable=True)
    order = order[sure[order] >= least][: 10 * most]
    boxes = queries[order, :4]
    alike = (iou(boxes[:, None], boxes[None]) > _SAME) & (classes[order, None] == classes[order])
    alike = alike.tolist()
    kept: list[int] = []
    for place in range(len(order)):
        if len(kept) < most and not any(alike[place][other] for other in kept):
            kept.append(place)
    return order[torch.tensor(kept, dtype=torch.int64, device=order.device)]
