"""From a recipe to trained weights: builds the parts, runs the training, measures, exports."""

import hashlib
from pathlib import Path
from typing import Any

import torch

from semjscc import __version__
from semjscc.checkpoint import MODEL, fill, load_weights, locate, save_weights
from semjscc.codecs.store import build_codec
from semjscc.data import ImageSet, Split, load_data
from semjscc.errors import UserError
from semjscc.perception.base import Perception, Preprocess
from semjscc.perception.store import describe, load_perception
from semjscc.perception.wrap import make_network
from semjscc.training.measure import measure_codec, measure_perception
from semjscc.training.modules import CodecTraining, PerceptionTraining
from semjscc.training.recipe import CodecRecipe, PerceptionRecipe, Recipe
from semjscc.training.run import Schedule, fit, open_run

HEAD = "head."
"""What belongs to the classes in a network: its last layer's name in all built-in ones."""


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
    resume = open_run(recipe, folder)
    data = _load(recipe, "train")
    torch.manual_seed(recipe.seed)
    if recipe.codec is not None:
        return _train_codec(recipe, recipe.codec, data, folder, schedule, resume)
    assert recipe.perception is not None
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
) -> tuple[Path, dict[str, Any]]:
    network = make_network(chosen.network, len(data.class_names), chosen.options)
    _begin(network, recipe, data.class_names)
    preprocess = Preprocess(chosen.input_size)
    module = PerceptionTraining(recipe, network, preprocess, data)
    if not fit(module, folder, schedule, resume):
        return folder / MODEL, {}
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
    facts = measure_perception(perception, _load(recipe, "val"))
    return _export(folder / MODEL, network, description, recipe, data, facts)


def _train_codec(
    recipe: Recipe,
    chosen: CodecRecipe,
    data: ImageSet,
    folder: Path,
    schedule: Schedule,
    resume: bool,
) -> tuple[Path, dict[str, Any]]:
    # A plain training looks at no features: the layers are those that the checkpoint names.
    layers = recipe.loss.layers if recipe.loss.weight else None
    perception = load_perception(locate(chosen.perception), layers, chosen.network)
    if perception.class_names != data.class_names:
        raise UserError(
            f"{perception.name} knows {len(perception.class_names)} classes and {data.name} has "
            f"{len(data.class_names)}, or their names differ: train a perception network first"
        )
    codec = build_codec(chosen.codec, chosen.options)
    _begin(codec, recipe)
    module = CodecTraining(recipe, codec, chosen, perception, data)
    if not fit(module, folder, schedule, resume):
        return folder / MODEL, {}
    description = {
        "kind": "codec",
        "codec": chosen.codec,
        "options": chosen.options,
        "ratios": [str(ratio) for ratio in codec.ratios],
        "snr_range_db": list(codec.snr_range_db),
        "perception": perception.name,
    }
    facts = measure_codec(codec, perception, _load(recipe, "val"))
    return _export(folder / MODEL, codec, description, recipe, data, facts)


def _begin(
    module: torch.nn.Module, recipe: Recipe, class_names: tuple[str, ...] | None = None
) -> None:
    """Put the weights in that the recipe starts from, if it names any.

    Where they were trained for other classes, features carry over and the head begins anew.
    """
    if recipe.start is None:
        return
    path = locate(recipe.start)
    weights, metadata = load_weights(path)
    if class_names is not None and metadata.get("class_names") != list(class_names):
        own = {n: tensor for n, tensor in module.state_dict().items() if n.startswith(HEAD)}
        if not own:
            raise UserError(
                f"{path} knows other classes than the data: to begin with its features, the "
                "network's last layer must be called 'head', which begins anew"
            )
        weights |= own
    fill(module, weights, path)


def origins(recipe: Recipe) -> dict[str, str]:
    """SHA-256 of the weights that a recipe's result depends on, by what they are to it.

    Raises:
        UserError: there are no such weights.
    """
    names = {"start": recipe.start}
    if recipe.codec is not None and recipe.loss.weight:
        names["perception"] = recipe.codec.perception
    return {
        part: hashlib.sha256(locate(name).read_bytes()).hexdigest()
        for part, name in names.items()
        if name is not None
    }


def _export(
    path: Path,
    network: torch.nn.Module,
    description: dict[str, Any],
    recipe: Recipe,
    data: ImageSet,
    facts: dict[str, Any],
) -> tuple[Path, dict[str, Any]]:
    """Write the weights with all that a reader of them may want to know."""
    metadata = {
        **description,
        "version": __version__,
        "recipe": recipe.to_dict(),
        "origins": origins(recipe),
        "data": {
            "name": data.name,
            "revision": data.revision,
            "fingerprint": data.fingerprint,
            "images": len(data),
        },
        "facts": facts,
    }
    save_weights(path, network.state_dict(), metadata)
    return path, facts
