"""k/n: what is nominal, what is measured, what is refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semjscc.codecs.bandwidth import (
    channel_uses,
    latent_depth,
    latent_size,
    measured_ratio,
    parse_ratio,
)
from semjscc.errors import UserError

sides = st.integers(16, 5000)
ratios = st.integers(1, 48).map(lambda numerator: Fraction(numerator, 48))


@pytest.mark.parametrize(
    ("height", "width", "ratio", "uses"),
    [
        # n = 3·32·32 = 3072.
        (32, 32, "1/6", 512),
        (32, 32, "1/12", 256),
        (32, 32, "1/48", 64),
        # n = 3·256·256 = 196608.
        (256, 256, "1/24", 8192),
        # ⌈17/4⌉·⌈18/4⌉ = 25 positions of 2 latent channels.
        (17, 18, "1/48", 25),
    ],
)
def test_channel_uses_of_known_sizes(height: int, width: int, ratio: str, uses: int) -> None:
    assert channel_uses(height, width, parse_ratio(ratio)) == uses


@pytest.mark.parametrize(
    ("ratio", "depth"), [("1/48", 2), ("1/24", 4), ("1/12", 8), ("1/6", 16), ("1/2", 48), ("1", 96)]
)
def test_latent_depth_of_known_ratios(ratio: str, depth: int) -> None:
    assert latent_depth(parse_ratio(ratio)) == depth


@given(sides.map(lambda side: side // 4 * 4), sides.map(lambda side: side // 4 * 4), ratios)
def test_measured_ratio_is_nominal_where_four_divides_the_sides(
    height: int, width: int, ratio: Fraction
) -> None:
    assert Fraction(channel_uses(height, width, ratio), 3 * height * width) == ratio
    assert measured_ratio(height, width, ratio) == pytest.approx(float(ratio))


@given(sides, sides, ratios)
def test_measured_ratio_lies_at_or_a_little_above_nominal(
    height: int, width: int, ratio: Fraction
) -> None:
    exact = Fraction(channel_uses(height, width, ratio), 3 * height * width)
    assert exact >= ratio
    assert exact <= ratio * Fraction(height + 3, height) * Fraction(width + 3, width)
    assert measured_ratio(height, width, ratio) == pytest.approx(float(exact))


@given(sides, sides)
def test_latent_covers_the_image_with_less_than_a_position_to_spare(
    height: int, width: int
) -> None:
    rows, columns = latent_size(height, width)
    assert 0 <= 4 * rows - height < 4
    assert 0 <= 4 * columns - width < 4


@given(ratios)
def test_ratio_reads_back_from_its_own_text(ratio: Fraction) -> None:
    assert parse_ratio(str(ratio)) == ratio
    assert parse_ratio(f" {ratio} ") == ratio
    assert parse_ratio(ratio) == ratio


@pytest.mark.parametrize(("text", "ratio"), [("0.25", "1/4"), (0.125, "1/8"), ("0.5", "1/2")])
def test_decimal_ratio_is_exact(text: str | float, ratio: str) -> None:
    assert parse_ratio(text) == Fraction(ratio)


@pytest.mark.parametrize(
    "text", ["", "a", "1/0", "1:24", "1/", "1//24", "nan", "inf", float("nan"), float("inf")]
)
def test_what_is_no_number_is_refused(text: str | float) -> None:
    with pytest.raises(UserError, match="written like 1/24"):
        parse_ratio(text)


@pytest.mark.parametrize("text", ["0", "-1/6", "7/6", "2", 0.0, -0.5, "0.00001"])
def test_ratio_outside_0_to_1_is_refused(text: str | float) -> None:
    with pytest.raises(UserError, match="between 0 and 1"):
        parse_ratio(text)


@pytest.mark.parametrize("ratio", [Fraction(1, 5), Fraction(1, 96), Fraction(1, 7)])
def test_ratio_without_a_whole_number_of_symbols_is_refused(ratio: Fraction) -> None:
    with pytest.raises(UserError, match="multiple of 1/48"):
        latent_depth(ratio)


@pytest.mark.parametrize("text", ["1e9999999", "1E-9", "1" * 1000 + "/24"])
def test_text_that_would_take_forever_to_expand_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="written like 1/24"):
        parse_ratio(text)
