"""Random pieces of photographs: what they show, and that they follow from (seed, step) alone."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import kstest
from torch import Tensor

from semjscc.data.base import ImageSet
from semjscc.training.batches import Share
from semjscc.training.crops import (
    MOST_SHRINKING,
    central_crops,
    centre,
    crops_at,
    random_crop,
    spread,
)

WHOLE = Share()


def ramp(height: int, width: int) -> Tensor:
    """(3, H, W) uint8: red counts the columns, green the rows, blue is their number's low bits."""
    columns = torch.arange(width).expand(height, width)
    rows = torch.arange(height)[:, None].expand(height, width)
    return torch.stack([columns % 256, rows % 256, (columns + rows) % 256]).to(torch.uint8)


def photographs(sizes: list[tuple[int, int]]) -> ImageSet:
    images = [torch.full((3, *size), number) for number, size in enumerate(sizes)]
    pixels = [image.to(torch.uint8) for image in images]
    return ImageSet("x", "train", pixels, 100 + torch.arange(len(sizes)), ("a",), "", "print")


def test_smallest_window_is_the_pixels_themselves() -> None:
    image = ramp(40, 60)
    assert torch.equal(random_crop(image, 16, 0.0, 0.0, 0.0)[0], image[:, :16, :16])
    last = random_crop(image, 16, 0.0, 1 - 1e-12, 1 - 1e-12)[0]
    assert torch.equal(last, image[:, -16:, -16:])
    middle = random_crop(image, 16, 0.0, 0.5, 0.5)[0]
    assert torch.equal(middle, image[:, 12:28, 22:38])


def test_larger_windows_are_scaled_as_pillow_does_it() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 100, 3), dtype=np.uint8)
    image = torch.from_numpy(pixels).permute(2, 0, 1)
    crop = random_crop(image, 16, 1 - 1e-12, 0.0, 0.0)[0]  # three times 16 pixels a side
    expected = Image.fromarray(pixels[:48, :48]).resize((16, 16), Image.Resampling.BICUBIC)
    difference = crop.permute(1, 2, 0).int() - torch.from_numpy(np.array(expected)).int()
    assert difference.abs().max() <= 1


@given(
    height=st.integers(16, 200),
    width=st.integers(16, 200),
    side=st.integers(16, 80),
    place=st.tuples(*[st.floats(0, 1, exclude_max=True)] * 3),
)
def test_crops_of_any_photograph_have_the_side_asked_for(
    height: int, width: int, side: int, place: tuple[float, float, float]
) -> None:
    crop = random_crop(torch.full((3, height, width), 77, dtype=torch.uint8), side, *place)
    assert torch.equal(crop, torch.full((1, 3, side, side), 77, dtype=torch.uint8))


def test_small_photographs_are_scaled_up_whole() -> None:
    image = torch.zeros(3, 20, 20, dtype=torch.uint8)
    image[:, :, 10:] = 255
    crop = random_crop(image, 40, 0.7, 0.9, 0.9)[0].float()
    assert crop[:, :, :18].max() < 20
    assert crop[:, :, 22:].min() > 235


