"""Multipath: delayed copies of the waveform, each with a gain that may fade. Mean power one.

    x ─┬─► delay τ1 ─► · g1(t) ─┐
       ├─► delay τ2 ─► · g2(t) ─┼─► y
       └─►    …                 ┘

Gains are sums of sinusoids (Jakes; Pätzold, "Mobile Radio Channels", 2nd ed., chapter 4) with
random phases and Doppler frequencies drawn from the wanted spectrum: functions of time alone, the
same for any division of the signal into chunks.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from semjscc.errors import UserError
from semjscc.radio.sampling.resampling import REACH, Samples, interpolation_taps
from semjscc.radio.simulator.limits import SPREADING, TDL
from semjscc.randomness import generator

Spectrum = Literal["specular", "jakes", "gaussian"]

WATTERSON: Mapping[str, tuple[float, float]] = {
    "mpg": (0.5e-3, 0.1),
    "mpm": (1e-3, 0.5),
    "mpp": (2e-3, 1.0),
}
"""Rec. ITU-R F.1487, mid-latitudes, quiet, moderate and disturbed (good, moderate and poor):
delay of the second path in seconds and frequency spread 2σ in Hz."""
PROFILES = ("none", *SPREADING, *WATTERSON)
"""What `profile_named` knows."""
REFLECTION = 0.25
"""Power of the reflected ray over the direct one: a clear notch of 9.5 dB, no total loss."""
SINUSOIDS = 64
"""A path's fourth moment is 2 - 1/64 instead of the 2 of a Rayleigh envelope."""
_OVERSAMPLING = 64
"""Points of the fading an oscillation of its fastest part; cubic interpolation errs by 2e-6."""
_LONGEST_STEP = 4096
_STRIDE = 32
_BLOCK = 1 << 13
"""Samples at a time, so that all paths' copies stay in the processor's cache."""


@dataclass(frozen=True)
class DelayProfile:
    """A tapped delay line.

    Attributes:
        delays: of the paths, in seconds, the least is 0.
        powers: mean |g|² of the paths; they add to 1.
        spectrum: how a gain varies: "specular", a ray of fixed strength; "jakes", Rayleigh with
            the bathtub spectrum of equal power from all sides; "gaussian", Rayleigh with a
            Gaussian one.
        dopplers: of each path in Hz: the ray's shift; the largest shift; the spread 2σ.
    """

    delays: tuple[float, ...]
    powers: tuple[float, ...]
    spectrum: Spectrum
    dopplers: tuple[float, ...]

    @property
    def is_trivial(self) -> bool:
        """Whether it leaves the waveform as it is."""
        return self.delays == (0.0,) and self.spectrum == "specular" and self.dopplers == (0.0,)


@dataclass(frozen=True)
class Fading:
    """One realisation of a profile's P gains as sums of M sinusoids.

    Attributes:
        amplitudes: (P,), √(power/M).
        frequencies: (P, M) in Hz.
        phases: (P, M) in radians.
    """

    amplitudes: NDArray[np.float64]
    frequencies: NDArray[np.float64]
    phases: NDArray[np.float64]


def profile_named(name: str, delay_spread: float, doppler_hz: float) -> DelayProfile:
    """A standard profile.

    Args:
        name: one of `PROFILES`: "none"; "two-ray", a direct ray and one 6 dB weaker; "tdl-a" to
            "tdl-c" of TR 38.901 table 7.7.2, not line of sight; "mpg", "mpm", "mpp", the
            Watterson channels of ITU-R F.1487.
        delay_spread: RMS, in seconds; F.1487 has its own.
        doppler_hz: the largest shift (TDL), the reflected ray's shift (two-ray); F.1487 has its
            own spread. With 0 the channel stands still.

    Raises:
        UserError: no such profile.
    """
    if name == "none":
        return DelayProfile((0.0,), (1.0,), "specular", (0.0,))
    if name == "two-ray":
        direct = 1 / (1 + REFLECTION)
        delay = delay_spread / math.sqrt(direct * (1 - direct))
        return DelayProfile((0.0, delay), (direct, 1 - direct), "specular", (0.0, doppler_hz))
    if name in TDL:
        delays, powers = _tdl(name[-1].upper())
        scaled = tuple(delay * delay_spread for delay in delays)
        return DelayProfile(scaled, powers, "jakes", (doppler_hz,) * len(powers))
    if name in WATTERSON:
        delay, spread = WATTERSON[name]
        return DelayProfile((0.0, delay), (0.5, 0.5), "gaussian", (spread, spread))
    raise UserError(f"no multipath profile {name!r}: take one of {', '.join(PROFILES)}")


def draw_fading(profile: DelayProfile, seed: int) -> Fading:
    """A realisation of the gains that follows from the seed alone.

    Doppler frequencies are stratified: one from each of M parts of equal probability. A single
    realisation's spectrum is near the wanted one, the mean over seeds exactly it.
    """
    count = 1 if profile.spectrum == "specular" else SINUSOIDS
    frequencies, phases = np.zeros((2, len(profile.powers), count))
    for path, doppler in enumerate(profile.dopplers):
        random = generator(seed, "multipath", path)
        places = (np.arange(count) + random.random(count)) / count
        phases[path] = 2 * np.pi * random.random(count)
        if profile.spectrum == "jakes":
            frequencies[path] = doppler * np.cos(np.pi * places)
        elif profile.spectrum == "gaussian":
            frequencies[path] = doppler / 2 * ndtri(places)
        else:
            frequencies[path] = doppler
    return Fading(np.sqrt(np.array(profile.powers) / count), frequencies, phases)


