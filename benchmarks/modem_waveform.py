"""Lines about waveform and receiver, with Gaussian symbols in the place of latents."""

import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from modem_bench import (
    SNRS_DB,
    Outcome,
    bandwidth,
    control,
    frames_lost,
    latents,
    losses,
    over_the_air,
    point,
    share_point,
    worst,
)
from modem_damage import (
    ENDS,
    KINDS,
    Sent,
    bombs,
    damage,
    judge,
    profile_of_kind,
    write_sound,
)
from semjscc.channels.peaks import CLIP_DB, peak_to_average_db
from semjscc.radio.receiver.receiver import Frame, receive
from semjscc.radio.receiver.synchronisation import find_bursts, margin
from semjscc.radio.simulator.multipath import draw_fading, path_gains, profile_named
from semjscc.radio.simulator.simulator import Simulation
from semjscc.radio.waveform.layout import burst_layout
from semjscc.radio.waveform.ofdm import demodulate
from semjscc.radio.waveform.profiles import AUDIO, PROFILES, SDR, Profile, sample_noise_variance
from semjscc.radio.waveform.sequences import permutation, turns
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.randomness import generator
from semjscc.statistics.intervals import wilson

SPREAD_IN_PREFIXES = 1 / 20
"""RMS delay spread of the multipath channels: 0.8 µs for ``sdr``, 0.2 ms for ``audio``; the last
path of TDL-A comes half a prefix late."""
MULTIPATH = ("tdl-a", "tdl-b", "tdl-c", "two-ray")


MOST_AUDIO_S = 600.0


def qpsk(effort: int) -> Outcome:
    """Bit errors of QPSK with ideal synchronisation, as dB from theory."""
    points = []
    told = control()
    for profile in PROFILES.values():
        k = len(latents(told, 0))
        layout = burst_layout(profile, k)
        for snr_db in (2.0, 5.0):
            wrong = total = 0
            for seed in range(12 * effort):
                random = generator(seed, "benchmark QPSK", 0)
                bits = 2.0 * random.integers(0, 2, (k, 2)) - 1
                sent = (bits[:, 0] + 1j * bits[:, 1]) / 2**0.5
                waveform = modulate_image(sent, told, profile, clip_db=None)
                noise = random.standard_normal((len(waveform), 2)) @ np.array([1, 1j])
                scale = (sample_noise_variance(profile, snr_db) / 2) ** 0.5
                rows = (waveform + scale * noise)[profile.preamble :]
                grid = demodulate(profile, rows)[np.ix_(layout.payload, ~profile.is_pilot)]
                arrived = grid.ravel()[:k] * turns(k).conj()
                received = np.zeros_like(arrived)
                received[permutation(k)] = arrived
                decided = np.stack([received.real, received.imag], axis=1)
                wrong, total = wrong + int(np.sum(decided * bits < 0)), total + 2 * k
            # BER = Q(√(Es/N0)): what SNR would theory need for as many errors?
            low, high = wilson(wrong, total)
            needed = [snr_db - 20 * np.log10(-ndtri(share)) for share in (wrong / total, low, high)]
            points.append(
                {"profile": profile.name, "snr_db": snr_db, "value": needed[0],
                 "low": min(needed[1:]), "high": max(needed[1:]), "trials": total}
            )  # fmt: skip
    return worst(points, 0.1)


@lru_cache
def _awgn(
    profile: Profile, snr_db: float, clip_db: float | None, frames: int
) -> tuple[NDArray[np.float64], list[Frame]]:
    return losses(profile, frames, clip_db=clip_db, noise_db=snr_db)


def awgn_loss(effort: int) -> Outcome:
    """Symbols after the equaliser against the noise alone, everything synchronised for real."""
    points = [
        point(_awgn(profile, snr_db, clip_db, 4 * effort)[0], profile=profile.name,
              snr_db=snr_db, clip=clip_db is not None)
        for profile in PROFILES.values()
        for clip_db in (CLIP_DB, None)
        for snr_db in SNRS_DB
    ]  # fmt: skip
    return worst(points, 1.0, note=frames_lost(points))


