"""Links, images and networks by name."""

import os
from collections.abc import Collection, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semjscc.data import ImageSet, Split
from semjscc.data import load_data as read_data
from semjscc.data.base import TargetName
from semjscc.errors import UserError, printable
from semjscc.families import choose_family, family_for
from semjscc.links import Link
from semjscc.links.catalogue import brings_all
from semjscc.links.loading import open_link as load_link
from semjscc.perception.base import Perception
from semjscc.perception.store import open_perception as load_perception
from semjscc.runtime.devices import AUTO, device_named
from semjscc.separation.sources.base import Accounting

_NO_SIZE = 0, 0
"""Of images that are not known yet."""


def open_link(
    name: str,
    *,
    weights: str | None = None,
    perception: str | Perception | None = None,
    accounting: Accounting = "compact",
    important: Tensor | NDArray[np.floating] | None = None,
) -> Link:
    """A transmission scheme by its name, as ``semjscc links`` lists them.

    Args:
        name: such as ``none``, ``djscc``, ``semantic``, ``separate``, ``hybrid+semantic``; the path
            of a run's folder or a checkpoint; or your own as ``my.module:Link``. All that a name
            may say stands with `semjscc.links.open_link`.
        weights: the family of shipped weights: ``photo``, ``signs``, …. None: that for photographs,
            or that for signs where the extra ``imagenet`` is not installed; none at all where a
            ``perception`` is given and no link needs any.
        perception: the network at the receiver, or its name. The link ``label`` runs it at the
            sender, and so does a policy such as ``+semantic`` where no family says which.
        accounting: of separate coding: ``compact`` counts what the receiver cannot know, ``file``
            the whole image file.
        important: (H, W), from 0 to 1: what matters in the one picture that will be sent, in place
            of what a network finds; for links with a policy that weighs importance.

    Returns:
        the link; `transmit` and `evaluate` take it in place of a name.

    Raises:
        UserError: there is no such link, or no weights for it; or it weighs nothing by what is
            important.

    Example:
        >>> link = semjscc.open_link("semantic", weights="signs")
        >>> link.name
        'semantic'
    """
    family = family_of([name], weights, perception, family_for(*_NO_SIZE))
    judge = None if perception is None else as_perception(perception)
    mask = None if important is None else torch.as_tensor(important).float()
    return load_link(name, family, judge, accounting=accounting, important=mask)


def load_data(
    source: str | os.PathLike[str],
    split: Split = "test",
    *,
    size: int | None = None,
    limit: int | None = None,
    targets: Collection[TargetName] = ("label",),
) -> ImageSet:
    """Images, and what is right of each.

    Args:
        source: ``signs`` or ``scenes``, which ship; the path of a folder, of a parquet file or of a
            folder of them; or ``owner/name`` on the Hugging Face hub.
        split: ``train``, ``val`` or ``test``.
        size: side in pixels to resize and crop to; None keeps the sizes.
        limit: only the first so many images.
        targets: what there must be of each image: ``label``, ``mask`` (the class of each pixel),
            ``boxes``. Nothing, ``()``, for images alone.

    Returns:
        the images: ``images`` (N, 3, H, W) uint8, or N of (3, H, W) where sizes differ, ``labels``
        (N,) int64, ``class_names``, ``masks``, ``boxes``.

    Raises:
        UserError: the data cannot be had, or lacks a target.

    Example:
        >>> signs = semjscc.load_data("signs", limit=4)
        >>> signs.images.shape, signs.class_names[signs.labels[0]]
        (torch.Size([4, 3, 64, 64]), 'turn left')
    """
    for name, number in (("size", size), ("limit", limit)):
        check_at_least_one(name, number)
    return read_data(
        os.fspath(source),
        split,
        size=size,
        limit=limit,
        needs_labels="label" in targets,
        needs_masks="mask" in targets,
        needs_boxes="boxes" in targets,
    )


def open_perception(
    name: str,
    *,
    layers: Sequence[str] | None = None,
    network: str | None = None,
    task: str | None = None,
    device: str = AUTO,
) -> Perception:
    """A vision model at the receiver by its name, frozen.

    Args:
        name: shipped weights such as ``signs-a``; ``efficientnet-lite0``; ``mobilenet-v2=PATH``;
            ``hf:OWNER/NAME`` on the Hugging Face hub; the path of an ONNX file, of a checkpoint or
            of a run's folder.
        layers: whose features count, instead of those that the network names itself.
        network: its class as ``my.module:Class``, where it is one of yours.
        task: the class of its task, likewise.
        device: where it computes, and the links that are opened for it: ``cpu``, ``cuda``, ``mps``,
            or ``auto``, a GPU of NVIDIA's where there is one.

    Returns:
        the network. Called with images (B, 3, H, W), float32 in [0, 1], it gives its output, such
        as logits (B, M) for the M ``class_names``; its ``features`` gives those of its layers.

    Raises:
        UserError: there is none, it cannot be read, or it has no such layer.

    Example:
        >>> network = semjscc.open_perception("signs-a")
        >>> network.layers
        ('stage1', 'stage2', 'stage3')
    """
    return load_perception(name, network, layers, task, device=device_named(device))


def as_perception(network: str | Perception, device: str = AUTO) -> Perception:
    """A network that may be stated by its name, and is opened then on a device."""
    return open_perception(network, device=device) if isinstance(network, str) else network


def family_of(names: Sequence[str], weights: str | None, own: object, usual: str) -> str:
    """The family of shipped weights that links by name are opened with, as the commands choose it.

    Args:
        names: of the links.
        weights: the family that the user asked for, or None.
        own: the user's network at the receiver, or None.
        usual: the family where nobody says which.

    Returns:
        the family, or "" where the user brings all weights along.

    Raises:
        UserError: there is no such family.
    """
    if brings_all(names, weights, has_network=own is not None):
        return ""
    return choose_family(weights, usual)


def check_at_least_one(name: str, number: int | None) -> None:
    """Refuse a count below 1.

    Raises:
        UserError: so it is.
    """
    if number is not None and number < 1:
        raise UserError(f"{name} must be at least 1, not {printable(str(number))}")
