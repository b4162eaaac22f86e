"""The channel simulator for waveforms: from the transmitter's amplifier to the receiver's samples.

    clip ─► multipath ─► delay, sample-rate offset ─► + noise ─► carrier offset, phase noise
         ─► IQ imbalance ─► + DC ─► gain

The order is that of the hardware. The amplifier saturates before the antenna; the copies of the
waveform add up in the air; the noise is the receiver's, so that multipath does not colour it; the
mixer turns signal and noise alike; its imbalance mirrors them at the receiver's zero frequency,
which is where its DC offset lies; and the gain in front of the converter scales all of it. The
receiver samples at the end, but all that follows the antenna is either white or without memory,
and so its clock may be applied before the noise, which keeps the noise white.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from semjscc.errors import UserError
from semjscc.radio.sampling.resampling import Samples, resample_chunks
from semjscc.radio.simulator import impairments
from semjscc.radio.simulator.limits import LIMITS, check_limits
from semjscc.radio.simulator.multipath import multipath_chunks, profile_named
from semjscc.randomness import generator

LONGEST_SPREAD = 1 << 16
"""Samples that the paths of a profile may lie apart."""


@dataclass(frozen=True)
class Simulation:
    """A channel and the radios at its ends; the default is a perfect one.

    Attributes:
        snr_db: Es/N0 in dB in `bandwidth`, or None for no noise.
        bandwidth: Hz that the signal occupies (for OFDM: carriers · spacing); None for the whole
            sample rate, where `snr_db` is the SNR of a sample.
        power: mean |x|² of the transmitted samples while there is a signal, which noise, DC and
            clipping refer to. A transmitter of mean power one, multipath of mean power one.
        cfo_hz: carrier frequency offset.
        sro_ppm: sample-rate offset, positive where the sender's clock is the faster one.
        delay_s: silence (and noise) before the signal, in seconds, whole samples or not.
        gain_db: power gain of the receiver, noise included.
        profile: a multipath profile by name: see `semjscc.radio.simulator.multipath.profile_named`.
        delay_spread_s: RMS delay spread of the profile in seconds.
        doppler_hz: largest Doppler shift of the profile.
        linewidth_hz: of the oscillators together: phase noise.
        iq_gain_db: amplitude imbalance of the receiver's mixer.
        iq_phase_deg: its phase imbalance.
        dc_i: its DC offset in phase, over the signal's RMS.
        dc_q: the same in quadrature.
        clip_db: saturation of the transmitter's amplifier over mean power, or None.
        seed: what noise, phase noise and fading follow from.
    """

    snr_db: float | None = None
    bandwidth: float | None = None
    power: float = 1.0
    cfo_hz: float = 0.0
    sro_ppm: float = 0.0
    delay_s: float = 0.0
    gain_db: float = 0.0
    profile: str = "none"
    delay_spread_s: float = 1e-6
    doppler_hz: float = 0.0
    linewidth_hz: float = 0.0
    iq_gain_db: float = 0.0
    iq_phase_deg: float = 0.0
    dc_i: float = 0.0
    dc_q: float = 0.0
    clip_db: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_limits({field: getattr(self, field) for field in LIMITS})
        profile_named(self.profile, self.delay_spread_s, self.doppler_hz)


def simulate(samples: Samples, rate: float, simulation: Simulation) -> Samples:
    """What arrives of a waveform: `simulate_chunks` of one chunk.

    Args:
        samples: (N,) complex64 baseband.
        rate: samples a second.
        simulation: what happens to it.

    Returns:
        complex64, longer than N by the delay and the channel's memory.

    Raises:
        UserError: as `simulate_chunks`.
    """
    pieces = [*simulate_chunks([samples], rate, simulation), np.zeros(0, np.complex64)]
    return np.concatenate(pieces)


def simulate_chunks(
    chunks: Iterable[Samples], rate: float, simulation: Simulation
) -> Iterator[Samples]:
    """Pass a waveform through the channel piece by piece, in bounded memory.

    Args:
        chunks: complex64 baseband in pieces of any length; the result does not depend on them.
        rate: samples a second.
        simulation: what happens to it.

    Raises:
        UserError: the sample rate does not allow what is asked for.
    """
    profile = profile_named(simulation.profile, simulation.delay_spread_s, simulation.doppler_hz)
    if max(profile.delays) * rate > LONGEST_SPREAD:
        raise UserError(
            f"paths {max(profile.delays):g} s apart are too far for {rate:g} samples a second: "
            f"take a shorter delay spread than {simulation.delay_spread_s:g} s"
        )
    if abs(simulation.cfo_hz) > rate / 2:
        raise UserError(
            f"a carrier offset of {simulation.cfo_hz:g} Hz leaves the band: stay below half the "
            f"sample rate, {rate / 2:g} Hz"
        )
    return _receive(
        resample_chunks(
            multipath_chunks(_clip(chunks, simulation), rate, profile, simulation.seed),
            simulation.sro_ppm,
            simulation.delay_s * rate,
        ),
        rate,
        simulation,
    )


def _clip(chunks: Iterable[Samples], simulation: Simulation) -> Iterator[Samples]:
    """The transmitter's amplifier."""
    for chunk in chunks:
        level = simulation.clip_db
        yield chunk if level is None else impairments.clip(chunk, level, simulation.power)


def _receive(chunks: Iterable[Samples], rate: float, simulation: Simulation) -> Iterator[Samples]:
    """The receiver's front end, each of its parts only where it does something."""
    noise = generator(simulation.seed, "waveform noise", 0)
    oscillator = generator(simulation.seed, "phase noise", 0)
    snr_db = simulation.snr_db
    if snr_db is not None and simulation.bandwidth is not None:
        snr_db = impairments.sample_snr_db(snr_db, rate, simulation.bandwidth)
    dc = complex(simulation.dc_i, simulation.dc_q) * math.sqrt(simulation.power)
    start, phase = 0, 0.0
    for piece in chunks:
        if not len(piece):
            continue
        chunk = piece
        if snr_db is not None:
            chunk = impairments.add_noise(chunk, snr_db, noise, simulation.power)
        if simulation.cfo_hz:
            chunk = impairments.frequency_offset(chunk, rate, simulation.cfo_hz, start)
        if simulation.linewidth_hz:
            phases = impairments.phase_walk(
                len(chunk), rate, simulation.linewidth_hz, oscillator, phase
            )
            chunk, phase = impairments.phase_noise(chunk, phases), float(phases[-1])
        if simulation.iq_gain_db or simulation.iq_phase_deg:
            chunk = impairments.iq_imbalance(chunk, simulation.iq_gain_db, simulation.iq_phase_deg)
        if dc:
            chunk = impairments.dc_offset(chunk, dc)
        if simulation.gain_db:
            chunk = impairments.gain(chunk, simulation.gain_db)
        start += len(chunk)
        yield chunk
