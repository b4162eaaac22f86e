"""Our own coder of a few bytes: exactness, efficiency, strangers' bytes, and a frozen format."""

import json
import math

import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.data.drawn.backdrops import backdrop
from semjscc.randomness import generator
from semjscc.separation.sources.base import Pixels
from semjscc.separation.sources.small.coder import Small
from semjscc.separation.sources.small.entropy import PAYLOAD_LIMIT, decode, encode
from semjscc.separation.sources.small.model import (
    BEYOND,
    ESCAPE,
    LEVELS,
    MODEL_FILE,
    STEPS,
    TOTAL,
    Layout,
    layout,
    level,
    shipped_model,
)
from semjscc.separation.sources.small.quantiser import gather, quantise, scatter
from semjscc.separation.sources.small.transform import analyse, synthesise

FEW = settings(max_examples=25)
SIDES = st.integers(1, 70)
CODER = Small()
LAST = len(CODER.qualities) - 1


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    return generator(seed, "test", 0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def photograph(index: int, size: int = 32) -> Pixels:
    return backdrop(generator(0, "test", index), "val", size).round().astype(np.uint8)


def ramps() -> Pixels:
    """Ramps over a chessboard of four fields; whole numbers, so that it is the same everywhere."""
    y, x = np.mgrid[:32, :32]
    red = 40 + 5 * x + 30 * ((x // 16 + y // 16) % 2)
    return np.stack([red, 30 + 4 * y, 200 - 3 * x - 2 * y], -1).astype(np.uint8)


def psnr(image: Pixels, received: Pixels) -> float:
    error = np.square(image.astype(float) - received).mean()
    return 10 * math.log10(255**2 / error) if error else math.inf


def plan_of(image: Pixels, quality: int) -> Layout:
    return layout(shipped_model(), min(image.shape[0], 26), min(image.shape[1], 26), quality)


# The transform


@pytest.mark.parametrize("size", [(32, 32), (1, 1), (7, 30), (33, 12)])
def test_transform_is_the_orthonormal_cosine_transform_of_orthogonal_colours(
    size: tuple[int, int],
) -> None:
    image = noise(*size)
    found = analyse(image, 33)
    colours = np.array([[1, 1, 1], [1, 0, -1], [-1, 2, -1]]) / np.sqrt([[3], [2], [6]])
    expected = scipy.fft.dctn((image - 128.0) @ colours.T, axes=(0, 1), norm="ortho")
    expected = expected.transpose(2, 0, 1) / math.sqrt(math.prod(size))
    np.testing.assert_allclose(found[:, : size[0], : size[1]], expected, atol=1e-10)
    assert np.count_nonzero(found) <= expected.size
    np.testing.assert_array_equal(synthesise(found, size), image)


def test_leaving_out_frequencies_costs_exactly_their_energy() -> None:
    # Of low contrast, so that nothing is clipped; rounding to 8 bits adds 1/12 at most about.
    image = (100 + noise(32, 32) // 8).astype(np.uint8)
    coefficients = analyse(image, 32)
    kept = np.zeros_like(coefficients)
    kept[:, :5, :9] = coefficients[:, :5, :9]
    error = np.square(synthesise(kept, (32, 32)).astype(float) - image).mean()
    assert error == pytest.approx(np.square(coefficients - kept).sum() / 3 + 1 / 12, rel=0.01)


# Tables


@given(st.integers(1, 4000), st.sampled_from(STEPS))
def test_level_counts_half_octaves_above_a_sixteenth_of_the_step(magnitude: int, step: int) -> None:
    octaves = 2 * math.log2(16 * magnitude / step)
    found = level(magnitude, step)
    if octaves < 0:
        assert found < 0
    elif abs(octaves - round(octaves)) > 1e-9:  # else a float's last digit would decide
        assert found == min(math.floor(octaves), LEVELS - 1)


def test_tables_are_whole_numbers_with_a_common_sum() -> None:
    frequencies = shipped_model().frequencies
    assert frequencies.dtype == np.int64
    assert frequencies.min() >= 1
    assert set((frequencies[:, 0] + 2 * frequencies[:, 1:].sum(axis=1)).tolist()) == {TOTAL}


def test_model_is_small_and_says_where_it_comes_from() -> None:
    assert MODEL_FILE.stat().st_size < 50_000
    origin = json.loads(MODEL_FILE.read_text())["origin"]
    assert origin["data"]["images"] > 1000
    assert "chelsea.png" not in origin["crops of scikit-image"]["photographs"]


# Exactness


@FEW
@given(
    st.integers(0, LAST), SIDES, SIDES, st.floats(0.02, 60), st.integers(0, 2**32), st.booleans()
)
def test_any_values_come_back_exactly(
    quality: int, height: int, width: int, spread: float, seed: int, extreme: bool
) -> None:
    model = shipped_model()
    plan = layout(model, min(height, 26), min(width, 26), quality)
    largest = ESCAPE + len(BEYOND) - 1
    draws = np.random.default_rng(seed).laplace(0, spread, len(plan)).round().astype(np.int64)
    values = draws.clip(-largest, largest)
    if extreme:
        values[:] = [largest, -largest][seed % 2]
    payload = encode(model, plan, values)
    if len(payload) <= PAYLOAD_LIMIT:
        np.testing.assert_array_equal(decode(model, plan, payload), values)


@FEW
@given(SIDES, SIDES, st.integers(0, LAST), st.integers(0, 1), st.sampled_from(["noise", "flat"]))
def test_image_of_any_size_comes_back_as_the_sender_quantised_it(
    height: int, width: int, quality: int, variant: int, kind: str
) -> None:
    image = noise(height, width) if kind == "noise" else np.full((height, width, 3), 255, np.uint8)
    file = CODER.compress(image, variant, quality)
    received = CODER.decompress(file, (height, width))
    assert received.shape == image.shape
    assert received.dtype == np.uint8
    model, plan = shipped_model(), plan_of(image, quality)
    values = decode(model, plan, file[1:])
    # Nowhere further off than the next one or two towards zero.
    miss = np.abs(values - gather(plan, analyse(image, 26)))
    assert miss.max() < 2.5
    again = synthesise(scatter(model, plan, values, 26), (height, width))
    np.testing.assert_array_equal(received, again)
    assert CODER.compress(image, variant, quality) == file


@FEW
@given(st.integers(0, LAST), st.integers(0, 1))
def test_stripping_and_restoring_are_inverses(quality: int, variant: int) -> None:
    file = CODER.compress(photograph(0), variant, quality)
    payload = CODER.strip(file, (32, 32), variant, quality)
    assert len(payload) == len(file) - 1
    assert CODER.restore(payload, (32, 32), variant, quality) == file


def test_black_and_white_come_back_at_the_finest_quality() -> None:
    x = np.arange(32 * 32).reshape(32, 32) % 32
    halves = np.repeat(((x < 16) * 255)[..., None], 3, axis=2).astype(np.uint8)
    for image in (np.zeros((32, 32, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8), halves):
        file = CODER.compress(image, 0, LAST)
        assert psnr(image, CODER.decompress(file, image.shape[:2])) > 24


# Efficiency


def ideal_bits(image: Pixels, quality: int, variant: int) -> float:
    """−Σ log2 p, counted one by one from the model file, with neither arrays nor the layout."""
    stored = json.loads(MODEL_FILE.read_text())
    order = sorted(
        (u + v, colour, u)
        for colour, limit in enumerate((26, 18, 18))
        for u in range(limit)
        for v in range(limit - u)
    )
    model, plan = shipped_model(), plan_of(image, quality)
    values = iter(quantise(model, plan, gather(plan, analyse(image, 26)), (0.1, 0.2)[variant]))
    seen: dict[tuple[int, int, int], int] = {}
    bits = 0.0
    for (total, colour, u), magnitude in zip(order, stored["magnitudes"], strict=True):
        v = total - u
        grade = math.floor(math.log2((16 * magnitude / STEPS[quality]) ** 2) + 1e-12)
        if grade < 0 or u >= image.shape[0] or v >= image.shape[1]:
            continue
        near = [((0, 1, 0), 2), ((0, 0, 1), 2), ((0, 1, 1), 1), ((0, 2, 0), 1), ((0, 0, 2), 1)]
        near += [((0, 1, -1), 1), ((1, 0, 0), 2), ((2, 0, 0), 1)]
        activity = 0
        for (a, b, c), weight in near:
            place = colour - a, u - b, v - c
            if total == 0 or place[1:] != (0, 0):
                activity += weight * min(abs(seen.get(place, 0)), 15)
        context = sum(activity >= edge for edge in (1, 2, 3, 5, 7, 10, 15, 24))
        kind = 0 if total == 0 else 1 if colour == 0 else 2
        table = stored["frequencies"][(kind * 18 + grade) * 9 + context]
        value = int(next(values))
        seen[colour, u, v] = value
        symbol = min(abs(value), 15)
        bits -= math.log2((table[symbol] if symbol < len(table) else 1) / 2**16)
        if symbol == 15:
            bits -= math.log2(BEYOND[abs(value) - 15] / BEYOND.sum())
    assert next(values, None) is None
    return bits


@pytest.mark.parametrize("quality", [0, 3, 9, 16, 23, LAST])
@pytest.mark.parametrize("index", range(4))
def test_payload_is_as_long_as_the_ideal_code(index: int, quality: int) -> None:
    image, variant = photograph(index), index % 2
    length = len(CODER.compress(image, variant, quality)) - 1
    ideal = ideal_bits(image, quality, variant) / 8
    # It may be shorter by luck: a byte at the end that happens to be zero is not sent.
    assert ideal - 1 <= length <= math.ceil(ideal) + 1


def test_no_byte_is_wasted_at_the_end() -> None:
    lengths, ideals = 0, 0.0
    for index in range(40):
        image, quality = photograph(index), index % 20
        lengths += len(CODER.compress(image, 0, quality)) - 1
        ideals += ideal_bits(image, quality, 0) / 8
    # Half a byte is what rounding up to whole bytes costs on average; a bit more to end in it.
    assert 0.2 < (lengths - ideals) / 40 < 0.75


def test_the_ladder_covers_three_to_a_hundred_bytes_in_small_steps() -> None:
    images = [photograph(index) for index in range(15)]
    means = [
        np.mean([len(CODER.compress(image, 0, quality)) - 1 for image in images])
        for quality in CODER.qualities
    ]
    assert means[0] < 4
    assert means[-1] > 40
    assert np.all(np.diff(means[::3]) > 0)
    assert np.all(np.diff(means) < 1 + 0.25 * np.array(means[:-1]))


def test_finer_quality_gives_better_images() -> None:
    images = [photograph(index) for index in range(15)]
    reached = [
        np.mean([psnr(i, CODER.decompress(CODER.compress(i, 0, q), (32, 32))) for i in images])
        for q in range(0, LAST + 1, 4)
    ]
    assert np.all(np.diff(reached) > 0.5)


def test_the_dearer_bit_buys_fewer_bytes() -> None:
    images = [photograph(index) for index in range(20)]
    cheap, dear = (
        sum(len(CODER.compress(image, variant, 16)) for image in images) for variant in (0, 1)
    )
    assert 0.85 * cheap < dear < cheap


@pytest.mark.parametrize(("side", "budget", "gain"), [(2, 8, 1), (4, 32, 2)])
def test_better_than_a_thumbnail_of_16_bit_pixels(side: int, budget: int, gain: float) -> None:
    gains = []
    for index in range(12):
        image = photograph(index)
        blocks = image.reshape(side, 32 // side, side, 32 // side, 3).mean(axis=(1, 3))
        levels = np.array([31, 63, 31])
        pixels = ((blocks / 255 * levels).round() / levels * 255).round().astype(np.uint8)
        enlarged = synthesise(analyse(pixels, side), (32, 32))
        files = [CODER.compress(image, 0, quality) for quality in CODER.qualities[::2]]
        fitting = [file for file in files if len(file) - 1 <= budget]
        best = max(psnr(image, CODER.decompress(file, (32, 32))) for file in fitting)
        gains.append(best - psnr(image, enlarged))
    assert np.mean(gains) > gain


# Strangers' bytes


@FEW
@given(st.binary(max_size=80), SIDES, SIDES, st.integers(0, LAST))
def test_garbage_is_an_image_of_the_announced_size_or_a_value_error(
    payload: bytes, height: int, width: int, quality: int
) -> None:
    file = CODER.restore(payload, (height, width), 0, quality)
    try:
        received = CODER.decompress(file, (height, width))
    except ValueError:
        return
    assert received.shape == (height, width, 3)


@pytest.mark.parametrize("payload", [b"", bytes(4), bytes(50), b"\xff" * 3])
def test_short_and_padded_payloads_are_images(payload: bytes) -> None:
    assert CODER.decompress(bytes([5]) + payload, (32, 32)).shape == (32, 32, 3)


def test_zeros_at_the_end_change_nothing() -> None:
    file = CODER.compress(photograph(1), 0, 9)
    plain, padded = (CODER.decompress(text, (32, 32)) for text in (file, file + bytes(7)))
    np.testing.assert_array_equal(plain, padded)


def test_a_byte_less_says_something_else() -> None:
    image = photograph(1)
    file = CODER.compress(image, 0, 9)
    plan = plan_of(image, 9)
    cut = decode(shipped_model(), plan, file[1:-1])
    assert not np.array_equal(cut, decode(shipped_model(), plan, file[1:]))


@pytest.mark.parametrize(
    ("file", "size", "message"),
    [
        (b"", (32, 32), "no quality"),
        (b"\x20abc", (32, 32), "no quality"),
        (b"\x00" + bytes(PAYLOAD_LIMIT + 1), (32, 32), "too long"),
        (b"\x00", (0, 32), "no image of size"),
        (b"\x00" + b"\xff" * 40, (32, 32), "damaged"),
    ],
)
def test_impossible_files_are_refused(file: bytes, size: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CODER.decompress(file, size)


# The format

GOLDEN = {
    (12, 0): "7cbcbdf15789c101",
    (31, 1): "74ef49c20206a8db9fef3d31145280f0f6328def41cd4638cc2c8f12863f0dda364edf72",
}
"""Of `ramps`, made by `Small.compress` when the format was fixed; payloads of old must stay valid.
New tables in ``small.json`` are a new format, and change these too."""


@pytest.mark.parametrize(("quality", "variant"), GOLDEN)
def test_format_stays_as_it_is(quality: int, variant: int) -> None:
    file = CODER.compress(ramps(), variant, quality)
    assert CODER.strip(file, (32, 32), variant, quality).hex() == GOLDEN[quality, variant]


@pytest.mark.parametrize(("quality", "variant"), GOLDEN)
def test_whole_number_arithmetic_reads_the_same_payload(quality: int, variant: int) -> None:
    """A range decoder on Python's integers, written from Martin (1979) and the library's manual.

    States of 64 bits, words of 32, probabilities of 24, which every symbol has at least 1 of.
    """
    payload = bytes.fromhex(GOLDEN[quality, variant])
    model, plan = shipped_model(), plan_of(ramps(), quality)
    values = decode(model, plan, payload)
    symbols = [int(value) for value in values.clip(-ESCAPE, ESCAPE) + ESCAPE]
    frequencies = model.frequencies[plan.rows(values)]
    tables = np.hstack([frequencies[:, :0:-1], frequencies]).tolist()
    for value in values[np.abs(values) >= ESCAPE]:
        symbols.append(abs(int(value)) - ESCAPE)
        tables.append(BEYOND.tolist())

    point, place, low, width = int.from_bytes(payload[:8].ljust(8, b"\0"), "big"), 8, 0, 2**64 - 1
    for symbol, table in zip(symbols, tables, strict=True):
        free = 2**24 - len(table)
        edges = [free * sum(table[:i]) // sum(table) + i for i in range(len(table))] + [2**24]
        unit = width >> 24
        quantile = ((point - low) % 2**64) // unit
        assert edges[symbol] <= quantile < edges[symbol + 1]
        low = (low + unit * edges[symbol]) % 2**64
        width = unit * (edges[symbol + 1] - edges[symbol])
        if width < 2**32:
            word = int.from_bytes(payload[place : place + 4].ljust(4, b"\0"), "big")
            point, place = (point << 32 | word) % 2**64, place + 4
            low, width = (low << 32) % 2**64, width << 32
