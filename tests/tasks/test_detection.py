"""Detection: average precision against pycocotools, boxes by hand, a loss that finds objects."""

from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import Tensor

from semjscc.statistics.resampling import bootstrap, paired_permutation
from semjscc.tasks import Detection
from semjscc.tasks.boxes import distinct, giou, iou
from semjscc.tasks.coco import match
from semjscc.tasks.drawing import colours
from semjscc.tasks.evidence import Evidence, gather

CLASSES = 3


def objects(seed: int, images: int = 12, most: int = 6) -> list[NDArray[np.float64]]:
    """Boxes and classes of each image: (n, 5), some images without any."""
    random = np.random.default_rng(seed)
    made = []
    for count in random.integers(0, most, images):
        corner = random.uniform(0, 80, (count, 2))
        side = random.uniform(8, 40, (count, 2))
        made.append(np.hstack([corner, corner + side, random.integers(CLASSES, size=(count, 1))]))
    return made


def guesses(there: list[NDArray[np.float64]], seed: int, jitter: float = 4) -> list[Any]:
    """What a detector might find: some of it, a little off, and some that is not there."""
    random = np.random.default_rng(seed)
    made = []
    for some, others in zip(there, objects(seed + 1, len(there), 3), strict=True):
        found = some[random.random(len(some)) < 0.8].copy()
        found[:, :4] += random.normal(0, jitter, (len(found), 4))
        both = np.vstack([found, others])
        made.append(np.hstack([both, random.uniform(0.1, 1, (len(both), 1))]))
    return made


def evidence(found: list[Any], there: list[Any], metric: str) -> Evidence:
    return gather("average-precision", [[one] for one in match(found, there, CLASSES)[metric]])


def official(found: list[Any], there: list[Any]) -> tuple[float, float]:
    """COCO's own AP at 0.5 … 0.95 and at 0.5."""

    def loaded(some: list[Any]) -> COCO:
        made: Any = COCO()
        made.dataset = {
            "images": [{"id": number} for number in range(len(some))],
            "categories": [{"id": number} for number in range(CLASSES)],
            "annotations": [
                {"image_id": image, "category_id": int(one[4]), "iscrowd": 0}
                | {"bbox": [one[0], one[1], one[2] - one[0], one[3] - one[1]]}
                | {"area": 1.0, "score": one[-1]}
                for image, boxes in enumerate(some)
                for one in boxes
            ],
        }
        for number, one in enumerate(made.dataset["annotations"], 1):
            one["id"] = number
        made.createIndex()
        return made

    with redirect_stdout(StringIO()):
        judge: Any = COCOeval(loaded(there), loaded(found), "bbox")
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.evaluate()
        judge.accumulate()
    precision = judge.eval["precision"][:, :, :, 0, -1]
    precision = np.where(precision > -1, precision, np.nan)
    return float(np.nanmean(precision)), float(np.nanmean(precision[0]))


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_that_of_coco(seed: int) -> None:
    there = objects(seed)
    found = guesses(there, 100 + seed)
    mean, at_half = official(found, there)
    assert evidence(found, there, "map").value == pytest.approx(mean)
    assert evidence(found, there, "map50").value == pytest.approx(at_half)


def test_weights_choose_images() -> None:
    there = objects(3)
    found = guesses(there, 103)
    whole = evidence(found, there, "map50")
    chosen = [1, 1, 4, 7, 7, 7]
    weights = np.bincount(chosen, minlength=len(there)).astype(float)[None]
    few = evidence([found[i] for i in chosen], [there[i] for i in chosen], "map50")
    assert whole.values(weights)[0] == pytest.approx(few.value)
    assert np.isnan(whole.values(np.zeros((1, len(there))))[0])


def test_a_better_detector_is_told_from_a_worse_one() -> None:
    there = objects(5, 60)
    good, bad = (evidence(guesses(there, 9, jitter), there, "map50") for jitter in (1, 8))
    assert good.value > bad.value + 0.1
    assert paired_permutation(good, bad, 0) < 0.01
    low, high = bootstrap(good, 0)
    assert low < good.value < high


def test_nothing_found_and_nothing_there() -> None:
    empty = np.zeros((0, 6))
    assert evidence([empty] * 3, objects(1, 3), "map50").value == 0
    assert np.isnan(evidence([empty] * 3, [np.zeros((0, 5))] * 3, "map50").value)


def test_overlaps_counted_by_hand() -> None:
    first = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 1], [0, 0, 1, 1]])
    second = torch.tensor([[1.0, 0, 3, 2], [0, 0, 1, 1], [2, 0, 3, 1]])
    assert iou(first, second).tolist() == pytest.approx([1 / 3, 1, 0])
    assert giou(first, second).tolist() == pytest.approx([1 / 3, 1, -1 / 3])


def queries(*boxes: tuple[float, ...]) -> Tensor:
    """Left, top, right, bottom, class and probability of each."""
    made = torch.full((len(boxes), 4 + CLASSES), -9.0)
    for row, (*sides, number, share) in zip(made, boxes, strict=True):
        row[:4] = torch.tensor(sides)
        row[4 + int(number)] = torch.logit(torch.tensor(share))
    return made


