"""From a plan to results: trains what is missing, evaluates, and can be stopped anywhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic

import torch

from semjscc.allocation.policy import ENERGY
from semjscc.allocation.sources import allocation_text
from semjscc.data import Split, load_data
from semjscc.errors import UserError
from semjscc.evaluation.evaluators import load_evaluators
from semjscc.experiments.evaluation import Experiment, run
from semjscc.experiments.existing_results import RESULTS, standing_results
from semjscc.experiments.joint_report import report_on
from semjscc.experiments.plan import Evaluation, Plan
from semjscc.experiments.references import check_trainings, place_of, with_places
from semjscc.experiments.time_left import Pace
from semjscc.experiments.trainings import train_all
from semjscc.links import open_link
from semjscc.links.catalogue import LABEL, check_planned, codes_images, find_link
from semjscc.links.endings import NO_ENDINGS, split_endings
from semjscc.links.label import check_tells_class
from semjscc.links.loading import needs_network
from semjscc.links.policies import policy_it_lacks, policy_named, split_policy
from semjscc.parts.named import is_part
from semjscc.perception.base import Perception
from semjscc.perception.store import open_perception
from semjscc.perception.wrap import make_task
from semjscc.report.stale_files import check_report
from semjscc.results.records import Record, Results
from semjscc.runtime.cluster import Cluster
from semjscc.runtime.devices import CPU, device_for_points
from semjscc.training.recipe import Recipe
from semjscc.training.runs.run import Schedule


def reproduce(
    plan: Plan,
    recipes: list[Recipe],
    out: Path,
    runs: Path,
    *,
    command: str,
    jobs: int = 1,
    device: str = CPU,
    cluster: Cluster | None = None,
    progress: bool = False,
    card_images: int | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> dict[str, Results]:
    """Carry out a plan; what an earlier call finished is not done again.

    Args:
        plan: its evaluations.
        recipes: its trainings, in order; one may start from, or look through, an earlier one.
        out: folder for the results, a folder inside it for each evaluation, and for the report over
            all of them where there are several.
        runs: folder of the trainings' runs.
        command: what the user typed, for the record.
        jobs: processes among which an evaluation's points are shared out.
        device: where networks compute, see `semjscc.runtime.devices`.
        cluster: where points, and trainings that do not need one another, are shared out in place
            of here; all its nodes must see ``runs`` and what the recipes name.
        progress: show bars with the time left.
        card_images: how many images of val a model card is measured on at most.
        say: given a line whenever something begins, with the time gone by and the time left.

    Returns:
        the results by evaluation.

    Raises:
        UserError: a recipe, data or weights cannot be used.
    """
    began = monotonic()
    trained = _places(plan, runs)
    made = {trained[recipe.name]: recipe for recipe in recipes}
    _check(plan, made, trained, out)
    check_trainings(recipes, trained)
    schedule = Schedule(progress=progress, card_images=card_images, device=device)
    computing = device_for_points(device, shared=jobs > 1 or cluster is not None)
    resolved = [with_places(recipe, trained) for recipe in recipes]
    train_all(resolved, trained, schedule, began, say, cluster)
    results = {}
    pace = Pace("evaluations")
    for number, evaluation in enumerate(plan.evaluations, 1):
        # Counting the images means to read them, which is worth it for a forecast only.
        left = _images_left(plan, plan.evaluations[number - 1 :], out) if pace.done else 0
        time = pace.describe(monotonic() - began, left)
        say(f"evaluation {number} of {len(plan.evaluations)}: {evaluation.name} {time}")
        start, folder = monotonic(), out / evaluation.name
        earlier = {record.fingerprint for record in _standing(folder)}
        judge = _judge(evaluation, trained, computing)
        source = plan.data_of(evaluation)
        experiment = _experiment(evaluation, judge, source, trained, made, command)
        found = results[evaluation.name] = run(experiment, folder, jobs=jobs, cluster=cluster)
        sent = _images([r for r in found.records if r.fingerprint not in earlier])
        pace = pace.after(sent, monotonic() - start)
    if len(plan.evaluations) > 1:
        say("report over all evaluations")
        _report(plan, out, say)
    return results


def _images_left(plan: Plan, evaluations: Sequence[Evaluation], out: Path) -> int:
    """How many images are still to be sent, each counted as often as it is."""
    left = 0
    for one in evaluations:
        images = _count(plan.data_of(one), one.split, one.limit)
        left += max(0, images * one.sendings() - _images(_standing(out / one.name)))
    return left


@cache
def _count(source: str, split: Split, limit: int | None) -> int:
    return len(load_data(source, split, limit=limit, needs_labels=False))


def _standing(folder: Path) -> list[Record]:
    """What an evaluation has measured so far."""
    standing = standing_results(folder / RESULTS)
    return standing.records if standing else []


def _images(records: Sequence[Record]) -> int:
    return sum(record.images * record.draws for record in records)


def _report(plan: Plan, out: Path, say: Callable[[str], object]) -> None:
    """The report whose adjusted p-values hold for all points of the plan, whoever judged them."""
    try:
        report_on([out / evaluation.name / RESULTS for evaluation in plan.evaluations], out)
    except UserError as error:
        # Every evaluation has its own, and its numbers are sound.
        say(f"no report over all evaluations: {error}")


def _places(plan: Plan, runs: Path) -> dict[str, Path]:
    """Where the plan's runs lie, by name and by the path they have in the folder ``runs``."""
    folders, usual = plan.folders(runs), plan.folders(Path("runs"))
    return folders | {usual[name].as_posix(): folder for name, folder in folders.items()}


