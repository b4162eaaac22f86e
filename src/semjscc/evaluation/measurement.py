"""Every link at every ratio and SNR, over all images of a data set.

Shapes: N images, D draws of the channel for each, B images in a batch.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semjscc.channels import channel_named
from semjscc.data.base import ImageSet, PerImage
from semjscc.errors import UserError
from semjscc.evaluation.batches import batches
from semjscc.evaluation.evaluators import Evaluator, evaluators_of
from semjscc.evaluation.grid import Grid, Point, points
from semjscc.links import Link, Received, Situation
from semjscc.links.check_received import check_outputs, check_received
from semjscc.metrics import mean_psnr, psnr, ssim
from semjscc.perception.base import Perception, predict
from semjscc.randomness import Draws
from semjscc.results.evidence import pack_evidence
from semjscc.results.outcomes import pack
from semjscc.results.records import Record
from semjscc.runtime.devices import device_of
from semjscc.statistics.intervals import of_mean
from semjscc.statistics.resampling import bootstrap
from semjscc.tasks.base import Rows
from semjscc.tasks.evidence import Evidence, gather


class _Measured:
    """What a point collects; nan where no image arrived. The evaluators differ in what is right."""

    def __init__(self, images: int, draws: int, networks: int) -> None:
        self.found: list[list[list[Rows]]] = [
            [[np.zeros((0, 1))] * draws for _ in range(images)] for _ in range(networks)
        ]
        self.delivered = np.zeros((images, draws), bool)
        self.psnr_db = np.full((images, draws), np.nan)
        self.ssim = np.full((images, draws), np.nan)
        self.channel_uses = np.zeros(images, np.int64)
        self.repeated = np.zeros((images, draws), np.int64)
        self.control_bits = np.zeros(images, np.int64)
        self.payload_bits: NDArray[np.int64] | None = None
        self.codecs: dict[str, None] = {}


def _ignore(_: object) -> None:
    """The callback of those who ask for none."""


def evaluate(
    links: Sequence[Link],
    data: ImageSet,
    perception: Perception,
    grid: Grid,
    *,
    agreement: bool = False,
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
        agreement: what is right is what the network sees in the clean images.
        batch: images at once; fewer where they are large.
        on_record: given each record as soon as it is complete, so that it can be saved.
        on_progress: given the number of images of each batch that is done; `work` is their sum.

    Returns:
        the records by link, then ratio, then SNR, then metric of the network's task.

    Raises:
        UserError: the perception network knows other classes than the data has, there are no
            images, a link has no weights for a point, or gives what is not comparable.
    """
    evaluators = evaluators_of(data, perception, agreement=agreement)
    records = []
    for point in points(links, grid):
        for record in measure(point, evaluators, grid, batch=batch, on_progress=on_progress):
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
        UserError: as of `evaluate`, which has checked that the networks can judge; or nothing of
            what arrived can be measured.
    """
    data = evaluators[0].data
    measured = _Measured(len(data), point.draws, len(evaluators))
    for draw, indices in product(range(point.draws), list(batches(data.sizes, batch))):
        _send(point, evaluators, grid, Draws(grid.seed, indices, draw), measured)
        on_progress(len(indices))
    return [
        _record(point, one, grid, measured, gather(one.kind, found))
        for one, found in zip(evaluators, measured.found, strict=True)
    ]


@torch.inference_mode()
def _send(
    point: Point,
    evaluators: Sequence[Evaluator],
    grid: Grid,
    draws: Draws,
    measured: _Measured,
) -> None:
    """Send the images at ``draws.indices`` and enter what arrives into ``measured``."""
    data, first = evaluators[0].data, evaluators[0].perception
    images = data.batch(draws.indices).to(device_of(first))
    situation = Situation(
        channel_named(grid.channel),
        math.inf if point.snr_db is None else point.snr_db,
        Fraction(1) if point.ratio is None else point.ratio,
        draws,
        grid.assumed(point.snr_db),
    )
    # A copy: a link that works in place would change what it is compared with.
    received = point.link.send(images.clone(), situation)
    check_received(point.link.name, images, received, point.ratio)
    place = (list(draws.indices), draws.draw)
    if received.images is not None:
        measured.psnr_db[place] = psnr(images, received.images).cpu().numpy()
        measured.ssim[place] = ssim(images, received.images).cpu().numpy()
    known: dict[tuple[int, int], dict[str, list[Rows]]] = {}
    for one, found in zip(evaluators, measured.found, strict=True):
        key = id(one.perception), id(one.data)
        if key not in known:  # several metrics have one network, and what is right in common
            if received.images is None:
                check_outputs(point.link.name, images, received.outputs, one.perception)
            known[key] = _evidence(received, one, images, draws.indices)
        for index, of_image in zip(draws.indices, known[key][one.own_metric], strict=True):
            found[index][draws.draw] = of_image
    measured.delivered[place] = received.delivered.cpu().numpy()
    measured.channel_uses[place[0]] = received.channel_uses
    if received.repeated is not None:
        measured.repeated[place] = received.repeated.cpu().numpy()
    measured.control_bits[place[0]] = received.control_bits
    if received.payload_bits is not None:
        if measured.payload_bits is None:
            measured.payload_bits = np.zeros(len(data), np.int64)
        measured.payload_bits[place[0]] = received.payload_bits.cpu().numpy()
    if received.codec is not None:
        measured.codecs[received.codec] = None


def _evidence(
    received: Received, evaluator: Evaluator, images: Tensor, indices: Sequence[int]
) -> dict[str, list[Rows]]:
    """How far what a network concludes is right, for each metric of its task."""
    perception = evaluator.perception
    return perception.task.evidence(
        _results(received, perception, images),
        evaluator.data.targets(perception.task.target, indices),
        len(perception.class_names),
    )


def _results(received: Received, perception: Perception, images: Tensor) -> PerImage:
    """What a network concludes of each image, or what came without one."""
    if received.images is None:
        assert received.outputs is not None
        return perception.task.results(received.outputs, (images.shape[-2], images.shape[-1]))
    return predict(perception, received.images)


def _record(
    point: Point,
    evaluator: Evaluator,
    grid: Grid,
    measured: _Measured,
    evidence: Evidence,
) -> Record:
    data = evaluator.data
    correct = evidence.rows.reshape(len(data), point.draws) > 0 if evidence.kind == "bits" else None
    value = float(correct.mean()) if correct is not None else evidence.value
    if math.isnan(value):  # of a task that cannot tell beforehand
        raise UserError(
            f"{evaluator.perception.name} has nothing to measure {evaluator.metric} by in what "
            f"arrives over {point.link.name}: leave that link out, or take other images"
        )
    if correct is None:
        low, high = bootstrap(evidence, grid.seed)
    else:
        low, high = of_mean(correct, grid.seed)
    psnr_db, exact = mean_psnr(measured.psnr_db)
    uses = measured.channel_uses + measured.repeated.mean(axis=1)
    used = uses / np.array([3 * height * width for height, width in data.sizes])
    return Record(
        link=point.link.name,
        codec="+".join(measured.codecs) or None,
        data=data.name,
        channel="none" if point.snr_db is None else grid.channel,
        snr_db=point.snr_db,
        assumed_snr_db=grid.assumed(point.snr_db),
        ratio=None if point.ratio is None else str(point.ratio),
        ratio_measured=None if point.ratio is None else float(used.mean()),
        channel_uses=_common(uses),
        control_bits=_common(measured.control_bits),
        payload_bits=None if measured.payload_bits is None else _common(measured.payload_bits),
        images=len(data),
        draws=point.draws,
        seed=grid.seed,
        split=data.split,
        delivered=float(measured.delivered.mean()),
        metric=evaluator.metric,
        value=value,
        ci_low=low,
        ci_high=high,
        psnr_db=psnr_db,
        ssim=None if exact is None else float(measured.ssim.mean()),
        perception=evaluator.perception.name,
        right=None if correct is None else pack(correct),
        exact=exact,
        evidence=None if correct is not None else pack_evidence(evidence),
    )


def _common(values: NDArray[np.int64] | NDArray[np.float64]) -> int | float:
    """The whole number that all images share, or else their mean."""
    same = (values == values[0]).all() and float(values[0]).is_integer()
    return int(values[0]) if same else float(values.mean())
