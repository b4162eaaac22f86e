"""The classes of train, of val and of a recipe, matched by name."""

from dataclasses import replace

import pytest
import torch

from semjscc.data.base import ImageSet
from semjscc.errors import UserError
from semjscc.training.classes import in_one_order

DATA = ImageSet(
    name="x",
    split="train",
    images=torch.zeros(3, 3, 16, 16, dtype=torch.uint8),
    labels=torch.tensor([0, 1, 2]),
    class_names=("ant", "bee", "cat"),
    revision="",
    fingerprint="",
)
NUMBERED = replace(DATA, class_names=tuple("012"), numbered=True)
VAL = replace(DATA, split="val")


def test_alike_sets_stay_as_they_are() -> None:
    data, val, classes = in_one_order(DATA, VAL, "label", ())
    assert (data.labels is DATA.labels, val.labels is VAL.labels) == (True, True)
    assert classes == DATA.class_names


def test_val_takes_the_numbers_of_train() -> None:
    other = replace(VAL, class_names=("cat", "ant"), labels=torch.tensor([0, 1, 0]))
    _, val, classes = in_one_order(DATA, other, "label", ())
    assert val.labels.tolist() == [2, 0, 2]
    assert val.class_names == classes == DATA.class_names


def test_both_take_the_numbers_of_the_recipes_classes_where_these_are_theirs() -> None:
    chosen = ("dog", "cat", "bee", "ant")
    more = replace(VAL, class_names=("ant", "dog"), labels=torch.tensor([0, 1, 0]))
    data, val, classes = in_one_order(DATA, more, "label", chosen)
    assert data.labels.tolist() == [3, 2, 1]
    assert val.labels.tolist() == [3, 0, 3]
    assert data.class_names == classes == chosen


@pytest.mark.parametrize("data", [DATA, NUMBERED])
def test_other_names_of_the_recipe_stand_for_the_datas_by_their_order(data: ImageSet) -> None:
    chosen = ("Ameise", "Biene", "Katze", "Hund")
    renamed, val, classes = in_one_order(data, replace(data, split="val"), "label", chosen)
    assert renamed.labels.tolist() == val.labels.tolist() == [0, 1, 2]
    assert renamed.class_names == classes == chosen


def test_boxes_of_val_take_the_numbers_of_train() -> None:
    boxes = [torch.tensor([[0.0, 0, 4, 4, 1]])] * 3
    train = replace(DATA, boxes=boxes, box_names=("car", "sign"))
    val = replace(VAL, boxes=boxes, box_names=("sign", "car"))
    data, found, classes = in_one_order(train, val, "boxes", ())
    assert data is train
    assert found.boxes is not None
    assert found.boxes[0][0, 4] == 0
    assert classes == ("car", "sign")


def test_a_class_of_val_alone_is_refused() -> None:
    other = replace(VAL, class_names=("ant", "bird"), labels=torch.tensor([0, 1, 0]))
    said = (
        r"x \(val\) has the class 'bird', which train does not know, and lacks the classes 'bee', "
        r"'cat', which it knows: name the classes of both in perception\.classes"
    )
    with pytest.raises(UserError, match=said):
        in_one_order(DATA, other, "label", ())
    with pytest.raises(UserError, match="'0', '1', '2'"):
        in_one_order(DATA, replace(NUMBERED, split="val", numbered=False), "label", ())


def test_masks_without_names_need_those_of_the_recipe() -> None:
    data = replace(DATA, masks=torch.zeros(3, 16, 16, dtype=torch.uint8))
    with pytest.raises(UserError, match="does not name the classes of its masks"):
        in_one_order(data, data, "mask", ())
    assert in_one_order(data, data, "mask", ("a", "b"))[2] == ("a", "b")