@dataclass(frozen=True)
class _OwnLink:
    """A link whose weights the plan trains.

    Attributes:
        name: what tables call it.
        folder: of its run.
        policy: as written behind a plus; None for none.
        recipe: by which the plan trains it.
        endings: what its name says last, from the first plus.
    """

    name: str
    folder: Path
    policy: str | None
    recipe: Recipe
    endings: str = ""

    @property
    def word(self) -> str:
        """What `open_link` finds it by."""
        codec = self.recipe.codec
        # A class of the user's own is named here as it is in the recipe that the plan names.
        own = f"{codec.codec}@" if codec is not None and is_part(codec.codec) else ""
        policy = "" if self.policy is None else f"+{self.policy}"
        return f"{self.name}={own}{self.folder}{policy}{self.endings}"


def _check(plan: Plan, made: Mapping[Path, Recipe], trained: Mapping[str, Path], out: Path) -> None:
    """Refuse what is not there and nobody will train, or stands in the way, before hours go by."""
    for evaluation in plan.evaluations:
        _standing(out / evaluation.name)
        check_report(out / evaluation.name)
        _check_judge(evaluation, made, trained)
        known = evaluation.perception not in trained
        judge = _judge(evaluation, trained) if known else None
        finds = judge is not None and judge.task.target == "boxes"
        by_boxes = finds and evaluation.metric == "accuracy"
        source = plan.data_of(evaluation), evaluation.split
        load_data(*source, limit=1, needs_labels=False, needs_boxes=by_boxes)
        codes = evaluation.accounting == "compact"
        called: list[str] = []
        for word in evaluation.links:
            if (own := _own_link(word, trained, made)) is not None:
                _check_own(own)
                called.append(own.name)
                continue
            place = find_link(word, evaluation.weights, option="weights:")
            called.append(place.name)
            codes |= codes_images(place)
            if judge is not None or not needs_network(place):
                open_link(word, evaluation.weights, judge)
        if twice := [name for name in called if called.count(name) > 1]:
            raise UserError(f"evaluation {evaluation.name} has two links called {twice[0]}")
        if not codes:
            raise UserError(f"evaluation {evaluation.name}: accounting is of separate coding alone")


def _check_judge(
    evaluation: Evaluation, made: Mapping[Path, Recipe], trained: Mapping[str, Path]
) -> None:
    """Refuse a training of the plan that gives no network that can judge."""
    if evaluation.perception not in trained:
        return
    recipe = made[trained[evaluation.perception]]
    if recipe.perception is None:
        raise UserError(
            f"evaluation {evaluation.name}: the training {recipe.name} is of no "
            "perception network: name one that is, or one that is there"
        )
    if LABEL in evaluation.links:
        task = make_task(recipe.perception.task, recipe.perception.task_options)
        check_tells_class(task, recipe.name)


def _check_own(link: _OwnLink) -> None:
    codec = link.recipe.codec
    if codec is None:
        raise UserError(f"link {link.name}: the training {link.recipe.name} is of no codec")
    if wrong := policy_it_lacks(
        link.name, codec.codec, ENERGY if link.policy is None else link.policy
    ):
        raise UserError(wrong)
    if link.endings:
        split_endings(link.word)
        check_planned(link.name, codec.codec)


def _experiment(
    evaluation: Evaluation,
    perception: Perception,
    source: str,
    trained: Mapping[str, Path],
    made: Mapping[Path, Recipe],
    command: str,
) -> Experiment:
    own = [_own_link(word, trained, made) for word in evaluation.links]
    words = [one.word if one else word for word, one in zip(evaluation.links, own, strict=True)]
    weights, accounting = evaluation.weights, evaluation.accounting
    links = [open_link(word, weights, perception, accounting=accounting) for word in words]
    evaluators = load_evaluators(
        source,
        evaluation.split,
        [perception],
        evaluation.metric,
        limit=evaluation.limit,
        size=evaluation.size,
    )
    return Experiment(links, evaluators, evaluation.grid(), command)


def _judge(
    evaluation: Evaluation, trained: Mapping[str, Path], device: torch.device | str = CPU
) -> Perception:
    name = place_of(evaluation.perception, trained)
    return open_perception(name, evaluation.network, own_task=evaluation.task, device=device)


def _own_link(
    word: str, trained: Mapping[str, Path], made: Mapping[Path, Recipe]
) -> _OwnLink | None:
    """What a link's word in a plan means, if a run of the plan; None for any other link."""
    label, named, rest = word.partition("=")
    for name, wanted in (("", word), (label, rest if named else "")):
        base, endings = (wanted, NO_ENDINGS) if wanted in trained else split_endings(wanted)
        base, policy = (base, None) if base in trained else split_policy(base)
        if base in trained:
            if policy is not None:
                policy = allocation_text(*policy_named(policy, word))
            behind = ("" if policy is None else f"+{policy}") + endings.text
            shown = name or f"{base}{behind}"
            return _OwnLink(shown, trained[base], policy, made[trained[base]], endings.text)
    return None
