"""Short text that changes with bytes and numbers, and with nothing else."""

import hashlib

import pytest
import torch

from semjscc.digests import hashed, tensor_text


def test_bytes_are_hashed_as_blake2b_of_16_bytes() -> None:
    # RFC 7693's function by Python's own library; results of earlier versions hold such digests.
    assert hashed(b"") == "cae66941d9efbd404e4d88758ea67670"
    assert hashed(b"abc") == hashlib.blake2b(b"abc", digest_size=16).hexdigest()


def test_a_tensor_is_told_by_its_dtype_shape_and_numbers() -> None:
    numbers = torch.arange(6.0).reshape(2, 3)
    raw = numbers.numpy().tobytes()
    assert tensor_text(numbers) == f"torch.float32 (2, 3) {hashed(raw)}"
    others = [numbers.T, numbers.double(), numbers + 1, numbers.flatten(), numbers.bfloat16()]
    assert len({tensor_text(one) for one in [numbers, *others]}) == 6


@pytest.mark.parametrize("like", [torch.empty(0, 3), torch.empty(0, dtype=torch.bfloat16)])
def test_a_tensor_without_numbers_has_a_text_too(like: torch.Tensor) -> None:
    assert tensor_text(like) == f"{like.dtype} {tuple(like.shape)} {hashed(b'')}"


def test_how_it_lies_in_memory_does_not_count() -> None:
    images = torch.rand(1, 3, 4, 4)
    moved = images.contiguous(memory_format=torch.channels_last)
    assert tensor_text(images) == tensor_text(moved.requires_grad_())
