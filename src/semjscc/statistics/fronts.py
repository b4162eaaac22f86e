"""Accuracy against PSNR: what each loss gives and takes as its weight grows.

A link takes part whose checkpoint says, in ``meta.links``, what it was trained for: the field is
``recipe.loss`` of its model card, with ``weight``, ``term`` and ``importance``. Links whose losses
differ in their weight alone make one front; the one of weight 0 belongs to every front of its
codec, which starts there.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.results.outcomes import unpack
from semjscc.results.records import Record, Results
from semjscc.statistics.seeds import method_of, seed_of
from semjscc.statistics.settings import link_facts

PLAIN = "djscc"
"""What a link of weight 0 is called on a front."""

_TERMS = {"features": "semantic", "task": "task-loss", "distillation": "distill"}
_UNIFORM = "feature"


@dataclass(frozen=True)
class FrontPoint:
    """One link at one ratio.

    Attributes:
        link: its name.
        weight: of the loss beside distortion.
        psnr_db: the mean over the SNRs of the grid.
        accuracy: likewise, in %.
        outcomes: (N,) likewise, of each image; None where they were not kept.
    """

    link: str
    weight: float
    psnr_db: float
    accuracy: float
    outcomes: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Loss:
    """What a checkpoint was trained for.

    Attributes:
        kind: djscc, feature, semantic, task-loss or distill.
        weight: of the term beside distortion.
        form: all else that the loss says, as sorted JSON.
        codec: the codec and its options, as sorted JSON.
    """

    kind: str
    weight: float
    form: str
    codec: str


def loss_of(facts: Mapping[str, Any]) -> Loss | None:
    """What a link's model card says of its loss; None where it says nothing."""
    recipe = facts.get("recipe")
    loss = recipe.get("loss") if isinstance(recipe, Mapping) else None
    if not isinstance(loss, Mapping) or not isinstance(loss.get("weight"), int | float):
        return None
    codec = json.dumps([facts.get("codec"), facts.get("options")], sort_keys=True)
    if loss["weight"] == 0:
        return Loss(PLAIN, 0.0, "", codec)
    term = str(loss.get("term", "features"))
    kind = _TERMS.get(term, term)
    if term == "features" and loss.get("importance") is None:
        kind = _UNIFORM
    form = {name: value for name, value in loss.items() if name != "weight"}
    return Loss(kind, float(loss["weight"]), json.dumps(form, sort_keys=True), codec)


def fronts(results: Results, seed: str = "") -> dict[str, dict[str, list[FrontPoint]]]:
    """The fronts by ratio and loss, each by growing weight.

    Averaged over the SNRs at which most links were measured; a link that lacks one of them is left
    out.

    Args:
        results: of links some of whose checkpoints say what they were trained for.
        seed: of the trainings that count: what stands behind ``#`` in their links' names.
    """
    facts = link_facts(results.meta)
    points: defaultdict[str, dict[str, list[Record]]] = defaultdict(dict)
    losses: dict[str, Loss] = {}
    for record in results.records:
        loss = loss_of(facts.get((record.data, record.link), {}))
        if loss and record.ratio and record.psnr_db is not None:
            losses[record.link] = loss  # of all trainings, so that a front's name does not change
            if seed_of(record.link) != seed:
                continue
            points[record.ratio].setdefault(record.link, []).append(record)
    names = _names(losses)
    found: dict[str, dict[str, list[FrontPoint]]] = {}
    for ratio in sorted(points, key=parse_ratio):
        snrs = _usual_snrs(points[ratio].values())
        curves: defaultdict[str, list[FrontPoint]] = defaultdict(list)
        for link, records in points[ratio].items():
            group = [record for record in records if record.snr_db in snrs]
            if len(group) == len(snrs):
                curves[names[link]].append(_mean(link, losses[link].weight, group))
        starts = {losses[point.link].codec: point for point in curves.get(PLAIN, [])}
        found[ratio] = {
            name: sorted(
                [*([] if name == PLAIN else _start(curve, losses, starts)), *curve],
                key=lambda point: point.weight,
            )
            for name, curve in curves.items()
        }
    return found


def _usual_snrs(groups: Iterable[Sequence[Record]]) -> frozenset[float | None]:
    sets = Counter(frozenset(record.snr_db for record in group) for group in groups)
    return max(sets, key=lambda snrs: (sets[snrs], len(snrs)))


def _mean(link: str, weight: float, group: Sequence[Record]) -> FrontPoint:
    psnr_db = [record.psnr_db for record in group if record.psnr_db is not None]
    accuracy = [100 * record.value for record in group]
    kept = [right.mean(axis=1) for record in group if (right := unpack(record)) is not None]
    whole = len(kept) == len(group) and len({len(right) for right in kept}) == 1
    outcomes = 100 * np.stack(kept).astype(np.float64).mean(axis=0) if whole else None
    return FrontPoint(link, weight, float(np.mean(psnr_db)), float(np.mean(accuracy)), outcomes)


def _start(
    curve: Sequence[FrontPoint], losses: Mapping[str, Loss], starts: Mapping[str, FrontPoint]
) -> list[FrontPoint]:
    start = starts.get(losses[curve[0].link].codec)
    return [] if start is None else [start]


def _names(losses: Mapping[str, Loss]) -> dict[str, str]:
    """The front of each link: the loss's kind, with the link's name where forms differ."""
    forms: defaultdict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for link, loss in losses.items():
        forms[loss.kind].setdefault((loss.form, loss.codec), _stem(link, loss))
    return {
        link: loss.kind if len(own := forms[loss.kind]) == 1 else own[loss.form, loss.codec]
        for link, loss in losses.items()
    }


def _stem(link: str, loss: Loss) -> str:
    """The name without the weight at its end: ``feature-0.05#2`` is ``feature``."""
    return method_of(link).removesuffix(f"-{loss.weight:g}")


def has_front(results: Results) -> bool:
    """Whether there are losses to compare: two links of known loss at least."""
    return any(sum(map(len, curves.values())) > 1 for curves in fronts(results).values())