def test_windows_are_log_uniform_and_places_uniform() -> None:
    # A photograph of ramps without noise: slope and offset of a crop tell its window.
    rows = torch.arange(400)[:, None].expand(400, 600)
    columns = torch.arange(600).expand(400, 600)
    image = torch.stack([columns * 255 // 599, rows * 255 // 399, columns * 0]).to(torch.uint8)
    data = ImageSet("x", "train", [image] * 2000, torch.zeros(2000).long(), ("a",), "", "")
    crops = torch.cat([crops_at(data, 3, step, 500, WHOLE, 20)[0] for step in range(4)])
    across = (crops[:, 0, :, -3:].mean(dim=(1, 2)) - crops[:, 0, :, :3].mean(dim=(1, 2))) * 599
    windows = across / 17 * 20  # 17 pixels between the means of the first and last three
    share = (windows / 20).log() / math.log(MOST_SHRINKING)
    assert kstest(share.numpy(), "uniform").statistic < 0.06  # 8 bits and whole windows blur it
    left = (crops[:, 0].mean(dim=(1, 2)) * 599 - windows / 2) / (600 - windows)
    assert kstest(left.numpy(), "uniform").statistic < 0.04


@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_shares_of_all_processes_make_up_the_global_batch(processes: int) -> None:
    rng = torch.Generator().manual_seed(0)
    images = [
        torch.randint(256, (3, 30 + n, 50 - n), dtype=torch.uint8, generator=rng) for n in range(20)
    ]
    data = ImageSet("x", "train", images, 100 + torch.arange(20), ("a",), "", "")
    for step in (0, 1, 7):
        whole, labels = crops_at(data, 4, step, 12, WHOLE, 16)
        assert whole.shape == (12, 3, 16, 16)
        assert whole.dtype == torch.float32
        assert 0 <= whole.min() < whole.max() <= 1
        for rank in range(processes):
            share = Share(rank, processes)
            part, own = crops_at(data, 4, step, 12, share, 16)
            assert torch.equal(part, share.take(whole))
            assert torch.equal(own, share.take(labels))


def test_labels_go_with_their_photographs() -> None:
    data = photographs([(20 + n, 40) for n in range(10)])
    images, labels = crops_at(data, 0, 0, 10, WHOLE, 16)
    assert torch.equal((images[:, 0, 0, 0] * 255).round().long() + 100, labels)
    assert torch.equal(labels.sort().values, data.labels)


def test_every_step_and_seed_has_crops_of_its_own() -> None:
    data = ImageSet("x", "train", [ramp(64, 64)] * 4, torch.zeros(4).long(), ("a",), "", "")
    first = crops_at(data, 0, 0, 4, WHOLE, 16)[0]
    assert torch.equal(first, crops_at(data, 0, 0, 4, WHOLE, 16)[0])
    assert not torch.equal(first, crops_at(data, 0, 1, 4, WHOLE, 16)[0])
    assert not torch.equal(first, crops_at(data, 1, 0, 4, WHOLE, 16)[0])
    assert len({crop.numpy().tobytes() for crop in first}) == 4


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((40, 60), 20, (slice(10, 30), slice(20, 40))),
        ((15, 60), 20, (slice(0, 15), slice(20, 40))),
        ((15, 19), 20, (slice(0, 15), slice(0, 19))),
        ((21, 20), 20, (slice(0, 20), slice(0, 20))),
    ],
)
def test_centre_is_the_middle_or_all_there_is(
    size: tuple[int, int], side: int, expected: tuple[slice, slice]
) -> None:
    image = ramp(*size)
    assert torch.equal(centre(image, side), image[:, expected[0], expected[1]])


def test_central_crops_agree_in_size_whatever_the_photographs() -> None:
    data = photographs([(30, 40), (16, 90), (100, 17), (20, 20)])
    few = central_crops(data, 20, 1000)
    assert isinstance(few.images, Tensor)
    expected = torch.arange(4, dtype=torch.uint8)[:, None, None, None].expand(4, 3, 20, 20)
    assert torch.equal(few.images, expected)
    assert torch.equal(few.labels, data.labels)
    ramps = central_crops(replace(data, images=[ramp(30, 40)]), 20, 1)
    assert torch.equal(ramps.images[0], ramp(30, 40)[:, 5:25, 10:30])


def test_masks_boxes_and_names_stay_with_their_images() -> None:
    sizes = [(20, 20), (16, 30), (24, 24), (18, 22), (30, 16)]
    data = replace(
        photographs(sizes),
        names=tuple("abcde"),
        masks=[torch.full(size, place) for place, size in enumerate(sizes)],
        boxes=[torch.full((place, 5), float(place)) for place in range(len(sizes))],
    )
    few = spread(data, 3)
    assert few.names == ("a", "c", "e")
    assert few.masks is not None
    assert few.boxes is not None
    assert [(tuple(mask.shape), int(mask[0, 0])) for mask in few.masks] == [
        (sizes[place], place) for place in (0, 2, 4)
    ]
    assert [len(boxes) for boxes in few.boxes] == [0, 2, 4]
    assert [tuple(image.shape[1:]) for image in few.images] == [sizes[p] for p in (0, 2, 4)]
    pieces = central_crops(data, 16, 3)
    assert pieces.masks is None
    assert pieces.boxes is None


@given(count=st.integers(1, 60), most=st.integers(1, 70))
def test_spread_takes_images_from_all_over_the_set(count: int, most: int) -> None:
    data = photographs([(20, 20)] * count)
    few = spread(data, most)
    places = few.labels - 100
    assert len(few) == len(places) == min(count, most)
    assert [int(image[0, 0, 0]) for image in few.images] == places.tolist()
    gaps = places.diff()
    assert places[0] == 0
    assert most < 2 or places[-1] == count - 1
    assert len(gaps) == 0 or 0 < gaps.min() >= gaps.max() - 1
    assert few.fingerprint == "print"
