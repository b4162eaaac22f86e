"""The recipe: everything that decides a training, as one tree of plain data.

It is read from YAML, changed by dotted overrides (``--optimiser.steps 100``), and saved beside
and inside every checkpoint.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from jsonargparse import ArgumentError, ArgumentParser

from semjscc.checkpoint import write_atomically
from semjscc.errors import UserError
from semjscc.images import MINIMUM_SIDE
from semjscc.importance.gradient import ImportanceForm

Settings = TypeVar("Settings")
MOST_CLIP_DB = 100.0
"""Far above any peak: no clip at all."""


@dataclass(frozen=True)
class DataRecipe:
    """Where the images come from.

    Attributes:
        source: ``signs``, a hub name, a parquet file, or a folder of either kind.
        size: resize and crop to this side; leave out where all images agree in size.
        val_fraction: share of train that is kept for choices, by hash of the image.
        limit: only the first so many training images, for trials.
    """

    source: str = "signs"
    size: int | None = None
    val_fraction: float = 0.1
    limit: int | None = None

    def __post_init__(self) -> None:
        _check_number("size", self.size, MINIMUM_SIDE)
        _check_number("limit", self.limit, 1)
        if not 0 <= self.val_fraction < 1:
            raise ValueError(f"val_fraction is at least 0 and below 1, not {self.val_fraction}")


@dataclass(frozen=True)
class PerceptionRecipe:
    """A classifier to train.

    Attributes:
        network: resnet, plainconv or densenet, or a class of your own as ``my.module:Class``
            that is called with ``classes=`` and ``options`` and returns a module.
        options: keyword arguments of the network.
        layers: the modules whose outputs are the features a codec may be trained with.
        input_size: side that the network wants its images resized to.
    """

    network: str = "resnet"
    options: dict[str, Any] = field(default_factory=dict)
    layers: tuple[str, ...] = ("stage1", "stage2", "stage3")
    input_size: int | None = None

    def __post_init__(self) -> None:
        _check_number("input_size", self.input_size, 1)


@dataclass(frozen=True)
class CodecRecipe:
    """A codec to train.

    Attributes:
        codec: adaptive or deepjscc.
        options: keyword arguments of the codec.
        perception: name or checkpoint of the network at the receiver; what the semantic loss looks
            through, and what accuracy on val is reported for.
        network: the class behind it, as ``my.module:Class``, where it is a network of your own.
        faded: share of the images whose symbols have unequal noise, as after a Rayleigh channel.
        erased: share of the images that lose 0 to 50 % of their symbols.
        clip_db: train through the modem's transmitter, which limits the waveform's envelope to so
            many dB above its root mean square, 6 by default there; leave out for no limit.
    """

    codec: Literal["adaptive", "deepjscc"] = "adaptive"
    options: dict[str, Any] = field(default_factory=dict)
    perception: str = "signs-a"
    network: str | None = None
    faded: float = 0.1
    erased: float = 0.1
    clip_db: float | None = None

    def __post_init__(self) -> None:
        _check_range("faded", self.faded, 1)
        _check_range("erased", self.erased, 1)
        if self.clip_db is not None:
            _check_range("clip_db", self.clip_db, MOST_CLIP_DB)


@dataclass(frozen=True)
class LossRecipe:
    """loss = distortion + weight · term.

    Attributes:
        weight: of the term; 0 trains for distortion alone.
        term: the error at the receiver's network: of its ``features``, the ``task``'s own loss
            (cross-entropy with the label), ``distillation`` (distance between the results), or
            ``fisher`` (that distance to second order in the features' error).
        layers: the perception network's layers whose features count.
        importance: form of the features' weights; leave out for uniform ones.
        temperature: of the distillation, and of the term ``fisher``.
    """

    weight: float = 0.0
    term: Literal["features", "task", "distillation", "fisher"] = "features"
    layers: tuple[str, ...] = ("stage1", "stage2", "stage3")
    importance: ImportanceForm | None = None
    temperature: float = 1.0

    def __post_init__(self) -> None:
        _check_finite("weight", self.weight)
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature is positive, not {self.temperature}")


@dataclass(frozen=True)
class OptimiserRecipe:
    """How the weights move.

    Attributes:
        steps: number of updates.
        batch: images in an update, over all processes together.
        name: sgd (Nesterov momentum 0.9) or adamw.
        rate: peak learning rate.
        warmup: share of the steps over which the rate rises.
        weight_decay: on filters only.
        precision: ``bf16-mixed`` runs twice as fast as ``32-true`` on processors that have it.
        label_smoothing: for classifiers.
        augment_mirror: mirror half of the images; not where left and right differ in meaning.
        augment_shift: pixels by which images are moved about.
        augment_erase: side of a square that is greyed out.
        augment_paste: share of the images that get a rectangle of another one (CutMix), for
            classifiers.
        clip_gradient: largest norm of the gradient; leave out for no limit.
    """

    steps: int = 1000
    batch: int = 128
    name: Literal["sgd", "adamw"] = "adamw"
    rate: float = 1e-3
    warmup: float = 0.1
    weight_decay: float = 0.0
    precision: Literal["bf16-mixed", "32-true"] = "bf16-mixed"
    label_smoothing: float = 0.0
    augment_mirror: bool = True
    augment_shift: int = 0
    augment_erase: int = 0
    augment_paste: float = 0.0
    clip_gradient: float | None = None

    def __post_init__(self) -> None:
        for name, least in {"steps": 1, "batch": 1, "augment_shift": 0, "augment_erase": 0}.items():
            _check_number(name, getattr(self, name), least)
        for name in ("rate", "weight_decay"):
            _check_finite(name, getattr(self, name))
        for name in ("warmup", "label_smoothing", "augment_paste"):
            _check_range(name, getattr(self, name), 1)
        if self.clip_gradient is not None and not 0 < self.clip_gradient < math.inf:
            raise ValueError(f"clip_gradient is positive, not {self.clip_gradient}")


@dataclass(frozen=True)
class Recipe:
    """One training, of a perception network or of a codec.

    Attributes:
        name: names the run and its folder, ``runs/NAME``.
        data: the images.
        optimiser: the schedule.
        perception: the classifier to train, or
        codec: the codec to train,
        loss: and what for.
        start: name or path of weights to begin with, instead of random ones. A classifier of other
            classes lends its features, and the layer ``head`` begins anew.
        seed: of the weights, the order and every draw.
    """

    name: str
    data: DataRecipe
    optimiser: OptimiserRecipe
    perception: PerceptionRecipe | None = None
    codec: CodecRecipe | None = None
    loss: LossRecipe = field(default_factory=LossRecipe)
    start: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name is empty")
        if not -(2**63) <= self.seed < 2**64:
            raise ValueError(f"seed has 64 bits at the most, and {self.seed} has more")

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON and YAML can hold."""
        return json.loads(json.dumps(asdict(self)))


def _check_number(name: str, number: int | None, least: int) -> None:
    """Refuse too small a number; None is none at all."""
    if number is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")


def _check_range(name: str, value: float, most: float) -> None:
    if not 0 <= value <= most:
        raise ValueError(f"{name} lies between 0 and {most:g}, not {value}")


def _check_finite(name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is 0 or more, and finite, not {value}")


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe from YAML and apply dotted overrides.

    Args:
        path: the YAML file.
        overrides: command-line words, such as ``["--optimiser.steps", "100"]``.

    Raises:
        UserError: no such file, not YAML, or a key or value that a recipe does not have.
    """
    return read_settings(Recipe, "recipe", path, overrides)


def read_settings(
    kind: type[Settings], what: str, path: Path, overrides: Sequence[str] = ()
) -> Settings:
    """Read a dataclass from YAML; ``what`` is its name in messages."""
    if not path.is_file():
        raise UserError(f"no {what} at {path}")
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument(f"--{what}", action="config")
    parser.add_class_arguments(kind, as_group=False)
    try:
        words = [f"--{what}", str(path), *overrides]
        settings = vars(parser.instantiate(parser.parse_args(words)))
        settings.pop(what)
        return kind(**settings)
    except (ArgumentError, TypeError, ValueError, RecursionError) as error:
        raise UserError(f"{what} {path}: {' '.join(str(error).split())}") from error


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe as YAML that `load_recipe` reads back equal."""
    text = yaml.safe_dump(recipe.to_dict(), sort_keys=False)
    write_atomically(path, lambda temporary: temporary.write_text(text))
