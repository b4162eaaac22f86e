"""Whether what is right of images is of classes that a network knows, and by which numbers."""

from dataclasses import replace

import pytest
import torch

from semjscc.data.base import ImageSet
from semjscc.errors import UserError
from semjscc.perception.base import Perception, looking_at
from semjscc.perception.targets import fitted, knows_targets
from semjscc.tasks import Classification, Detection, Segmentation, Task

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
        ({"class_names": ("class 0", "class 1", "class 2", "class 3")}, True),
        ({"class_names": ("class 4", "class 1", "class 2", "class 3", "class 0")}, True),
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


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(f"class {number}" for number in numbers)


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (names(0, 1, 2, 3, 4), [0, 4, 2]),
        (names(4, 3, 2, 1, 0), [4, 0, 2]),
        (names(1, 3, 4, 0, 2), [1, 2, 4]),
        (names(2, 3, 1, 0, 4), [2, 4, 1]),
    ],
)
def test_labels_get_the_networks_numbers(
    tiny_perception: Perception, given: tuple[str, ...], labels: list[int]
) -> None:
    data = fitted(tiny_perception, replace(DATA, class_names=given))
    assert data.labels.tolist() == labels
    assert data.labels.dtype == torch.int64
    assert data.class_names == names(0, 1, 2, 3, 4)
    assert data.fingerprint == DATA.fingerprint
    # The same numbers in the data, which mean something else.
    assert (data.print_of("label") == DATA.print_of("label")) == (labels == [0, 4, 2])
    assert fitted(tiny_perception, data) is data


def test_data_without_the_last_classes_keeps_its_numbers(tiny_perception: Perception) -> None:
    few = replace(DATA, class_names=names(0, 1, 2), labels=torch.tensor([0, 1, 2]))
    data = fitted(tiny_perception, few)
    assert data.labels is few.labels
    assert (data.class_names, data.own_names) == (names(0, 1, 2, 3, 4), ())


@pytest.mark.parametrize("changes", [{}, {"class_names": tuple("012"), "numbered": True}])
def test_data_whose_classes_are_the_networks_is_untouched(
    tiny_perception: Perception, changes: dict[str, object]
) -> None:
    data = replace(DATA, **changes)
    assert fitted(tiny_perception, data) is data


def test_masks_and_boxes_get_the_networks_numbers() -> None:
    mask = torch.tensor([[0, 1], [255, 2]], dtype=torch.uint8)
    boxes = torch.tensor([[0.0, 0, 4, 4, 2], [1, 1, 3, 3, 0]])
    given, known = ("car", "sign", "tree"), ("sign", "N/A", "tree", "N/A", "car")
    data = replace(
        DATA,
        masks=torch.stack([mask] * 3),
        mask_names=given,
        boxes=[boxes, boxes[:0], boxes.long()],
        box_names=given,
    )
    segmented = fitted(seeing(Segmentation(), known), data)
    assert isinstance(segmented.masks, torch.Tensor)
    assert segmented.masks.dtype == torch.uint8
    assert segmented.masks[2].tolist() == [[4, 0], [255, 2]]
    assert segmented.print_of("mask") != data.print_of("mask")
    found = fitted(seeing(Detection(), known), data)
    assert found.boxes is not None
    assert [one[:, 4].tolist() for one in found.boxes] == [[2, 4], [], [2, 4]]
    assert found.boxes[0][:, :4].tolist() == boxes[:, :4].tolist()
    assert [one.dtype for one in found.boxes] == [torch.float32, torch.float32, torch.int64]
    assert found.box_names == known


def seeing(task: Task, known: tuple[str, ...]) -> Perception:
    return Perception(torch.nn.Identity(), layers=(), class_names=known, task=task, name="eye")


@pytest.mark.parametrize(
    ("given", "known", "said"),
    [
        (
            ("cat", "dgo"),
            ("dog", "cat"),
            "x has the class 'dgo', which eye does not know, and lacks the class 'dog', which it "
            "knows: train",
        ),
        (
            tuple("abcdefgh"),
            ("a", "b"),
            "x has the classes 'c', 'd', 'e', 'f' and 2 more, which eye",
        ),
        (("a", "c", "b\x1b"), ("a", "c"), "x has the class 'b?', which eye does not know: train"),
        (("crane",), ("crane", "owl", "crane"), "2 classes of eye are called 'crane', and x has"),
        ((), ("a", "b"), "x has no labels"),
    ],
)
def test_classes_that_cannot_be_matched_are_named(
    given: tuple[str, ...], known: tuple[str, ...], said: str
) -> None:
    data = replace(DATA, class_names=given, labels=torch.tensor([0, 0, 0]))
    with pytest.raises(UserError) as refused:
        fitted(seeing(Classification(), known), data, "train")
    assert str(refused.value).startswith(said)
    assert str(refused.value).isprintable()


def test_an_accent_in_either_spelling_is_the_same_class() -> None:
    data = replace(DATA, class_names=("caf\u00e9", "bar"), labels=torch.tensor([0, 1, 0]))
    eye = seeing(Classification(), ("bar", "cafe\u0301"))
    assert fitted(eye, data).labels.tolist() == [1, 0, 1]


def test_other_layers_are_looked_at_without_changing_the_network(
    tiny_perception: Perception, tiny_images: torch.Tensor
) -> None:
    other = looking_at(tiny_perception, ["stem"])
    assert other.features(tiny_images).keys() == {"stem"}
    assert tiny_perception.layers == ("stage1", "stage2", "stage3")
    assert looking_at(tiny_perception, None) is tiny_perception
    with pytest.raises(ValueError, match="no layer 'nope'"):
        looking_at(tiny_perception, ["nope"])
