"""Learn the tables of the coder `small`, from training images alone.

    python tools/small_model.py --data data/cifar10-jpeg \
        --output src/semjscc/separation/sources/small/small.json

The images are the training split of a data set and crops of the training photographs of
scikit-image, a quarter as many. The tables and the quantiser's choices that they are learned from
depend on each other, so a few rounds are made.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semjscc.checkpoint import write_atomically
from semjscc.data.drawn.backdrops import PHOTOGRAPHS, backdrop
from semjscc.data.hub import load_hub
from semjscc.randomness import generator
from semjscc.separation.sources.small.model import (
    CONTEXTS,
    ESCAPE,
    FREQUENCIES,
    KINDS,
    LEVELS,
    RECONSTRUCTION_UNIT,
    STEPS,
    TOTAL,
    UNIT,
    Floats,
    Integers,
    Model,
    all_positions,
    layout,
)
from semjscc.separation.sources.small.quantiser import PRICES, gather, quantise
from semjscc.separation.sources.small.transform import analyse

Spectra = NDArray[np.float32]

ROUNDS = 3
SIZE = 32
PRIOR = 20.0
"""Weight of the table without context, in observations, in each table with one."""


def spectra(data: str, limit: int, photographs: float) -> tuple[Spectra, dict[str, object]]:
    """(N, 3, K, K) spectra of the training images, and where they come from."""
    named = load_hub(data, "train", limit=limit, size=SIZE, needs_labels=False)
    crops = round(photographs * len(named))
    images = [image.permute(1, 2, 0).numpy() for image in named.images]
    for index in range(crops):
        crop = backdrop(generator(0, "small", index), "train", SIZE)
        images.append(crop.round().astype(np.uint8))
    origin: dict[str, object] = {
        "command": "python tools/small_model.py",
        "data": {"name": named.name, "images": len(named), "fingerprint": named.fingerprint},
        "crops of scikit-image": {"photographs": PHOTOGRAPHS["train"], "images": crops},
    }
    return np.stack([analyse(image, FREQUENCIES) for image in images]).astype(np.float32), origin


def statistics(found: Spectra) -> tuple[list[int], list[int]]:
    """Mean and mean distance from it of every position, in 1/16 grey level."""
    middles, magnitudes = [], []
    for colour, u, v in all_positions():
        values = found[:, colour, u, v]
        # Photographs have an upside, but a left and a right that can be exchanged.
        middles.append(0 if v % 2 else round(UNIT * float(values.mean())))
        magnitudes.append(max(round(UNIT * float(np.abs(values - middles[-1] / UNIT).mean())), 1))
    return middles, magnitudes


def start(middles: list[int], magnitudes: list[int]) -> Model:
    """Laplacian tables, for the first round."""
    rows = []
    for level in range(LEVELS):
        scale = 2 ** ((level + 0.5) / 2) / 16
        tail = np.exp(-np.maximum(np.arange(ESCAPE + 2) - 0.5, 0) / scale)
        rows.append(-np.diff(tail) + 1e-4)
    counts = np.tile(np.repeat(np.array(rows), CONTEXTS, axis=0), (KINDS, 1)) * 1e3
    return Model(middles, magnitudes, integers(counts), np.zeros((KINDS * LEVELS, 3), np.int64))


def learn(model: Model, found: Spectra) -> Model:
    """New tables from what the quantiser makes of the images with the old ones."""
    tables = KINDS * LEVELS * CONTEXTS
    counts = np.zeros((tables, ESCAPE + 1))
    drawn = np.zeros((2, KINDS * LEVELS, 3))
    for quality in range(len(STEPS)):
        plan = layout(model, SIZE, SIZE, quality)
        scaled = gather(plan, found)
        for part in np.array_split(scaled, max(len(scaled) // 500, 1)):
            values = quantise(model, plan, part, float(np.mean(PRICES)))
            magnitudes = np.abs(values)
            cells = plan.rows(values) * (ESCAPE + 1) + magnitudes.clip(0, ESCAPE)
            counts += np.bincount(cells.ravel(), minlength=counts.size).reshape(counts.shape)
            kept = values != 0
            groups = np.broadcast_to(plan.groups, values.shape)[kept]
            bins = groups * 3 + magnitudes[kept].clip(1, 3) - 1
            misses = magnitudes[kept] - np.abs(part[kept])
            for sums, weights in zip(drawn, (np.ones_like(misses), misses), strict=True):
                sums += np.bincount(bins, weights, sums.size).reshape(sums.shape)
    reconstruction = drawn[1] / (drawn[0] + 10) * RECONSTRUCTION_UNIT
    return Model(
        model.middles, model.magnitudes, integers(counts), reconstruction.round().astype(np.int64)
    )


def integers(counts: Floats) -> Integers:
    """Counts of magnitudes to frequencies of one sign that sum up to TOTAL, none below 1."""
    grouped = counts.reshape(-1, CONTEXTS, ESCAPE + 1)
    overall = grouped.sum(axis=1, keepdims=True) + 0.01
    overall /= overall.sum(axis=-1, keepdims=True)
    smooth = (grouped + PRIOR * overall).reshape(-1, ESCAPE + 1)
    likely = smooth / smooth.sum(axis=1, keepdims=True)
    signed = np.maximum((likely[:, 1:] / 2 * TOTAL).round().astype(np.int64), 1)
    zero = TOTAL - 2 * signed.sum(axis=1, keepdims=True)
    if zero.min() < 1:
        raise SystemExit("zeros are too rare for tables of this precision: use coarser steps")
    return np.hstack([zero, signed])


def packed(frequencies: Integers) -> list[list[int]]:
    """Without each table's final ones."""
    return [row[: np.flatnonzero(row != 1).max(initial=-1) + 1].tolist() for row in frequencies]


def main() -> None:
    """Read the images, learn, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True, help="as for `semjscc train`")
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--limit", type=int, default=8_000, help="images of the data set")
    parser.add_argument("--photographs", type=float, default=0.25, help="crops for each of them")
    arguments = parser.parse_args()
    found, origin = spectra(arguments.data, arguments.limit, arguments.photographs)
    model = start(*statistics(found))
    for _ in range(ROUNDS):
        model = learn(model, found)
    content = {
        "origin": origin,
        "middles": model.middles,
        "magnitudes": model.magnitudes,
        "reconstruction": model.reconstruction.tolist(),
        "frequencies": packed(model.frequencies),
    }
    text = json.dumps(content, separators=(",", ":")) + "\n"
    write_atomically(arguments.output, lambda path: path.write_text(text))


if __name__ == "__main__":
    main()
