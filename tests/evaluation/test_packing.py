"""Work for other processes, as bytes."""

import pickle

import pytest
import torch

from semjscc.evaluation.packing import packed


def test_views_of_one_storage_are_written_once_each() -> None:
    whole = torch.arange(60_000).to(torch.uint8)
    images = [part.view(20, 25, 3).permute(2, 0, 1) for part in whole.split(1500)]
    content = packed(images)
    assert len(content) < 2 * len(whole)
    found = pickle.loads(content)
    assert all(torch.equal(*pair) for pair in zip(found, images, strict=True))
    assert [one.stride() for one in found] == [one.stride() for one in images]


def test_what_is_one_tensor_stays_one() -> None:
    weights, parameter = torch.ones(3), torch.nn.Parameter(torch.ones(2))
    found = pickle.loads(packed([weights, weights, weights[:1], parameter, parameter]))
    assert found[0] is found[1]
    assert found[3] is found[4]
    assert isinstance(found[3], torch.nn.Parameter)


def test_what_cannot_be_pickled_is_refused() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        packed(lambda: None)
