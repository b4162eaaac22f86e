"""What an ONNX model returns, in the form of our tasks.

Of the many forms in which detectors tell of boxes these are read:

| outputs | as in |
| --- | --- |
| one, (B, Q, 4 + M) or (B, 4 + M, Q): box, then classes | YOLO from version 8 on, without `nms` |
| two, boxes (B, Q, 4) and classes (B, Q, M), in either order | RT-DETR, YOLOS |
| likewise with one class more, the last, for "nothing" | DETR |

Where four numbers of each query could be boxes or classes, the first output is that of boxes.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from semjscc.perception.onnx.settings import OnnxSettings

_LEAST, _MOST = 1e-12, 1 - 2**-24
"""Between which a probability lies whose logarithm, and that of what is left to 1, is finite."""
_BEYOND = 1e-3
"""By which half precision may miss the range of probabilities."""


def logits(scores: Tensor, kind: Literal["logits", "probabilities"], *, of_each: bool) -> Tensor:
    """Logits of the same probabilities.

    Args:
        scores: (B, M, …), or (…, M).
        kind: what they are.
        of_each: each class has a probability of its own (sigmoid), else they add up to 1 (softmax).

    Raises:
        ValueError: they are no probabilities and should be.
    """
    if kind == "logits":
        return scores
    if ((scores < -_BEYOND) | (scores > 1 + _BEYOND)).any():
        raise ValueError(
            f"it returns values of {float(scores.min()):.3g} to {float(scores.max()):.3g}, and "
            "probabilities lie between 0 and 1. If they are logits, say scores: logits beside it"
        )
    likely = scores.clamp(_LEAST, _MOST)
    return likely.log() - torch.log1p(-likely) if of_each else likely.log()


def detections(made: Sequence[Tensor], settings: OnnxSettings, size: tuple[int, int]) -> Tensor:
    """Boxes in parts of the sides, and logits of classes: see `semjscc.tasks.detection`.

    Args:
        made: one or two outputs, see above.
        settings: how boxes and classes are told.
        size: height and width of what came in.

    Returns:
        (B, Q, 4 + M).

    Raises:
        ValueError: their shapes are none of those above, or probabilities are none.
    """
    boxes, classes = _apart(made, len(settings.class_names))
    if settings.unit == "pixels":
        height, width = size
        boxes = boxes / boxes.new_tensor([width, height, width, height])
    if settings.boxes == "centre":
        middle, sides = boxes.split(2, dim=-1)
        boxes = torch.cat([middle - sides / 2, middle + sides / 2], dim=-1)
    if classes.shape[-1] == len(settings.class_names):
        classes = logits(classes, settings.scores, of_each=True)
    else:  # the last is "nothing"
        likely = classes.softmax(dim=-1) if settings.scores == "logits" else classes
        classes = logits(likely[..., :-1], "probabilities", of_each=True)
    return torch.cat([boxes, classes], dim=-1)


def _apart(made: Sequence[Tensor], classes: int) -> tuple[Tensor, Tensor]:
    """Boxes (B, Q, 4), and numbers of M classes or one more (B, Q, …)."""
    shapes = " and ".join(str(tuple(one.shape)) for one in made)
    refusal = ValueError(
        f"it returns {shapes}, and for {classes} classes should return (B, Q, {4 + classes}), "
        f"(B, {4 + classes}, Q), or (B, Q, 4) and (B, Q, {classes}): boxes before any of them is "
        "left out"
    )
    if any(one.ndim != 3 for one in made):
        raise refusal
    if len(made) == 1:
        (one,) = made
        one = one if one.shape[2] == 4 + classes else one.mT
        if one.shape[2] != 4 + classes:
            raise refusal
        return one[..., :4], one[..., 4:]
    first, second = made
    fits = {classes, classes + 1}
    if not (first.shape[2] == 4 and second.shape[2] in fits):
        first, second = second, first
    if first.shape[:2] != second.shape[:2] or first.shape[2] != 4 or second.shape[2] not in fits:
        raise refusal
    return first, second
