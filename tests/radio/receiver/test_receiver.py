"""From waveform to symbols, with everything that a recording can do to it."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.channels.peaks import CLIP_DB
from semjscc.errors import UserError
from semjscc.links.separate_coding.source import NOTHING, SourceControl
from semjscc.radio.receiver.receiver import Frame, receive
from semjscc.radio.simulator.multipath import draw_fading, multipath, path_gains, profile_named
from semjscc.radio.waveform.layout import burst_count, burst_samples, burst_span
from semjscc.radio.waveform.profiles import AUDIO, PROFILES, SDR, Profile
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.separation.modes import modes_for
from waveforms import BOTH, control, latents, normal, over_the_air

SMALL = control(40)
"""800 symbols: one burst."""
LARGE = control(96, Fraction(11, 48))
"""6336 symbols: two bursts in either profile."""


def loss_db(frame: Frame, sent: np.ndarray, snr_db: float) -> float:
    """How much worse the symbols are than those of an ideal receiver."""
    error = np.mean(np.abs(frame.symbols - sent) ** 2)
    return float(10 * np.log10(error)) + snr_db


def same(one: Frame, other: Frame) -> bool:
    told = [replace(frame, symbols=None, noise_variance=None) for frame in (one, other)]  # pyright: ignore[reportArgumentType]
    return (
        told[0] == told[1]
        and np.array_equal(one.symbols, other.symbols)
        and np.array_equal(one.noise_variance, other.noise_variance)
    )


@BOTH
def test_waveform_has_mean_power_one_with_everything_counted(profile: Profile) -> None:
    for clip_db in (CLIP_DB, None):
        waveform = modulate_image(latents(SMALL), SMALL, profile, clip_db=clip_db)
        assert waveform.dtype == np.complex64
        assert np.mean(np.abs(waveform) ** 2) == pytest.approx(1, rel=1e-5)


def test_symbols_and_record_must_belong_together() -> None:
    with pytest.raises(UserError, match="has 800 symbols, not"):
        modulate_image(latents(SMALL)[:-1], SMALL, SDR)


@BOTH
@pytest.mark.parametrize(
    ("snr_db", "cfo_carriers"), [(0.0, 4.0), (10.0, -3.97), (20.0, 1.03), (20.0, 0.0)]
)
def test_symbols_come_back_with_little_more_than_the_noise(
    profile: Profile, snr_db: float, cfo_carriers: float
) -> None:
    sent = latents(LARGE)
    waveform = modulate_image(sent, LARGE, profile, image=7, clip_db=None)
    recording = over_the_air(waveform, profile, snr_db, cfo_carriers=cfo_carriers)
    (frame,) = receive([recording], profile)
    assert (frame.control, frame.image, frame.packets, frame.packets_lost) == (LARGE, 7, 2, 0)
    assert frame.time_s * profile.sample_rate == pytest.approx(777, abs=1)
    assert frame.cfo_hz == pytest.approx(
        cfo_carriers * profile.spacing_hz, abs=1e-3 * profile.spacing_hz
    )
    assert -0.3 < loss_db(frame, sent, snr_db) < 0.7
    assert frame.snr_db == pytest.approx(snr_db, abs=0.5)
    # The noise that each symbol is said to have is the one it has.
    claimed = float(np.mean(frame.noise_variance))
    assert claimed == pytest.approx(np.mean(np.abs(frame.symbols - sent) ** 2), rel=0.12)


@BOTH
@pytest.mark.parametrize("ppm", [20.0, -40.0])
def test_clocks_may_differ(profile: Profile, ppm: float) -> None:
    sent = latents(LARGE)
    waveform = modulate_image(sent, LARGE, profile, clip_db=None)
    padded = np.concatenate([np.zeros(512), waveform, np.zeros(512)])
    recording = over_the_air(stretched(padded, ppm), profile, 20.0)
    (frame,) = receive([recording], profile)
    # Two bursts tell it with a standard error of 1.7 ppm.
    assert frame.clock_ppm == pytest.approx(ppm, abs=5.0)
    assert loss_db(frame, sent, 20.0) < 0.5


def stretched(samples: np.ndarray, ppm: float) -> np.ndarray:
    """``samples`` of a sender whose clock is faster, by the Taylor series of each."""
    spectrum = np.fft.fft(samples)
    frequency = 2j * np.pi * np.fft.fftfreq(len(samples))
    shift = np.arange(len(samples)) * ppm * 1e-6
    result, term = np.zeros(len(samples), complex), np.ones(len(samples), complex)
    for order in range(12):
        result += term * np.fft.ifft(spectrum * frequency**order)
        term = term * shift / (order + 1)
    return result


@BOTH
def test_clipping_costs_less_than_one_db_at_twenty(profile: Profile) -> None:
    sent = latents(LARGE)
    recording = over_the_air(modulate_image(sent, LARGE, profile), profile, 20.0)
    (frame,) = receive([recording], profile)
    assert 0.2 < loss_db(frame, sent, 20.0) < 1.0


def test_gain_changes_nothing() -> None:
    recording = over_the_air(modulate_image(latents(SMALL), SMALL, SDR), SDR, 10.0)
    (frame,) = receive([recording], SDR)
    for gain in (0.1, 10.0, 1e-9, 1e9):
        (other,) = receive([recording * np.float32(gain)], SDR)
        np.testing.assert_allclose(other.symbols, frame.symbols, atol=1e-3)
        np.testing.assert_allclose(other.noise_variance, frame.noise_variance, rtol=1e-3)


@pytest.fixture(scope="module", params=sorted(PROFILES))
def two_images(request: pytest.FixtureRequest) -> tuple[Profile, np.ndarray, list[Frame]]:
    """One image of a burst, a gap, one of two bursts."""
    profile = PROFILES[request.param]
    first = modulate_image(latents(SMALL), SMALL, profile, image=1)
    second = modulate_image(latents(LARGE, 1), LARGE, profile, image=2)
    waveform = np.concatenate([first, np.zeros(5000), second])
    recording = over_the_air(waveform, profile, 8.0, cfo_carriers=0.7)
    return profile, recording, list(receive([recording], profile))


def test_several_images_with_a_gap(two_images: tuple[Profile, np.ndarray, list[Frame]]) -> None:
    _, _, frames = two_images
    assert [(frame.image, frame.control) for frame in frames] == [(1, SMALL), (2, LARGE)]
    for frame, sent in zip(frames, (latents(SMALL), latents(LARGE, 1)), strict=True):
        assert loss_db(frame, sent, 8.0) < 0.8


@given(seed=st.integers(0, 1000), pieces=st.integers(1, 40))
@settings(max_examples=3)
def test_any_chunking_gives_the_same_frames(
    two_images: tuple[Profile, np.ndarray, list[Frame]], seed: int, pieces: int
) -> None:
    profile, recording, frames = two_images
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(recording), pieces))
    chunked = list(receive(np.split(recording, cuts), profile))
    assert len(chunked) == len(frames)
    assert all(same(*pair) for pair in zip(chunked, frames, strict=True))


def test_what_is_cut_off_is_erased(two_images: tuple[Profile, np.ndarray, list[Frame]]) -> None:
    profile, recording, frames = two_images
    whole = frames[1]
    # Late: from within the second image's first burst on. Early: into its second burst's payload.
    begin = int(whole.time_s * profile.sample_rate) + 4000
    (late,) = receive([recording[begin:]], profile)
    assert (late.packets, late.packets_lost) == (2, 1)
    heard = np.isfinite(late.noise_variance)
    assert heard.sum() == len(whole.symbols) - profile.burst_capacity
    assert not late.symbols[~heard].any()
    np.testing.assert_allclose(late.symbols[heard], whole.symbols[heard], atol=0.3)
    _, early = receive([recording[: -300 - 3 * profile.symbol]], profile)
    lost = ~np.isfinite(early.noise_variance)
    assert 0 < lost.sum() <= 3 * profile.data_carriers
    assert early.packets_lost == 0


def garbage(name: str) -> Sequence[np.ndarray]:
    rng = np.random.default_rng(11)
    made = {
        "nothing": [],
        "empty chunks": [np.zeros(0, np.complex64)] * 3,
        "three samples": [np.ones(3, np.complex64)],
        "zeros": [np.zeros(70_000, np.complex64)],
        "constant": [np.full(70_000, 1 + 2j, np.complex64)],
        "not a number": [np.full(70_000, np.nan, np.complex64)],
        "infinite": [np.full(70_000, np.inf, np.complex64)],
        "noise": [normal(rng, 100_000)],
        "a pulse": [np.eye(1, 70_000, 30_000, dtype=complex)[0]],
        "a period repeated": [np.tile(normal(rng, 64), 1500)],
        "noise that grows": [normal(rng, 70_000) * np.logspace(-9, 9, 70_000)],
    }
    return made[name]


@BOTH
@pytest.mark.parametrize("name", [
    "nothing", "empty chunks", "three samples", "zeros", "constant", "not a number", "infinite",
    "noise", "a pulse", "a period repeated", "noise that grows",
])  # fmt: skip
def test_garbage_is_no_frame_and_no_error(profile: Profile, name: str) -> None:
    assert list(receive(garbage(name), profile)) == []


@given(seed=st.integers(0, 10**6))
@settings(max_examples=6)
def test_a_damaged_recording_yields_nothing_that_was_not_sent(seed: int) -> None:
    rng = np.random.default_rng(seed)
    recording = over_the_air(modulate_image(latents(SMALL), SMALL, SDR), SDR, 15.0)
    for _ in range(rng.integers(1, 4)):
        start, length = rng.integers(0, len(recording)), int(10 ** rng.uniform(1, 3.6))
        part = recording[start : start + length]
        damage = rng.integers(5)
        if damage == 0:
            part[:] = 0
        elif damage == 1:
            part[:] = 5 * normal(rng, len(part))
        elif damage == 2:
            part[:] = np.nan
        elif damage == 3:
            part[:] = part[::-1].copy()
        else:
            recording = np.delete(recording, slice(start, start + length))
    for frame in receive([recording], SDR):
        assert (frame.control, frame.image) == (SMALL, 0)
        assert np.isfinite(frame.symbols).all()
        assert (frame.noise_variance > 0).all()


def test_a_digital_record_arrives_whole() -> None:
    length = 20
    holding = (mode.payload_bytes >= length for mode in modes_for(len(latents(SMALL))))
    mode = list(holding).index(True)
    told = SourceControl("separate", 40, 40, Fraction(1, 6), "webp", NOTHING, length, mode)
    recording = over_the_air(modulate_image(latents(SMALL), told, AUDIO), AUDIO, 5.0)
    (frame,) = receive([recording], AUDIO)
    assert frame.control == told


def test_more_symbols_than_there_is_room_for_are_refused() -> None:
    recording = over_the_air(modulate_image(latents(SMALL), SMALL, SDR), SDR, 15.0)
    assert len(list(receive([recording], SDR, most_symbols=800))) == 1
    assert list(receive([recording], SDR, most_symbols=799)) == []


def test_two_rays_are_received_with_little_more_than_the_noise() -> None:
    sent = latents(LARGE)
    waveform = modulate_image(sent, LARGE, SDR, clip_db=None)
    clean = np.concatenate([np.zeros(700), waveform, np.zeros(700)]).astype(np.complex64)
    rays = profile_named("two-ray", 1e-6, 0.0)
    bent = multipath(clean, SDR.sample_rate, rays, seed=1)
    (frame,) = receive([over_the_air(bent, SDR, 15.0, cfo_carriers=0.4)], SDR)
    assert (frame.control, frame.packets_lost, frame.damaged_share) == (LARGE, 0, 0)
    # A notch of 9.5 dB: the noise is there where it is claimed.
    quiet = frame.noise_variance < np.median(frame.noise_variance)
    error = np.abs(frame.symbols - sent) ** 2
    assert error[quiet].mean() < 0.7 * error[~quiet].mean()
    assert np.mean(error / frame.noise_variance) == pytest.approx(1, abs=0.15)
    weighed = np.mean(np.abs(frame.symbols / (1 + frame.noise_variance) - sent) ** 2)
    gains = path_gains(draw_fading(rays, 1), 1.0, 1)[:, 0]
    turn = np.outer(SDR.carrier_numbers * SDR.spacing_hz, rays.delays)
    power = np.abs(np.exp(-2j * np.pi * turn) @ gains) ** 2
    noise = 10**-1.5
    assert weighed < 10**0.1 * np.mean(noise / (power + noise))


@BOTH
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_an_image_arrives_though_packets_are_lost(profile: Profile, share: float) -> None:
    told = control(192, Fraction(17, 48))  # eight bursts
    sent = latents(told)
    waveform = modulate_image(sent, told, profile, image=3, clip_db=None)
    count = burst_count(profile, len(sent))
    lost = np.random.default_rng(5).permutation(count)[: round(share * count)]
    full = burst_samples(profile, profile.burst_capacity)
    erased = 0
    for burst in lost:
        waveform[burst * full : (burst + 1) * full] = 0
        start, stop = burst_span(profile, len(sent), int(burst))
        erased += stop - start
    (frame,) = receive([over_the_air(waveform, profile, 10.0)], profile)
    assert (frame.control, frame.image) == (told, 3)
    assert (frame.packets, frame.packets_lost) == (count, len(lost))
    heard = np.isfinite(frame.noise_variance)
    assert np.sum(~heard) == erased > 0
    error = np.mean(np.abs(frame.symbols[heard] - sent[heard]) ** 2)
    assert 10 * np.log10(error) + 10.0 < 0.5
