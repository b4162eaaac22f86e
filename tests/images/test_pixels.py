"""Depths, floating point and 8 bits, squares and padding."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from semjscc.images import pad_to_multiple, quantise, resize_and_crop, to_float, to_uint8
from semjscc.images.pixels import to_8_bits

FLOATS = arrays.arrays(np.float32, (3, 4, 5), elements=st.floats(width=32))
UNIT_FLOATS = arrays.arrays(np.float32, (3, 4, 5), elements=st.floats(0, 1, width=32))


@given(FLOATS)
def test_quantise_is_idempotent_and_stays_in_range(values: np.ndarray):
    once = quantise(torch.from_numpy(values))
    assert once.dtype == torch.float32
    assert torch.equal(quantise(once), once)
    assert once.min() >= 0
    assert once.max() <= 1


@given(UNIT_FLOATS)
def test_quantise_errs_by_half_a_step_at_most(values: np.ndarray):
    images = torch.from_numpy(values)
    assert (quantise(images) - images).abs().max() <= 1 / 510 + 1e-7


def test_eight_bits_survive_floating_point():
    every = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(to_float(every)), every)


def test_values_outside_the_range_are_clamped():
    odd = torch.tensor([float("nan"), float("inf"), -float("inf"), -3.0, 2.0])
    assert to_uint8(odd).tolist() == [0, 255, 0, 0, 255]


@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    multiple=st.integers(1, 32),
    dtype=st.sampled_from([torch.uint8, torch.float32]),
)
def test_padding_repeats_the_edge(height: int, width: int, multiple: int, dtype: torch.dtype):
    images = (torch.rand(2, 3, height, width) * 255).to(dtype)
    padded = pad_to_multiple(images, multiple)
    rows, columns = padded.shape[-2:]
    assert rows % multiple == columns % multiple == 0
    assert rows - height < multiple
    assert columns - width < multiple
    expected = np.pad(
        images.numpy(), ((0, 0), (0, 0), (0, rows - height), (0, columns - width)), mode="edge"
    )
    assert np.array_equal(padded.numpy(), expected)


def test_resize_is_of_the_short_side_and_cropping_of_the_centre():
    image = torch.randint(0, 256, (3, 40, 120), dtype=torch.uint8)
    picture = Image.fromarray(image.permute(1, 2, 0).numpy())
    expected = np.array(picture.resize((60, 20), Image.Resampling.BICUBIC))[:, 20:40]
    fitted = resize_and_crop(image, 20)
    assert np.array_equal(fitted.permute(1, 2, 0), expected)
    assert fitted.is_contiguous()
    square = torch.randint(0, 256, (3, 20, 20), dtype=torch.uint8)
    assert torch.equal(resize_and_crop(square, 20), square)


@given(st.integers(1, 32), st.data())
def test_the_full_range_of_any_depth_becomes_that_of_eight_bits(bits: int, data: st.DataObject):
    top = 2**bits - 1
    number = data.draw(st.integers(0, top))
    scaled = to_8_bits(np.array([0, number, top], np.uint32), bits)
    assert scaled.dtype == np.uint8
    assert (scaled[0], scaled[2]) == (0, 255)
    assert abs(int(scaled[1]) * top - number * 255) * 2 <= top  # half a step of 8 bits at most
