"""The plan of an experiment: trainings in their order, then evaluations of what they gave."""

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.errors import UserError, did_you_mean
from semjscc.evaluation.evaluators import Metric
from semjscc.evaluation.grid import Grid
from semjscc.links import NoChannel
from semjscc.paths import check_folder_name, user_path
from semjscc.report.stale_files import is_of_a_report
from semjscc.separation.sources.base import Accounting
from semjscc.settings.reading import read_settings
from semjscc.training.recipe import Recipe, load_recipe


@dataclass(frozen=True)
class Training:
    """Recipes that are trained one after the other.

    Attributes:
        recipe: path of the YAML file, as seen from where the command runs.
        variants: by name, overrides of the recipe, such as ``{loss.weight: 0.2}``; without any,
            the recipe is trained as it stands.
    """

    recipe: str
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, overrides in self.variants.items():
            check_folder_name(name)
            for key in overrides:
                if key.partition(".")[0] not in _KEYS:
                    hint = did_you_mean(key.partition(".")[0], _KEYS)
                    raise ValueError(f"variant {name}: a recipe has no {key}{hint}")
                if other := next((one for one in overrides if one.startswith(f"{key}.")), None):
                    raise ValueError(f"variant {name} has both '{key}' and '{other}'")


@dataclass(frozen=True)
class Evaluation:
    """One grid, evaluated into a folder of its own.

    Attributes:
        name: of the folder.
        links: as ``evaluate --links`` takes them; ``RUN`` or ``label=RUN`` stands for what a
            training of the plan gave; its recipe says whose codec it is.
        perception: the network that judges.
        network: the class behind it, as ``my.module:Class``, where it is a network of your own.
        task: the class of its task, likewise.
        ratios: such as 1/24 or 0.03.
        snrs: in dB.
        data: as ``evaluate --data`` takes it; by default the plan's.
        metric: accuracy, or agreement with what the network says of the clean images.
        channel: awgn, block-rayleigh, fast-rayleigh, cut@SHARE, bursts@PROBABILITY, or a function
            of your own, ``my.module:name``.
        assumed_snr_db: what both ends believe the SNR to be.
        assumed_error_db: or by how much they believe it to be better than it is.
        split: train, val or test.
        limit: only the first so many images.
        size: side to which images are resized and cropped.
        draws: of the noise, for each image.
        seed: what noise and fading follow from.
        accounting: of separate coding: compact, or file for the whole image file.
        weights: family of the links that ship.
    """

    name: str
    links: tuple[str, ...]
    perception: str
    ratios: tuple[str | float, ...]
    snrs: tuple[float, ...]
    data: str = ""
    metric: Metric = "accuracy"
    channel: str = "awgn"
    assumed_snr_db: float | None = None
    assumed_error_db: float = 0.0
    split: Literal["train", "val", "test"] = "test"
    limit: int | None = None
    size: int | None = None
    draws: int = 1
    seed: int = 0
    accounting: Accounting = "compact"
    weights: str = ""
    network: str | None = None
    task: str | None = None

    def __post_init__(self) -> None:
        check_folder_name(self.name)
        if is_of_a_report(self.name):
            raise ValueError(
                f"evaluation {self.name} is called like a file of the report, which stands beside "
                "its folder: leave out what comes after the dot"
            )
        if not (self.links and self.ratios and self.snrs):
            raise ValueError(f"evaluation {self.name} needs links, ratios and snrs")
        called = [link.partition("=")[0] for link in self.links]
        if twice := sorted({name for name in called if called.count(name) > 1}):
            raise ValueError(f"evaluation {self.name} has two links called {', '.join(twice)}")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"evaluation {self.name} has a limit of {self.limit} images")
        if self.size is not None and self.size < 1:
            raise ValueError(f"evaluation {self.name} has images of a side of {self.size}")
        try:
            self.grid()
        except UserError as error:
            raise ValueError(f"evaluation {self.name}: {error}") from error

    def grid(self) -> Grid:
        """The points of the evaluation."""
        return Grid(
            ratios=tuple(dict.fromkeys(parse_ratio(ratio) for ratio in self.ratios)),
            snrs_db=tuple(dict.fromkeys(self.snrs)),
            channel=self.channel,
            assumed_snr_db=self.assumed_snr_db,
            assumed_error_db=self.assumed_error_db,
            draws=self.draws,
            seed=self.seed,
        )

    def sendings(self) -> int:
        """How often each image is sent, all points and draws together."""
        alone = self.links.count(NoChannel.name)
        sent = (len(self.links) - alone) * len(self.ratios) * len(self.snrs) * self.draws
        return alone + sent


