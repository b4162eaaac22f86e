"""One burst that was found: its header, then its payload with the noise of every symbol.

    rows ─► drift from pilots ─► channel ─► header
    rows, header as training ─► drift ─► channel ─► payload

Once it is read, the header is eight times as much training as there was before. Rows whose pilots
say that more than noise struck them teach nothing; their symbols get the noise that is measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semjscc.radio.receiver.damage import LEAST_DAMAGE, damaged_rows, loud_rows
from semjscc.radio.receiver.equaliser import equalise, estimate_channel, noise_from_neighbours
from semjscc.radio.receiver.tracking import Drift, common_phase, fit_drift
from semjscc.radio.waveform.header import Header, header_bits, ignore, parse_header
from semjscc.radio.waveform.layout import Layout, burst_layout, burst_span, header_rows
from semjscc.radio.waveform.ofdm import demodulate
from semjscc.radio.waveform.profiles import TRAINING_SYMBOLS, Profile
from semjscc.radio.waveform.protection import agrees, soft_bits, unprotect
from semjscc.radio.waveform.transmitter import header_grid, known_rows

_ROUNDS = 4
"""Of telling damaged rows by an estimate, and estimating without them; nearly always one is enough.
"""


@dataclass(frozen=True)
class Burst:
    """What arrived of one burst.

    Attributes:
        symbols: (carried,) complex64, in the order of transmission.
        noise_variance: (carried,) float32, infinite where nothing arrived.
        damaged: how many of the symbols stand in rows that more than noise struck; those behind the
            end of the recording are not among them.
        snr_db: Es/N0 of a data element in rows that are sound.
        frequency: what synchronisation left of the frequency offset, cycles per sample.
        clock_ppm: how much faster the sender's sample clock runs.
    """

    symbols: NDArray[np.complex64]
    noise_variance: NDArray[np.float32]
    damaged: int
    snr_db: float
    frequency: float
    clock_ppm: float


def corrected(samples: NDArray[np.complexfloating], frequency: float) -> NDArray[np.complex128]:
    """Samples without a frequency offset, in cycles per sample."""
    turned = samples * np.exp(-2j * np.pi * frequency * np.arange(len(samples)))
    return turned.astype(np.complex128)


def read_header(
    samples: NDArray[np.complexfloating],
    profile: Profile,
    expected: Sequence[Header],
    most_symbols: int,
    refused: Callable[[Header], object] = ignore,
) -> Header | None:
    """The header of a burst, or None where its checksum fails.

    Args:
        samples: from the first training symbol on, frequency corrected.
        profile: the waveform.
        expected: headers that are likely to come; they are recognised without decoding.
        most_symbols: the longest image that the receiver has room for.
        refused: takes the header of a longer one.
    """
    layout = burst_layout(profile, 0)
    rows = np.arange(header_rows(profile))
    received = demodulate(profile, samples[: len(rows) * profile.symbol])
    sent = known_rows(profile, layout.rows)[rows]
    training = np.arange(TRAINING_SYMBOLS)
    first = received[:TRAINING_SYMBOLS] / sent[:TRAINING_SYMBOLS]
    if not np.any(first):
        return None
    known = np.zeros(received.shape, bool)
    known[training] = True
    known[:, profile.is_pilot] = True
    pilots = layout.pilots[layout.pilots < len(rows)]
    known[pilots] = True
    noise = noise_from_neighbours(first, training)
    guess, _ = estimate_channel(profile, first, training, training[:1], noise)
    expectation = sent * guess * known
    drift = fit_drift(profile, received * expectation.conj(), rows, clocks=False)
    received = received / drift.turn(profile, rows)
    full = np.concatenate([training, pilots])
    least_squares = received[full] / sent[full]
    noise = noise_from_neighbours(least_squares, full)
    channel, error = estimate_channel(profile, least_squares, full, layout.header, noise)
    power = float(np.mean(np.abs(channel) ** 2))
    noisy = np.maximum(noise + error[:, None], 1e-9 * power) * np.ones(channel.shape)
    symbols, variance = equalise(received[layout.header], channel, noisy)
    data = ~profile.is_pilot
    llr = soft_bits(symbols[:, data].ravel(), variance[:, data].ravel())
    for header in expected:
        if agrees(llr, header_bits(header)):
            return header
    bits = unprotect(llr)
    return None if bits is None else parse_header(bits, profile, most_symbols, refused)


def read_payload(
    samples: NDArray[np.complexfloating], header: Header, profile: Profile, arrived: int
) -> Burst:
    """The payload of a burst whose header is known.

    Args:
        samples: the whole burst from the first training symbol on, frequency corrected.
        header: what `read_header` found.
        profile: the waveform.
        arrived: how many of the samples were received; zeros stand for the others.
    """
    start, stop = burst_span(profile, header.k, header.burst)
    layout = burst_layout(profile, stop - start)
    rows = np.arange(layout.rows)
    received = demodulate(profile, samples[: layout.rows * profile.symbol])
    here = rows < arrived // profile.symbol
    heard = here & received.any(axis=1)
    sent, known = _everything_known(header, profile, layout)
    # The header's checksum is right: what is damaged lies behind it.
    behind = rows > layout.header[-1]
    sound = heard & ~(behind & loud_rows(received, layout))
    rounds = 0
    while True:
        rounds += 1
        found = _estimate(profile, received, sent, known & sound[:, None])
        noise = found.noise_of_rows(sound)
        measured, damaged = damaged_rows(
            np.abs(found.received - sent * found.channel) ** 2, known & heard[:, None], noise,
            LEAST_DAMAGE * found.power(sound),
        )  # fmt: skip
        damaged &= behind
        if rounds == _ROUNDS or np.array_equal(sound, heard & ~damaged):
            break
        sound = heard & ~damaged

    power = found.power(sound)
    noise = np.where(damaged, np.maximum(noise, measured), noise)
    noise[~heard] = np.inf
    noisy = noise[:, None] * np.ones(found.channel.shape)
    symbols, variance = equalise(found.received, found.channel, noisy)
    place = np.ix_(layout.payload, ~profile.is_pilot)
    symbols, variance = symbols[place].ravel(), variance[place].ravel()
    harmed = np.repeat((here & (damaged | ~heard))[layout.payload], profile.data_carriers)
    return Burst(
        symbols=np.where(np.isfinite(variance), symbols, 0)[: stop - start].astype(np.complex64),
        noise_variance=variance[: stop - start].astype(np.float32),
        damaged=int(harmed[: stop - start].sum()),
        snr_db=float(10 * np.log10(power / max(found.noise, 1e-12 * power))),
        frequency=found.drift.frequency(profile),
        clock_ppm=found.drift.clock_ppm(profile),
    )


@dataclass(frozen=True)
class _Estimate:
    """What a burst's known elements say of its S rows and K carriers.

    Attributes:
        received: (S, K), its drift taken back.
        channel: (S, K).
        error: (S,) variance of the channel's error.
        noise: variance of a received value.
        drift: what was taken back.
    """

    received: NDArray[np.complex128]
    channel: NDArray[np.complex128]
    error: NDArray[np.float64]
    noise: float
    drift: Drift

    def power(self, rows: NDArray[np.bool_]) -> float:
        """The channel's, mean over rows; never 0."""
        return max(float(np.mean(np.abs(self.channel[rows]) ** 2)), 1e-290)

    def noise_of_rows(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(S,), the channel's error included; above 0 wherever ``rows`` have power."""
        return np.maximum(self.noise + self.error, 1e-9 * self.power(rows))


def _estimate(
    profile: Profile,
    received: NDArray[np.complex128],
    sent: NDArray[np.complex128],
    known: NDArray[np.bool_],
) -> _Estimate:
    """Drift, channel and noise of a burst.

    Args:
        profile: the waveform.
        received: (S, K).
        sent: (S, K), right where it is known.
        known: (S, K), what to go by; training and header are among it.
    """
    rows = np.arange(len(received))
    full = np.flatnonzero(known.all(axis=1))
    guess = (received[:TRAINING_SYMBOLS] / sent[:TRAINING_SYMBOLS]).mean(axis=0)
    drift = fit_drift(profile, received * (sent * guess * known).conj(), rows)
    received = received / drift.turn(profile, rows)
    # Once more with the channel as it is now known: the guess has the noise of two rows.
    guess = (received[full] / sent[full]).mean(axis=0)
    more = fit_drift(profile, received * (sent * guess * known).conj(), rows)
    received = received / more.turn(profile, rows)
    drift = Drift(drift.a + more.a, drift.b + more.b, drift.d + more.d, drift.e + more.e)

    least_squares = received[full] / sent[full]
    noise = noise_from_neighbours(least_squares, full)
    channel, error = estimate_channel(profile, least_squares, full, rows, noise)
    pilots = profile.is_pilot
    if pilots.any():
        agreement = received * (sent * channel).conj() * known
        phase = common_phase(agreement[:, pilots].sum(axis=1))
        channel = channel * np.exp(1j * phase)[:, None]
    return _Estimate(received, channel, error, noise, drift)


def _everything_known(
    header: Header, profile: Profile, layout: Layout
) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """What was sent at every row and carrier that the header and the profile tell of."""
    sent = known_rows(profile, layout.rows)
    data = np.flatnonzero(~profile.is_pilot)
    sent[np.ix_(layout.header, data)] = header_grid(header, profile)
    known = np.zeros(sent.shape, bool)
    known[:TRAINING_SYMBOLS] = True
    known[layout.header] = True
    known[layout.pilots] = True
    known[layout.end] = True
    known[:, profile.is_pilot] = True
    return sent, known