def snr_estimate(effort: int) -> Outcome:
    """The receiver's Es/N0 against the truth, without clipping, whose distortion is noise too."""
    points, absolute = [], []
    for profile in PROFILES.values():
        for snr_db in SNRS_DB:
            _, frames = _awgn(profile, snr_db, None, 4 * effort)
            bias = point(
                [frame.snr_db - snr_db for frame in frames], profile=profile.name, snr_db=snr_db
            )
            points.append(bias)
            sign = 1 if bias["value"] >= 0 else -1
            ends = sorted([sign * bias["low"], sign * bias["high"]])
            absolute.append({**bias, "value": abs(bias["value"]), "low": ends[0], "high": ends[1]})
    outcome = worst(absolute, 0.5)
    outcome.points[:] = points
    return outcome


def carrier_offset(effort: int) -> Outcome:
    """What an offset of up to four carriers costs, with the same symbols and noise."""
    points = []
    for profile in PROFILES.values():
        straight, _ = losses(profile, 3 * effort, noise_db=10.0)
        for carriers in (-4.0, -1.5, 0.47, 2.0, 4.0):
            offset, _ = losses(
                profile, 3 * effort, noise_db=10.0, cfo_hz=carriers * profile.spacing_hz
            )
            points.append(point(offset - straight, profile=profile.name, carriers=carriers))
    held = not any(each["lost"] for each in points)
    return worst(points, 0.2, note=frames_lost(points), held=held)


def clock_offset(effort: int) -> Outcome:
    """What clocks apart by up to 20 ppm cost, and whether all frames arrive at 40."""
    points, locked, sent = [], 0, 0
    for profile in PROFILES.values():
        straight, _ = losses(profile, 3 * effort, noise_db=15.0, side=96)
        for ppm in (-40.0, -20.0, -10.0, 10.0, 20.0, 40.0):
            offset, found = losses(profile, 3 * effort, noise_db=15.0, side=96, sro_ppm=ppm)
            if abs(ppm) == 40:
                locked, sent = locked + len(found), sent + 3 * effort
            points.append(point(offset - straight, profile=profile.name, ppm=ppm))
    counted = [each for each in points if abs(each["ppm"]) <= 20]
    note = f"{locked} of {sent} frames at ±40 ppm; up to ±20 ppm {frames_lost(counted)}"
    return worst(points, 0.5, note=note, counted=counted, held=locked == sent)


def multipath(effort: int) -> Outcome:
    """Symbols as a decoder weighs them, against a receiver that knows the channel: still ones.

    By how many dB more noise that receiver could bear and be no better. Realisations that leave
    less than 0 dB on average, for which the modem promises nothing, are left out.
    """
    points, weighted = [], []
    order = permutation(len(latents(control(), 0)))
    for profile in PROFILES.values():
        data = profile.carrier_numbers[~profile.is_pilot]
        spread = SPREAD_IN_PREFIXES * profile.guard / profile.sample_rate
        for name in MULTIPATH:
            delays = profile_named(name, spread, 0.0)
            turn = np.exp(-2j * np.pi * np.outer(data * profile.spacing_hz, delays.delays))
            for snr_db in (5.0, 15.0):
                lost, raw = [], []
                for seed in range(3 * effort):
                    sent, found = losses_of_one(profile, seed, snr_db, name, spread)
                    power = np.abs(turn @ path_gains(draw_fading(delays, seed), 1.0, 1)[:, 0]) ** 2
                    if snr_db + 10 * np.log10(float(power.mean())) < 0:
                        continue
                    if found is None:
                        lost.append(np.nan)
                        continue
                    weighed = found.symbols / (1 + found.noise_variance)
                    error = float(np.mean(np.abs(weighed - sent) ** 2))
                    lost.append(bearable_db(error, power) + snr_db)
                    errors = np.abs(found.symbols - sent)[order] ** 2
                    total = float(np.mean(errors * np.resize(power, len(errors))))
                    raw.append(10 * np.log10(total) + snr_db)
                points.append(point(lost, profile=profile.name, channel=name, snr_db=snr_db))
                weighted += [float(np.mean(raw))] if raw else []
    note = "power-weighted, each error times its carrier's true power:"
    note = f"{note} {max(weighted):.2f} dB at most" if weighted else "nothing arrived"
    return worst(points, 1.5, note=f"{note}; {frames_lost(points)}")


