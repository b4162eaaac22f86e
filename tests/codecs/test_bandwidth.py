"""k/n: what is nominal, what is measured, what is refused."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semjscc.codecs.bandwidth import (
    DENOMINATORS,
    LARGEST_RATIO,
    NUMERATORS,
    SMALLEST_RATIO,
    channel_uses,
    largest_ratio,
    latent_depth,
    latent_size,
    measured_ratio,
    nearest_ratio,
    parse_ratio,
)
from semjscc.codecs.deep import RATIOS
from semjscc.errors import UserError

sides = st.integers(16, 5000)
multiples = st.integers(1, 48).map(lambda numerator: Fraction(numerator, 48))
any_ratio = st.fractions(Fraction(1, DENOMINATORS), 1)
carried = st.builds(Fraction, st.integers(1, NUMERATORS), st.integers(1, DENOMINATORS)).filter(
    lambda ratio: ratio <= 1
)


@pytest.mark.parametrize(
    ("height", "width", "ratio", "uses"),
    [
        # n = 3·32·32 = 3072.
        (32, 32, "1/6", 512),
        (32, 32, "1/12", 256),
        (32, 32, "1/48", 64),
        # n = 3·256·256 = 196608.
        (256, 256, "1/24", 8192),
        # n = 3·17·18 = 918, and 918/48 = 19.1.
        (17, 18, "1/48", 19),
        (16, 16, "1/384", 2),
        # n = 768: less than one symbol, but one is sent.
        (16, 16, "1/1024", 1),
        # n = 3·512·768 = 1179648: 0.03 n = 35389.4, n/20 = 58982.4.
        (512, 768, "0.03", 35389),
        (512, 768, "1/20", 58982),
        (512, 768, "1/16", 73728),
        (512, 768, "1/384", 3072),
    ],
)
def test_channel_uses_of_known_sizes(height: int, width: int, ratio: str, uses: int) -> None:
    assert channel_uses(height, width, parse_ratio(ratio)) == uses


@pytest.mark.parametrize(
    ("ratio", "depth"),
    [("1/384", 2), ("1/48", 2), ("1/47", 4), ("1/24", 4), ("1/12", 8), ("1/6", 16), ("1", 96)],
)
def test_latent_depth_of_known_ratios(ratio: str, depth: int) -> None:
    assert latent_depth(parse_ratio(ratio)) == depth


@given(sides.map(lambda side: side // 4 * 4), sides.map(lambda side: side // 4 * 4), multiples)
def test_where_four_divides_the_sides_a_multiple_of_one_48th_fills_whole_channels(
    height: int, width: int, ratio: Fraction
) -> None:
    uses = channel_uses(height, width, ratio)
    assert uses == latent_depth(ratio) * (height // 4) * (width // 4) // 2
    assert Fraction(uses, 3 * height * width) == ratio
    assert measured_ratio(height, width, ratio) == pytest.approx(float(ratio))


@given(sides, sides, any_ratio)
def test_k_is_the_whole_part_of_the_share_and_at_least_one(
    height: int, width: int, ratio: Fraction
) -> None:
    uses, share = channel_uses(height, width, ratio), ratio * 3 * height * width
    assert uses == 1 if share < 2 else share - 1 < uses <= share
    assert measured_ratio(height, width, ratio) == pytest.approx(uses / (3 * height * width))


@given(sides, sides, any_ratio, st.sampled_from([1, 4, 8, 16]))
def test_latent_holds_all_symbols_and_no_pair_of_channels_is_idle_in_large_images(
    height: int, width: int, ratio: Fraction, stride: int
) -> None:
    rows, columns = latent_size(height, width, stride)
    depth = latent_depth(ratio, stride)
    assert depth % 2 == 0
    assert 2 * channel_uses(height, width, ratio) <= depth * rows * columns
    assert (depth - 2) / 2 < ratio * 3 * stride**2


@given(sides, sides)
def test_latent_covers_the_image_with_less_than_a_position_to_spare(
    height: int, width: int
) -> None:
    rows, columns = latent_size(height, width)
    assert 0 <= 4 * rows - height < 4
    assert 0 <= 4 * columns - width < 4


@given(carried)
def test_ratio_reads_back_from_its_own_text(ratio: Fraction) -> None:
    assert parse_ratio(str(ratio)) == ratio
    assert parse_ratio(f" {ratio} ") == ratio
    assert parse_ratio(ratio) == ratio


@pytest.mark.parametrize(
    ("text", "ratio"),
    [("0.25", "1/4"), (0.125, "1/8"), ("0.03", "3/100"), (0.03, "3/100"), ("2/96", "1/48")],
)
def test_decimal_ratio_is_exact(text: str | float, ratio: str) -> None:
    assert parse_ratio(text) == Fraction(ratio)
    assert str(parse_ratio(text)) == ratio


@given(any_ratio)
def test_ratio_is_the_nearest_that_the_control_record_carries(ratio: Fraction) -> None:
    found = nearest_ratio(ratio)
    assert found.numerator <= NUMERATORS
    assert found.denominator <= DENOMINATORS
    around = [
        Fraction(numerator, min(DENOMINATORS, max(numerator, round_(numerator / ratio))))
        for numerator in range(1, NUMERATORS + 1)
        for round_ in (math.floor, math.ceil)
    ]
    assert abs(found - ratio) == min(abs(other - ratio) for other in around)
    assert nearest_ratio(found) == found


@pytest.mark.parametrize(
    "text", ["", "a", "1/0", "1:24", "1/", "1//24", "nan", "inf", float("nan"), float("inf")]
)
def test_what_is_no_number_is_refused(text: str | float) -> None:
    with pytest.raises(UserError, match="written like 1/24"):
        parse_ratio(text)


@pytest.mark.parametrize("text", ["0", "-1/6", "7/6", "2", 0.0, -0.5, "0.00001", "1/1025"])
def test_ratio_outside_0_to_1_is_refused(text: str | float) -> None:
    with pytest.raises(UserError, match="between 0 and 1"):
        parse_ratio(text)


@pytest.mark.parametrize("text", ["1e9999999", "1E-9", "1" * 1000 + "/24"])
def test_text_that_would_take_forever_to_expand_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="written like 1/24"):
        parse_ratio(text)


@pytest.mark.parametrize(
    ("k", "ratio"),
    [
        # n = 3·64·64 = 12288; 2048 = n/6.
        (2048, "1/6"),
        (10**9, "1/6"),
        # 2·12288/745 = 32.99 symbols; what lies between that and 33 needs larger denominators.
        (32, "2/745"),
        (31, None),
    ],
)
def test_largest_ratio_of_known_numbers_of_symbols(k: int, ratio: str | None) -> None:
    assert largest_ratio(64, 64, k) == (None if ratio is None else Fraction(ratio))


@given(sides, sides, st.integers(0, 10**6))
def test_largest_ratio_is_carried_and_uses_no_more(height: int, width: int, k: int) -> None:
    ratio = largest_ratio(height, width, k)
    if ratio is None:
        assert channel_uses(height, width, SMALLEST_RATIO) > k
        return
    assert channel_uses(height, width, ratio) <= k
    assert SMALLEST_RATIO <= ratio <= LARGEST_RATIO
    assert nearest_ratio(ratio) == ratio


def test_the_bounds_are_those_of_codecs_that_take_all_ratios() -> None:
    assert Fraction(RATIOS[0]) == SMALLEST_RATIO
    assert Fraction(RATIOS[-1]) == LARGEST_RATIO
