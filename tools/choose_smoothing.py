"""Choose how strongly `separate-roi` blurs what matters less, on val.

python tools/choose_smoothing.py data/imagenet-photos photo --perception efficientnet-lite0

At each point every photograph is coded as it is, and then smoothed with each exponent and strength,
in the bytes that the point's scheme carries, taken as delivered. The scale and variant are those
that suit the photograph as it is, and the quality is searched; the link's own search looks at all
of them and takes several times as long. Goes on where it was interrupted, from the file --state.

A sender that has tried a strength keeps it only where the loss is less than without: the squared
error over what it is without, and the loss of its own network.
For each exponent and each set of strengths to try (a strength alone, and a strength with its half
and its double) the table says what becomes of all photographs. The strength whose set has the least
mean loss at exponent 1 is written into src/semjscc/allocation/smoothing.json, with the table;
nothing is written where other exponents alone are measured.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from choose_coder import Point
from semjscc.allocation.importance import block_importance
from semjscc.allocation.policy import DEFAULT_EXPONENT, IMPORTANCE_ENERGY, Policy
from semjscc.allocation.smoothing import SMOOTHING_FILE, smooth
from semjscc.allocation.tuning import loss_over_views
from semjscc.checkpoint import write_atomically
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.data import ImageSet, load_data
from semjscc.evaluation.progress import Progress
from semjscc.images import to_float, to_uint8
from semjscc.links.loading import cache_file
from semjscc.links.separate_coding.source import SourceStage
from semjscc.metrics import psnr
from semjscc.perception.base import Perception
from semjscc.perception.store import open_perception
from semjscc.separation.sources import CODERS
from semjscc.separation.sources.base import Pixels, Setting, SourceCoder
from semjscc.separation.sources.search.attempts import Attempts
from semjscc.separation.sources.search.finest import finest_growing
from semjscc.separation.sources.search.scaling import reconstruct

AS_IT_IS = "0 0"
"""The way without smoothing: exponent and strength."""
Outcome = Mapping[str, float]
"""Of one photograph sent in one way: psnr_db, right, agree, divergence and the network's loss."""


class Trial:
    """One photograph, coded again and again for the same network.

    Args:
        network: that of sender and receiver.
        image: (1, 3, H, W) in [0, 1].
        label: its class.
    """

    def __init__(self, network: Perception, image: Tensor, label: int) -> None:
        self._network, self._image, self._label = network, image, label
        self._loss = loss_over_views(network, image)
        with torch.no_grad():
            self._clean = network(image)

    def outcomes(
        self,
        stage: SourceStage,
        coder: SourceCoder,
        budget: int,
        exponents: Sequence[float],
        strengths: Sequence[float],
    ) -> dict[str, Outcome]:
        """Of each way, in at most ``budget`` bytes; {} where nothing fits."""
        size = self._image.shape[-2], self._image.shape[-1]
        (coded,) = stage.encode(self._image, budget, [coder.name])
        if coded is None:
            return {}
        plain = coded.encoded
        arrived = back(coder, plain.payload, plain.setting, size)
        found = {AS_IT_IS: self._outcome(arrived)}
        importance = block_importance(self._network, self._image, arrived)
        for exponent in exponents:
            weights = Policy(IMPORTANCE_ENERGY, exponent).weights(importance)
            for strength in strengths:
                smoothed = pixels_of(smooth(self._image, weights, strength))
                payload, setting = finest(coder, smoothed, plain.setting, budget)
                arrived = back(coder, payload, setting, size)
                found[f"{exponent:g} {strength:g}"] = self._outcome(arrived)
        return found

    @torch.no_grad()
    def _outcome(self, arrived: Tensor) -> Outcome:
        result = self._network(arrived)
        sees = int(result.argmax())
        return {
            "psnr_db": round(float(psnr(self._image, arrived)), 3),
            "right": float(sees == self._label),
            "agree": float(sees == int(self._clean.argmax())),
            "divergence": round(float(self._network.task.divergence(self._clean, result)), 5),
            "loss": round(float(self._loss(arrived)), 5),
        }


def pixels_of(image: Tensor) -> Pixels:
    """(1, 3, H, W) in [0, 1] as (H, W, 3) of 8 bits."""
    return to_uint8(image)[0].permute(1, 2, 0).contiguous().numpy()


def back(coder: SourceCoder, payload: bytes, setting: Setting, size: tuple[int, int]) -> Tensor:
    """(1, 3, H, W) of a payload."""
    pixels = np.array(reconstruct(coder, payload, setting, size, "compact"))
    return to_float(torch.from_numpy(pixels)).permute(2, 0, 1)[None]


def finest(coder: SourceCoder, image: Pixels, start: Setting, budget: int) -> tuple[bytes, Setting]:
    """The finest quality that fits, looked for from that of another image; else the coarsest."""
    attempts = Attempts(coder, image, "compact", {})

    def at(quality: int) -> Setting:
        return replace(start, quality=quality)

    def length(quality: int) -> int:
        return attempts.length(at(quality))

    found = finest_growing(length, budget, len(coder.qualities), start.quality + 1)
    length(found or 0)
    return attempts.payload(at(found or 0)), at(found or 0)


