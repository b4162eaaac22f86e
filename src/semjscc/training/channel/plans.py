"""How a training step's images are sent, for codecs that plan: drawn, since to choose takes long.

A sender tries all layouts and takes the one that promises the least error. Here a layout is drawn,
about as often as senders take it for crops of photographs at such a capacity, and its block is
taken to be as long as such blocks are; so the codec sees more than the choices of a sender. Some
images are sent as if one place in them mattered most.
"""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.base import Codec, Encoded
from semjscc.codecs.deep import Deep, picture_gains
from semjscc.images import pad_to_multiple
from semjscc.linear.level import design_snr
from semjscc.linear.overview import to_overview
from semjscc.linear.planning.announcement import LARGEST_SHARE
from semjscc.linear.planning.description import Known, Regions, understood
from semjscc.linear.planning.logs import lost_logs, untold_histogram, untold_logs
from semjscc.linear.planning.plans import Plan
from semjscc.linear.planning.regions import LAYOUTS, strengths
from semjscc.linear.planning.selection import settle
from semjscc.linear.planning.side_block import USUAL_GAP_DB
from semjscc.linear.planning.weights import quantise
from semjscc.linear.transform import BLOCK, analyse
from semjscc.randomness import generator
from semjscc.training.batches import Share
from semjscc.training.channel.disturbance import Disturbance

LOST = 0.02
"""How often the block with the strengths does not arrive."""
BITS = (6.0, 3.0, 2.2, 1.5)
"""That each layout's strengths take, for each block of the picture."""
WEIGHTED = 0.5
"""How often one place in an image counts more than others."""
SPREAD = 1 / 4
"""Of the image's sides from that place: there the weight has fallen to e^(−1/2)."""
LEAST_WEIGHT = 1 / 16
"""Of the largest."""
FREQUENCIES = (
    (3, (0.0, 0.0, 0.0, 0.0)),
    (10, (0.0, 0.0, 0.2, 0.3)),
    (40, (0.0, 0.4, 0.25, 0.3)),
    (80, (0.3, 0.35, 0.15, 0.2)),
    (math.inf, (0.6, 0.2, 0.05, 0.15)),
)
"""Up to so many bits of capacity for a block of the picture, how often each layout is taken."""


def encode_planned(
    codec: Codec, images: Tensor, channel: Disturbance, seed: int, step: int, share: Share
) -> Encoded:
    """Encode images (B, 3, H, W) for one step's channel."""
    if not isinstance(codec, Deep):
        return codec.encode(images, channel.snr_db, channel.ratio)
    draws = generator(seed, "plans", step).random((len(images) * share.processes, 5))
    draws = share.take(torch.from_numpy(draws)).numpy()
    plans = draw_plans(images, channel, draws[:, 0], draws[:, 2:])
    encoded = codec.encode(images, channel.snr_db, channel.ratio, plans)
    assert encoded.side is not None
    heard = tuple(
        _lost(plan) if draw < LOST else plan for plan, draw in zip(plans, draws[:, 1], strict=True)
    )
    return replace(encoded, side=replace(encoded.side, told=heard))


@torch.no_grad()
def draw_plans(
    images: Tensor, channel: Disturbance, draws: np.ndarray, places: np.ndarray
) -> list[Plan]:
    """A plan for each image.

    Args:
        images: (B, 3, H, W).
        channel: of the step.
        draws: (B,) in [0, 1), which layout is taken.
        places: (B, 3) in [0, 1): below `WEIGHTED` one place matters most, at such shares of the
            height and of the width.
    """
    k = channel_uses(images.shape[-2], images.shape[-1], channel.ratio)
    coefficients = analyse(pad_to_multiple(images, BLOCK))
    units = coefficients / picture_gains(coefficients)[:, None, None, None]
    return [
        _plan(to_overview(unit), k, snr, draw, place)
        for unit, snr, draw, place in zip(
            units.cpu(),
            design_snr(channel.snr_db).tolist(),
            draws.tolist(),
            places.tolist(),
            strict=True,
        )
    ]


def _plan(unit: Tensor, k: int, snr_db: float, draw: float, place: list[float]) -> Plan:
    size, noise = (unit.shape[1], unit.shape[2]), 10 ** (-snr_db / 10)
    capacity = math.log2(1 + 10 ** ((snr_db - USUAL_GAP_DB) / 10))
    blocks = size[0] * size[1]
    frequencies = next(row for most, row in FREQUENCIES if capacity * k / blocks <= most)
    chosen = int(np.searchsorted(np.cumsum(frequencies), draw, side="right"))
    if chosen == len(LAYOUTS):
        water = settle(untold_histogram(unit), 2 * k, noise)
        return Plan(Known(untold_logs(size)), water, noise, k, 0)
    layout = LAYOUTS[chosen]
    uses = int(min(BITS[chosen] * blocks / capacity, LARGEST_SHARE * k))
    levels = None if place[0] >= WEIGHTED else quantise(_around(place[1], place[2], size))
    regions = Regions(layout, strengths(unit, layout), levels)
    water = settle(regions.histogram(size), 2 * (k - uses), noise)
    return Plan(understood(regions, water, noise, size), water, noise, k, uses)


def _around(down: float, across: float, size: tuple[int, int]) -> Tensor:
    """Weights that fall with the distance from a place, at such shares of the sides: (h, w)."""
    rows = ((torch.arange(size[0]) + 0.5) / size[0] - down) / SPREAD
    columns = ((torch.arange(size[1]) + 0.5) / size[1] - across) / SPREAD
    distance = rows.square()[:, None] + columns.square()
    return torch.exp(-distance / 2).clamp_min(LEAST_WEIGHT)


def _lost(plan: Plan) -> Plan:
    """What is left of a plan whose block is lost."""
    if plan.uses == 0:
        return plan
    size = plan.known.logs.shape[1], plan.known.logs.shape[2]
    return replace(plan, known=Known(lost_logs(size)), whole=False)
