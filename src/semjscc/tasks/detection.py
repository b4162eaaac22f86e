"""Boxes around objects: how outputs become scores, results and average precision."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.data.base import PerImage, TargetName
from semjscc.errors import UserError
from semjscc.tasks.base import Kind, Rows, ScoreName, Seen, Task, label_of
from semjscc.tasks.boxes import distinct, giou
from semjscc.tasks.coco import match
from semjscc.tasks.drawing import draw_boxes

MOST_FOUND = 100
"""Objects an image, as COCO counts."""
LEAST_SURE = 0.05
"""Below, nothing is reported: it would cost time and hardly any precision."""
SURE = 0.3
"""From here on an object counts as seen."""
_ALPHA, _BETA = 2.0, 4.0
"""Exponents of the penalty-reduced focal loss."""
_BOX_WEIGHT = 2.0


class Detection(Task):
    """Objects with a box and a class each. Output: (B, Q, 4 + M) for Q queries.

    The first four numbers of a query are its box: left, top, right and bottom in parts of the
    image's sides; the others are the logits of its classes, each a probability of its own
    (sigmoid). A training takes the queries as the places of a square grid, row by row.

    Metrics: mean average precision at an intersection over union of 0.5 (``map50``), and averaged
    over 0.5, 0.55 … 0.95 (``map``), as COCO defines them (Lin et al. 2014).
    """

    name = "detection"
    target: ClassVar[TargetName] = "boxes"
    metrics: ClassVar[Mapping[str, Kind]] = {
        "map50": "average-precision",
        "map": "average-precision",
    }
    tells: ClassVar[int] = 5

    def problem(self, output: object, images: Tensor, classes: int) -> str | None:
        """A box and a number for each class of each query, or what is wrong."""
        if (
            isinstance(output, Tensor)
            and output.ndim == 3
            and (output.shape[0], output.shape[2]) == (len(images), 4 + classes)
        ):
            return None
        return f"4 sides and {classes} logits of each query, {(len(images), 'Q', 4 + classes)}"

    def predict(self, output: Tensor) -> Tensor:
        """The class of each query that stands for an object, -1 for all others: (B, Q) int64."""
        found = torch.full(output.shape[:2], -1, dtype=torch.int64, device=output.device)
        with torch.no_grad():
            for place, queries in enumerate(output.float()):
                kept = distinct(queries, SURE, MOST_FOUND)
                found[place, kept] = queries[kept, 4:].argmax(dim=1)
        return found

    def score(self, output: Tensor, kind: ScoreName, target: Tensor | None = None) -> Tensor:
        """See `Task.score`: the sum over what was found on the clean image.

        The ``loss`` is that of all queries' probabilities, where what was found is right; or, where
        the target is boxes (B, K, 5), that of `loss` for each image.
        """
        if target is not None and target.ndim == 3:
            return self._losses(output, target, 0.0) * (1 if kind == "loss" else -1)
        chosen = self.predict(output) if target is None else target
        seen = chosen >= 0
        logits = output[..., 4:]
        if kind == "loss":
            right = F.one_hot(chosen.clamp_min(0), logits.shape[2]) * seen[..., None]
            by_query = F.binary_cross_entropy_with_logits(
                logits.float(), right.float(), reduction="none"
            )
            return by_query.flatten(1).sum(dim=1) / seen.sum(dim=1).clamp_min(1)
        values = logits if kind == "logit" else F.logsigmoid(logits)
        picked = values.gather(2, chosen.clamp_min(0)[..., None]).squeeze(2)
        return (picked * seen).sum(dim=1)

    def loss(self, output: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Focal loss of a heat map about each object's middle, and 1 − GIoU of its box there.

        After Zhou et al. 2019 (arXiv 1904.07850) and Rezatofighi et al. 2019 (arXiv 1902.09630).

        Args:
            output: (B, g², 4 + M).
            target: (B, K, 5): left, top, right, bottom in parts of the image's sides, and the
                class; -1 where there is no object.
            label_smoothing: by which the middles' heat stays below 1.
        """
        return self._losses(output, target, label_smoothing).mean()

    def _losses(self, output: Tensor, target: Tensor, label_smoothing: float) -> Tensor:
        """`loss` of each image, (B,), over the number of its objects."""
        _, queries, width = output.shape
        side = round(queries**0.5)
        if side**2 != queries:
            raise UserError(
                f"the loss of detection wants queries on a square grid, not {queries}: take square "
                "images, or train a codec for features or distillation"
            )
        there = target[..., 4] >= 0
        boxes, classes = target[..., :4].float(), target[..., 4].long().clamp_min(0)
        middle = (boxes[..., :2] + boxes[..., 2:]) / 2 * side
        cell = middle.floor().clamp(0, side - 1).long()
        place = cell[..., 1] * side + cell[..., 0]
        heat = self._heat(boxes, classes, cell, there, side, width - 4)
        heat = heat.flatten(2).transpose(1, 2) * (1 - label_smoothing)
        objects = there.sum(dim=1).clamp_min(1)
        logits = output[..., 4:].float()
        sure, unsure = F.logsigmoid(logits), F.logsigmoid(-logits)
        at_middle = heat >= 1 - label_smoothing
        positive = unsure.exp() ** _ALPHA * sure * at_middle
        negative = (1 - heat) ** _BETA * sure.exp() ** _ALPHA * unsure * ~at_middle
        focal = -(positive + negative).flatten(1).sum(dim=1)
        at = place[..., None].expand(-1, -1, 4)
        apart = (1 - giou(output[..., :4].float().gather(1, at), boxes)) * there
        return (focal + _BOX_WEIGHT * apart.sum(dim=1)) / objects

    @staticmethod
    def _heat(
        boxes: Tensor, classes: Tensor, cell: Tensor, there: Tensor, side: int, width: int
    ) -> Tensor:
        """(B, M, g, g): 1 in each object's middle cell, falling off as a Gaussian around it."""
        line = torch.arange(side, device=boxes.device)
        spread = ((boxes[..., 2:] - boxes[..., :2]) * side / 6).clamp_min(0.4)
        apart = (line - cell[..., None]).float()  # (B, K, 2, g)
        bell = torch.exp(-apart.square() / (2 * spread[..., None].square()))
        around = bell[:, :, 1, :, None] * bell[:, :, 0, None, :] * there[..., None, None]
        heat = boxes.new_zeros(len(boxes), width, side, side)
        where = classes[..., None, None].expand(-1, -1, side, side)
        return heat.scatter_reduce(1, where, around, "amax")

    def divergence(self, clean: Tensor, moved: Tensor, temperature: float = 1.0) -> Tensor:
        """See `Task.divergence`: of the classes' probabilities, and how far the boxes seen moved.

        The sum over queries of the Bernoulli distributions' KL, and Σ (1 − GIoU) over what is seen
        in the clean image.
        """
        before, after = (one[..., 4:].float() / temperature for one in (clean, moved))
        yes = before.sigmoid() * (F.logsigmoid(before) - F.logsigmoid(after))
        no = (-before).sigmoid() * (F.logsigmoid(-before) - F.logsigmoid(-after))
        seen = (self.predict(clean) >= 0).float()
        boxes = ((1 - giou(moved[..., :4].float(), clean[..., :4].float())) * seen).sum(dim=1)
        return temperature**2 * (yes + no).flatten(1).sum(dim=1) + boxes

    def results(self, output: Tensor, size: tuple[int, int]) -> list[Tensor]:
        """The objects of each image: (n, 6): left, top, right, bottom in pixels, class, score."""
        height, width = size
        scale = output.new_tensor([width, height, width, height]).float()
        found = []
        for queries in output.float():
            kept = queries[distinct(queries, LEAST_SURE, MOST_FOUND)]
            sure, classes = kept[:, 4:].sigmoid().max(dim=1)
            boxes = kept[:, :4].clamp(0, 1) * scale
            found.append(torch.cat([boxes, classes[:, None], sure[:, None]], dim=1))
        return found

    def evidence(self, results: PerImage, targets: PerImage, classes: int) -> dict[str, list[Rows]]:
        """What is found and what is there: rows of class, score and match, see `coco.match`."""
        return match(
            [one.cpu().double().numpy() for one in results],
            [one.cpu().double().numpy() for one in targets],
            classes,
        )

    def check(self, targets: PerImage, classes: int) -> None:
        """Refuse boxes of unknown classes."""
        highest = max((int(one[:, 4].max()) for one in targets if len(one)), default=-1)
        if highest >= classes:
            raise UserError(f"a box has class {highest}, and the network knows {classes} classes")

    def unmeasured(self, targets: PerImage, classes: int) -> str:
        """See `Task.unmeasured`: there must be an object."""
        del classes
        return "" if any(len(one) for one in targets) else "no image has an object"

    def agreed(self, results: PerImage) -> list[Tensor]:
        """What is surely seen, as what is right: (n, 5)."""
        return [one[one[:, 5] >= SURE][:, :5] for one in results]

    def confidence(self, output: Tensor) -> Tensor:
        """How sure the surest object is: (B,)."""
        return output[..., 4:].float().sigmoid().flatten(1).amax(dim=1)

    def draw(self, images: Tensor, results: PerImage, class_names: Sequence[str] = ()) -> Tensor:
        """See `Task.draw`: a box in its class's colour around each object that is surely seen."""
        return draw_boxes(images, [one[one[:, 5] >= SURE] for one in results], class_names)

    def see(
        self, output: Tensor, class_names: Sequence[str], most: int = 1
    ) -> list[tuple[Seen, ...]]:
        """The surest objects; "nothing" where none is likely."""
        described = []
        for queries in output.float():
            kept = queries[distinct(queries, LEAST_SURE, most)]
            sure, classes = kept[:, 4:].sigmoid().max(dim=1)
            pairs = zip(classes.tolist(), sure.tolist(), strict=True)
            found = tuple(Seen(label_of(class_names, int(index)), share) for index, share in pairs)
            described.append(found or (Seen("nothing", 0.0),))
        return described
