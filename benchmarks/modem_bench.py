"""What the modem's benchmark lines share: symbols, recordings, intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semjscc.codecs.bandwidth import channel_uses
from semjscc.links.base import Control
from semjscc.radio.receiver.receiver import Frame, receive
from semjscc.radio.simulator.simulator import Simulation, simulate
from semjscc.radio.waveform.profiles import Profile
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.randomness import generator
from semjscc.statistics.intervals import wilson

SIXTH = Fraction(1, 6)
SNRS_DB = (0.0, 5.0, 10.0, 15.0, 20.0)
MARGIN_S = 0.002


@dataclass(frozen=True)
class Outcome:
    """One line of the table.

    Attributes:
        value, low, high: the figure and its 95 % interval, in ``unit``.
        unit: of all three and of the target.
        met: whether the figure reaches its target, and `held`; None where there is none.
        trials: frames, images or recordings behind it.
        where: which of the points the figure is, such as the worst.
        points: everything that was measured, for the plots.
        note: what else there is to say.
        held: whether all else is so that the target asks for, such as that no frame is lost.
    """

    value: float
    low: float
    high: float
    unit: str
    met: bool | None
    trials: int
    where: str = ""
    points: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""
    held: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def control(side: int = 64, ratio: Fraction = SIXTH) -> Control:
    return Control("adaptive", side, side, ratio)


def latents(told: Control, seed: int) -> NDArray[np.complex64]:
    """(k,) Gaussian symbols of mean power 1."""
    k = channel_uses(told.height, told.width, told.ratio)
    drawn = generator(seed, "benchmark latents", 0).standard_normal(2 * k).view(np.complex128)
    return (drawn / np.sqrt(np.mean(np.abs(drawn) ** 2))).astype(np.complex64)


def bandwidth(profile: Profile) -> float:
    """Hz on which Es/N0 counts."""
    return len(profile.carriers) * profile.spacing_hz


def over_the_air(
    samples: NDArray[np.complexfloating], profile: Profile, simulation: Simulation
) -> NDArray[np.complex64]:
    """A waveform with silence around it through the simulator."""
    around = np.zeros(4 * profile.symbol, np.complex64)
    recording = np.concatenate([around, samples, around]).astype(np.complex64)
    return simulate(recording, profile.sample_rate, simulation)


def losses(
    profile: Profile,
    frames: int,
    *,
    clip_db: float | None = None,
    side: int = 64,
    noise_db: float,
    **channel: Any,
) -> tuple[NDArray[np.float64], list[Frame]]:
    """How much worse received symbols are than the noise alone, in dB: (frames,), and those found.

    A frame that is lost, or of which a packet is, has NaN for a loss.

    Args:
        profile: the waveform.
        frames: to send, each with its own symbols and noise; the same for any channel.
        clip_db: as for `modulate_image`.
        side: of the image.
        noise_db: Es/N0 in dB.
        channel: what else a `Simulation` takes.
    """
    told, found, loss = control(side), [], []
    for seed in range(frames):
        sent = latents(told, seed)
        simulation = Simulation(snr_db=noise_db, bandwidth=bandwidth(profile), seed=seed, **channel)
        waveform = modulate_image(sent, told, profile, image=seed, clip_db=clip_db)
        received = list(receive([over_the_air(waveform, profile, simulation)], profile))
        if len(received) == 1 and received[0].packets_lost == 0:
            found.append(received[0])
            error = float(np.mean(np.abs(received[0].symbols - sent) ** 2))
            loss.append(10 * np.log10(error) + noise_db)
        else:
            loss.append(np.nan)
    return np.array(loss), found


def mean_interval(values: Sequence[float] | NDArray[np.floating]) -> tuple[float, float, float]:
    """Mean and the normal 95 % interval of independent values."""
    values = np.asarray(values, np.float64)
    mean = float(values.mean())
    spread = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return mean, mean - spread, mean + spread


def point(values: Sequence[float] | NDArray[np.floating], **where: Any) -> dict[str, Any]:
    """A point of a curve with its interval; NaN stands for a frame that was lost."""
    found = np.asarray(values, np.float64)
    found = found[~np.isnan(found)]
    lost = len(values) - len(found)
    # Nothing is worse than to lose them all.
    mean, low, high = mean_interval(found) if len(found) else (float("inf"),) * 3
    return {**where, "value": mean, "low": low, "high": high, "trials": len(found), "lost": lost}


def frames_lost(points: Sequence[dict[str, Any]]) -> str:
    """How many of the frames behind points of `point` were lost, in words."""
    lost = sum(each["lost"] for each in points)
    return f"{lost} of {lost + sum(each['trials'] for each in points)} frames lost"


def share_point(successes: int, trials: int, **where: Any) -> dict[str, Any]:
    """The same for a share, with its Wilson interval."""
    low, high = wilson(successes, trials)
    return {**where, "value": successes / trials, "low": low, "high": high, "trials": trials}


def worst(
    points: list[dict[str, Any]],
    most: float,
    unit: str = "dB",
    note: str = "",
    counted: Sequence[dict[str, Any]] | None = None,
    held: bool = True,
) -> Outcome:
    """The worst of the points, or of those counted, against ``most``: whose interval ends highest.

    Args:
        points: all that was measured.
        most: what none may exceed.
        unit: of the points.
        note: what else there is to say.
        counted: those that the target speaks of; None for all.
        held: whether all else is so that the target asks for.
    """
    counted = points if counted is None else counted
    largest = max(counted, key=lambda each: each["high"])
    named = [
        _named(key, value)
        for key, value in largest.items()
        if key not in ("value", "low", "high", "trials", "lost")
    ]
    return Outcome(
        largest["value"],
        largest["low"],
        largest["high"],
        unit,
        met=held and all(each["value"] <= most for each in counted),
        trials=sum(each["trials"] for each in points),
        where=", ".join(named),
        points=points,
        note=note,
        held=held,
    )


def _named(key: str, value: object) -> str:
    """A coordinate of a point as words."""
    if isinstance(value, bool):
        return key if value else f"no {key}"
    if isinstance(value, float):
        unit = {"snr_db": "dB", "ppm": "ppm", "carriers": "carriers"}.get(key, "")
        return f"{value:g} {unit}".rstrip()
    return str(value)
