"""Drift: planes of phase that were put in come out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.radio.receiver.tracking import Drift, common_phase, fit_drift
from semjscc.radio.waveform.profiles import SDR, Profile
from waveforms import BOTH, normal

ROWS = np.arange(140)


@given(a=st.floats(-3, 3), b=st.floats(-0.1, 0.1), d=st.floats(-0.01, 0.01), ppm=st.floats(-60, 60))
@settings(max_examples=25)
def test_a_plane_comes_back(a: float, b: float, d: float, ppm: float) -> None:
    e = ppm * 1e-6 * 2 * np.pi * SDR.symbol / SDR.size
    plane = Drift(a, b, d, e).turn(SDR, ROWS)
    found = fit_drift(SDR, plane, ROWS)
    np.testing.assert_allclose(found.turn(SDR, ROWS), plane, atol=1e-6)
    assert found.clock_ppm(SDR) == pytest.approx(ppm, abs=1e-4)
    assert found.frequency(SDR) == pytest.approx(b / (2 * np.pi * SDR.symbol), abs=1e-9)


@BOTH
def test_the_error_is_that_of_the_cramer_rao_bound(profile: Profile) -> None:
    # Phase over n points of unit power and noise N0: var(b) = 6·N0/(K·n³).
    shape = (len(ROWS), len(profile.carriers))
    drawn = normal(np.random.default_rng(0), 60 * shape[0] * shape[1]).reshape(60, *shape)
    found = [fit_drift(profile, 1 + each, ROWS).b for each in drawn]
    bound = np.sqrt(6 / (shape[1] * shape[0] ** 3))
    assert np.std(found) == pytest.approx(bound, rel=0.3)


def test_unknown_elements_are_left_out() -> None:
    plane = Drift(0.3, 0.02, 0.001, 1e-4).turn(SDR, ROWS)
    plane[:, ~SDR.is_pilot] = 0
    found = fit_drift(SDR, plane, ROWS)
    assert (found.a, found.b, found.d, found.e) == pytest.approx((0.3, 0.02, 0.001, 1e-4))


def test_common_phase_follows_phase_noise_and_ignores_white_noise() -> None:
    rng = np.random.default_rng(1)
    white = 0.2 * rng.standard_normal(140)
    assert np.std(common_phase(np.exp(1j * white))) < 0.1
    walk = np.cumsum(0.05 * rng.standard_normal(140))
    walk -= walk.mean()
    smoothed = common_phase(np.exp(1j * walk) + 0.1 * normal(rng, 140))
    assert np.std(smoothed - walk) < 0.5 * np.std(walk)
    assert np.array_equal(common_phase(np.zeros(140, complex)), np.zeros(140))
