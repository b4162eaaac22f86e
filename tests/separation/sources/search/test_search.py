"""The best that fits: against trying everything, and against what a simple coder must give."""

import itertools
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from coder_checks import picture, psnr_db
from semjscc.separation.sources.base import SCALES, Accounting, Setting, SourceCoder
from semjscc.separation.sources.jpeg import Jpeg
from semjscc.separation.sources.search.scaling import reconstruct, scaled_size
from semjscc.separation.sources.search.search import Encoded, Search, encode
from semjscc.separation.sources.webp import WebP
from toy_coder import Toy

SIZE = (32, 40)


FACTORS = (1, 0.75, 0.5, 0.25)


@cache
def scaled_files(
    coder: SourceCoder, seed: int, factor: float, variant: int
) -> tuple[list[bytes], list[int]]:
    """A photograph's files of every quality at a scale, and the lengths of their payloads."""
    image = picture("photograph", *SIZE, seed)
    side = (round(SIZE[0] * factor), round(SIZE[1] * factor))
    small = np.array(Image.fromarray(image).resize(side[::-1], Image.Resampling.LANCZOS))
    files = [coder.compress(small, variant, quality) for quality in range(32)]
    return files, [len(coder.strip(file, side, variant, i)) for i, file in enumerate(files)]


def exhaustive(coder: SourceCoder, seed: int, max_bytes: int) -> float:
    """The best PSNR in dB of the longest payload that fits, for every scale and variant."""
    (height, width), image = SIZE, picture("photograph", *SIZE, seed)
    best = -math.inf
    for factor, variant in itertools.product(FACTORS, range(len(coder.variants))):
        side = (round(height * factor), round(width * factor))
        files, lengths = scaled_files(coder, seed, factor, variant)
        fitting = [i for i in range(32) if lengths[i] <= max_bytes]
        if fitting:
            back = Image.fromarray(coder.decompress(files[fitting[-1]], side))
            enlarged = back.resize((width, height), Image.Resampling.LANCZOS)
            best = max(best, psnr_db(image, np.array(enlarged)))
    return best


@pytest.mark.parametrize("coder", [Jpeg(), WebP()])
@pytest.mark.parametrize("max_bytes", [24, 50, 110, 300])
def test_finds_what_trying_everything_finds(coder: SourceCoder, max_bytes: int) -> None:
    for seed in range(3):
        image = picture("photograph", *SIZE, seed)
        found = encode(coder, image, max_bytes, "compact")
        assert (found.psnr_db if found else -math.inf) == pytest.approx(
            exhaustive(coder, seed, max_bytes), abs=1e-9
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


@settings(max_examples=10)
@given(st.lists(st.integers(20, 600), min_size=1, max_size=6), st.integers(0, 50))
def test_what_is_found_does_not_depend_on_what_was_asked_before(
    budgets: list[int], seed: int
) -> None:
    image = picture("photograph", 24, 24, seed)
    search = Search(Jpeg(), image, "compact", {})
    assert [search.best(budget) for budget in budgets] == [
        encode(Jpeg(), image, budget, "compact") for budget in budgets
    ]


class Moody(Toy):
    """A toy whose payloads have any lengths, also falling ones; they are padded with zeros."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths = lengths

    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        least = len(super().strip(file, size, variant, quality))
        return file[1:].ljust(least + self._lengths[quality], b"\0")

    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        del variant
        samples = size[0] * size[1] * 3
        return b"T" + payload[: 1 - (-samples * self.qualities[quality] // 8)]


@pytest.mark.parametrize("guessing", [False, True])
@settings(max_examples=40)
@given(
    lengths=st.lists(st.integers(0, 2000), min_size=8, max_size=8),
    budgets=st.lists(st.integers(0, 3000), min_size=1, max_size=6),
)
def test_nor_where_lengths_fall(guessing: bool, lengths: list[int], budgets: list[int]) -> None:
    coder, image = Moody(lengths), picture("photograph", 16, 20)
    search = Search(coder, image, "compact", {}, guessing=guessing)
    found = [search.best(budget) for budget in budgets]
    assert found == [
        Search(coder, image, "compact", {}, guessing=guessing).best(budget) for budget in budgets
    ]
    for one, budget in zip(found, budgets, strict=True):
        assert one is None or len(one.payload) <= budget


@settings(max_examples=15)
@given(st.lists(st.integers(100, 6000), min_size=1, max_size=5), st.integers(0, 50))
def test_guesses_find_nearly_what_bisection_finds(budgets: list[int], seed: int) -> None:
    image = picture("photograph", 96, 80, seed)
    bisecting = Search(Jpeg(), image, "compact", {}, guessing=False)
    guessing = Search(Jpeg(), image, "compact", {}, guessing=True)
    for budget in budgets:
        thorough, quick = bisecting.best(budget), guessing.best(budget)
        assert (thorough is None) == (quick is None)
        if thorough is not None and quick is not None:
            assert quick.psnr_db == pytest.approx(thorough.psnr_db, abs=0.5)


@pytest.mark.parametrize("budget", [2000, 4000, 8000])
def test_a_scale_is_not_judged_by_its_first_chroma_format(budget: int) -> None:
    # Smooth colours without a grey picture under them: halved chroma loses nearly everything.
    noise = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    image = np.array(Image.fromarray(noise).resize((144, 144), Image.Resampling.BICUBIC))
    thorough = Search(Jpeg(), image, "compact", {}, guessing=False).best(budget)
    quick = Search(Jpeg(), image, "compact", {}, guessing=True).best(budget)
    assert thorough is not None
    assert quick is not None
    assert quick.psnr_db >= thorough.psnr_db - 0.1


def test_guesses_serve_many_budgets_with_fewer_trials() -> None:
    image = picture("photograph", 128, 160)
    budgets = [round(40 * 1.25**step) for step in range(25)]
    bisecting = Search(WebP(), image, "compact", {}, guessing=False)
    guessing = Search(WebP(), image, "compact", {})  # the image is large
    loss = []
    for budget in budgets:
        thorough, quick = bisecting.best(budget), guessing.best(budget)
        assert (thorough is None) == (quick is None)
        if thorough is not None and quick is not None:
            loss.append(thorough.psnr_db - quick.psnr_db)
    assert len(loss) == 20
    assert np.mean(loss) < 0.02
    assert max(loss) < 0.3
    assert len(guessing.fresh(0)) < 0.65 * len(bisecting.fresh(0))


def test_guesses_cope_with_images_without_any_error() -> None:
    image = picture("flat", 40, 48)
    for budget in (1, 40, 700, 3000, 10_000):
        thorough = Search(Toy(), image, "compact", {}, guessing=False).best(budget)
        assert Search(Toy(), image, "compact", {}, guessing=True).best(budget) == thorough


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