def test_of_two_queries_for_one_object_the_surer_counts() -> None:
    made = queries(
        (0.1, 0.1, 0.3, 0.3, 1, 0.6),
        (0.11, 0.1, 0.31, 0.3, 1, 0.9),
        (0.1, 0.1, 0.3, 0.3, 2, 0.7),
        (0.6, 0.6, 0.8, 0.8, 1, 0.5),
        (0.0, 0.0, 0.1, 0.1, 0, 0.01),
    )
    assert distinct(made, 0.05, 10).tolist() == [1, 2, 3]
    assert distinct(made, 0.05, 2).tolist() == [1, 2]
    (found,) = Detection().results(made[None], (100, 200))
    assert found[0].tolist() == pytest.approx([22, 10, 62, 30, 1, 0.9])
    ((first, _),) = Detection().see(made[None], ("a", "b", "c"), 2)
    assert (first.label, first.confidence) == ("b", pytest.approx(0.9))
    ((nothing,),) = Detection().see(made[None, 4:], ("a", "b", "c"))
    assert nothing.label == "nothing"
    assert Detection().agreed([found])[0].shape == (3, 5)


def test_score_is_the_sum_of_what_was_found() -> None:
    made = queries((0, 0, 0.2, 0.2, 1, 0.9), (0.5, 0.5, 0.7, 0.7, 0, 0.8), (0, 0, 1, 1, 2, 0.1))
    task = Detection()
    assert task.predict(made[None]).tolist() == [[1, 0, -1]]
    assert float(task.score(made[None], "logit")) == pytest.approx(np.log(9) + np.log(4))
    assert float(task.score(made[None], "log-probability")) == pytest.approx(np.log(0.72))
    bare = made[None].clone()
    bare[..., 4:] = -9
    assert float(task.score(bare, "logit")) == 0
    assert float(task.score(bare, "loss", task.predict(made[None]))) > 5


def test_divergence_is_zero_of_equals_and_grows_with_boxes_and_classes() -> None:
    made = queries((0, 0, 0.2, 0.2, 1, 0.9), (0.5, 0.5, 0.7, 0.7, 0, 0.8))[None]
    task = Detection()
    assert float(task.divergence(made, made)) == pytest.approx(0, abs=1e-6)
    moved, unsure = made.clone(), made.clone()
    moved[0, 0, :4] += 0.1
    unsure[0, 0, 5] = 0
    assert float(task.divergence(made, moved)) > 0.5
    assert float(task.divergence(made, unsure)) == pytest.approx(
        0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5), abs=1e-3
    )


def test_loss_is_least_where_objects_are_found() -> None:
    target = torch.tensor([[[0.0, 0.0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1, 2], [-1, -1, -1, -1, -1]]])
    made = torch.zeros(1, 16, 4 + CLASSES)
    made[..., :4] = torch.tensor([0.4, 0.4, 0.6, 0.6])
    made.requires_grad_()
    descent = torch.optim.Adam([made], 0.05)
    task = Detection()
    first = float(task.loss(made, target).detach())
    for _ in range(150):
        descent.zero_grad()
        task.loss(made, target).backward()
        descent.step()
    assert float(task.loss(made, target).detach()) < first / 10
    (found,) = task.results(made.detach(), (100, 100))
    assert found[:2, 4].sort().values.tolist() == [1, 2]
    assert float(found[:2, 5].min()) > 0.7
    order = found[:2, 4].argsort()
    expected = torch.tensor([[0, 0, 50, 50], [50, 50, 100, 100]])
    assert (found[:2][order, :4] - expected).abs().max() < 4


def test_boxes_are_drawn_around_what_is_surely_seen() -> None:
    images = torch.zeros(2, 3, 40, 40)
    found = [torch.tensor([[10.0, 10, 30, 30, 1, 0.9], [0, 0, 5, 5, 0, 0.1]]), torch.zeros(0, 6)]
    drawn = Detection().draw(images, found)
    assert drawn[0, :, 9, 20].max() > 0.3
    assert drawn[0, :, 12:28, 12:28].max() == 0
    assert drawn[0, :, :5, :5].max() == 0
    assert drawn[1].max() == 0


def test_names_are_written_where_they_can_be_read() -> None:
    images = torch.zeros(2, 3, 40, 60)
    found = [torch.tensor([[10.0, 20, 30, 36, 1, 0.9]]), torch.zeros(0, 6)]
    drawn = Detection().draw(images, found, ["car", "sign"])
    assert drawn.shape == (2, 3, 240, 360)
    assert torch.equal(drawn * 255, (drawn * 255).round())
    tag = drawn[0, :, 105:118, 62:130]  # above the box
    colour = colours(2)[1]
    assert (tag.flatten(1) - (colour * 255).round()[:, None] / 255).abs().amax(dim=0).min() < 1e-6
    assert tag.flatten(1).std(dim=1).max() > 0.1  # letters
    assert drawn[0, :, 130:210, 70:170].max() == 0  # within it
    assert drawn[1].max() == 0
    one = torch.tensor([[0.0, 0, 400, 640, 0, 0.5]])
    large = Detection().draw(torch.zeros(1, 3, 640, 400), [one], ["a" * 100, "b"])
    assert large.shape == (1, 3, 640, 400)


def test_images_without_objects_measure_nothing() -> None:
    none = torch.zeros(0, 5)
    assert Detection().unmeasured([none, none], CLASSES) == "no image has an object"
    assert Detection().unmeasured([none, torch.ones(1, 5)], CLASSES) == ""
    found = [np.array([[0.0, 0, 9, 9, 0, 0.9]]), np.zeros((0, 6))]
    assert np.isnan(evidence(found, [np.zeros((0, 5))] * 2, "map50").value)


def test_an_interval_rests_on_images_with_objects() -> None:
    there = [np.array([[10.0, 10, 40, 40, 1]]), *[np.zeros((0, 5))] * 4]
    found = [np.hstack([there[0], [[0.9]]]), *[np.zeros((0, 6))] * 4]
    perfect = evidence(found, there, "map50")
    assert perfect.value == pytest.approx(1)
    assert bootstrap(perfect, 0) == pytest.approx((1, 1))
