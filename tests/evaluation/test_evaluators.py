"""Who judges is tried on an image before any is sent."""

from pathlib import Path
from typing import get_args

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from semjscc.data import ImageSet
from semjscc.data.drawn.signs import load_signs
from semjscc.errors import UserError
from semjscc.evaluation.evaluators import Metric, evaluators_of, load_evaluators
from semjscc.perception.base import Perception, predict
from semjscc.tasks import Detection, Segmentation


@pytest.mark.parametrize("metric", get_args(Metric))
def test_a_network_that_answers_something_else_is_one_line(metric: Metric) -> None:
    perception = Perception(nn.Flatten(), layers=(), class_names=["a", "b"], name="own")
    with pytest.raises(UserError, match=r"own must return a number for each image and class"):
        load_evaluators("signs", "test", [perception], metric, size=16, limit=2)


class Bright(nn.Module):
    """Sees in an image whether it is bright, the last of three classes."""

    def forward(self, images: Tensor) -> Tensor:
        light = images.mean(dim=(1, 2, 3))
        return torch.stack([-light, -light - 9, light], dim=1)


def test_folders_may_lack_classes_that_the_network_knows(tmp_path: Path) -> None:
    for name, grey in (("bright", 250), ("dark", 5)):
        (tmp_path / name).mkdir()
        Image.new("RGB", (16, 16), (grey, grey, grey)).save(tmp_path / name / "0.png")
    perception = Perception(Bright(), layers=(), class_names=["dark", "dim", "bright"], name="own")
    (found,) = load_evaluators(str(tmp_path), "test", [perception], "accuracy")
    assert found.data.class_names == ("dark", "dim", "bright")
    assert found.data.labels.tolist() == [2, 0]
    assert predict(perception, found.data.batch([0, 1])) == pytest.approx([2, 0])
    (tmp_path / "dark").rename(tmp_path / "night")
    said = (
        r"has the class 'night', which own does not know, and lacks the classes 'dark', 'dim', "
        r"which it knows: give the classes the same names, .* or use --metric agreement$"
    )
    with pytest.raises(UserError, match=said):
        load_evaluators(str(tmp_path), "test", [perception], "accuracy")
    (found,) = load_evaluators(str(tmp_path), "test", [perception], "agreement")
    assert found.data.labels.tolist() == [2, 0]


class Unsure(nn.Module):
    """Has no number for any class."""

    def forward(self, images: Tensor) -> Tensor:
        return images.new_full((len(images), 2), torch.nan)


@pytest.mark.parametrize("metric", get_args(Metric))
def test_a_network_without_numbers_judges_nothing(metric: Metric) -> None:
    # The largest of them would be the first class: agreement in everything.
    perception = Perception(Unsure(), layers=(), class_names=["a", "b"], name="own")
    with pytest.raises(UserError, match=r"own returns what is no number"):
        load_evaluators("signs", "test", [perception], metric, size=16, limit=2)


class Finds(nn.Module):
    """One object in the middle of each image, as sure as asked for."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit = logit

    def forward(self, images: Tensor) -> Tensor:
        return images.new_tensor([0.2, 0.2, 0.8, 0.8, self.logit]).expand(len(images), 1, 5)


def finder(logit: float) -> Perception:
    return Perception(Finds(logit), layers=(), class_names=["a"], task=Detection(), name="own")


def without_objects() -> ImageSet:
    data = load_signs("test", 3, 32)
    return data.with_targets("boxes", [torch.zeros(0, 5)] * 3, ("a",))


def test_images_without_objects_are_refused_before_any_is_sent() -> None:
    said = r"^nothing can be measured on signs \(test\), where no image has an object: take other"
    with pytest.raises(UserError, match=said):
        evaluators_of(without_objects(), finder(3.0))
    seen = evaluators_of(without_objects(), finder(3.0), agreement=True)
    assert [one.metric for one in seen] == ["map50 agreement", "map agreement"]


def test_a_network_that_sees_nothing_in_clean_images_agrees_with_nothing() -> None:
    said = (
        r"^nothing can be measured on signs \(test\) by what own sees in the clean images, where "
        r"no image has an object: take images of what it knows, or another network$"
    )
    with pytest.raises(UserError, match=said):
        evaluators_of(without_objects(), finder(-3.0), agreement=True)


def test_masks_without_a_pixel_that_counts_are_refused() -> None:
    data = load_signs("test", 2, 32).with_targets(
        "mask", [torch.full((32, 32), 255)] * 2, ("a", "b")
    )
    maps = Perception(
        nn.Conv2d(3, 2, 1), layers=(), class_names=["a", "b"], task=Segmentation(), name="own"
    )
    with pytest.raises(UserError, match="where no pixel of the masks counts"):
        evaluators_of(data, maps)
