"""Choose the source coder of ``separate``: the best task score at each ratio and SNR.

python tools/choose_coder.py data/cifar10-jpeg cifar10-jpeg --perceptions cifar10-jpeg-a

At each point a coder has the bytes that the point's scheme carries, taken as delivered. All coders
are tried on the first images; those within --margin of the best task score there, and within
--margin-db of the best PSNR, go on to all images, and the best of them is chosen. One search of an
image serves all points. Goes on where it was interrupted, from the file --state.

Writes the choice, with all scores beside it, into src/semjscc/separation/choice.json. Where several
perception networks judge, their mean decides.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semjscc.checkpoint import write_atomically
from semjscc.codecs.bandwidth import channel_uses, parse_ratio
from semjscc.data import ImageSet, load_data
from semjscc.evaluation.batches import batches
from semjscc.evaluation.progress import Progress
from semjscc.images import to_uint8
from semjscc.links.loading import cache_file
from semjscc.links.separate_coding.source import mean_image
from semjscc.perception.base import Perception, predict
from semjscc.perception.store import open_perception
from semjscc.separation.choice import CHOICE
from semjscc.separation.framing import room
from semjscc.separation.sources import CODERS, usable_coders
from semjscc.separation.sources.search.grid import encode_all
from semjscc.separation.sources.search.scaling import psnr_of, reconstruct
from semjscc.separation.table import choose_mode
from semjscc.tasks.evidence import gather

BATCH = 20
"""Images whose scores are written down at a time."""


@dataclass(frozen=True)
class Point:
    """One ratio and SNR in dB."""

    ratio: Fraction
    snr_db: float

    def __str__(self) -> str:
        return f"{self.ratio} {self.snr_db:g}"

    def budget(self, height: int, width: int) -> int:
        """Bytes that the scheme for an image of this size carries; 0 where none works."""
        mode = choose_mode(channel_uses(height, width, self.ratio), self.snr_db)
        return 0 if mode is None else room(mode)


Score = tuple[float, float]
"""Of one image at a point: the share of networks that are right, and the PSNR in dB."""


class Scores:
    """What was measured, kept in a file of one JSON object a line.

    Args:
        path: the file; a last line that was cut off is left out.
        setup: what the scores depend on beside coder, image and point.
    """

    def __init__(self, path: Path, setup: Mapping[str, Any]) -> None:
        self._path = path
        self._found: dict[tuple[str, int], dict[str, Score]] = defaultdict(dict)
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        if lines and json.loads(lines[0]) != setup:
            raise SystemExit(f"{path} holds scores of something else: give another --state")
        for line in lines[1:]:
            self._enter(json.loads(line))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines or [json.dumps(setup)]))

    def add(self, coder: str, image: int, scores: Mapping[str, Score]) -> None:
        """Keep the scores of one image by point."""
        row = {"coder": coder, "image": image, "scores": scores}
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self._enter(row)

    def missing(self, coder: str, image: int, points: Sequence[Point]) -> bool:
        """Whether some point was not measured."""
        return any(str(point) not in self._found[coder, image] for point in points)

    def mean(self, coder: str, images: range, point: Point) -> Score:
        """Of both, over some images."""
        both = [self._found[coder, image][str(point)] for image in images]
        right, psnr_db = np.mean(both, axis=0)
        return float(right), float(psnr_db)

    def _enter(self, row: Mapping[str, Any]) -> None:
        at = self._found[row["coder"], row["image"]]
        at.update({point: tuple(score) for point, score in row["scores"].items()})


@dataclass(frozen=True)
class Trial:
    """Everything but coder, points and images."""

    data: ImageSet
    family: str
    judges: Sequence[Perception]
    scores: Scores
    processes: int

    def run(
        self, coder: str, points: Sequence[Point], images: range, advance: Callable[[int], None]
    ) -> None:
        """Measure what is missing."""
        for indices in self._batches(images):
            wanted = [i for i in indices if self.scores.missing(coder, i, points)]
            if points and wanted:
                self._batch(coder, points, wanted)
            advance(len(indices))

    def _batches(self, images: range) -> Iterator[list[int]]:
        for indices in batches(self.data.sizes[images.start : images.stop], BATCH):
            yield [images.start + index for index in indices]

    def _batch(self, coder: str, points: Sequence[Point], indices: list[int]) -> None:
        size = self.data.sizes[indices[0]]
        budgets = [point.budget(*size) for point in points]
        pixels = to_uint8(self.data.batch(indices)).permute(0, 2, 3, 1).contiguous().numpy()
        found = encode_all(
            *(CODERS[coder], pixels, budgets, "compact"),
            cache=cache_file(),
            processes=self.processes,
        )
        nothing = to_uint8(mean_image(self.family, size)).permute(1, 2, 0).numpy()
        for index, image, each in zip(indices, pixels, found, strict=True):
            received = {
                one and one.setting: nothing
                if one is None
                else reconstruct(CODERS[coder], one.payload, one.setting, size, "compact")
                for one in each
            }
            right = dict(
                zip(received, self._right(index, [*received.values()]), strict=True),
            )
            psnr_db = {at: min(psnr_of(image, back), 100.0) for at, back in received.items()}
            places = [one and one.setting for one in each]
            self.scores.add(
                coder,
                index,
                {
                    str(point): (right[at], round(psnr_db[at], 3))
                    for point, at in zip(points, places, strict=True)
                },
            )

    def _right(self, index: int, received: Sequence[NDArray[np.uint8]]) -> list[float]:
        images = torch.from_numpy(np.stack(received)).permute(0, 3, 1, 2) / 255
        return task_scores(self.judges, self.data, [index] * len(received), images)


@torch.inference_mode()
def task_scores(
    judges: Sequence[Perception], data: ImageSet, indices: Sequence[int], images: Tensor
) -> list[float]:
    """What each image alone comes to by the metrics of the networks' tasks: their mean, 0 to 1.

    Args:
        judges: the networks.
        data: what is right.
        indices: of which image each is a received one.
        images: (B, 3, H, W) in [0, 1].
    """
    found = []
    for judge in judges:
        metric, kind = next(iter(judge.task.metrics.items()))
        right = data.targets(judge.task.target, indices)
        seen = judge.task.evidence(predict(judge, images), right, len(judge.class_names))
        found.append([gather(kind, [[rows]]).value for rows in seen[metric]])
    return np.mean(found, axis=0).tolist()


def contenders(
    scores: Scores, point: Point, images: range, margin: float, margin_db: float
) -> list[str]:
    """The coders that may still be the best; never none."""
    means = {coder: scores.mean(coder, images, point) for coder in usable_coders()}
    right, psnr_db = (max(mean[which] for mean in means.values()) for which in (0, 1))
    good = [coder for coder, mean in means.items() if mean[0] >= right - margin]
    # The task decides where no coder is near the best in both.
    return [coder for coder in good if means[coder][1] >= psnr_db - margin_db] or good


def main() -> None:
    """Try the coders and write down which wins where."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="as evaluate takes it")
    parser.add_argument("family")
    parser.add_argument("--perceptions", required=True, help="networks, by name")
    parser.add_argument("--split", choices=("train", "val"), default="val")
    parser.add_argument("--ratios", default="1/48,1/24,1/12,1/6")
    parser.add_argument("--snrs", default="-5,0,5,10,15,20", help="in dB")
    parser.add_argument("--limit", type=int, default=1000, help="images")
    parser.add_argument("--first", type=int, default=100, help="of them for all coders")
    parser.add_argument("--margin", type=float, default=0.1, help="of the task score")
    parser.add_argument("--equal", type=float, default=0.0, help="task scores so near are equal")
    parser.add_argument("--margin-db", type=float, default=1.5, help="of the PSNR")
    parser.add_argument("--state", type=Path, help="by default out/choice-FAMILY.jsonl")
    parser.add_argument("--processes", type=int, default=1)
    words = parser.parse_args()
    points = [
        Point(parse_ratio(ratio), float(snr_db))
        for ratio in words.ratios.split(",")
        for snr_db in words.snrs.split(",")
    ]
    names = words.perceptions.split(",")
    data = load_data(words.data, words.split, limit=words.limit)
    setup = {"data": data.fingerprint, "split": data.split, "judged_by": names}
    scores = Scores(words.state or Path(f"out/choice-{words.family}.jsonl"), setup)
    judges = [open_perception(name) for name in names]
    trial = Trial(data, words.family, judges, scores, words.processes)
    first, rest = range(min(words.first, len(data))), range(words.first, len(data))
    with Progress("all coders", len(usable_coders()) * len(first)) as progress:
        for coder in usable_coders():
            trial.run(coder, points, first, progress.advance)
    left = {
        point: contenders(scores, point, first, words.margin, words.margin_db) for point in points
    }
    with Progress("the best", len(usable_coders()) * len(rest)) as progress:
        for coder in usable_coders():
            mine = [point for point in points if coder in left[point]]
            trial.run(coder, mine, rest, progress.advance)
    _write(words, trial, left, names)


