"""Several data sets as one."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from semjscc.data.base import ImageSet
from semjscc.data.joined import join
from semjscc.errors import UserError


def images(
    name: str,
    sizes: list[tuple[int, int]],
    classes: tuple[str, ...] = ("a", "b"),
    labels: list[int] | None = None,
    *,
    numbered: bool = False,
) -> ImageSet:
    pixels = [torch.full((3, *size), n, dtype=torch.uint8) for n, size in enumerate(sizes)]
    numbers = torch.tensor([n % 2 for n in range(len(sizes))] if labels is None else labels)
    alike = len(set(sizes)) == 1
    kept = torch.stack(pixels) if alike else pixels
    return ImageSet(name, "train", kept, numbers, classes, "1", f"print of {name}", numbered)


SAME, OTHER = [(16, 16)] * 3, [(16, 16), (16, 20)]


def test_one_set_stays_as_it_is() -> None:
    one = images("x", SAME)
    assert join([one]) is one


def test_images_and_labels_stand_one_set_after_the_other() -> None:
    both = join([images("x", SAME), images("y", SAME, labels=[1, 1, 0])])
    assert isinstance(both.images, Tensor)
    assert both.images[:, 0, 0, 0].tolist() == [0, 1, 2, 0, 1, 2]
    assert both.labels.tolist() == [0, 1, 0, 1, 1, 0]
    assert (both.name, both.class_names, both.split) == ("x + y", ("a", "b"), "train")
    mixed = join([images("x", SAME), images("y", OTHER)])
    assert mixed.sizes == [*SAME, *OTHER]


@pytest.mark.parametrize(
    ("sets", "names"),
    [
        ([images("x", SAME), images("y", SAME, (), [0, 1, 0])], None),
        ([images("x", SAME), images("y", SAME, (), [-1] * 3)], None),
        ([images("x", SAME, (), [-1] * 3), images("y", SAME, (), [-1] * 3)], None),
        ([images("x", SAME), images("y", SAME, labels=[0, -1, 0])], None),
        ([images("x", SAME, ("0", "1")), images("y", SAME, ("0", "1"), numbered=True)], "01"),
        (
            [
                images("x", SAME, ("0", "1"), numbered=True),
                images("y", SAME, ("0", "1", "2"), numbered=True),
            ],
            "012",
        ),
    ],
)
def test_labels_are_kept_where_all_mean_the_same(sets: list[ImageSet], names: str | None) -> None:
    both = join(sets)
    if names is None:
        assert both.class_names == ()
        assert both.labels.tolist() == [-1] * len(both)
    else:
        assert both.class_names == tuple(names)
        assert both.labels.tolist() == [0, 1, 0] * 2


def test_classes_that_one_set_has_all_of_are_matched_by_name() -> None:
    x, y = images("x", SAME, ("b", "a")), images("y", SAME, ("a", "c", "b"))
    both = join([x, y])
    assert both.class_names == ("a", "c", "b")
    assert both.labels.tolist() == [2, 0, 2, 0, 1, 0]
    # What a label means follows from the names, too.
    assert both.fingerprint != join([images("x", SAME, ("a", "b")), y]).fingerprint
    assert both.print_of("label") == both.fingerprint


def test_classes_that_no_set_has_all_of_are_those_of_all() -> None:
    both = join([images("x", SAME, ("b", "a")), images("y", SAME, ("c", "b"))])
    assert both.class_names == ("b", "a", "c")
    assert both.labels.tolist() == [0, 1, 0, 2, 0, 2]
    apart = [
        replace(images(name, SAME), masks=torch.arange(3).expand(3, 16, 3), mask_names=names)
        for name, names in (("x", ("road", "sky", "sign")), ("y", ("road", "sign", "car")))
    ]
    masks = join(apart)
    assert masks.mask_names == ("road", "sky", "sign", "car")
    assert masks.masks is not None
    assert [mask[0].tolist() for mask in masks.masks] == [[0, 1, 2]] * 3 + [[0, 2, 3]] * 3


def test_classes_of_one_name_within_a_set_cannot_be_matched() -> None:
    both = join([images("x", SAME, ("a", "a")), images("y", SAME, ("a", "c"))])
    assert (both.class_names, both.labels.tolist()) == ((), [-1] * 6)


def test_boxes_are_matched_by_name_and_masks_without_names_are_not() -> None:
    one = torch.tensor([[0.0, 0, 4, 4, 1]])
    boxed = [
        replace(images("x", SAME), boxes=[one] * 3, box_names=names)
        for names in (("car", "sign", "tree"), ("sign", "car"))
    ]
    both = join(boxed)
    assert both.boxes is not None
    assert [int(boxes[0, 4]) for boxes in both.boxes] == [1, 1, 1, 0, 0, 0]
    assert both.box_names == ("car", "sign", "tree")
    mask = torch.zeros(3, 16, 16, dtype=torch.uint8)
    masked = [replace(images("x", SAME), masks=mask, mask_names=names) for names in (("a",), ())]
    with pytest.raises(UserError, match="call the classes of their masks differently"):
        join(masked)


def test_the_fingerprint_names_all_sets_and_their_order() -> None:
    x, y = images("x", SAME), images("y", SAME)
    prints = {join(sets).fingerprint for sets in ([x, y], [y, x], [x, x], [x, y, y], [x])}
    assert len(prints) == 5
    assert all(len(join(sets).fingerprint) == 16 for sets in ([x, y], [y, x]))