def path_gains(
    fading: Fading, interval: float, count: int, start: int = 0
) -> NDArray[np.complex128]:
    """The gains (P, count) at the times (start + n)·interval, in seconds."""
    # e^{jω(a + b)} = e^{jωa}·e^{jωb}: a matrix product in place of an exponential for each point.
    rows = -(-count // _STRIDE)
    coarse = (start + np.arange(rows) * _STRIDE) * interval
    fine = np.arange(_STRIDE) * interval
    waves = _turns(fading.frequencies[:, None, :] * coarse[:, None])  # (P, rows, M)
    waves *= (fading.amplitudes[:, None] * np.exp(1j * fading.phases))[:, None, :]
    points = waves @ _turns(fading.frequencies[:, :, None] * fine)  # (P, rows, stride)
    return points.reshape(len(points), -1)[:, :count]


def _turns(cycles: NDArray[np.float64]) -> NDArray[np.complex128]:
    """e^{j2π·cycles}; whole cycles go first, so that hours of signal keep their phase."""
    return np.exp(2j * np.pi * (cycles % 1.0))


def multipath(samples: Samples, rate: float, profile: DelayProfile, seed: int) -> Samples:
    """Pass a whole signal: `multipath_chunks` of one chunk."""
    return np.concatenate(
        [*multipath_chunks([samples], rate, profile, seed), np.zeros(0, np.complex64)]
    )


def multipath_chunks(
    chunks: Iterable[Samples], rate: float, profile: DelayProfile, seed: int
) -> Iterator[Samples]:
    """Σ_p g_p(n)·x(n - τ_p), with x interpolated by `interpolation_taps`.

    Args:
        chunks: the signal in pieces of any length, N samples in all.
        rate: samples a second.
        profile: the delay line.
        seed: what the gains follow from.

    Yields:
        N + ⌈longest delay⌉ samples in all.
    """
    if profile.is_trivial:
        yield from chunks
        return
    fading = draw_fading(profile, seed)
    delays = np.array(profile.delays) * rate
    whole = np.ceil(delays).astype(np.int64)
    taps = interpolation_taps(whole - delays).astype(np.float32)
    longest = int(whole.max())
    memory = longest + REACH - 1
    # held[0] is what the most delayed path of the next output looks at first.
    held, done = np.zeros(memory, np.complex64), 0
    ending = np.zeros(REACH + longest, np.complex64)
    for chunk in chain(chunks, [ending]):
        held = np.concatenate([held, chunk])
        count = max(len(held) - memory - REACH, 0)
        for start in range(0, count, _BLOCK):
            length = min(_BLOCK, count - start)
            copies = _delay(held[start : start + length + memory + REACH], taps)
            gains = _gains(fading, rate, done + start, length)
            total = np.zeros(length, np.complex64)
            for path, place in enumerate(longest - whole):
                total += copies[path, place : place + length] * gains[path]
            yield total
        held, done = held[count:], done + count


def _delay(held: Samples, taps: NDArray[np.float32]) -> NDArray[np.complex64]:
    """(N,) -> (P, N - 2·REACH + 1), the signal at P fractions of a sample later."""
    planes = np.stack([held.real, held.imag])
    windows = np.lib.stride_tricks.sliding_window_view(planes, 2 * REACH, axis=1)
    # One matrix product for all paths, many times faster than a convolution for each.
    columns = np.ascontiguousarray(windows.transpose(2, 0, 1)).reshape(2 * REACH, -1)
    real, imaginary = (taps @ columns).reshape(len(taps), 2, -1).transpose(1, 0, 2)
    copies = np.empty(real.shape, np.complex64)
    copies.real, copies.imag = real, imaginary
    return copies


def _gains(fading: Fading, rate: float, start: int, count: int) -> NDArray[np.complex64]:
    """(P, count) or, where nothing moves, (P, 1): gains from sample ``start`` on."""
    fastest = float(np.abs(fading.frequencies).max())
    if fastest == 0:
        return path_gains(fading, 1 / rate, 1).astype(np.complex64)
    # The points stand at multiples of the step from the signal's start, wherever a chunk begins.
    step = min(max(int(rate / (_OVERSAMPLING * fastest)), 1), _LONGEST_STEP)
    first, last = start // step, (start + count - 1) // step
    points = path_gains(fading, step / rate, last - first + 4, first - 1)
    windows = np.lib.stride_tricks.sliding_window_view(points, 4, axis=1)  # (P, steps, 4)
    fine = windows.reshape(-1, 4).astype(np.complex64) @ _cubic(step).T
    skipped = start - first * step
    return fine.reshape(len(points), -1)[:, skipped : skipped + count]


@lru_cache
def _cubic(step: int) -> NDArray[np.complex64]:
    """(step, 4) Lagrange weights of the points -1, 0, 1, 2 at r/step."""
    r = np.arange(step) / step
    weights = [-r * (r - 1) * (r - 2) / 6, (r + 1) * (r - 1) * (r - 2) / 2]
    weights += [-(r + 1) * r * (r - 2) / 2, (r + 1) * r * (r - 1) / 6]
    return np.stack(weights, axis=1).astype(np.complex64)


@lru_cache
def _tdl(letter: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Normalised delays and powers of TR 38.901 table 7.7.2."""
    # Imported where it is needed: Sionna takes seconds, and the other profiles do without.
    from semjscc.separation.nr import TDL

    model = TDL(letter, 1.0, 1e9, precision="double", device="cpu")
    order = np.argsort(model.delays.numpy(), kind="stable")
    delays, powers = model.delays.numpy()[order], model.mean_powers.numpy()[order]
    return tuple(map(float, delays)), tuple(map(float, powers / powers.sum()))
