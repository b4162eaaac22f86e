"""Every link at every ratio and SNR, over all images of a data set.

Shapes: N images, D draws of the channel for each, B images in a batch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semjscc.channels import CHANNELS
from semjscc.data.base import ImageSet
from semjscc.errors import UserError
from semjscc.evaluation.batches import batches
from semjscc.evaluation.contract import check_received
from semjscc.evaluation.evaluators import Evaluator, check
from semjscc.images import printable
from semjscc.links import Link, NoChannel, Received, Situation
from semjscc.metrics import mean_psnr, psnr, ssim
from semjscc.perception.base import Perception, predict
from semjscc.randomness import Draws
from semjscc.results.outcomes import pack
from semjscc.results.records import Record, device_of
from semjscc.statistics.intervals import clustered_bootstrap, wilson


@dataclass(frozen=True)
class Grid:
    """The points at which links are compared.

    Attributes:
        ratios: nominal bandwidth ratios.
        snrs_db: true mean SNRs, Es/N0 in dB.
        channel: a name from `CHANNELS`.
        assumed_snr_db: what both ends believe the SNR to be; the truth where it is None.
        assumed_error_db: or by how much they believe it to be better than it is.
        seed: of the noise.
        draws: how often each image is sent, with fresh noise.

    Raises:
        UserError: no such channel, fewer than one draw, an SNR that is not finite, or two beliefs.
    """

    ratios: tuple[Fraction, ...]
    snrs_db: tuple[float, ...]
    channel: str = "awgn"
    assumed_snr_db: float | None = None
    assumed_error_db: float = 0.0
    seed: int = 0
    draws: int = 1

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            known = ", ".join(CHANNELS)
            raise UserError(f"no channel '{printable(self.channel)}'; there are {known}")
        if self.draws < 1:
            raise UserError(f"each image is sent at least once, not {self.draws} times")
        believed = (self.assumed_snr_db or 0, self.assumed_error_db)
        if not all(math.isfinite(snr_db) for snr_db in (*self.snrs_db, *believed)):
            raise UserError("an SNR is a finite number of dB")
        if self.assumed_snr_db is not None and self.assumed_error_db:
            raise UserError("say what both ends believe, or how wrong they are, not both")

    def assumed(self, snr_db: float | None) -> float | None:
        """What both ends believe at a true SNR; None where that is the truth, or no channel met."""
        if snr_db is None:
            return None
        if self.assumed_error_db:
            return snr_db + self.assumed_error_db
        return None if self.assumed_snr_db == snr_db else self.assumed_snr_db


@dataclass(frozen=True)
class Point:
    """One link at one ratio and SNR, both None for the `none` link."""

    link: Link
    ratio: Fraction | None
    snr_db: float | None
    draws: int

    def describe(self, grid: Grid) -> dict[str, Any]:
        """What decides its record beside link, data and perception network, as plain data."""
        return {
            "ratio": None if self.ratio is None else str(self.ratio),
            "snr_db": self.snr_db,
            "channel": None if self.snr_db is None else grid.channel,
            "assumed_snr_db": grid.assumed(self.snr_db),
            "seed": grid.seed,
            "draws": self.draws,
        }


class _Measured:
    """What a point collects; nan where no image arrived. The networks differ in what is right."""

    def __init__(self, images: int, draws: int, networks: int) -> None:
        self.correct = np.zeros((networks, images, draws), bool)
        self.delivered = np.zeros((images, draws), bool)
        self.psnr_db = np.full((images, draws), np.nan)
        self.ssim = np.full((images, draws), np.nan)
        self.channel_uses = np.zeros(images, np.int64)
        self.control_bits = np.zeros(images, np.int64)
        self.payload_bits: NDArray[np.int64] | None = None
        self.codecs: dict[str, None] = {}


def work(links: Sequence[Link], data: ImageSet, grid: Grid) -> int:
    """How many images `evaluate` will send, each counted at every point and draw."""
    return len(data) * sum(point.draws for point in points(links, grid))


def points(links: Sequence[Link], grid: Grid) -> list[Point]:
    """All points, by link, then ratio, then SNR; `NoChannel` knows neither and has one."""
    return [point for link in links for point in _points(link, grid)]


def _ignore(_: object) -> None:
    """The callback of those who ask for none."""


def evaluate(
    links: Sequence[Link],
    data: ImageSet,
    perception: Perception,
    grid: Grid,
    *,
    batch: int = 100,
    on_record: Callable[[Record], None] = _ignore,
    on_progress: Callable[[int], None] = _ignore,
) -> list[Record]:
    """Send every image over every link at every point of the grid, and look at what arrives.

    An image meets the same noise on every link and, scaled, at every SNR, whatever the batch
    size and however few images of the data set are sent.

    Args:
        links: what to compare; `NoChannel` is measured once, for it knows no ratio and no SNR.
        data: the images, of any sizes.
        perception: looks at the received images, in float32, on its own device.
        grid: the points.
        batch: images at once; fewer where they are large.
        on_record: given each record as soon as it is complete, so that it can be saved.
        on_progress: given the number of images of each batch that is done; `work` is their sum.

    Returns:
        the records by link, then ratio, then SNR.

    Raises:
        UserError: the perception network knows other classes than the data has, there are no
            images, a link has no weights for a point, or gives what is not comparable.
    """
    check(data, perception)
    records = []
    for point in points(links, grid):
        evaluators = [Evaluator(data, perception)]
        (record,) = measure(point, evaluators, grid, batch=batch, on_progress=on_progress)
        records.append(record)
        on_record(record)
    return records


def measure(
    point: Point,
    evaluators: Sequence[Evaluator],
    grid: Grid,
    *,
    batch: int = 100,
    on_progress: Callable[[int], None] = _ignore,
) -> list[Record]:
    """The records of one point, one for each network.

    Args:
        point: what is sent, and where.
        evaluators: the same images for each, which are sent once. The first network's device sends.
        grid: seed and channel.
        batch: as of `evaluate`.
        on_progress: likewise.

    Raises:
        UserError: as of `evaluate`, which has checked that the networks can judge.
    """
    data = evaluators[0].data
    measured = _Measured(len(data), point.draws, len(evaluators))
    for draw, indices in product(range(point.draws), list(batches(data.sizes, batch))):
        _send(point, evaluators, grid, Draws(grid.seed, indices, draw), measured)
        on_progress(len(indices))
    return [
        _record(point, *one, grid, measured, correct)
        for one, correct in zip(evaluators, measured.correct, strict=True)
    ]


def _points(link: Link, grid: Grid) -> list[Point]:
    if isinstance(link, NoChannel):
        return [Point(link, None, None, draws=1)]
    # A point that is asked for twice is one point, and one test of a family.
    ratios, snrs_db = dict.fromkeys(grid.ratios), dict.fromkeys(grid.snrs_db)
    return [Point(link, *point, grid.draws) for point in product(ratios, snrs_db)]


@torch.inference_mode()
def _send(
    point: Point,
    evaluators: Sequence[Evaluator],
    grid: Grid,
    draws: Draws,
    measured: _Measured,
) -> None:
    """Send the images at ``draws.indices`` and enter what arrives into ``measured``."""
    data, first = evaluators[0]
    images = data.batch(draws.indices).to(device_of(first))
    situation = Situation(
        CHANNELS[grid.channel],
        math.inf if point.snr_db is None else point.snr_db,
        Fraction(1) if point.ratio is None else point.ratio,
        draws,
        grid.assumed(point.snr_db),
    )
    received = point.link.send(images, situation)
    check_received(point.link.name, images, received, point.ratio)
    place = (list(draws.indices), draws.draw)
    if received.images is not None:
        measured.psnr_db[place] = psnr(images, received.images).cpu().numpy()
        measured.ssim[place] = ssim(images, received.images).cpu().numpy()
    for number, (right, perception) in enumerate(evaluators):
        predicted = _result(received, perception).cpu()
        measured.correct[number][place] = (predicted == right.labels[place[0]]).numpy()
    measured.delivered[place] = received.delivered.cpu().numpy()
    measured.channel_uses[place[0]] = received.channel_uses
    measured.control_bits[place[0]] = received.control_bits
    if received.payload_bits is not None:
        if measured.payload_bits is None:
            measured.payload_bits = np.zeros(len(data), np.int64)
        measured.payload_bits[place[0]] = received.payload_bits.cpu().numpy()
    if received.codec is not None:
        measured.codecs[received.codec] = None


def _result(received: Received, perception: Perception) -> Tensor:
    """The class that a network sees in each image, or that came without one: (B,)."""
    if received.images is None:
        assert received.outputs is not None
        return perception.task.predict(received.outputs)
    return predict(perception, received.images.to(device_of(perception)))


def _record(
    point: Point,
    data: ImageSet,
    perception: Perception,
    grid: Grid,
    measured: _Measured,
    correct: NDArray[np.bool_],
) -> Record:
    if point.draws == 1:
        low, high = wilson(int(correct.sum()), len(data))
    else:
        low, high = clustered_bootstrap(correct, grid.seed)
    psnr_db, exact = mean_psnr(measured.psnr_db)
    used = measured.channel_uses / np.array([3 * height * width for height, width in data.sizes])
    return Record(
        link=point.link.name,
        codec="+".join(measured.codecs) or None,
        data=data.name,
        channel="none" if point.snr_db is None else grid.channel,
        snr_db=point.snr_db,
        assumed_snr_db=grid.assumed(point.snr_db),
        ratio=None if point.ratio is None else str(point.ratio),
        ratio_measured=None if point.ratio is None else float(used.mean()),
        channel_uses=_common(measured.channel_uses),
        control_bits=_common(measured.control_bits),
        payload_bits=None if measured.payload_bits is None else _common(measured.payload_bits),
        images=len(data),
        draws=point.draws,
        seed=grid.seed,
        split=data.split,
        delivered=float(measured.delivered.mean()),
        metric=perception.task.metric,
        value=float(correct.mean()),
        ci_low=low,
        ci_high=high,
        psnr_db=psnr_db,
        ssim=None if exact is None else float(measured.ssim.mean()),
        perception=perception.name,
        right=pack(correct),
        exact=exact,
    )


def _common(values: NDArray[np.int64]) -> int | float:
    """The number that all images share, or else their mean."""
    return int(values[0]) if (values == values[0]).all() else float(values.mean())
