"""What a training begins with, tried: so that mistakes show before it, and before earlier ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from semjscc.channels import AWGN
from semjscc.checkpoint import fill, load_weights, locate
from semjscc.codecs.base import Codec
from semjscc.codecs.store import make_codec
from semjscc.data import ImageSet
from semjscc.data.classes import misfit, places
from semjscc.errors import UserError, printable
from semjscc.perception.base import Preprocess
from semjscc.perception.built_in.efficient import EfficientFeatures
from semjscc.perception.built_in.imagenet import load_imagenet
from semjscc.perception.names import EFFICIENTNET
from semjscc.perception.targets import missing_targets, numbers_of, unknown_classes
from semjscc.perception.wrap import make_network, make_task
from semjscc.tasks import Task
from semjscc.training.channel.own_channel import try_channel
from semjscc.training.inputs import load_images
from semjscc.training.receivers import Receiver, open_receivers
from semjscc.training.recipe import CodecRecipe, PerceptionRecipe, Recipe
from semjscc.training.trial import first_images, try_codec, try_network, try_perception

HEAD = "head."
"""What belongs to the classes in a network: its last layer's name in all built-in ones."""


def check_recipe(recipe: Recipe, made: Collection[str] = ()) -> None:
    """Refuse what `train` would, as far as one image each of train and val shows it.

    Args:
        recipe: of a training that begins later.
        made: names of weights that are still to be trained before it, and not looked for.

    Raises:
        UserError: the recipe, its data or the weights that it names cannot be used.
    """
    # All are read by the training itself, which takes long.
    data, val = (load_images(recipe.data, split, most=1) for split in ("train", "val"))
    check_images(recipe, data, val)
    if recipe.start in made:
        recipe = replace(recipe, start=None)
    images = first_images(data, val, recipe.data.crop)
    if recipe.codec is not None:
        prepare_codec(recipe, recipe.codec, data, images, made)
    if (chosen := recipe.perception) is not None:
        task = make_task(chosen.task, chosen.task_options)
        # Which classes masks and boxes have, one image does not show.
        classes = chosen.classes or (data.names_of("label") if task.target == "label" else ())
        if chosen.classes:
            task.check_classes(len(classes), recipe.name)
        if classes:
            prepare_network(recipe, chosen, task, classes, images)


def prepare_codec(
    recipe: Recipe,
    chosen: CodecRecipe,
    data: ImageSet,
    images: Sequence[Tensor],
    made: Collection[str] = (),
) -> tuple[Codec, list[Receiver]]:
    """The codec as its training begins, and the networks at the receiver, all tried.

    Args:
        recipe: the whole.
        chosen: its part.
        data: training images.
        images: as of `first_images`.
        made: see `check_recipe`.

    Raises:
        UserError: something does not go with something else.
    """
    receivers = open_receivers(chosen, recipe.loss, made)
    _fit_targets(recipe, receivers, data)
    for receiver in receivers:
        try_perception(receiver.perception, images, recipe.loss)
    codec = make_codec(chosen.codec, chosen.options)
    _begin(codec, recipe)
    try_codec(codec, data, recipe.name, recipe.data.crop)
    if chosen.channel != AWGN:
        try_channel(chosen.channel)
    return codec, receivers


def prepare_network(
    recipe: Recipe,
    chosen: PerceptionRecipe,
    task: Task,
    classes: tuple[str, ...],
    images: Sequence[Tensor],
) -> tuple[torch.nn.Module, Preprocess]:
    """The network as its training begins, and what it expects of images; both tried.

    Args:
        recipe: the whole.
        chosen: its part.
        task: made of it.
        classes: M names.
        images: as of `first_images`.

    Raises:
        UserError: something does not go with something else.
    """
    network = make_network(chosen.network, len(classes), chosen.options)
    _begin(network, recipe, classes)
    size = chosen.input_size
    # What is told of every place must be told of all of the image.
    if isinstance(size, int) and task.target != "label":
        size = (size, size)
    preprocess = Preprocess(size)
    try_network(network, preprocess, chosen.layers, images, task, classes, recipe.name)
    return network, preprocess


