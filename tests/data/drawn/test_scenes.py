"""Scenes of several signs: the same always, boxes tight around masks, nothing without an object."""

import numpy as np
import pytest
import torch

from semjscc.data import load_data
from semjscc.data.drawn.scene import MOST_SIGNS, SIDES, render
from semjscc.data.drawn.scenes import load_scenes
from semjscc.errors import UserError

COUNT = 40


def test_a_scene_does_not_depend_on_the_order_of_calls() -> None:
    first = render("test", 3)
    render("test", 4)
    again = render("test", 3)
    for name in ("image", "boxes", "mask"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.image, render("val", 3).image)


def test_boxes_are_tight_around_masks_of_their_class() -> None:
    sides, counts = [], []
    for index in range(COUNT):
        scene = render("train", index)
        counts.append(len(scene.boxes))
        seen = np.zeros(scene.mask.shape, bool)
        for left, top, right, bottom, number in scene.boxes.tolist():
            part = scene.mask[top:bottom, left:right] == 1 + number
            assert part.any(0)[[0, -1]].all()
            assert part.any(1)[[0, -1]].all()
            seen[top:bottom, left:right] |= part
            sides.append(max(right - left, bottom - top))
        assert (scene.mask[~seen] == 0).all()
    assert set(counts) <= set(range(1, MOST_SIGNS + 1))
    assert len(set(counts)) > 3
    assert min(sides) < 20
    assert 50 < max(sides) < 1.3 * 256 * SIDES[1]


def test_another_size_shows_the_same_scene() -> None:
    small, large = render("val", 7, 128), render("val", 7, 256)
    assert (small.boxes[:, 4] == large.boxes[:, 4]).all()
    assert np.abs(2 * small.boxes[:, :4] - large.boxes[:, :4]).max() <= 4
    coarse = large.image.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(coarse - small.image).mean() < 6


def test_a_set_holds_what_render_gives() -> None:
    data = load_data("scenes", "test", limit=5)
    assert isinstance(data.images, torch.Tensor)
    assert data.boxes is not None
    scene = render("test", 4)
    np.testing.assert_array_equal(data.images[4].permute(1, 2, 0).numpy(), scene.image)
    np.testing.assert_array_equal(data.boxes[4].numpy(), scene.boxes)
    np.testing.assert_array_equal(np.asarray(data.targets("mask", [4])[0]), scene.mask)
    assert data.names_of("mask")[1:] == data.names_of("boxes") == data.class_names
    areas = (scene.boxes[:, 2] - scene.boxes[:, 0]) * (scene.boxes[:, 3] - scene.boxes[:, 1])
    assert int(data.labels[4]) == scene.boxes[areas.argmax(), 4]
    assert load_scenes("test", 6).fingerprint != data.fingerprint


def test_too_small_requests_are_refused() -> None:
    with pytest.raises(UserError, match="128 or more"):
        load_scenes("test", 1, 64)
    with pytest.raises(UserError, match="one or more"):
        load_scenes("test", 0)
