"""The recipe: everything that decides a training, as one tree of plain data.

It is read from YAML, changed by dotted overrides (``--optimiser.steps 100``), and saved beside
and inside every checkpoint.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from semjscc.channels import AWGN, CHANNELS, LOSSY, channel_named, is_lossy
from semjscc.checkpoint import write_atomically
from semjscc.codecs.store import CODECS
from semjscc.images import MINIMUM_SIDE, PIXEL_LIMIT
from semjscc.importance.gradient import ImportanceForm
from semjscc.paths import check_folder_name
from semjscc.perception.names import is_onnx, only_judges
from semjscc.settings.reading import read_settings
from semjscc.training.names import check_named
from semjscc.training.numbers import check_finite, check_number, check_range
from semjscc.training.optimisation.optimiser import OptimiserRecipe

MOST_CLIP_DB = 100.0
"""Far above any peak: no clip at all."""


@dataclass(frozen=True)
class DataRecipe:
    """Where the images come from.

    Attributes:
        source: ``signs``, a hub name, a parquet file, or a folder of either kind; or a list of
            them, whose images are equally likely (one named twice counts twice).
        size: resize and crop to this side; leave out where all images agree in size.
        crop: instead of whole images, train on random pieces of this side at random scales, of
            images of any size (see `semjscc.training.crops`).
        val_fraction: share of train that is kept for choices, by hash of the image; more than 0,
            since every training ends with a measurement on it.
        limit: only the first so many training images of each source, for trials.
        masks: read the class of each pixel too, which segmentation is trained and measured by.
        boxes: read boxes too, which detection is trained and measured by.
    """

    source: tuple[str, ...] | str = "signs"
    size: int | None = None
    crop: int | None = None
    val_fraction: float = 0.1
    limit: int | None = None
    masks: bool = False
    boxes: bool = False

    def __post_init__(self) -> None:
        if (self.masks or self.boxes) and self.crop is not None:
            raise ValueError("masks and boxes go with whole images: leave out crop, or give a size")
        if not (self.source and all(self.source)):
            raise ValueError("source is empty")
        check_number("size", self.size, MINIMUM_SIDE)
        check_number("crop", self.crop, MINIMUM_SIDE)
        if self.size is not None and self.crop is not None:
            raise ValueError(f"size {self.size} and crop {self.crop} exclude each other")
        check_number("limit", self.limit, 1)
        if not 0 < self.val_fraction < 1:
            raise ValueError(f"val_fraction lies between 0 and 1, not {self.val_fraction}")

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources, one or several."""
        return (self.source,) if isinstance(self.source, str) else self.source


@dataclass(frozen=True)
class PerceptionRecipe:
    """A vision model to train.

    Attributes:
        network: resnet, plainconv or densenet; unet or efficientnet-unet for segmentation; detector
            or efficientnet-detector for detection; or a class of your own as ``my.module:Class``
            that is called with ``classes=`` and ``options`` and returns a module.
        options: keyword arguments of the network.
        layers: the modules whose outputs are the features a codec may be trained with.
        input_size: side that the network wants its images resized to; or [height, width], to which
            they are stretched.
        task: ``classification``; ``segmentation``, which wants ``data.masks``; ``detection``, which
            wants ``data.boxes``; or a class of your own as ``my.module:Class``.
        task_options: its arguments, such as ``ignored: [11]``, see `semjscc.tasks`.
        classes: the names of the classes, where the data does not tell them.
    """

    network: str = "resnet"
    options: dict[str, Any] = field(default_factory=dict)
    layers: tuple[str, ...] = ("stage1", "stage2", "stage3")
    input_size: int | tuple[int, int] | None = None
    task: str = "classification"
    task_options: dict[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        size = self.input_size
        height, width = size if isinstance(size, tuple) else (size, size)
        for side in (height, width):
            check_number("input_size", side, 1)
        if height is not None and width is not None and height * width > PIXEL_LIMIT:
            raise ValueError(f"input_size {size} is of more than {PIXEL_LIMIT:,} pixels")


@dataclass(frozen=True)
class ReceiverRecipe:
    """One more network at the receiver, with a task of its own.

    Attributes:
        perception: the network, named as in ``evaluate --perception``.
        share: how much its error counts in the loss's term, where that of ``codec.perception``
            counts 1.
        layers: its layers whose features count; leave out for those that it names itself.
        network: the class behind it, as ``my.module:Class``, where it is a network of your own.
        task: the class of its task, likewise.
    """

    perception: str
    share: float = 1.0
    layers: tuple[str, ...] | None = None
    network: str | None = None
    task: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share < math.inf:
            raise ValueError(f"share is positive, not {self.share}")


@dataclass(frozen=True)
class CodecRecipe:
    """A codec to train.

    Attributes:
        codec: adaptive, deep, deepjscc, or a class of your own as ``my.module:Class``.
        options: keyword arguments of the codec.
        perception: the network at the receiver, named as in ``evaluate --perception``; what the
            semantic loss looks through, and what accuracy on val is reported for.
        network: the class behind it, as ``my.module:Class``, where it is a network of your own.
        task: the class of its task, likewise.
        others: further networks at the receiver: the loss's term is the mean over all of them.
        channel: what the codec is trained through: ``awgn``; or ``block-rayleigh``,
            ``fast-rayleigh``, ``cut@SHARE``, ``bursts@PROBABILITY``, or a function of your own as
            ``my.module:name``, each with the SNR of its image. Gradients must pass.
        faded: over ``awgn``, share of the images whose symbols have unequal noise, as after a
            Rayleigh channel.
        erased: over ``awgn``, share of the images that lose 0 to 50 % of their symbols.
        clip_db: train through the modem's transmitter, which limits the waveform's envelope to so
            many dB above its root mean square, 6 by default there; leave out for no limit.
    """

    codec: str = "adaptive"
    options: dict[str, Any] = field(default_factory=dict)
    perception: str = "signs-a"
    network: str | None = None
    task: str | None = None
    others: tuple[ReceiverRecipe, ...] = ()
    channel: str = AWGN
    faded: float = 0.1
    erased: float = 0.1
    clip_db: float | None = None

    def __post_init__(self) -> None:
        names = [self.perception, *(one.perception for one in self.others)]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"the receiver has {twice} twice: give the one a larger share")
        check_named("codec", self.codec, CODECS)
        if is_lossy(self.channel):
            channel_named(self.channel)
        else:
            check_named("channel", self.channel, [*CHANNELS, *LOSSY.values()])
        check_range("faded", self.faded, 1)
        check_range("erased", self.erased, 1)
        if self.clip_db is not None:
            check_range("clip_db", self.clip_db, MOST_CLIP_DB)


