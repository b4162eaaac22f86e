"""Train the network that predicts importance, on the training images of one or several sources.

python tools/train_predictor.py efficientnet-lite0 data/imagenet-photos --limit 500 --state maps

It learns what a vision model's gradients say of each image (`block_importance`), as a share of the
image's importance for each block: the loss is the divergence of the predicted shares from those
(KL). What would arrive, which importance looks at too, is that of `linear-adaptive` at a ratio and
an SNR that are drawn for each image. The maps are kept in --state, and a run that was interrupted
goes on from there. Val decides nothing but what is printed and kept beside the weights.
"""

import argparse
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.nn import functional as F

from semjscc.allocation.importance import block_importance
from semjscc.allocation.policy import LEAST_IMPORTANCE
from semjscc.allocation.predicted import (
    INPUTS,
    KIND,
    WEIGHTS,
    Predictor,
    block_energies,
    importance_of,
)
from semjscc.allocation.saliency import block_saliency
from semjscc.checkpoint import load_weights, save_weights
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.codecs.deep import RATIOS, SNR_RANGE_DB
from semjscc.data import Split, load_data
from semjscc.evaluation.progress import Progress
from semjscc.images import to_float
from semjscc.links.base import likely_received
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.perception.base import Perception
from semjscc.perception.store import open_perception
from semjscc.randomness import generator

STEPS, BATCH, RATE = 700, 16, 0.005
DECAY = 0.01
MIRRORED = 0.5
"""How often a batch is."""
KEPT_EVERY = 100
SEED = 1


@dataclass(frozen=True)
class Sample:
    """One image.

    Attributes:
        energies: (C, h, w), what the predictor sees.
        shares: (h, w), the share of importance of each block.
        saliency: (h, w), what `saliency` makes of it, as shares.
    """

    energies: Tensor
    shares: Tensor
    saliency: Tensor


def shares_of(importance: Tensor) -> Tensor:
    """Importance (B, h, w) with the floor that policies give it, as shares of each image."""
    mean = importance.mean(dim=(1, 2), keepdim=True).clamp_min(1e-30)
    floored = (importance / mean).clamp_min(LEAST_IMPORTANCE)
    return floored / floored.sum(dim=(1, 2), keepdim=True)


def sample(network: Perception, image: Tensor, number: int) -> Sample:
    """What is to be learned of one image (3, H, W) uint8."""
    draw = generator(SEED, "importance", number, 0)
    ratio = parse_ratio(RATIOS[draw.integers(len(RATIOS))])
    snr_db = float(draw.uniform(*SNR_RANGE_DB))
    images = to_float(image)[None]
    received = likely_received(AdaptiveLinearLink(), images, ratio, snr_db)
    found = block_importance(network, images, received)
    with torch.no_grad():
        return Sample(
            block_energies(images)[0], shares_of(found)[0], shares_of(block_saliency(images))[0]
        )


def samples(
    network: Perception, sources: list[str], split: Split, state: Path, limit: int | None
) -> list[Sample]:
    """Of the images of a split; what the file holds already is not made again."""
    told = {"kind": KIND, "of": [network.name, *sources, split, str(limit)]}
    kept: dict[str, Tensor] = {}
    if state.is_file():
        kept, before = load_weights(state)
        if before != told:
            raise SystemExit(f"{state} holds maps of something else: {before.get('of')}")
    images = [
        image
        for source in sources
        for image in load_data(source, split, limit=limit, needs_labels=False).images
    ]
    with Progress(f"importance, {split}", len(images)) as progress:
        for number, image in enumerate(images):
            if f"{number} shares" not in kept:
                one = sample(network, image, number)
                kept |= {f"{number} {name}": value for name, value in vars(one).items()}
                if number % KEPT_EVERY == 0:
                    save_weights(state, kept, told)
            progress.advance(1)
    save_weights(state, kept, told)
    return [
        Sample(*(kept[f"{number} {name}"] for name in ("energies", "shares", "saliency")))
        for number in range(len(images))
    ]


def padded(maps: list[Tensor]) -> Tensor:
    """Maps (..., h, w) of several sizes as one batch, zero where there is none."""
    height, width = (max(one.shape[side] for one in maps) for side in (-2, -1))
    room = [(0, width - one.shape[-1], 0, height - one.shape[-2]) for one in maps]
    return torch.stack([F.pad(one, pad) for one, pad in zip(maps, room, strict=True)])


def divergence(shares: Tensor, predicted: Tensor) -> Tensor:
    """KL in nats of each image: shares (B, h, w) that are meant from those that are said."""
    ratio = (shares.clamp_min(1e-12) / predicted.clamp_min(1e-12)).log()
    return (shares * ratio).sum(dim=(1, 2))


def train(found: list[Sample]) -> Predictor:
    """AdamW with a rate that rises and falls."""
    torch.manual_seed(SEED)
    model = Predictor()
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, STEPS, pct_start=0.1)
    for _ in track(range(STEPS), "training", console=Console(stderr=True)):
        chosen = [found[int(row)] for row in torch.randint(len(found), (BATCH,))]
        energies = padded([one.energies for one in chosen])
        shares = padded([one.shares for one in chosen])
        inside = (shares > 0).float()[:, None]
        if torch.rand(()) < MIRRORED:
            energies, shares, inside = energies.flip(-1), shares.flip(-1), inside.flip(-1)
        logits = model(energies, inside).masked_fill(shares == 0, -math.inf)
        said = logits.flatten(1).log_softmax(dim=1).reshape(shares.shape)
        loss = -(shares * said.masked_fill(shares == 0, 0.0)).sum(dim=(1, 2)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def measured(model: Predictor, found: list[Sample]) -> dict[str, float]:
    """The mean divergence from what is meant, of the network, of saliency and of no knowledge."""
    sums: dict[str, float] = defaultdict(float)
    for one in found:
        shares, blocks = one.shares[None], one.shares.numel()
        predicted = shares_of(importance_of(model(one.energies[None])))
        for name, said in (
            ("predicted", predicted),
            ("saliency", one.saliency[None]),
            ("uniform", torch.full_like(shares, 1 / blocks)),
        ):
            sums[name] += float(divergence(shares, said)) / len(found)
    return {name: round(value, 4) for name, value in sums.items()}


def main() -> None:
    """Make the maps, train, measure on val, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("perception")
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="images of each source and split")
    words = parser.parse_args()
    network = open_perception(words.perception)
    beside = words.state.with_name(f"{words.state.stem}-val{words.state.suffix}")
    learned = samples(network, words.sources, "train", words.state, words.limit)
    held_out = samples(network, words.sources, "val", beside, words.limit)
    model = train(learned)
    facts = {
        "network": network.name,
        "sources": [Path(source).name for source in words.sources],
        "images": len(learned),
        "val_images": len(held_out),
        "val_divergence": measured(model, held_out),
        "inputs": INPUTS,
    }
    half = {name: tensor.half() for name, tensor in model.state_dict().items()}
    save_weights(WEIGHTS, half, {"kind": KIND, "facts": facts})
    print(facts)


if __name__ == "__main__":
    main()
