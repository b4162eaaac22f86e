"""Lines about images: codecs and separate coding over the waveform, and GNU Radio as the judge."""

import base64
import subprocess
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modem_bench import (
    SNRS_DB,
    Outcome,
    bandwidth,
    control,
    latents,
    mean_interval,
    point,
    share_point,
    worst,
)
from semjscc.channels.awgn import awgn
from semjscc.checkpoint import locate
from semjscc.data.drawn.signs import render
from semjscc.images import to_float, to_uint8
from semjscc.links import open_link
from semjscc.links.base import Situation, SymbolLink
from semjscc.metrics import psnr
from semjscc.perception.base import Perception
from semjscc.perception.store import load_perception
from semjscc.radio.frame_decoding import Listener
from semjscc.radio.modulation import Sender, Sent, open_sender, payload_share, send_images
from semjscc.radio.receiver.receiver import receive
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.simulator.simulator import Simulation, simulate
from semjscc.radio.waveform.layout import burst_count, burst_samples
from semjscc.radio.waveform.profiles import PROFILES, SDR, Profile
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.radio.weights import Receivers
from semjscc.randomness import Draws, generator

FAMILY = "signs"
TILE = 64
GNURADIO = Path(__file__).parents[1] / "examples" / "gnuradio_channel.py"
SYSTEM_PYTHON = "/usr/bin/python3"
GAP_S = {"sdr": 5e-4, "audio": 0.1}


@dataclass(frozen=True)
class Arrival:
    """What became of one image; ``image`` is None where nothing was delivered."""

    image: Tensor | None
    snr_db: float | None
    lost: int


@lru_cache
def _perception() -> Perception:
    return load_perception(locate(f"{FAMILY}-a"))


@torch.inference_mode()
def _classes(images: torch.Tensor) -> torch.Tensor:
    """What the network sees in each image: (B,)."""
    judge = _perception()
    return judge.task.predict(judge.look(images))


@lru_cache
def _listener() -> Listener:
    return Listener(Receivers(family=FAMILY), _perception(), FAMILY)


@lru_cache
def _sender(link: str) -> Sender:
    return open_sender(link, FAMILY)


@lru_cache
def _sign(index: int) -> Tensor:
    return torch.from_numpy(render("test", index).image).permute(2, 0, 1).contiguous()


def _label(index: int) -> int:
    return int(render("test", index).label)


@lru_cache
def _mosaic(first: int, side: int) -> Tensor:
    """Signs side by side: a large image whose tiles have labels, (3, 64·side, 64·side)."""
    rows = [torch.cat([_sign(first + r * side + c) for c in range(side)], dim=2)
            for r in range(side)]  # fmt: skip
    return torch.cat(rows, dim=1)


def _recording(
    images: Sequence[Tensor], link: str, profile: Profile, ratio: Fraction, snr_db: float
) -> tuple[NDArray[np.complex64], list[Sent]]:
    sent: list[Sent] = []
    named = [(str(index), image) for index, image in enumerate(images)]
    chunks = send_images(
        named, _sender(link), profile, ratio=ratio, snr_db=snr_db, gap_s=GAP_S[profile.name],
        tell=sent.append,
    )  # fmt: skip
    return np.concatenate(list(chunks)), sent


def _arrivals(samples: NDArray[np.complex64], profile: Profile, count: int) -> list[Arrival]:
    """What arrived of images 0 … count − 1."""
    arrivals = [Arrival(None, None, 0)] * count
    for frame in receive([samples], profile):
        if frame.image < count:
            heard = _listener().hear(frame)
            arrivals[frame.image] = Arrival(heard.image, frame.snr_db, frame.packets_lost)
    return arrivals


def _quality(sent: Tensor, received: Tensor) -> float:
    return float(psnr(to_float(sent)[None], received[None])[0])