def _write(
    words: argparse.Namespace,
    trial: Trial,
    left: Mapping[Point, Sequence[str]],
    names: Sequence[str],
) -> None:
    data, scores = trial.data, trial.scores
    first, whole = range(min(words.first, len(data))), range(len(data))
    chosen: dict[str, dict[str, str]] = defaultdict(dict)
    accuracy: dict[str, dict[str, Any]] = defaultdict(dict)
    tried: dict[str, dict[str, Any]] = defaultdict(dict)
    for point, coders in left.items():
        means = {coder: scores.mean(coder, whole, point) for coder in coders}
        at = str(point.ratio), f"{point.snr_db:g}"
        # Task scores that are equal, or as good as equal, are decided by the PSNR.
        best = max(mean[0] for mean in means.values()) - words.equal
        equal = [coder for coder, mean in means.items() if mean[0] >= best]
        chosen[at[0]][at[1]] = max(equal, key=lambda coder: means[coder][1])
        accuracy[at[0]][at[1]] = {coder: round(mean[0], 4) for coder, mean in means.items()}
        tried[at[0]][at[1]] = {
            coder: round(scores.mean(coder, first, point)[0], 4) for coder in usable_coders()
        }
    content: dict[str, Any] = json.loads(CHOICE.read_text())
    content["coders"][words.family] = chosen
    content.setdefault("scores", {})[words.family] = {
        "data": data.name, "split": data.split, "images": len(data), "judged_by": names,
        "pixels": int(np.median([height * width for height, width in data.sizes])),
        "equal": words.equal,
        "accuracy": accuracy, "concealed": round(_concealed(trial), 4),
        "first": {"images": len(first), "margin": words.margin, "margin_db": words.margin_db,
                  "accuracy": tried},
    }  # fmt: skip
    write_atomically(CHOICE, lambda file: file.write_text(json.dumps(content, indent=1) + "\n"))
    print(json.dumps(chosen, indent=1))


def _concealed(trial: Trial) -> float:
    """The task score of the image that stands in for a lost one."""
    scores = []
    for size in dict.fromkeys(trial.data.sizes):
        places = [index for index, one in enumerate(trial.data.sizes) if one == size]
        mean = mean_image(trial.family, size)[None].expand(len(places), -1, -1, -1)
        scores += task_scores(trial.judges, trial.data, places, mean)
    return fmean(scores)


if __name__ == "__main__":
    main()
