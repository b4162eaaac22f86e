"""How many images a model card's facts are of, and that batches change nothing."""

import pytest

from semjscc.codecs.store import build_codec
from semjscc.data import load_data
from semjscc.perception.base import Perception
from semjscc.training.measure import measure_codec


@pytest.mark.parametrize(
    ("pixels", "expected"), [(10 * 64 * 64, 5), (4 * 64 * 64, 4), (64 * 64, 2)]
)
def test_a_card_is_of_fewer_images_the_larger_they_are(
    coarse_perception: Perception, monkeypatch: pytest.MonkeyPatch, pixels: int, expected: int
) -> None:
    monkeypatch.setattr("semjscc.training.measure.CARD_IMAGES", 5)
    monkeypatch.setattr("semjscc.training.measure.CARD_PHOTOGRAPHS", 2)
    monkeypatch.setattr("semjscc.training.measure.CARD_PIXELS", pixels)
    codec = build_codec("adaptive", {"width": 8, "ratios": ["1/24"]})
    facts = measure_codec(codec, [coarse_perception], load_data("signs", "val", limit=6))
    assert facts["val_images"] == expected


def test_facts_do_not_depend_on_batches(
    coarse_perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = build_codec("adaptive", {"width": 8, "ratios": ["1/24"]})
    data = load_data("signs", "val", limit=5)
    facts = measure_codec(codec, [coarse_perception], data)
    monkeypatch.setattr("semjscc.training.measure.BATCH_PIXELS", 2 * 64 * 64)
    again = measure_codec(codec, [coarse_perception], data)
    assert again["val_agreement"] == facts["val_agreement"]
    assert again["val_psnr_db"]["1/24"] == pytest.approx(facts["val_psnr_db"]["1/24"], abs=1e-4)
