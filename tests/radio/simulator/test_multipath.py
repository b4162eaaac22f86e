"""Multipath against the standards' tables and the theory of fading channels."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import j0
from scipy.stats import kstest

from semjscc.errors import UserError
from semjscc.radio.simulator.multipath import (
    PROFILES,
    TDL,
    DelayProfile,
    draw_fading,
    multipath,
    multipath_chunks,
    path_gains,
    profile_named,
)

AUDIO = 8000.0
SDR = 2e6


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(2 * count, np.float32).view(np.complex64)


def first_paths(profile: DelayProfile, count: int) -> DelayProfile:
    return replace(
        profile,
        delays=profile.delays[:count],
        powers=profile.powers[:count],
        dopplers=profile.dopplers[:count],
    )


def rms_delay_spread(profile: DelayProfile) -> float:
    delays, powers = np.array(profile.delays), np.array(profile.powers)
    mean = np.sum(powers * delays)
    return float(np.sqrt(np.sum(powers * (delays - mean) ** 2)))


@pytest.mark.parametrize("name", PROFILES)
def test_paths_begin_at_zero_and_have_mean_power_one(name: str) -> None:
    profile = profile_named(name, 1e-6, 10.0)
    assert min(profile.delays) == 0
    assert sum(profile.powers) == pytest.approx(1)
    assert len(profile.delays) == len(profile.powers) == len(profile.dopplers)


@pytest.mark.parametrize(("name", "paths"), [("two-ray", 2), *zip(TDL, (23, 23, 24), strict=True)])
def test_delay_spread_is_the_stated_one(name: str, paths: int) -> None:
    profile = profile_named(name, 3e-7, 0.0)
    assert len(profile.delays) == paths
    # TR 38.901 rounds its delays and powers to four digits and a tenth of a dB.
    assert rms_delay_spread(profile) == pytest.approx(3e-7, rel=0.005)


def test_tdl_paths_are_those_of_the_standard() -> None:
    # TR 38.901 table 7.7.2-1, first rows of TDL-A and the last: normalised delay, power in dB.
    profile = profile_named("tdl-a", 1.0, 5.0)
    decibels = 10 * np.log10(profile.powers)
    decibels -= decibels.max()
    np.testing.assert_allclose(profile.delays[:4], [0, 0.3819, 0.4025, 0.4610], rtol=1e-5)
    np.testing.assert_allclose(decibels[:4], [-13.4, 0, -2.2, -6.0], atol=1e-4)
    assert profile.delays[-1] == pytest.approx(9.6586)
    assert decibels[-1] == pytest.approx(-29.7, abs=1e-4)
    assert profile.spectrum == "jakes"


@pytest.mark.parametrize(
    ("name", "delay", "spread"), [("mpg", 0.5e-3, 0.1), ("mpm", 1e-3, 0.5), ("mpp", 2e-3, 1.0)]
)
def test_watterson_channels_are_those_of_f1487(name: str, delay: float, spread: float) -> None:
    expected = DelayProfile((0.0, delay), (0.5, 0.5), "gaussian", (spread, spread))
    assert profile_named(name, 1e-6, 99.0) == expected


def test_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="no multipath profile 'tdl-x': take one of none, two-ray"):
        profile_named("tdl-x", 1e-6, 0)


def test_two_rays_have_the_frequency_response_of_two_rays() -> None:
    profile = profile_named("two-ray", 2e-6, 0.0)
    direct, reflected = draw_fading(profile, 4).phases[:, 0]
    time = np.arange(4000) / SDR
    for hz in np.linspace(-780e3, 780e3, 13):
        sent = np.exp(2j * np.pi * hz * time).astype(np.complex64)
        received = multipath(sent, SDR, profile, 4)[100:3900] / sent[100:3900]
        echo = 0.5 * np.exp(1j * (reflected - 2 * np.pi * hz * profile.delays[1]))
        exact = (np.exp(1j * direct) + echo) / math.sqrt(1.25)
        np.testing.assert_allclose(received, exact, atol=1e-3)


def test_reflected_ray_shifts_by_the_doppler_and_the_direct_one_does_not() -> None:
    profile = profile_named("two-ray", 1e-5, 1000.0)
    received = multipath(np.ones(200_000, np.complex64), SDR, profile, 0)[:200_000]
    bins = np.abs(np.fft.fft(received) / 200_000) ** 2  # 10 Hz each
    assert bins[0] == pytest.approx(0.8, abs=0.01)
    assert bins[100] == pytest.approx(0.2, abs=0.01)


def test_watterson_echo_arrives_two_milliseconds_later() -> None:
    profile = profile_named("mpp", 0, 0)
    sent = np.zeros(64, np.complex64)
    sent[3] = 1
    received = multipath(sent, AUDIO, profile, 9)
    gains = path_gains(draw_fading(profile, 9), 1 / AUDIO, 80)
    expected = np.zeros(80, np.complex128)
    expected[3], expected[19] = gains[0, 3], gains[1, 19]
    np.testing.assert_allclose(received, expected, atol=2e-5)


def test_gains_are_sums_of_their_sinusoids_at_any_time() -> None:
    fading = draw_fading(profile_named("mpp", 0, 0), 3)
    start, interval = 28_800_000, 1 / AUDIO  # an hour after the beginning
    gains = path_gains(fading, interval, 100, start)
    for place in (0, 31, 32, 99):
        angles = 2 * np.pi * fading.frequencies * ((start + place) * interval) + fading.phases
        exact = fading.amplitudes * np.exp(1j * angles).sum(axis=1)
        np.testing.assert_allclose(gains[:, place], exact, atol=1e-9)


@pytest.mark.parametrize("name", ["tdl-b", "mpp"])
def test_gains_are_rayleigh_and_independent(name: str) -> None:
    profile = first_paths(profile_named(name, 1e-6, 10.0), 2)
    gains = np.stack([path_gains(draw_fading(profile, s), 1.0, 1)[:, 0] for s in range(1000)])
    for path in (0, 1):
        power = np.abs(gains[:, path]) ** 2 / profile.powers[path]
        assert kstest(power, "expon").pvalue > 0.001
        assert kstest(np.angle(gains[:, path]), "uniform", (-np.pi, 2 * np.pi)).pvalue > 0.001
    correlation = np.mean(gains[:, 0] * gains[:, 1].conj()) / np.sqrt(np.prod(profile.powers))
    assert abs(correlation) < 4 / 1000**0.5


@pytest.mark.parametrize("name", ["tdl-a", "mpm"])
def test_mean_power_over_time_is_that_of_the_path(name: str) -> None:
    profile = profile_named(name, 1e-6, 1.0)
    gains = path_gains(draw_fading(profile, 0), 0.37, 50_000)
    np.testing.assert_allclose(np.mean(np.abs(gains) ** 2, axis=1), profile.powers, rtol=0.04)


@pytest.mark.parametrize("name", ["mpm", "mpp", "tdl-a"])
def test_doppler_spectrum_is_gaussian_or_jakes(name: str) -> None:
    # Its Fourier transform is the autocorrelation: exp(-2(π·σ·τ)²), σ half of the spread, and
    # J0(2π·f·τ). One stratified realisation over a long time already has it.
    profile = first_paths(profile_named(name, 1e-6, 2.0), 1)
    spread, steps = profile.dopplers[0], np.array([1, 2, 5, 10])
    interval = 0.05
    gain = path_gains(draw_fading(profile, 0), interval, 200_000)[0] / profile.powers[0] ** 0.5
    measured = [np.mean(gain[step:] * gain[:-step].conj()) for step in steps]
    if profile.spectrum == "gaussian":
        exact = np.exp(-2 * (np.pi * spread / 2 * steps * interval) ** 2)
    else:
        exact = j0(2 * np.pi * spread * steps * interval)
    np.testing.assert_allclose(measured, exact, atol=0.03)


def test_frequencies_of_a_path_are_normal_with_half_the_spread() -> None:
    profile = profile_named("mpp", 0, 0)
    frequencies = np.concatenate([draw_fading(profile, s).frequencies.ravel() for s in range(50)])
    # Stratified draws fit more closely than independent ones, so that this may not fail by chance.
    assert kstest(frequencies, "norm", (0, 0.5)).pvalue > 0.5


@pytest.mark.parametrize(("name", "rate"), [("mpp", AUDIO), ("tdl-c", SDR)])
def test_waveform_meets_the_gains_of_its_own_time(name: str, rate: float) -> None:
    # A constant meets the sum of all gains; the waveform's are interpolated, these are not.
    profile = profile_named(name, 1e-6, 900.0)
    received = multipath(np.ones(30_000, np.complex64), rate, profile, 2)[100:29_900]
    exact = path_gains(draw_fading(profile, 2), 1 / rate, 29_800, 100).sum(axis=0)
    np.testing.assert_allclose(received, exact, atol=5e-4)


def test_realisation_follows_from_the_seed() -> None:
    profile, sent = profile_named("mpm", 0, 0), noise(100)
    first = multipath(sent, AUDIO, profile, 5)
    np.testing.assert_array_equal(first, multipath(sent, AUDIO, profile, 5))
    assert np.abs(first - multipath(sent, AUDIO, profile, 6)).max() > 0.1


def test_no_multipath_leaves_the_samples_themselves() -> None:
    sent = noise(10)
    assert next(multipath_chunks([sent], SDR, profile_named("none", 0, 0), 0)) is sent


@settings(max_examples=20)
@given(
    cuts=st.lists(st.integers(0, 20_000), max_size=6),
    name=st.sampled_from(["two-ray", "mpp"]),
    count=st.sampled_from([0, 1, 17, 20_000]),
)
def test_any_chunks_give_the_same_signal(cuts: list[int], name: str, count: int) -> None:
    profile, sent = profile_named(name, 1e-3, 40.0), noise(count)
    whole = multipath(sent, AUDIO, profile, 1)
    assert len(whole) == count + math.ceil(max(profile.delays) * AUDIO)
    pieces = list(multipath_chunks(np.split(sent, sorted(cuts)), AUDIO, profile, 1))
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=2e-6)
