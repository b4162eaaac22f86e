"""Segmentation against torchmetrics, torch's own cross-entropy, and masks counted by hand."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics.functional.classification import multiclass_jaccard_index

from semjscc.errors import UserError
from semjscc.tasks import Classification, Segmentation, task_named
from semjscc.tasks.evidence import gather

CLASSES = 4
NAMES = ("road", "car", "sky", "sign")


def random(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def masks(seed: int, *shape: int, most: int = CLASSES) -> Tensor:
    return torch.randint(most, shape, generator=torch.Generator().manual_seed(seed))


def miou(task: Segmentation, results: Tensor, targets: Tensor) -> float:
    rows = task.evidence(results, targets, CLASSES)["miou"]
    return gather("mean-ratio", [[one] for one in rows]).value


def test_miou_is_that_of_torchmetrics() -> None:
    results, targets = masks(1, 5, 12, 10), masks(2, 5, 12, 10)
    expected = multiclass_jaccard_index(results, targets, CLASSES)
    assert miou(Segmentation(), results, targets) == pytest.approx(float(expected))
    # With a class that is ignored, of a network that never says it.
    results = results % 3
    expected = multiclass_jaccard_index(results, targets, CLASSES, ignore_index=3)
    assert miou(Segmentation([3]), results, targets) == pytest.approx(float(expected))


def test_miou_of_masks_counted_by_hand() -> None:
    target = torch.tensor([[[0, 0, 1, 1], [0, 255, 1, 3]]])
    result = torch.tensor([[[0, 1, 1, 1], [0, 3, 0, 3]]])
    # Class 0: 2 of 4; class 1: 2 of 4; class 3: 1 of 1, the pixel of 255 counts for nothing.
    assert miou(Segmentation(), result, target) == pytest.approx((2 / 4 + 2 / 4 + 1) / 3)
    assert miou(Segmentation([3]), result, target) == pytest.approx((2 / 4 + 2 / 4) / 2)


def test_a_mask_of_an_unknown_class_is_refused() -> None:
    with pytest.raises(UserError, match="class 7, and the network knows 4 classes"):
        Segmentation().evidence(masks(1, 1, 4, 4), torch.full((1, 4, 4), 7), CLASSES)


def test_loss_is_cross_entropy_where_pixels_count() -> None:
    logits, target = random(1, 2, CLASSES, 6, 8), masks(2, 2, 6, 8)
    target[0, :3] = 255
    target[1, 2:4] = 3
    task = Segmentation(ignored=[3])
    keep = (target != 255) & (target != 3)
    by_pixel = F.cross_entropy(logits, target.clamp(max=3), reduction="none")
    assert task.loss(logits, target) == pytest.approx(float(by_pixel[keep].mean()))
    by_image = [float(one[kept].mean()) for one, kept in zip(by_pixel, keep, strict=True)]
    assert task.score(logits, "loss", target).tolist() == pytest.approx(by_image)


def test_score_is_the_mean_logit_of_what_is_seen_and_of_important_classes_alone() -> None:
    logits = random(3, 2, CLASSES, 6, 8)
    seen = logits.argmax(dim=1)
    best = logits.amax(dim=1)
    expected = best.flatten(1).mean(dim=1)
    assert torch.allclose(Segmentation().score(logits, "logit"), expected)
    for number in range(2):
        cars = best[number][seen[number] == 1]
        found = Segmentation(important=[1]).score(logits, "logit")[number]
        assert found == pytest.approx(float(cars.mean()))
    none = logits.clone()
    none[:, 1] = -100
    assert (Segmentation(important=[1]).score(none, "logit") == 0).all()


def test_results_have_the_size_of_the_image_and_names_their_shares() -> None:
    logits = torch.zeros(1, CLASSES, 4, 4)
    logits[:, 0], logits[:, 2, :1] = 1, 2
    assert Segmentation().results(logits, (16, 20)).shape == (1, 16, 20)
    ((road, sky),) = Segmentation().see(logits, NAMES, 2)
    assert (road.label, road.confidence, sky.label, sky.confidence) == ("road", 0.75, "sky", 0.25)
    assert 0.25 < float(Segmentation().confidence(logits)) < 1


def test_drawing_leaves_the_shape_and_tells_classes_apart() -> None:
    images = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    results = torch.zeros(1, 8, 8, dtype=torch.int64)
    results[:, 4:] = 1
    drawn = Segmentation().draw(images, results)
    assert drawn.shape == images.shape
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert (
        drawn[..., :4, :].mean(dim=(2, 3)) - drawn[..., 4:, :].mean(dim=(2, 3))
    ).abs().max() > 0.1
    assert Classification().draw(images, torch.zeros(1)) is images


def test_divergence_is_zero_of_equals_and_that_of_classification_at_one_pixel() -> None:
    clean, moved = random(1, 3, CLASSES, 1, 1), random(2, 3, CLASSES, 1, 1)
    task = Segmentation()
    assert task.divergence(clean, clean).abs().max() < 1e-6
    flat = Classification().divergence(clean.flatten(1), moved.flatten(1), 2.0)
    assert torch.allclose(task.divergence(clean, moved, 2.0), flat)


def test_tasks_by_name() -> None:
    task = task_named("segmentation", {"ignored": [11]})
    assert task.options() == {"ignored": [11], "important": []}
    for name, options, words in (
        ("segmentaton", {}, "segmentation"),
        ("segmentation", {"ignored": [300]}, "0 to 255"),
        ("segmentation", {"ignore": [3]}, "ignore"),
        ("classification", {"ignored": [3]}, "classification"),
    ):
        with pytest.raises(UserError, match=words):
            task_named(name, options)


def test_names_are_written_within_a_drawing() -> None:
    images, results = torch.full((1, 3, 16, 16), 0.5), torch.zeros(1, 16, 16, dtype=torch.int64)
    results[:, 8:] = 2
    results[:, 0, 0] = 1  # too small for a name
    drawn = Segmentation().draw(images, results, NAMES)
    assert drawn.shape == (1, 3, 320, 320)
    plain = Segmentation().draw(images, results)
    changed = (drawn - plain.repeat_interleave(20, 2).repeat_interleave(20, 3)).abs().amax(dim=1)[0]
    written = (changed > 0.1).nonzero()
    assert 0 < len(written) < 0.2 * changed.numel()
    assert set((written[:, 0] // 40).tolist()) <= {0, 3, 4}  # at the top, and above the lower half


def test_masks_without_a_pixel_that_counts_measure_nothing() -> None:
    task, ignored = Segmentation([3]), torch.tensor([[[255, 3]], [[3, 3]]])
    assert task.unmeasured(ignored, CLASSES).startswith("no pixel of the masks counts")
    assert task.unmeasured(torch.cat([ignored, torch.zeros(1, 1, 2)]), CLASSES) == ""
    assert math.isnan(miou(task, torch.zeros(2, 1, 2), ignored))
