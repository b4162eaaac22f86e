"""From a recipe to trained weights: builds the parts, runs the training, measures, exports."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.utilities import rank_zero_only

from semjscc import __version__
from semjscc.checkpoint import save_weights
from semjscc.data import ImageSet, Split, load_data
from semjscc.errors import UserError
from semjscc.perception.base import Perception, Preprocess, predict
from semjscc.perception.store import describe
from semjscc.perception.wrap import make_network
from semjscc.training.modules import PerceptionTraining
from semjscc.training.recipe import PerceptionRecipe, Recipe
from semjscc.training.run import MODEL, Schedule, fit, open_run


def train(recipe: Recipe, folder: Path, schedule: Schedule) -> Path:
    """Train what the recipe describes, from where an earlier call was stopped.

    Args:
        recipe: what to train.
        folder: the run's folder.
        schedule: processes, saving and progress, which do not change the result.

    Returns:
        the path of the trained weights.

    Raises:
        UserError: the recipe, the data or the folder cannot be used.
    """
    if recipe.perception is None:
        raise UserError("the recipe trains nothing: it needs a part 'perception' or 'codec'")
    resume = open_run(recipe, folder)
    data = _load(recipe, "train")
    torch.manual_seed(recipe.seed)
    return _train_perception(recipe, recipe.perception, data, folder, schedule, resume)


def _load(recipe: Recipe, split: Split) -> ImageSet:
    chosen = recipe.data
    return load_data(
        chosen.source,
        split,
        size=chosen.size,
        val_fraction=chosen.val_fraction,
        limit=chosen.limit if split == "train" else None,
    )


def _train_perception(
    recipe: Recipe,
    chosen: PerceptionRecipe,
    data: ImageSet,
    folder: Path,
    schedule: Schedule,
    resume: bool,
) -> Path:
    network = make_network(chosen.network, len(data.class_names), chosen.options)
    preprocess = Preprocess(chosen.input_size)
    fit(PerceptionTraining(recipe, network, preprocess, data), folder, schedule, resume)
    perception = Perception(
        network.to(memory_format=torch.channels_last),  # pyright: ignore[reportCallIssue]
        layers=chosen.layers,
        class_names=data.class_names,
        preprocess=preprocess,
        name=recipe.name,
    )
    description = describe(
        chosen.network, chosen.options, chosen.layers, data.class_names, preprocess
    )
    val = _load(recipe, "val")
    facts = {"val_accuracy": accuracy(perception, val), "val_images": len(val)}
    return _export(folder / MODEL, network, description, recipe, data, facts)


def accuracy(perception: Perception, data: ImageSet, batch: int = 250) -> float:
    """Share of the images whose label the network finds."""
    right = 0
    for start in range(0, len(data), batch):
        indices = range(start, min(start + batch, len(data)))
        found = predict(perception, data.batch(indices))
        right += int((found == data.labels[indices.start : indices.stop]).sum())
    return right / len(data)


def _export(
    path: Path,
    network: torch.nn.Module,
    description: dict[str, Any],
    recipe: Recipe,
    data: ImageSet,
    facts: dict[str, Any],
) -> Path:
    """Write the weights with all that a reader of them may want to know."""
    metadata = {
        **description,
        "version": __version__,
        "recipe": recipe.to_dict(),
        "data": {
            "name": data.name,
            "revision": data.revision,
            "fingerprint": data.fingerprint,
            "images": len(data),
        },
        "facts": facts,
    }
    if rank_zero_only.rank == 0:
        save_weights(path, network.state_dict(), metadata)
    return path
