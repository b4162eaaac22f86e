"""A trial before the training: what does not fit together shows in a second, and in one line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from semjscc.channels.units import noise_variance
from semjscc.codecs.base import Codec
from semjscc.data import ImageSet
from semjscc.errors import UserError
from semjscc.losses import reference
from semjscc.parts.own_code import in_words
from semjscc.perception.base import Perception, Preprocess, check_layers
from semjscc.perception.gradients import check_gradients
from semjscc.tasks import Task
from semjscc.training.crops import central_crops
from semjscc.training.measure import CARD_SNR_DB
from semjscc.training.recipe import LossRecipe


def try_network(
    network: nn.Module,
    preprocess: Preprocess,
    layers: Sequence[str],
    images: Sequence[torch.Tensor],
    task: Task,
    classes: Sequence[str],
    name: str,
) -> None:
    """Let a network to be trained look at images of train and of val.

    Raises:
        UserError: it cannot, it has not all the layers, its output is not what the task wants, or
            has no gradient.
    """
    try:
        check_layers(network, layers, name)
    except ValueError as error:
        raise UserError(str(error)) from error
    for image in images:
        with _trial(network, name), torch.enable_grad():
            output = network(preprocess(image))
        wanted = task.problem(output, image, len(classes))
        if wanted is not None or not isinstance(output, torch.Tensor):
            raise UserError(f"{name} must return {wanted or 'a tensor'}")
        if not output.requires_grad:
            raise UserError(
                f"{name} cannot be trained: no gradient comes from its result to its weights, as "
                "where its forward has a detach() or no_grad()"
            )


def try_codec(codec: Codec, data: ImageSet, name: str, crop: int | None = None) -> None:
    """Let a codec to be trained send one image at every ratio.

    Raises:
        UserError: it cannot, it changes the image, or it makes nan of it.
    """
    image, snr_db = _image(data, crop), torch.tensor([CARD_SNR_DB])
    size = (image.shape[-2], image.shape[-1])
    kept, numbers = image.clone(), True
    with _trial(codec, name):
        for ratio in codec.ratios:
            sent = codec.encode(image, snr_db, ratio)
            decoded = codec.decode(sent.symbols, noise_variance(snr_db), ratio, size, sent.side)
            numbers = numbers and not bool(decoded.isnan().any())
    if not torch.equal(image, kept):
        raise UserError(
            f"{name} changes the images that it is to send, with which its own are compared: "
            "encode must work on a copy"
        )
    if not numbers:
        raise UserError(f"{name} makes nan of an image before it is trained")


def try_perception(
    perception: Perception, images: Sequence[torch.Tensor], loss: LossRecipe
) -> None:
    """Let the network at the receiver look at batches of images, as the loss will.

    Raises:
        UserError: it cannot, a layer takes no part in its result, or a gradient that is needed
            does not pass.
    """
    form = loss.importance
    by_class = loss.term == "fisher" or (form and (form.score == "fisher" or form.learned))
    if loss.weight and by_class and perception.task.target != "label":
        raise UserError(
            "the score and term fisher and learned importance are for classification; "
            f"{perception.name} does {perception.task.name}"
        )
    for batch in images:
        with torch.no_grad():
            perception.look(batch)
        if loss.weight:
            with torch.enable_grad():
                features, output = perception.features_and_output(batch.detach().requires_grad_())
            needed = list(features.values()) if loss.term in ("features", "fisher") else []
            if loss.term != "features" or loss.importance is not None:
                needed.append(output)
            check_gradients(perception.name, needed)
            if loss.term == "features" and form is not None and form.function is not None:
                # By what the network sees: its labels may be of no class that it knows.
                plain = replace(form, target="predicted")
                signs = torch.ones(len(batch), len(perception.class_names))
                reference(perception, batch, plain, received=batch, signs=signs)


def first_images(data: ImageSet, val: ImageSet, crop: int | None) -> list[torch.Tensor]:
    """The first image as a training sees it, and as the measurement after it does: (1, 3, H, W)."""
    return [_image(data, crop), val.batch([0])]


def _image(data: ImageSet, crop: int | None) -> torch.Tensor:
    """The first image as a training sees it, (1, 3, H, W)."""
    return data.batch([0]) if crop is None else central_crops(data.first(1), crop, 1).batch([0])


@contextmanager
def _trial(network: nn.Module, name: str) -> Iterator[None]:
    """No gradients unless asked for, no statistics or draws, and all as before when it is over."""
    modes = {module: module.training for module in network.modules()}
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            network.eval()
            yield
    except Exception as error:  # of any kind: it may be a network of the user's own
        raise UserError(f"{name} does not fit the images: {in_words(error)}") from error
    finally:
        for module, training in modes.items():
            module.training = training
