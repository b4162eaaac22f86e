"""Damage within a burst: told from the pilots, its symbols weighed down, all others untouched."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from semjscc.channels.peaks import CLIP_DB
from semjscc.radio.receiver.damage import FALSE_ALARM, damaged_rows
from semjscc.radio.receiver.receiver import Frame, receive
from semjscc.radio.waveform.layout import burst_layout
from semjscc.radio.waveform.profiles import Profile
from semjscc.radio.waveform.sequences import permutation
from semjscc.radio.waveform.transmitter import modulate_image
from waveforms import BOTH, control, latents, normal, over_the_air

TOLD = control(96)
"""4608 symbols: one burst in either profile."""
SENT = latents(TOLD)
DELAY = 777


def recording(profile: Profile, snr_db: float, clip_db: float | None = None) -> np.ndarray:
    waveform = modulate_image(SENT, TOLD, profile, clip_db=clip_db)
    return over_the_air(waveform, profile, snr_db, cfo_carriers=0.3, delay=DELAY)


@cache
def received(profile: Profile) -> tuple[np.ndarray, Frame]:
    """A recording, which nothing may change, and what is received of it."""
    samples = recording(profile, 15.0)
    (frame,) = receive([samples], profile)
    return samples, frame


def row_of_symbol(profile: Profile) -> np.ndarray:
    """(k,) the row that each symbol of the image is sent in."""
    layout = burst_layout(profile, len(SENT))
    rows = np.empty(len(SENT), np.int64)
    rows[permutation(len(SENT))] = np.repeat(layout.payload, profile.data_carriers)[: len(SENT)]
    return rows


def weighed_error(frame: Frame) -> float:
    """Mean squared, as a decoder weighs symbols."""
    return float(np.mean(np.abs(frame.symbols / (1 + frame.noise_variance) - SENT) ** 2))


@BOTH
@pytest.mark.parametrize("damage", ["zeros", "not a number", "noise", "interference", "dropped"])
def test_damaged_rows_are_flagged_and_the_others_stay(profile: Profile, damage: str) -> None:
    undamaged, clean = received(profile)
    samples = undamaged.copy()
    layout = burst_layout(profile, len(SENT))
    struck = layout.payload[len(layout.payload) // 3 :][: round(0.3 * len(layout.payload))]
    begin = DELAY + profile.preamble
    part = slice(begin + struck[0] * profile.symbol, begin + (struck[-1] + 1) * profile.symbol)
    rng, power = np.random.default_rng(3), float(np.mean(np.abs(samples[1000:-1000]) ** 2))
    count = part.stop - part.start
    if damage == "zeros":
        samples[part] = 0
    elif damage == "not a number":
        samples[part] = np.nan
    elif damage == "noise":
        samples[part] = (100 * power) ** 0.5 * normal(rng, count)
    elif damage == "interference":
        bins = profile.size / len(profile.carriers)  # the signal's power is in few of them
        samples[part] += (2 * power * bins) ** 0.5 * normal(rng, count)
    else:
        samples[part] = np.roll(samples[part], profile.symbol // 3)
    (frame,) = receive([samples], profile)
    rows = row_of_symbol(profile)
    inside = (rows >= struck[0]) & (rows <= struck[-1])
    assert frame.damaged_share == pytest.approx(inside.mean(), abs=0.07)
    # Audio's rows are judged by pilot rows, of which there is one in five.
    far = (rows < struck[0] - 5) | (rows > struck[-1] + 5)
    np.testing.assert_allclose(frame.symbols[far], clean.symbols[far], atol=0.12)
    np.testing.assert_allclose(frame.noise_variance[far], clean.noise_variance[far], rtol=0.2)
    if damage in ("zeros", "not a number"):
        assert not np.isfinite(frame.noise_variance[inside]).any()
    doubted = frame.noise_variance[inside] > 3 * np.median(clean.noise_variance)
    assert doubted.mean() > 0.9
    if damage not in ("zeros", "not a number"):  # a zero has the same error however it is weighed
        believed = replace(frame, noise_variance=clean.noise_variance)
        assert weighed_error(frame) < 0.7 * weighed_error(believed)
    # The best that can be: nothing is known of what was struck.
    assert weighed_error(frame) < inside.mean() + 0.1


@BOTH
@pytest.mark.parametrize("clip_db", [None, CLIP_DB])
@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0, 40.0])
def test_undamaged_bursts_are_not_flagged(
    profile: Profile, snr_db: float, clip_db: float | None
) -> None:
    (frame,) = receive([recording(profile, snr_db, clip_db)], profile)
    assert frame.damaged_share <= 0.02


def test_sound_rows_are_taken_for_damaged_as_often_as_is_said() -> None:
    rows, alarms = 40_000, []
    for pilots in (4, 40):
        left = 0.3 * np.abs(normal(np.random.default_rng(pilots), rows * pilots)) ** 2
        known = np.ones((rows, pilots), bool)
        measured, damaged = damaged_rows(
            left.reshape(rows, pilots), known, np.full(rows, 0.3), least=0.0
        )
        alarms.append(int(damaged.sum()))
        assert measured.mean() == pytest.approx(0.3, rel=0.02)
    assert all(0 < count < 4 * FALSE_ALARM * rows for count in alarms)


def test_a_row_without_pilots_goes_by_both_sides() -> None:
    left = np.array([1.0, 9, 9, 50.0, 9, 1.0, 9])[:, None] * np.ones(40)
    known = np.zeros((7, 40), bool)
    known[[0, 3, 5]] = True
    measured, damaged = damaged_rows(left, known, np.ones(7), least=0.0)
    assert damaged.tolist() == [False, True, True, True, True, False, False]
    assert measured.tolist() == [1, 50, 50, 50, 50, 1, 0]