def check_images(recipe: Recipe, *sets: ImageSet) -> None:
    """Refuse a recipe that does not fit the images.

    Raises:
        UserError: it does not.
    """
    crop = recipe.data.crop
    part = recipe.perception
    target = None if part is None else make_task(part.task, part.task_options).target
    needs = "a classifier" if target == "label" else None
    if recipe.codec is not None and all(data.masks is data.boxes is None for data in sets):
        needs = recipe.loss.needs_labels
    for data in sets:
        if target in ("mask", "boxes") and data.of_places(target) is None:
            kind = "boxes" if target == "boxes" else "masks"
            raise UserError(f"this task is trained by {kind}: set data.{kind}: true")
        if needs is not None and not (data.class_names and (data.labels >= 0).all()):
            raise UserError(
                f"{data.name} has not the labels that {needs} needs: a column of class labels, or "
                "class folders, the same in all sources"
            )
        if crop is None and not isinstance(data.images, Tensor):
            raise UserError(
                f"the images of {data.name} differ in size: give them one by data.size, "
                "or train on pieces of them by data.crop"
            )
        side = crop or min(data.sizes[0])
        for name in ("augment_shift", "augment_erase"):
            pixels = getattr(recipe.optimiser, name)
            if pixels >= side:
                raise UserError(f"{name} must be below {side}, the images' side, not {pixels}")


def _fit_targets(recipe: Recipe, receivers: Sequence[Receiver], data: ImageSet) -> None:
    """Tell networks at the receiver their numbers of the data's classes, where the loss needs them.

    Raises:
        UserError: one knows not all of the classes.
    """
    if not recipe.loss.needs_labels:
        return
    for receiver in receivers:
        perception = receiver.perception
        if missing := missing_targets(perception, data):
            end = "" if receiver.target == "label" else ": data.masks or data.boxes reads them"
            raise UserError(f"{missing}{end}")
        if problem := unknown_classes(perception, data):
            raise UserError(
                f"{problem}: give the classes the same names, or train a perception network for "
                "them first"
            )
        receiver.numbers = numbers_of(perception, data)


def _begin(
    module: torch.nn.Module, recipe: Recipe, class_names: tuple[str, ...] | None = None
) -> None:
    """Put the weights in that the recipe starts from, if it names any.

    Where they know all classes of the data, in whatever order, the head keeps what it knows of
    each. Where they were trained for others, features carry over and the head begins anew.

    Raises:
        UserError: there are no such weights, or they are of something else.
    """
    if recipe.start is None:
        return
    if recipe.start == EFFICIENTNET:
        if not isinstance(module, EfficientFeatures):
            raise UserError(
                f"start: {EFFICIENTNET} lends its features to efficientnet-unet and "
                "efficientnet-detector alone"
            )
        module.begin_with(load_imagenet().network)
        return
    path = locate(recipe.start)
    weights, metadata = load_weights(path)
    wanted, found = ("perception" if recipe.codec is None else "codec"), str(metadata["kind"])
    if found != wanted:
        raise UserError(f"start: {path} holds a {printable(found)}, and a {wanted} is trained")
    known = metadata.get("class_names")
    if class_names is not None and known != list(class_names):
        own = {n: tensor for n, tensor in module.state_dict().items() if n.startswith(HEAD)}
        if not own:
            raise UserError(
                f"{path} knows other classes than the data: to begin with its features, the "
                "network's last layer must be called 'head', which begins anew"
            )
        weights |= _rows_of(class_names, known, weights, own) or own
    fill(module, weights, path)


def _rows_of(
    classes: Sequence[str],
    known: object,
    weights: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
) -> dict[str, Tensor] | None:
    """A head's rows of the data's classes, by their names; None where it does not know them all.

    Args:
        classes: of the data.
        known: the class names of the weights.
        weights: their tensors.
        own: the head's of the network that is trained; one row is one class.
    """
    names = [str(name) for name in known] if isinstance(known, list) else []
    if not classes or not names or misfit(classes, names, "", ""):
        return None
    heads = {name: weights.get(name) for name in own}
    if any(head is None or head.shape[:1] != (len(names),) for head in heads.values()):
        return None
    rows = list(places(classes, names))
    return {name: head[rows] for name, head in heads.items() if head is not None}