@dataclass(frozen=True)
class Quick:
    """What ``--quick`` cuts an experiment down to, to see that it runs.

    Attributes:
        steps: of every training, at the most.
        batch: images in a step, at the most.
        images: of every evaluation and model card, at the most.
    """

    steps: int = 4
    batch: int = 16
    images: int = 20

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.images) < 1:
            raise ValueError("quick takes one step, one image in a batch and one of data at least")


@dataclass(frozen=True)
class Plan:
    """An experiment from data to report.

    Attributes:
        name: names its folder.
        evaluations: what is measured, in this order.
        trainings: what is trained before, in this order.
        data: what every training takes in place of its recipe's ``data.source``, unless a variant
            names another, and every evaluation that names none.
        quick: the small version.
    """

    name: str
    evaluations: tuple[Evaluation, ...]
    trainings: tuple[Training, ...] = ()
    data: str = ""
    quick: Quick = field(default_factory=Quick)

    def __post_init__(self) -> None:
        check_folder_name(self.name)
        names = [evaluation.name for evaluation in self.evaluations]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two evaluations are called {', '.join(sorted(twice))}")
        for evaluation in self.evaluations:
            if not self.data_of(evaluation):
                raise ValueError(f"neither evaluation {evaluation.name} nor the plan names data")

    def data_of(self, evaluation: Evaluation) -> str:
        """What an evaluation is on: its own data, or else the plan's."""
        return evaluation.data or self.data

    def recipes(self) -> list[Recipe]:
        """Every training's recipe, in order.

        Raises:
            UserError: a recipe cannot be read, or two trainings have the same name.
        """
        recipes = [
            recipe for training in self.trainings for recipe in _variants(training, self.data)
        ]
        names = [recipe.name for recipe in recipes]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise UserError(f"plan {self.name} trains {', '.join(sorted(twice))} twice")
        return recipes

    def folders(self, runs: Path) -> dict[str, Path]:
        """Where each training's run lies, by name; variants are this plan's own.

        Args:
            runs: folder of all runs; what is trained as it stands lies there for other plans too.
        """
        return {
            recipe.name: runs / (self.name if training.variants else "") / recipe.name
            for training in self.trainings
            for recipe in _variants(training, self.data)
        }

    def cut(self, recipes: list[Recipe]) -> tuple["Plan", list[Recipe]]:
        """The small version of the plan and of its recipes."""
        quick = self.quick
        small = []
        for recipe in recipes:
            o = recipe.optimiser
            o = replace(o, steps=min(o.steps, quick.steps), batch=min(o.batch, quick.batch))
            small.append(replace(recipe, optimiser=o))
        evaluations = tuple(
            replace(e, limit=min(quick.images, e.limit or quick.images)) for e in self.evaluations
        )
        return replace(self, evaluations=evaluations), small


_KEYS = {setting.name for setting in fields(Recipe)} - {"name"}


def _variants(training: Training, data: str) -> list[Recipe]:
    path = user_path(training.recipe)
    source = ["--data.source", data] if data else []
    if not training.variants:
        return [load_recipe(path, source)]
    return [
        _variant(path, name, [*source, "--name", name, *_words(overrides)])
        for name, overrides in training.variants.items()
    ]


def _variant(recipe: Path, name: str, words: list[str]) -> Recipe:
    # The later word counts: a variant may name other data than the plan.
    try:
        return load_recipe(recipe, words)
    except UserError as error:
        raise UserError(f"variant {name}: {error}") from error


def _words(overrides: dict[str, Any]) -> list[str]:
    return [word for key, value in overrides.items() for word in (f"--{key}", _text(value))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def load_plan(path: Path) -> Plan:
    """Read a plan from YAML.

    Raises:
        UserError: no such file, not YAML, a key or value that a plan does not have, a name that is
            no folder's, or points that no grid has.
    """
    return read_settings(Plan, "plan", path)
