"""Plans drawn for a training step."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from semjscc.codecs.deep import Deep, picture_gains
from semjscc.linear.overview import to_overview
from semjscc.linear.planning.description import Regions, describe, understand
from semjscc.linear.planning.regions import LAYOUTS, strengths
from semjscc.linear.transform import analyse
from semjscc.training.batches import Share
from semjscc.training.channel import plans
from semjscc.training.channel.disturbance import Disturbance
from semjscc.training.channel.plans import FREQUENCIES, draw_plans, encode_planned


def images(count: int) -> torch.Tensor:
    made = torch.Generator().manual_seed(3)
    coarse = torch.rand(count, 3, 8, 8, generator=made)
    smooth = torch.nn.functional.interpolate(coarse, (96, 64), mode="bicubic")
    return (smooth + 0.1 * torch.randn(count, 3, 96, 64, generator=made)).clamp(0, 1)


def channel(count: int, ratio: Fraction = Fraction(1, 12), snr_db: float = 10.0) -> Disturbance:
    k = int(ratio * 3 * 96 * 64)
    none = torch.zeros(count, k)
    return Disturbance(ratio, torch.full((count,), snr_db), none + 0.1, none.to(torch.complex64))


@pytest.mark.parametrize(("draw", "layout"), [(0.1, 0), (0.75, 1), (0.83, 2), (0.9, 3)])
def test_a_drawn_plan_is_what_a_receiver_would_understand(draw: float, layout: int) -> None:
    told = LAYOUTS[layout]
    place = np.array([[0.9, 0.5, 0.5]])
    (plan,) = draw_plans(images(1), channel(1, snr_db=20.0), np.array([draw]), place)
    coefficients = analyse(images(1))
    unit = to_overview(coefficients[0] / picture_gains(coefficients)[0])
    payload = describe(Regions(told, strengths(unit, told)), plan.water, 0.01, (6, 4))
    understood = understand(payload, plan.water, 0.01, (6, 4))
    assert understood is not None
    assert torch.equal(plan.known.logs, understood.logs)
    # The room that is kept is about what the block takes: see the bits in `BITS`.
    assert 0 < plan.uses < plan.k / 4


def test_some_images_are_sent_as_if_one_place_mattered() -> None:
    places = np.array([[0.4, 0.1, 0.9]])
    (plan,) = draw_plans(images(1), channel(1, snr_db=20.0), np.array([0.1]), places)
    assert plan.known.log_weights is not None
    assert plan.known.log_weights.shape == (6, 4)
    assert plan.known.log_weights[0, 0] > plan.known.log_weights[5, 0]


def test_little_capacity_leaves_no_room_for_strengths() -> None:
    where = channel(1, Fraction(1, 384), -5.0)
    (plan,) = draw_plans(images(1), where, np.array([0.0]), np.zeros((1, 3)))
    assert plan.uses == 0


def test_frequencies_leave_a_rest_for_no_block() -> None:
    for _, row in FREQUENCIES:
        assert 0 <= sum(row) <= 1 + 1e-9
        assert len(row) == len(LAYOUTS)


def test_processes_see_the_plans_of_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "LOST", 0.5)
    codec = Deep(width=8, encoder_blocks=(1, 1), decoder_blocks=(1, 1, 1)).eval()
    pictures = images(4)
    with torch.inference_mode():
        whole = encode_planned(codec, pictures, channel(4), 1, 5, Share(0, 1))
        parts = [
            encode_planned(codec, pictures[rank::2], channel(2), 1, 5, Share(rank, 2))
            for rank in range(2)
        ]
    assert whole.side is not None
    lost = [not told.whole for told in whole.side.told if isinstance(told, plans.Plan)]
    assert any(lost)
    for rank, part in enumerate(parts):
        torch.testing.assert_close(part.symbols, whole.symbols[rank::2], rtol=1e-4, atol=1e-5)
        assert part.side is not None
        assert [not told.whole for told in part.side.told] == lost[rank::2]  # pyright: ignore[reportAttributeAccessIssue]
