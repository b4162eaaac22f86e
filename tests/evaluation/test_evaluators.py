"""Who judges is tried on an image before any is sent."""

from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from semjscc.errors import UserError
from semjscc.evaluation.evaluators import Metric, load_evaluators
from semjscc.perception.base import Perception


@pytest.mark.parametrize("metric", get_args(Metric))
def test_a_network_that_answers_something_else_is_one_line(metric: Metric) -> None:
    perception = Perception(nn.Flatten(), layers=(), class_names=["a", "b"], name="own")
    with pytest.raises(UserError, match=r"own must return a number for each image and class"):
        load_evaluators("signs", "test", [perception], metric, size=16, limit=2)


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
