"""The best that fits: against trying everything, and against what a simple coder must give."""

import itertools
import math

import numpy as np
import pytest
from coder_checks import picture, psnr_db
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from toy_coder import Toy

from semjscc.separation.sources.base import SCALES, Accounting, Pixels, Setting, SourceCoder
from semjscc.separation.sources.jpeg import Jpeg
from semjscc.separation.sources.search import (
    Encoded,
    Search,
    encode,
    finest,
    reconstruct,
    scaled_size,
)
from semjscc.separation.sources.webp import WebP


def exhaustive(coder: SourceCoder, image: Pixels, max_bytes: int) -> float:
    """The best PSNR in dB of the longest payload that fits, for every scale and variant."""
    height, width = image.shape[:2]
    best = -math.inf
    for factor, variant in itertools.product((1, 0.75, 0.5, 0.25), range(len(coder.variants))):
        side = (round(height * factor), round(width * factor))
        small = np.array(Image.fromarray(image).resize(side[::-1], Image.Resampling.LANCZOS))
        files = [coder.compress(small, variant, quality) for quality in range(32)]
        stripped = [coder.strip(file, side, variant, i) for i, file in enumerate(files)]
        fitting = [i for i in range(32) if len(stripped[i]) <= max_bytes]
        if fitting:
            back = Image.fromarray(coder.decompress(files[fitting[-1]], side))
            enlarged = back.resize((width, height), Image.Resampling.LANCZOS)
            best = max(best, psnr_db(image, np.array(enlarged)))
    return best


@pytest.mark.parametrize("coder", [Jpeg(), WebP()])
@pytest.mark.parametrize("max_bytes", [24, 50, 110, 300])
def test_finds_what_trying_everything_finds(coder: SourceCoder, max_bytes: int) -> None:
    for seed in range(3):
        image = picture("photograph", 32, 40, seed)
        found = encode(coder, image, max_bytes, "compact")
        assert (found.psnr_db if found else -math.inf) == pytest.approx(
            exhaustive(coder, image, max_bytes), abs=1e-9
        )


@pytest.mark.parametrize("accounting", ["compact", "file"])
def test_result_fits_and_its_psnr_is_that_of_the_image_that_comes_back(
    accounting: Accounting,
) -> None:
    image = picture("photograph", 48, 40)
    found = encode(Jpeg(), image, 900, accounting)
    assert found is not None
    assert len(found.payload) <= 900
    back = reconstruct(Jpeg(), found.payload, found.setting, (48, 40), accounting)
    assert found.psnr_db == pytest.approx(psnr_db(image, back), abs=1e-9)


def test_same_bytes_say_more_without_headers() -> None:
    image = picture("photograph", 48, 48)
    compact, file = encode(Jpeg(), image, 700, "compact"), encode(Jpeg(), image, 700, "file")
    assert compact is not None
    assert file is not None
    assert compact.psnr_db > file.psnr_db + 3


def test_nothing_fits_where_nothing_can() -> None:
    assert encode(Jpeg(), picture("photograph", 64, 64), 3, "compact") is None


def test_small_budgets_shrink_the_image_and_large_ones_do_not() -> None:
    image = picture("photograph", 64, 64)
    small, large = encode(Jpeg(), image, 60, "compact"), encode(Jpeg(), image, 3000, "compact")
    assert small is not None
    assert large is not None
    assert SCALES[small.setting.scale] < 1
    assert SCALES[large.setting.scale] == 1


def test_ties_go_to_the_first_variant() -> None:
    # The toy's variants are alike, and a flat image comes back the same from every scale.
    found = encode(Toy(), picture("flat", 32, 32), 10_000, "compact")
    assert found is not None
    assert found.setting == Setting(0, 0, 7)
    assert found.psnr_db == math.inf


def test_scales_below_one_block_are_left_out() -> None:
    # At 15 x 40 a half would be 7 rows; the toy keeps 1 bit of 8 of each sample at its coarsest.
    search = Search(Toy(), picture("noise", 15, 40), "compact", {})
    assert search.best(1) is None
    assert {setting.scale for setting in search.fresh(0)} == {0, 1}


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(20, 600), min_size=1, max_size=6), st.integers(0, 50))
def test_what_is_found_does_not_depend_on_what_was_asked_before(
    budgets: list[int], seed: int
) -> None:
    image = picture("photograph", 24, 24, seed)
    search = Search(Jpeg(), image, "compact", {})
    assert [search.best(budget) for budget in budgets] == [
        encode(Jpeg(), image, budget, "compact") for budget in budgets
    ]


@given(st.integers(1, 40), st.integers(0, 40))
def test_finest_of_growing_lengths(count: int, fitting: int) -> None:
    expected = min(count, fitting) - 1
    assert finest(lambda quality: quality < fitting, count) == (None if expected < 0 else expected)


@given(st.integers(3, 40), st.integers(0, 38))
def test_finest_steps_over_a_single_one_that_does_not_fit(count: int, hole: int) -> None:
    found = finest(lambda quality: quality != hole, count)
    assert found == (count - 1 if hole != count - 1 else count - 2)


def test_finest_asks_little() -> None:
    asked: set[int] = set()

    def fits(quality: int) -> bool:
        asked.add(quality)
        return quality < 19

    assert finest(fits, 32) == 18
    assert len(asked) <= 7


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [((32, 48), 1, (24, 36)), ((33, 31), 2, (16, 16)), ((1, 1), 3, (1, 1))],
)
def test_scaled_sizes(size: tuple[int, int], scale: int, expected: tuple[int, int]) -> None:
    assert scaled_size(size, scale) == expected


@pytest.mark.parametrize("setting", [(4, 0, 0), (0, 4, 0), (0, 0, 32), (-1, 0, 0), (0, 0, -1)])
def test_setting_out_of_range_is_refused(setting: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="jpeg has no"):
        reconstruct(Jpeg(), b"", Setting(*setting), (32, 32), "compact")


def test_payload_of_another_size_is_refused() -> None:
    found = encode(Jpeg(), picture("photograph", 32, 32), 900, "file")
    assert isinstance(found, Encoded)
    with pytest.raises(ValueError, match="not 40"):
        reconstruct(Jpeg(), found.payload, found.setting, (40, 40), "file")
