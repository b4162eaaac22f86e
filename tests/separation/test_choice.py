"""Choices from measured scores, and what theory says where nothing was measured."""

import math
from fractions import Fraction

import numpy as np
import pytest

from semjscc.checkpoint import WEIGHTS
from semjscc.families import families
from semjscc.separation import choice
from semjscc.separation.choice import chosen_coder, is_larger, outage_snr, worth_of
from semjscc.separation.sources import CODERS

RATIO = Fraction(1, 24)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {
        "coders": {"own": {"1/24": {"0": "small", "10": "avif"}}},
        "scores": {
            "own": {
                "concealed": 0.1,
                "pixels": 1000,
                "accuracy": {"1/24": {"0": {"small": 0.5, "avif": 0.2}, "10": {"avif": 0.8}}},
            }
        },
    }
    monkeypatch.setattr(choice, "_content", lambda: content)


@pytest.mark.usefixtures("measured")
def test_coder_of_the_nearest_snr() -> None:
    asked = [-20.0, 4.9, 5.1, 30.0]
    assert [chosen_coder("own", RATIO, snr) for snr in asked] == ["small", "small", "avif", "avif"]
    assert chosen_coder("other", RATIO, 0.0) is None


@pytest.mark.usefixtures("measured")
def test_at_other_ratios_the_coder_for_as_many_bits() -> None:
    # 1 bit a symbol at 0 dB, 3.46 at 10 dB: halfway on a logarithmic scale lie 1.86 at 1/24.
    for ratio, snr_db, coder in [
        (Fraction(1, 48), 0.0, "small"),
        (Fraction(1, 12), -1.0, "small"),
        (Fraction(1, 12), 0.0, "avif"),
        (Fraction(1, 6), -30.0, "small"),
        (Fraction(1, 96), 20.0, "small"),
        (Fraction(1, 48), 20.0, "avif"),
    ]:
        assert chosen_coder("own", ratio, snr_db) == coder


@pytest.mark.usefixtures("measured")
def test_in_larger_images_the_coder_for_as_many_bits() -> None:
    # At 1/48 and 0 dB four times the pixels have the bits of 1/12, and 1.9 times count as alike.
    for pixels, coder in [(None, "small"), (1000, "small"), (1900, "small"), (4000, "avif")]:
        assert chosen_coder("own", Fraction(1, 48), 0.0, pixels) == coder
    assert chosen_coder("own", RATIO, 0.0, 1900) == "small"
    assert chosen_coder("own", RATIO, 0.0, 2000) == "avif"
    assert [is_larger("own", pixels) for pixels in (1999, 2000)] == [False, True]
    assert not is_larger("other", 2000)


def designed(family: str, mean_db: float) -> float:
    return outage_snr(
        worth_of(family, RATIO), lambda snr_db: math.exp(-(10 ** ((snr_db - mean_db) / 10)))
    )


@pytest.mark.usefixtures("measured")
def test_outage_weighs_what_a_scheme_is_worth_against_its_outage() -> None:
    def expected(design_db: float, worth: float, mean_db: float) -> float:
        arrives = math.exp(-(10 ** ((design_db - mean_db) / 10)))
        return arrives * worth + (1 - arrives) * 0.1

    designs = np.arange(0, 10.5, 0.5)
    chosen = {mean: designed("own", mean) for mean in (0.0, 10.0, 15.0, 30.0)}
    # Halfway between the SNRs that were measured a scheme is worth the mean of their scores.
    for mean, design in chosen.items():
        worth = [expected(d, 0.5 + 0.3 * d / 10, mean) for d in designs]
        assert design == designs[np.argmax(worth)]
    assert chosen[0.0] == 0
    assert 0 < chosen[15.0] < 10
    assert chosen[30.0] == 10


def test_outage_without_scores_maximises_the_expected_rate() -> None:
    grid = np.arange(-10, 29.5, 0.5)
    for mean in (0.0, 10.0):
        linear = 10 ** (grid / 10)
        rate = np.exp(-linear / 10 ** (mean / 10)) * np.log2(1 + linear)
        assert designed("", mean) == grid[rate.argmax()]


def test_shipped_choice_names_coders_that_exist() -> None:
    for family in choice._content()["coders"].values():
        for by_snr in family.values():
            assert set(by_snr.values()) <= set(CODERS)


@pytest.mark.parametrize("family", families())
def test_every_family_has_its_choice_and_an_image_for_what_is_lost(family: str) -> None:
    assert chosen_coder(family, Fraction(1, 24), 5.0) in CODERS
    assert (WEIGHTS / f"{family}-mean.png").is_file()
