"""Whether the labels of images are classes that a network knows."""

from dataclasses import replace

import pytest
import torch

from semjscc.data.base import ImageSet
from semjscc.perception.base import Perception, knows_targets, looking_at

DATA = ImageSet(
    name="x",
    split="val",
    images=torch.zeros(3, 3, 16, 16, dtype=torch.uint8),
    labels=torch.tensor([0, 4, 2]),
    class_names=tuple(f"class {index}" for index in range(5)),
    revision="",
    fingerprint="",
)


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"class_names": ("class 0", "class 1", "class 2", "class 3", "other")}, False),
        ({"class_names": ("class 0", "class 1", "class 2", "class 3")}, False),
        ({"class_names": tuple("01234"), "numbered": True}, True),
        ({"class_names": tuple("0123"), "numbered": True}, True),
        ({"class_names": tuple("012345"), "numbered": True}, False),
        ({"labels": torch.tensor([0, -1, 2])}, False),
        ({"class_names": (), "labels": torch.tensor([-1, -1, -1])}, False),
        ({"class_names": (), "numbered": True}, False),
    ],
)
def test_labels_are_known_by_name_or_number(
    tiny_perception: Perception, changes: dict[str, object], known: bool
) -> None:
    assert knows_targets(tiny_perception, replace(DATA, **changes)) == known


def test_other_layers_are_looked_at_without_changing_the_network(
    tiny_perception: Perception, tiny_images: torch.Tensor
) -> None:
    other = looking_at(tiny_perception, ["stem"])
    assert other.features(tiny_images).keys() == {"stem"}
    assert tiny_perception.layers == ("stage1", "stage2", "stage3")
    assert looking_at(tiny_perception, None) is tiny_perception
    with pytest.raises(ValueError, match="no layer 'nope'"):
        looking_at(tiny_perception, ["nope"])