@dataclass(frozen=True)
class LossRecipe:
    """loss = distortion + weight · term.

    Attributes:
        distortion: ``mse``, the mean squared error, or ``log-mse``, its logarithm: then every image
            counts for as many decibels, whatever the SNR, the ratio and the image.
        weight: of the term; 0 trains for distortion alone.
        term: the error at the receiver's network: of its ``features``, the ``task``'s own loss
            (cross-entropy with the label), ``distillation`` (distance between the results), or
            ``fisher`` (that distance to second order in the features' error).
        layers: the perception network's layers whose features count; leave out for those that it
            names itself.
        importance: form of the features' weights; leave out for uniform ones.
        temperature: of the distillation, and of the term ``fisher``.
    """

    distortion: Literal["mse", "log-mse"] = "mse"
    weight: float = 0.0
    term: Literal["features", "task", "distillation", "fisher"] = "features"
    layers: tuple[str, ...] | None = None
    importance: ImportanceForm | None = None
    temperature: float = 1.0

    def __post_init__(self) -> None:
        check_finite("weight", self.weight)
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature is positive, not {self.temperature}")

    @property
    def needs_labels(self) -> str | None:
        """What of this loss looks at the labels, if anything does."""
        if not self.weight:
            return None
        if self.term == "task":
            return "the loss's term 'task'"
        form = self.importance if self.term == "features" else None
        labelled = form is not None and form.target == "label" and form.score != "fisher"
        return "importance of the target 'label'" if labelled else None


@dataclass(frozen=True)
class Recipe:
    """One training, of a perception network or of a codec.

    Attributes:
        name: names the run and its folder, ``runs/NAME``.
        data: the images.
        optimiser: the schedule.
        perception: the vision model to train, or
        codec: the codec to train,
        loss: and what for.
        start: name or path of weights to begin with, instead of random ones. A classifier of other
            classes lends its features, and the layer ``head`` begins anew. ``efficientnet-lite0``
            lends its features to the networks that are built on it.
        seed: of the weights, the order and every draw.
    """

    name: str
    data: DataRecipe = field(default_factory=DataRecipe)
    optimiser: OptimiserRecipe = field(default_factory=OptimiserRecipe)
    perception: PerceptionRecipe | None = None
    codec: CodecRecipe | None = None
    loss: LossRecipe = field(default_factory=LossRecipe)
    start: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_folder_name(self.name)
        if not -(2**63) <= self.seed < 2**64:
            raise ValueError(f"seed has 64 bits at the most, and {self.seed} has more")
        if self.codec is not None and self.loss.weight:
            for name in (one.perception for one in (self.codec, *self.codec.others)):
                if is_onnx(name):
                    raise ValueError(only_judges(name, "loss.weight above 0"))

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON and YAML can hold."""
        return json.loads(json.dumps(asdict(self)))


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe from YAML and apply dotted overrides.

    Args:
        path: the YAML file.
        overrides: command-line words, such as ``["--optimiser.steps", "100"]``.

    Raises:
        UserError: no such file, not YAML, or a key or value that a recipe does not have.
    """
    return read_settings(Recipe, "recipe", path, overrides)


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe as YAML that `load_recipe` reads back equal."""
    text = yaml.safe_dump(recipe.to_dict(), sort_keys=False)
    write_atomically(path, lambda temporary: temporary.write_text(text))
