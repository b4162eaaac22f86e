"""The level of a signal, against signals whose level is known."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.radio.recordings import level as module
from semjscc.radio.recordings.level import Level, measure_level
from semjscc.radio.sampling.resampling import Samples


def noise(count: int, level_db: float, seed: int = 0) -> Samples:
    """Complex Gaussian samples of a mean power in dB, exactly."""
    drawn = np.random.default_rng(seed).standard_normal((count, 2)).view(np.complex128)[:, 0]
    scale = np.sqrt(10 ** (level_db / 10) / np.mean(np.abs(drawn) ** 2))
    return (drawn * scale).astype(np.complex64)


def silence(count: int) -> Samples:
    return np.zeros(count, np.complex64)


def level_db(parts: Sequence[Samples]) -> float:
    return 10 * np.log10(measure_level([np.concatenate(parts)]).power)


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 5000), min_size=2, max_size=4),
    st.integers(2000, 9000),
    st.floats(-60, 60),
)
def test_empty_silences_change_nothing(gaps: list[int], count: int, wanted: float) -> None:
    parts = [part for gap in gaps for part in (silence(gap), noise(count, wanted))]
    assert level_db(parts[:-1]) == pytest.approx(wanted, abs=0.1)


def test_a_recording_may_end_with_its_last_block() -> None:
    """And with an empty one: no block of nothing follows."""
    parts = [noise(2000, 0), silence(352 + 2000)]
    assert sum(map(len, parts)) % 256 == 0
    assert level_db(parts) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("snr_db", [30.0, 10.0, 5.0, 0.0])
@pytest.mark.parametrize("duty", [0.05, 0.5, 0.9])
def test_noise_in_the_silences_is_not_the_signals(snr_db: float, duty: float) -> None:
    on = noise(40_000, -10)
    total = round(len(on) / duty)
    before = (total - len(on)) // 2
    sent = np.concatenate([silence(before), on, silence(total - len(on) - before)])
    received = sent + noise(total, -10 - snr_db, seed=1)
    assert level_db([received]) == pytest.approx(-10, abs=0.2)


def test_a_signal_without_silence_is_all_of_it() -> None:
    tone = np.exp(2j * np.pi * 0.01 * np.arange(5000)).astype(np.complex64)
    assert measure_level([tone]) == Level(pytest.approx(1, abs=1e-6), 5000, 5000)
    fading = noise(50_000, 0) * np.repeat(np.abs(noise(100, 0, seed=2)), 500)
    mean = float(np.mean(np.abs(fading) ** 2))
    assert measure_level([fading]).power == pytest.approx(mean, rel=1e-4)
    assert measure_level([noise(100, 3)]).power == pytest.approx(10**0.3, rel=1e-4)


def test_nothing_has_no_level() -> None:
    assert measure_level([]) == Level(0.0, 0, 0)
    assert measure_level([silence(10)]) == Level(0.0, 0, 10)
    damaged = np.full(1000, np.nan, np.complex64)
    assert measure_level([damaged]) == Level(0.0, 0, 1000)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 9999), max_size=6))
def test_pieces_change_nothing(cuts: list[int]) -> None:
    whole = np.concatenate([silence(3000), noise(7000, 2)])
    assert measure_level(np.split(whole, sorted(cuts))) == measure_level([whole])


def test_long_recordings_have_longer_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [silence(40_000), noise(60_000, -7), silence(21_000), noise(33_000, -7)]
    fine = measure_level(parts)
    monkeypatch.setattr(module, "MOST_BLOCKS", 128)
    coarse = reduce(lambda _, size: measure_level(_cut(parts, size)), (100, 1000), fine)
    assert coarse.heard == fine.heard == 154_000
    assert coarse.power == pytest.approx(fine.power, rel=0.01)


def _cut(parts: Sequence[Samples], size: int) -> list[Samples]:
    whole = np.concatenate(parts)
    return [whole[start : start + size] for start in range(0, len(whole), size)]