def end_to_end(effort: int) -> Outcome:
    """PSNR lost against the codec's own AWGN curve at the SNR that the modem measured."""
    points = []
    count = 3 * effort
    images = [_sign(index) for index in range(count)]
    for profile in PROFILES.values():
        for name, ratio in (("semantic", Fraction(1, 48)), ("djscc", Fraction(1, 6))):
            link = open_link(name, FAMILY)
            assert isinstance(link, SymbolLink)
            for snr_db in SNRS_DB:
                samples, _ = _recording(images, name, profile, ratio, snr_db)
                simulation = Simulation(
                    snr_db=snr_db, bandwidth=bandwidth(profile), cfo_hz=0.3 * profile.spacing_hz,
                    sro_ppm=5.0, seed=int(snr_db),
                )  # fmt: skip
                received = simulate(samples, profile.sample_rate, simulation)
                lost = []
                for index, arrival in enumerate(_arrivals(received, profile, count)):
                    if arrival.image is None or arrival.snr_db is None:
                        raise RuntimeError(f"image {index} lost at {snr_db} dB")
                    # Encoded for the SNR that the sender believed in, received at the measured.
                    sent = link.transmit(to_float(images[index])[None], ratio, snr_db)
                    symbols, knowledge = awgn(sent.symbols, arrival.snr_db, Draws(1, [index]))
                    ideal = link.receive(symbols, knowledge, sent.control).images
                    assert ideal is not None
                    lost.append(
                        _quality(images[index], ideal[0]) - _quality(images[index], arrival.image)
                    )
                points.append(
                    point(lost, profile=profile.name, link=name, ratio=str(ratio), snr_db=snr_db)
                )
    return worst(points, 0.5, unit="dB PSNR")


