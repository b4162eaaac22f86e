"""From a recipe to trained weights: builds the parts, runs the training, measures, exports."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from semjscc import __version__
from semjscc.checkpoint import MODEL, read_metadata, save_weights
from semjscc.data import ImageSet
from semjscc.errors import UserError, printable
from semjscc.paths import keep_apart
from semjscc.perception.base import Perception
from semjscc.perception.identity import network_print
from semjscc.perception.store import describe, weights_file
from semjscc.perception.wrap import make_task
from semjscc.runtime.folder_lock import alone_in
from semjscc.tasks import Detection
from semjscc.training.check import check_images, prepare_codec, prepare_network
from semjscc.training.classes import in_one_order
from semjscc.training.inputs import (
    Inputs,
    code,
    inputs_today,
    keep_inputs,
    load_images,
    origins,
    start_file,
)
from semjscc.training.measure import measure_codec, measure_perception
from semjscc.training.modules import CodecTraining, PerceptionTraining, StepTraining
from semjscc.training.recipe import CodecRecipe, PerceptionRecipe, Recipe
from semjscc.training.runs.nodes import check_launcher, is_first
from semjscc.training.runs.run import Schedule, fit, is_done, open_run
from semjscc.training.runs.several import first_speaks
from semjscc.training.runs.state import RESUME
from semjscc.training.trial import first_images


@first_speaks()
def train(recipe: Recipe, folder: Path, schedule: Schedule) -> tuple[Path, dict[str, Any]]:
    """Train what the recipe describes, from where an earlier call was stopped.

    Args:
        recipe: what to train.
        folder: the run's folder.
        schedule: processes, saving and progress, which do not change the result.

    Returns:
        the path of the trained weights, and what was measured of them on val.

    Raises:
        UserError: the recipe, the data or the folder cannot be used.
    """
    if (recipe.perception is None) == (recipe.codec is None):
        raise UserError("a recipe trains one thing: it needs a part 'perception' or 'codec'")
    check_launcher(schedule.processes, schedule.nodes)
    open_run(recipe, folder)
    keep_apart(_weights_read(recipe), [folder / MODEL])
    if is_done(recipe, folder):
        keep_inputs(folder, inputs_today(recipe))
        return folder / MODEL, read_metadata(folder / MODEL).get("facts", {})
    data, val = load_images(recipe.data, "train"), load_images(recipe.data, "val")
    check_images(recipe, data, val)
    inputs = Inputs(origins(recipe), data.full_print, code(recipe))
    with ExitStack() as held:
        work = _Work(recipe, folder, schedule, held, data, val, inputs)
        torch.manual_seed(recipe.seed)
        if recipe.codec is not None:
            return _train_codec(work, recipe.codec)
        assert recipe.perception is not None
        return _train_perception(work, recipe.perception)


def _weights_read(recipe: Recipe) -> list[Path]:
    """The checkpoints that a training reads."""
    start = [] if recipe.start is None else [start_file(recipe.start)]
    if (codec := recipe.codec) is None:
        return start
    return [*start, *(weights_file(one.perception) for one in (codec, *codec.others))]


@dataclass(frozen=True)
class _Work:
    """What every kind of training needs, and what it holds until its result is written."""

    recipe: Recipe
    folder: Path
    schedule: Schedule
    held: ExitStack
    data: ImageSet
    val: ImageSet  # read before the training, so that its absence is not found out after it
    inputs: Inputs

    @property
    def model(self) -> Path:
        return self.folder / MODEL

    def for_card(self, val: ImageSet) -> ImageSet:
        return val.first(self.schedule.card_images)

    def fit(self, module: StepTraining) -> bool:
        # Only now: a mistake found before leaves no folder.
        options = "train --out, reproduce --runs"
        if is_first(self.schedule.processes, self.schedule.nodes):
            self.held.enter_context(alone_in(self.folder, options))
        keep_inputs(self.folder, self.inputs)
        return fit(module, self.folder, self.schedule, (self.folder / RESUME).is_file())


def _train_perception(work: _Work, chosen: PerceptionRecipe) -> tuple[Path, dict[str, Any]]:
    recipe, data = work.recipe, work.data
    task = make_task(chosen.task, chosen.task_options)
    data, val, classes = in_one_order(data, work.val, task.target, chosen.classes)
    task.check_classes(len(classes), recipe.name)
    side = chosen.input_size
    if isinstance(task, Detection) and side is None and any(h != w for h, w in data.sizes):
        raise UserError(
            "detection is trained on square images: give perception.input_size, to which others "
            "are stretched, or data.size"
        )
    for images in (data, val):
        targets = images.targets(task.target, range(len(images)))
        task.check(targets, len(classes))
        if why := task.unmeasured(targets, len(classes)):
            raise UserError(
                f"nothing can be learned or measured on {printable(images.name)} ({images.split}), "
                f"where {why}: give it other images, or change data.val_fraction"
            )
    tried = first_images(data, val, recipe.data.crop)
    network, preprocess = prepare_network(recipe, chosen, task, classes, tried)
    if not work.fit(PerceptionTraining(recipe, network, preprocess, data, task)):
        return work.model, {}
    perception = Perception(
        network.to(memory_format=torch.channels_last),  # pyright: ignore[reportCallIssue]
        layers=chosen.layers,
        class_names=classes,
        preprocess=preprocess,
        task=task,
        name=recipe.name,
    )
    description = describe(chosen.network, chosen.options, chosen.layers, classes, preprocess, task)
    facts = measure_perception(perception, work.for_card(val))
    return _export(work, network, description, facts)


def _train_codec(work: _Work, chosen: CodecRecipe) -> tuple[Path, dict[str, Any]]:
    recipe, data = work.recipe, work.data
    images = first_images(data, work.val, recipe.data.crop)
    codec, receivers = prepare_codec(recipe, chosen, data, images)
    if not work.fit(CodecTraining(recipe, codec, chosen, receivers, data)):
        return work.model, {}
    description = {
        "kind": "codec",
        "codec": chosen.codec,
        "options": chosen.options,
        "ratios": [str(ratio) for ratio in codec.ratios],
        "snr_range_db": list(codec.snr_range_db),
        "perception": receivers[0].perception.name,
        # By which a sender finds it again, and knows it from others of its name.
        "receiver": {
            "network": chosen.perception,
            "print": network_print(receivers[0].perception),
        },
    }
    networks = [one.perception for one in receivers]
    facts = measure_codec(codec, networks, work.for_card(work.val))
    return _export(work, codec, description, facts)


def _export(
    work: _Work, network: torch.nn.Module, description: dict[str, Any], facts: dict[str, Any]
) -> tuple[Path, dict[str, Any]]:
    """Write the weights with all that a reader of them may want to know."""
    data, weights = work.data, network.state_dict()
    if not all(torch.isfinite(tensor).all() for tensor in weights.values()):
        raise UserError(
            f"{work.recipe.name} has diverged, and its weights are not finite: lower optimiser.rate"
        )
    if (crop := work.recipe.data.crop) is not None:
        facts = {**facts, "image_side": crop}
    metadata = {
        **description,
        "version": __version__,
        "recipe": work.recipe.to_dict(),
        "origins": work.inputs.origins,
        "data": {
            "name": data.name,
            "revision": data.revision,
            "fingerprint": data.full_print,
            "images": len(data),
        },
        "facts": facts,
    }
    save_weights(work.model, weights, metadata)
    return work.model, facts