def measure(
    data: ImageSet, network: Perception, words: argparse.Namespace, points: Sequence[Point]
) -> list[dict[str, Any]]:
    """Rows of point, image and the outcomes by way; those of the state file are not made again."""
    state: Path = words.state
    state.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in state.read_text().splitlines()] if state.exists() else []
    done = {(row["point"], row["image"]) for row in rows}
    stage = SourceStage(words.family, None, cache=cache_file())
    with Progress("photographs", len(data) * len(points)) as progress, state.open("a") as file:
        for index in range(len(data)):
            size = data.sizes[index]
            trial = Trial(network, data.batch([index]), int(data.labels[index]))
            for point in points:
                budget = point.budget(*size)
                if (str(point), index) not in done and budget:
                    coder = CODERS[stage.coders(point.ratio, point.snr_db, size)[0]]
                    ways = trial.outcomes(stage, coder, budget, words.exponents, words.strengths)
                    rows.append({"point": str(point), "image": index, "ways": ways})
                    file.write(json.dumps(rows[-1]) + "\n")
                    file.flush()
                progress.advance(1)
    return [row for row in rows if row["ways"] and row["image"] < len(data)]


def kept(ways: Mapping[str, Outcome], tried: Sequence[str]) -> Outcome:
    """What a sender keeps that tries some ways, and none at all."""
    return min((ways[way] for way in (AS_IT_IS, *tried)), key=lambda outcome: outcome["loss"])


def with_error(ways: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The same, where the loss has the squared error in it, over that of the image as it is."""
    usual_db = ways[AS_IT_IS]["psnr_db"]
    return {
        way: {**one, "loss": one["loss"] + 10 ** ((usual_db - one["psnr_db"]) / 10)}
        for way, one in ways.items()
    }


def mean(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Of each number."""
    return {name: round(float(np.mean([one[name] for one in outcomes])), 4) for name in outcomes[0]}


def table(
    rows: Sequence[Mapping[str, Any]], exponents: Sequence[float], strengths: Sequence[float]
) -> dict[str, dict[str, dict[str, float]]]:
    """Means by point and by what was done: always one way, or what the network likes best."""
    sets = {f"{one:g}": [one] for one in strengths}
    for one in strengths:
        if {one / 2, 2 * one} <= set(strengths):
            sets[f"{one / 2:g}, {one:g}, {2 * one:g}"] = [one / 2, one, 2 * one]
    takes: dict[str, Callable[[Mapping[str, Outcome]], Outcome]] = {
        "as it is": lambda ways: ways[AS_IT_IS]
    }
    for exponent in exponents:
        for name, members in sets.items():
            tried = [f"{exponent:g} {one:g}" for one in members]
            if len(tried) == 1:
                takes[f"exponent {exponent:g}, always {name}"] = lambda ways, at=tried[0]: ways[at]
            takes[f"exponent {exponent:g}, best of 0, {name}"] = lambda ways, of=tried: kept(
                ways, of
            )
    by_point: dict[str, list[Mapping[str, Outcome]]] = defaultdict(list)
    for row in rows:
        for point in (row["point"], "all"):
            by_point[point].append(with_error(row["ways"]))
    return {
        point: {
            name: {"images": len(ways)} | mean([take(one) for one in ways])
            for name, take in takes.items()
        }
        for point, ways in by_point.items()
    }


def numbers(text: str) -> list[float]:
    """Of a list with commas."""
    return [float(one) for one in text.split(",")]


def main() -> None:
    """Measure, print the table, and write the choice down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="as evaluate takes it")
    parser.add_argument("family")
    parser.add_argument("--perception", required=True, help="a network, by name")
    parser.add_argument("--points", default="1/96@0,1/48@0,1/48@10", help="R@SNR in dB")
    parser.add_argument("--exponents", type=numbers, default=[1.0])
    parser.add_argument("--strengths", type=numbers, default=[1.0, 2.0, 4.0, 8.0])
    parser.add_argument("--limit", type=int, default=20, help="images")
    parser.add_argument("--state", type=Path, default=Path("out/choose-smoothing.jsonl"))
    words = parser.parse_args()
    points = [
        Point(parse_ratio(ratio), float(snr_db))
        for ratio, snr_db in (one.split("@") for one in words.points.split(","))
    ]
    data = load_data(words.data, "val", limit=words.limit)
    network = open_perception(words.perception)
    rows = measure(data, network, words, points)
    found = table(rows, words.exponents, words.strengths)
    for point, each in found.items():
        print(f"\n{point}")
        for name, numbers_ in each.items():
            print(f"{name:36}", *(f"{which} {value:g}" for which, value in numbers_.items()))
    if DEFAULT_EXPONENT not in words.exponents:
        return
    inner = [one for one in words.strengths if {one / 2, 2 * one} <= set(words.strengths)]
    best = min(inner, key=lambda one: found["all"][_tried(one)]["loss"])
    content = {
        "command": f"python tools/choose_smoothing.py {words.data} {words.family} "
        f"--perception {words.perception}",
        "points": words.points, "limit": words.limit,
        "data": data.name, "split": data.split, "images": len(data),
        "fingerprint": data.fingerprint, "judged_by": words.perception,
        "strength": best, "means": found,
    }  # fmt: skip
    write_atomically(
        SMOOTHING_FILE, lambda file: file.write_text(json.dumps(content, indent=1) + "\n")
    )


def _tried(strength: float) -> str:
    half, double = strength / 2, 2 * strength
    return f"exponent {DEFAULT_EXPONENT:g}, best of 0, {half:g}, {strength:g}, {double:g}"


if __name__ == "__main__":
    main()