def bearable_db(error: float, power: NDArray[np.floating]) -> float:
    """The noise in dB at which a receiver that knows the channel is left with an error; within ±60.

    Args:
        error: mean squared, of symbols weighed by 1 / (1 + N0 / power).
        power: of the channel on each carrier.
    """

    def excess(noise_db: float) -> float:
        noise = 10 ** (noise_db / 10)
        return float(np.mean(noise / (power + noise))) - error

    least, most = -60.0, 60.0
    if excess(least) >= 0:
        return least
    if excess(most) <= 0:
        return most
    return float(brentq(excess, least, most))  # pyright: ignore[reportArgumentType]


def losses_of_one(
    profile: Profile, seed: int, snr_db: float, name: str, spread: float
) -> tuple[NDArray[np.complex64], Frame | None]:
    """One frame through a multipath channel."""
    told = control()
    sent = latents(told, seed)
    simulation = Simulation(
        snr_db=snr_db, bandwidth=bandwidth(profile), profile=name, delay_spread_s=spread, seed=seed
    )
    waveform = modulate_image(sent, told, profile, clip_db=None)
    found = list(receive([over_the_air(waveform, profile, simulation)], profile))
    return sent, found[0] if len(found) == 1 else None


def detection(effort: int) -> Outcome:
    """The share of bursts that are found, at −5 dB and around."""
    points = [_detection(profile, snr_db, effort)[0] for profile in PROFILES.values()
              for snr_db in (-9.0, -7.0, -5.0, -3.0)]  # fmt: skip
    at = [each for each in points if each["snr_db"] == -5]
    least = min(at, key=lambda each: each["low"])
    return Outcome(
        100 * least["value"], 100 * least["low"], 100 * least["high"], "%",
        met=all(each["value"] >= 0.99 for each in at), trials=sum(each["trials"] for each in at),
        where=f"{least['profile']}, -5 dB", points=points,
    )  # fmt: skip


def header_errors(effort: int) -> Outcome:
    """The share of headers that are lost of bursts that were found, at −5 dB."""
    points = []
    for profile in PROFILES.values():
        found, read = _detection(profile, -5.0, effort)
        points.append(
            share_point(found["found"] - read, found["found"], profile=profile.name, snr_db=-5.0)
        )
    return worst(points, 1e-3, unit="")