def packets(effort: int) -> Outcome:
    """PSNR over the share of packets that are lost; an image is always to arrive."""
    side = 6
    image, ratio = _mosaic(0, side), Fraction(1, 6)
    samples, (sent,) = _recording([image], "djscc", SDR, ratio, 10.0)
    full = burst_samples(SDR, SDR.burst_capacity)
    bursts = burst_count(SDR, sent.channel_uses)
    points, arrived, asked, curves = [], 0, 0, []
    draws = max(2, effort // 4)
    for share in (0.0, 0.1, 0.25, 0.5):
        quality = []
        for draw in range(draws):
            random = generator(draw, "benchmark packets", 0)
            # The same order for every share: what is lost at 10 % is lost at 25 % too.
            lost = random.permutation(bursts)[: round(share * bursts)]
            dropped = samples.copy()
            for burst in lost:
                start = sent.start + burst * full
                dropped[start : start + full] = 0
            simulation = Simulation(snr_db=10.0, bandwidth=bandwidth(SDR), seed=draw)
            asked += 1
            (arrival,) = _arrivals(simulate(dropped, SDR.sample_rate, simulation), SDR, 1)
            if arrival.image is not None and arrival.lost == len(lost):
                arrived += 1
                quality.append(_quality(image, arrival.image))
        curves.append(quality)
        points.append(point(quality, lost_share=share, unit="dB PSNR"))
    falls = all(np.all(np.diff(curve) < 0) for curve in zip(*curves, strict=True))
    reached = share_point(arrived, asked)
    said = ", ".join(f"{p['value']:.1f} dB at {100 * p['lost_share']:.0f} %" for p in points)
    return Outcome(
        100 * reached["value"], 100 * reached["low"], 100 * reached["high"], "%",
        met=arrived == asked and falls, trials=asked, points=points,
        note=f"PSNR {said} of {bursts} packets lost, {'' if falls else 'not '}monotone",
    )  # fmt: skip


def budget(effort: int) -> Outcome:
    """The share of time and band that is payload, and accuracy against separate coding."""
    points: list[dict[str, Any]] = []
    ratio, side = Fraction(1, 48), 4
    images = max(1, effort // 6)
    mosaics = [_mosaic(index * side * side, side) for index in range(images)]
    labels = [[_label(index * side * side + tile) for tile in range(side * side)]
              for index in range(images)]  # fmt: skip
    shares = {}
    for name in ("semantic", "djscc", "separate-hevc"):
        for snr_db in (2.0, 6.0, 10.0, 14.0):
            samples, sent = _recording(mosaics, name, SDR, ratio, snr_db)
            shares[name] = sent[0].share
            # A digital sender has to leave room for what the modem itself takes.
            simulation = Simulation(snr_db=snr_db + 1.0, bandwidth=bandwidth(SDR), seed=5)
            received = simulate(samples, SDR.sample_rate, simulation)
            right, quality = 0, []
            for mosaic, truth, arrival in zip(
                mosaics, labels, _arrivals(received, SDR, images), strict=True
            ):
                if arrival.image is None:
                    continue
                tiles = arrival.image.unfold(1, TILE, TILE).unfold(2, TILE, TILE)
                tiles = tiles.permute(1, 2, 0, 3, 4).reshape(-1, 3, TILE, TILE)
                right += int((_classes(tiles) == torch.tensor(truth)).sum())
                quality.append(_quality(mosaic, arrival.image))
            points.append(
                share_point(
                    right, images * side * side, link=name, snr_db=snr_db + 1.0,
                    psnr_db=float(np.mean(quality)) if quality else None,
                )
            )  # fmt: skip
    both = PROFILES.values()
    small = {each.name: payload_share_of(each, 64, Fraction(1, 48)) for each in both}
    large = {each.name: payload_share_of(each, 256, ratio) for each in both}
    same = len(set(shares.values())) == 1
    value = 100 * shares["semantic"]
    said = "; ".join(
        f"{name}: {100 * small[name]:.0f} % (64 x 64 at 1/48), {100 * large[name]:.0f} % "
        f"(256 x 256 at {ratio})"
        for name in small
    )
    return Outcome(value, value, value, "% payload", met=same, trials=len(points), points=points,
                   where=f"sdr, 256 x 256 at {ratio}", note=said)  # fmt: skip


def payload_share_of(profile: Profile, side: int, ratio: Fraction) -> float:
    """Of an image with ``side`` pixels a side."""
    told = control(side, ratio)
    symbols = latents(told, 0)
    return payload_share(profile, len(symbols), len(modulate_image(symbols, told, profile)))


def _gnuradio(
    samples: NDArray[np.complex64], rate: float, snr_db: float, cfo_hz: float, ppm: float, seed: int
) -> NDArray[np.complex64]:
    """Through GNU Radio's channel model; the taps are those of `TAPS`."""
    with tempfile.TemporaryDirectory() as folder:
        sent, received = Path(folder) / "tx.cf32", Path(folder) / "rx.cf32"
        # Its resampler keeps the last samples to itself.
        write_recording(sent, [samples, np.zeros(8192, np.complex64)], rate)
        numbers = {"rate": rate, "snr": snr_db, "cfo": cfo_hz, "sro": ppm, "seed": seed}
        options = [word for name, each in numbers.items() for word in (f"--{name}", str(each))]
        command = [SYSTEM_PYTHON, str(GNURADIO), str(sent), str(received), *options]
        taps = [str(tap).strip("()") for tap in TAPS]
        subprocess.run([*command, "--taps", *taps], check=True, capture_output=True, timeout=300)
        return np.concatenate(list(read_recording(received, rate).chunks))


TAPS = (0.9, 0.35j, -0.26)
"""Three paths of power one in all."""


def has_gnuradio() -> bool:
    """Whether the system's Python finds GNU Radio."""
    command = [SYSTEM_PYTHON, "-c", "from gnuradio import blocks, channels, gr"]
    try:
        return (
            subprocess.run(command, capture_output=True, check=False, timeout=120).returncode == 0
        )
    except OSError:
        return False


def judge(effort: int) -> Outcome:
    """The receiver's loss through GNU Radio's channel model against that through ours."""
    points = []
    told, profile = control(), SDR
    for snr_db in (5.0, 15.0):
        differences = []
        for seed in range(2 * effort):
            sent = latents(told, seed)
            waveform = modulate_image(sent, told, profile, clip_db=None)
            offset = 2.03 * profile.spacing_hz
            samples = np.concatenate([np.zeros(640), waveform, np.zeros(640)])
            bent = np.convolve(samples, TAPS).astype(np.complex64)
            simulation = Simulation(
                snr_db=snr_db, bandwidth=bandwidth(profile), cfo_hz=offset, sro_ppm=10.0, seed=seed
            )
            ours = simulate(bent, profile.sample_rate, simulation)
            spread = 10 * np.log10(profile.size / len(profile.carriers))
            theirs = _gnuradio(
                samples.astype(np.complex64), profile.sample_rate, snr_db - spread, offset, 10.0,
                seed + 1,
            )  # fmt: skip
            loss = []
            for recording in (theirs, ours):
                (frame,) = receive([recording], profile)
                error = float(np.mean(np.abs(frame.symbols - sent) ** 2))
                loss.append(10 * np.log10(error))
            differences.append(loss[0] - loss[1])
        mean, low, high = mean_interval(differences)
        ends = sorted([abs(low), abs(high)])
        points.append({"snr_db": snr_db, "value": abs(mean), "low": 0.0 if low < 0 < high
                       else ends[0], "high": ends[1], "trials": len(differences)})  # fmt: skip
    return worst(points, 0.3)


def gnuradio_end_to_end(effort: int) -> Outcome:
    """Through GNU Radio at 5 dB: agreement with the clean result, against symbols at that SNR."""
    count = 8 * effort
    ratio, profile = Fraction(1, 48), SDR
    images = [_sign(index) for index in range(count)]
    clean = _classes(torch.stack([to_float(image) for image in images]))
    samples, _ = _recording(images, "semantic", profile, ratio, 5.0)
    spread = 10 * np.log10(profile.size / len(profile.carriers))
    received = _gnuradio(
        samples, profile.sample_rate, 5.0 - spread, 2.03 * profile.spacing_hz, 10.0, 1
    )
    arrivals = _arrivals(received, profile, min(count, 256))
    link = open_link("semantic", FAMILY)
    agree = simulated = arrived = 0
    for index, arrival in enumerate(arrivals):
        if arrival.image is None or arrival.snr_db is None:
            continue
        arrived += 1
        agree += int(_classes(arrival.image[None])[0] == clean[index])
        situation = Situation(awgn, arrival.snr_db, ratio, Draws(2, [index]), 5.0)
        ideal = link.send(to_float(images[index])[None], situation).images
        assert ideal is not None
        simulated += int(_classes(ideal)[0] == clean[index])
    made = share_point(agree, len(arrivals), which="waveform")
    other = share_point(simulated, max(arrived, 1), which="symbols")
    met = arrived == len(arrivals) and made["low"] <= other["value"] <= made["high"]
    return Outcome(
        100 * made["value"], 100 * made["low"], 100 * made["high"], "%", met, len(arrivals),
        points=[made, other],
        note=f"{arrived} of {len(arrivals)} images arrived; symbols at the measured SNR agree in "
        f"{100 * other['value']:.1f} %",
    )  # fmt: skip


def strip(effort: int) -> Outcome:
    """Images for the strip over falling SNR; the figure is the lowest SNR with a right answer."""
    del effort
    index, ratio = 0, Fraction(1, 12)
    points = []
    for name in ("semantic", "djscc", "separate-hevc"):
        # The digital sender codes for 10 dB, as one does who cannot know what will come.
        samples, _ = _recording([_sign(index)], name, SDR, ratio, 10.0)
        for snr_db in (15.0, 12.0, 9.0, 6.0, 3.0, 0.0, -3.0):
            around = np.concatenate([samples, np.zeros(2000, np.complex64)])
            simulation = Simulation(snr_db=snr_db, bandwidth=bandwidth(SDR), seed=2)
            received = simulate(around, SDR.sample_rate, simulation)
            (arrival,) = _arrivals(received, SDR, 1)
            seen = None
            if arrival.image is not None:
                seen = int(_classes(arrival.image[None])[0])
            points.append(
                {"link": name, "snr_db": snr_db, "right": seen == _label(index),
                 "pixels": None if arrival.image is None else _text(arrival.image)}
            )  # fmt: skip
    lowest = min(each["snr_db"] for each in points if each["right"] and each["link"] == "semantic")
    return Outcome(lowest, lowest, lowest, "dB", None, len(points), where="semantic", points=points)


def _text(image: Tensor) -> str:
    """Its bytes (3, H, W), short enough for a JSON file."""
    pixels = to_uint8(image).numpy().tobytes()
    return base64.b64encode(zlib.compress(pixels, 9)).decode()