@lru_cache
def _detection(profile: Profile, snr_db: float, effort: int) -> tuple[dict, int]:
    """Bursts found of those sent, as a point, and how many of their headers were read."""
    told = control(32, Fraction(1, 48))
    found = read = 0
    bursts = 15 * effort
    for seed in range(bursts):
        waveform = modulate_image(latents(told, seed), told, profile, image=seed)
        offset = generator(seed, "benchmark offset", 0).uniform(-4, 4) * profile.spacing_hz
        simulation = Simulation(
            snr_db=snr_db, bandwidth=bandwidth(profile), cfo_hz=offset, seed=seed
        )
        samples = over_the_air(waveform, profile, simulation)
        lead, start = margin(profile), 4 * profile.symbol
        padded = np.pad(samples, (lead, 3 * profile.preamble))
        syncs = find_bursts(padded, len(samples), profile)
        if not any(abs(sync.start - start) <= profile.guard // 2 for sync in syncs):
            continue
        found += 1
        frames = list(receive([samples], profile))
        read += any((one.control, one.image) == (told, seed % 256) for one in frames)
    point = share_point(found, bursts, profile=profile.name, snr_db=snr_db)
    return {**point, "found": found}, read


def false_frames(effort: int) -> Outcome:
    """Frames in noise, and in noise with a carrier 10 dB above it: none is allowed."""
    seconds = {"sdr": 0.1 * effort, "audio": min(10.0 * effort, MOST_AUDIO_S)}
    points = []
    for profile in PROFILES.values():
        for carrier in (False, True):
            count = round(seconds[profile.name] * profile.sample_rate)
            frames = sum(1 for _ in receive(_noise(count, carrier), profile))
            points.append(
                {"profile": profile.name, "carrier": carrier, "seconds": seconds[profile.name],
                 "value": frames, "low": 0, "high": frames, "trials": 1}
            )  # fmt: skip
    total = sum(each["value"] for each in points)
    heard = sum(each["seconds"] for each in points)
    return Outcome(
        total, 0, max(3.0, total + 1.96 * total**0.5), "frames", met=total == 0,
        trials=int(min(seconds.values())),
        where=", ".join(f"{name} 2 x {each:g} s" for name, each in seconds.items()), points=points,
        note=f"{heard:g} s in all; no frame in n trials bounds the mean by 3 (95 %)",
    )  # fmt: skip


def _noise(count: int, carrier: bool) -> Iterator[NDArray[np.complex64]]:
    random = generator(0, "benchmark noise", int(carrier))
    for start in range(0, count, 1 << 16):
        length = min(1 << 16, count - start)
        noise = random.standard_normal(2 * length, dtype=np.float32).view(np.complex64)
        tone = np.exp(2j * np.pi * 0.031 * (start + np.arange(length))) * 20**0.5
        yield noise + tone.astype(np.complex64) if carrier else noise


def chunking(effort: int) -> Outcome:
    """Recordings cut into random pieces that give other frames than in one piece."""
    told, other = control(), 0
    trials = 3 * effort
    for seed in range(trials):
        profile = (SDR, AUDIO)[seed % 2]
        waveform = [modulate_image(latents(told, each), told, profile, image=each)
                    for each in (seed, seed + 1)]  # fmt: skip
        simulation = Simulation(snr_db=6.0, bandwidth=bandwidth(profile), seed=seed)
        samples = over_the_air(np.concatenate(waveform), profile, simulation)
        random = generator(seed, "benchmark chunks", 0)
        cuts = np.sort(random.integers(0, len(samples), random.integers(1, 200)))
        whole = list(receive([samples], profile))
        pieces = list(receive(np.split(samples, cuts), profile))
        same = len(whole) == len(pieces) == 2 and all(
            one.image == two.image and np.array_equal(one.symbols, two.symbols)
            and np.array_equal(one.noise_variance, two.noise_variance)
            for one, two in zip(whole, pieces, strict=True)
        )  # fmt: skip
        other += not same
    return worst([share_point(other, trials)], 0.0, unit="")


def fuzz(effort: int) -> Outcome:
    """Damaged recordings that crash the receiver or yield a frame that nobody sent."""
    told, wrong, slowest = control(32, Fraction(1, 12)), [], 0.0
    waveforms = {profile.name: modulate_image(latents(told, 0), told, profile, image=9)
                 for profile in PROFILES.values()}  # fmt: skip
    trials = 30 * effort
    for seed in range(trials):
        profile = (SDR, SDR, AUDIO)[seed % 3]
        random = generator(seed, "benchmark fuzz", 0)
        simulation = Simulation(
            snr_db=float(random.uniform(-5, 25)), bandwidth=bandwidth(profile), seed=seed
        )
        damaged = _damage(over_the_air(waveforms[profile.name], profile, simulation), random)
        begin = time.perf_counter()
        try:
            frames = list(receive([damaged], profile))
        except Exception as error:  # every kind counts
            wrong.append(f"seed {seed}: {error!r}")
            continue
        slowest = max(slowest, time.perf_counter() - begin)
        if any((frame.control, frame.image) != (told, 9) for frame in frames):
            wrong.append(f"seed {seed}: another header")
    note = f"the slowest took {slowest:.1f} s" + (f"; {wrong[:5]}" if wrong else "")
    return worst([share_point(len(wrong), trials)], 0.0, unit="", note=note)


def _damage(samples: NDArray[np.complex64], random: np.random.Generator) -> NDArray[np.complex64]:
    """One to three wounds to a recording, or another recording altogether."""
    kind = random.integers(12)
    if kind == 0:
        return np.full(len(samples), [0, 1 + 2j, np.nan][random.integers(3)], np.complex64)
    if kind == 1:
        return random.integers(-128, 128, 2 * len(samples)).astype(np.float32).view(np.complex64)
    if kind == 2:
        raw = random.bytes(8 * len(samples))
        return np.frombuffer(raw, np.complex64)
    samples = samples.copy()
    for _ in range(random.integers(1, 4)):
        start = int(random.integers(len(samples)))
        stop = start + int(10 ** random.uniform(0.5, 3.7))
        part = samples[start:stop]
        wound = random.integers(7)
        if wound == 0:
            part[:] = np.nan
        elif wound == 1:
            part[:] = part[::-1].copy()
        elif wound == 2:
            part *= np.float32(10 ** random.uniform(-3, 3))
        elif wound == 3:
            part[:] = np.conj(part)
        elif wound == 4:
            samples = np.delete(samples, slice(start, stop))
        elif wound == 5:
            samples = np.insert(samples, start, part)
        else:
            samples = samples[:start]
        if not len(samples):
            break
    return samples


def fuzz_files(effort: int) -> Outcome:
    """Damaged files that end in anything but the image sent, none, or one clear line."""
    told, wrong, slowest = control(32, Fraction(1, 12)), [], 0.0
    sent, recordings = Sent(told, 9), {}
    for profile in PROFILES.values():
        waveform = modulate_image(latents(told, 0), told, profile, image=sent.image)
        simulation = Simulation(snr_db=15.0, bandwidth=bandwidth(profile))
        recordings[profile.name] = over_the_air(waveform, profile, simulation)
    ends = {kind: Counter() for kind in KINDS}
    trials = 30 * effort
    for seed in range(trials):
        kind = KINDS[seed % len(KINDS)]
        with tempfile.TemporaryDirectory() as folder:
            path = write_sound(Path(folder), kind, recordings[profile_of_kind(kind).name])
            wounds = damage(path, generator(seed, "benchmark files", 0))
            begin = time.perf_counter()
            end = judge(path, sent)
            slowest = max(slowest, time.perf_counter() - begin)
        known = end in ENDS
        ends[kind][end if known else "wrong"] += 1
        if not known:
            wrong.append(f"seed {seed} ({kind}: {wounds}): {end}")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in bombs(Path(folder)):
            end = judge(path, sent)
            trials += 1
            if end not in ENDS:
                wrong.append(f"{name}: {end}")
    made = share_point(len(wrong), trials)
    points = [made, *({"kind": kind, **found} for kind, found in ends.items())]
    note = f"seeds from 0 on; the slowest took {slowest:.1f} s" + (
        f"; {wrong[:5]}" if wrong else ""
    )
    return Outcome(
        made["value"], made["low"], made["high"], "", met=not wrong, trials=trials, points=points,
        note=note,
    )  # fmt: skip


def gain(effort: int) -> Outcome:
    """The largest change of a symbol when the receiver's gain changes by 20 dB."""
    told, points = control(), []
    for profile in PROFILES.values():
        changes = []
        for seed in range(effort):
            waveform = modulate_image(latents(told, seed), told, profile)
            simulation = Simulation(snr_db=10.0, bandwidth=bandwidth(profile), seed=seed)
            samples = over_the_air(waveform, profile, simulation)
            (plain,) = receive([samples], profile)
            for db in (-20.0, 20.0):
                (other,) = receive([samples * np.float32(10 ** (db / 20))], profile)
                changes.append(float(np.abs(other.symbols - plain.symbols).max()))
        points.append({"profile": profile.name, "value": max(changes), "low": min(changes),
                       "high": max(changes), "trials": len(changes)})  # fmt: skip
    return worst(points, 1e-3, unit="of a symbol's RMS")


def peaks(effort: int) -> Outcome:
    """Peak over mean power of an OFDM symbol that is exceeded by one in a hundred."""
    import torch

    told, points = control(96), []
    for profile in PROFILES.values():
        for clip_db in (CLIP_DB, None):
            ratios = []
            for seed in range(2 * effort):
                waveform = modulate_image(latents(told, seed), told, profile, clip_db=clip_db)
                fine = np.fft.fft(waveform)
                half = len(fine) // 2
                between = np.zeros(3 * len(fine), np.complex128)
                fine = np.concatenate([fine[:half], between, fine[half:]])
                fine = 4 * np.fft.ifft(fine)
                rows = fine[: len(fine) // (4 * profile.symbol) * 4 * profile.symbol]
                rows = torch.from_numpy(rows.reshape(-1, 4 * profile.symbol))
                # Against the mean power of all, which is 1.
                own = rows.abs().square().mean(dim=1)
                ratios.append((peak_to_average_db(rows) + 10 * torch.log10(own)).numpy())
            values = np.concatenate(ratios)
            levels = np.arange(3.0, 12.01, 0.25)
            points.append(
                {"profile": profile.name, "clip": clip_db is not None,
                 "value": float(np.quantile(values, 0.99)), "low": float(np.quantile(values, 0.98)),
                 "high": float(np.quantile(values, 0.995)), "trials": len(values),
                 "levels_db": levels.tolist(),
                 "exceeded": [float(np.mean(values > level)) for level in levels]}
            )  # fmt: skip
    clipped = [each for each in points if each["clip"]]
    largest = max(clipped, key=lambda each: each["value"])
    return Outcome(
        largest["value"], largest["low"], largest["high"], "dB", None, largest["trials"],
        where=largest["profile"], points=points,
        note="clipped at 6 dB above RMS; without clipping "
        + ", ".join(f"{p['value']:.1f} dB ({p['profile']})" for p in points if not p["clip"]),
    )  # fmt: skip


def _frames(profile: Profile, count: int) -> NDArray[np.complex64]:
    told = control(256)
    waveform = modulate_image(latents(told, 0), told, profile)
    simulation = Simulation(snr_db=10.0, bandwidth=bandwidth(profile))
    return np.tile(over_the_air(waveform, profile, simulation), count)


def sdr_speed(effort: int) -> Outcome:
    """Symbols a second of processor time through the sdr receiver, neural decoder apart."""
    recording, k = _frames(SDR, 2), len(latents(control(256), 0))
    speeds = []
    for _ in range(max(effort, 3)):
        begin = time.process_time()
        count = sum(1 for _ in receive([recording], SDR))
        speeds.append(count * k / (time.process_time() - begin) / 1e3)
    made = point(speeds, profile="sdr")
    return Outcome(made["value"], made["low"], made["high"], "ksym/s",
                   met=made["value"] >= 50, trials=len(speeds), points=[made])  # fmt: skip


def audio_speed(effort: int) -> Outcome:
    """Processor time over playing time of an audio recording."""
    told = control()
    waveform = modulate_image(latents(told, 0), told, AUDIO)
    simulation = Simulation(snr_db=10.0, bandwidth=bandwidth(AUDIO))
    recording = np.tile(over_the_air(waveform, AUDIO, simulation), 6)
    factors = []
    for _ in range(max(effort, 3)):
        begin = time.process_time()
        list(receive([recording], AUDIO))
        taken = time.process_time() - begin
        factors.append(taken / (len(recording) / AUDIO.sample_rate))
    return worst([point(factors, profile="audio")], 0.2, unit="of real time")


def memory(effort: int) -> Outcome:
    """What the peak of memory grows by when a recording is four times as long."""
    told, used = control(), []
    waveform = modulate_image(latents(told, 0), told, SDR)
    simulation = Simulation(snr_db=10.0, bandwidth=bandwidth(SDR))
    piece = over_the_air(waveform, SDR, simulation)

    def chunks(count: int) -> Iterator[NDArray[np.complex64]]:
        for _ in range(count):
            yield piece

    for count in (5 * effort, 5 * effort, 20 * effort):  # the first fills the caches
        tracemalloc.start()
        for _ in receive(chunks(count), SDR):
            pass
        used.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    growth = used[2] / used[1] - 1
    points = [{"frames": n * effort, "value": u, "low": u, "high": u, "trials": 1}
              for n, u in zip((5, 20), used[1:], strict=True)]  # fmt: skip
    return Outcome(100 * growth, 100 * growth, 100 * growth, "%", met=growth <= 0.05, trials=1,
                   points=points, note=f"{used[2]:.0f} MB at most")  # fmt: skip
