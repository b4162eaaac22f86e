"""Perception networks built from plain descriptions, saved and loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from semjscc.blueprints import on_no_device
from semjscc.checkpoint import fill, load_weights, locate
from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.perception.base import Perception, Preprocess, looking_at
from semjscc.perception.built_in import imagenet
from semjscc.perception.built_in.mobilenet import load_mobilenet
from semjscc.perception.built_in.networks import NETWORKS, build_network
from semjscc.perception.huggingface.files import WEIGHTS, model_folder
from semjscc.perception.huggingface.models import load_hugging_face
from semjscc.perception.names import check_one, hugging_face, mobilenet_file, onnx_file
from semjscc.perception.onnx.models import load_onnx
from semjscc.perception.wrap import make_network, make_task
from semjscc.tasks import Classification, Task


def describe(
    network: str,
    options: dict[str, Any],
    layers: tuple[str, ...],
    class_names: tuple[str, ...],
    preprocess: Preprocess,
    task: Task | None = None,
) -> dict[str, Any]:
    """The plain description from which `load_perception` rebuilds a network."""
    task = task or Classification()
    return {
        "kind": "perception",
        "network": network,
        "options": options,
        "layers": list(layers),
        "class_names": list(class_names),
        "task": {"name": task.name, "options": task.options()},
        "preprocess": {
            "size": preprocess.size,
            "mean": list(preprocess.mean),
            "std": list(preprocess.std),
        },
    }


def open_perception(
    name: str,
    own_class: str | None = None,
    layers: Sequence[str] | None = None,
    own_task: str | None = None,
    *,
    device: torch.device | str = "cpu",
) -> Perception:
    """A network by name.

    Args:
        name: what the user said: shipped weights, a checkpoint or a run's folder;
            ``efficientnet-lite0``; ``mobilenet-v2=`` and the path of its weights; ``hf:`` and a
            model of the Hugging Face hub or a folder like it; or the path of an ONNX model.
        own_class: see `load_perception`.
        layers: whose features count, instead of those that the network names itself.
        own_task: see `load_perception`.
        device: where it computes, and with it the links that are opened for it.

    Raises:
        UserError: there is none, it cannot be read, or it has no such layer.
    """
    try:
        found = _opened(name, own_class, layers, own_task)
    except ValueError as error:
        raise UserError(printable(str(error))) from error
    found.opened_as = name
    return found.to(device)


def _opened(
    name: str, own_class: str | None, layers: Sequence[str] | None, own_task: str | None
) -> Perception:
    """See `open_perception`; a `ValueError` where there is no such layer."""
    check_one(name)
    model, exported = hugging_face(name), onnx_file(name)
    of_others = model is not None or exported is not None or mobilenet_file(name) is not None
    built_in = name == imagenet.NAME or of_others
    if own_class is not None and built_in:
        raise UserError(_not_own(name))
    if own_task is not None and built_in:
        raise UserError(_no_own_task(name))
    if model is not None:
        return load_hugging_face(model, layers)
    if exported is not None:
        return looking_at(load_onnx(exported), layers)
    path = weights_file(name)
    if name == imagenet.NAME:
        return looking_at(imagenet.load_imagenet(), layers)
    if mobilenet_file(name) is not None:
        return looking_at(load_mobilenet(path), layers)
    return load_perception(path, layers, own_class, own_task)


def weights_file(name: str) -> Path:
    """Where the weights of a network lie that `open_perception` knows by this name.

    Raises:
        UserError: there are none.
    """
    if name == imagenet.NAME:
        return imagenet.weights_file()
    if (model := hugging_face(name)) is not None:
        return model_folder(model) / WEIGHTS
    return mobilenet_file(name) or onnx_file(name) or locate(name)


def load_perception(
    path: Path,
    layers: Sequence[str] | None = None,
    own_class: str | None = None,
    own_task: str | None = None,
) -> Perception:
    """Read a perception network from a checkpoint of ours.

    Args:
        path: the checkpoint.
        layers: whose features count, instead of those the checkpoint names.
        own_class: ``my.module:Class``, which the user says is behind a network of their own. A
            checkpoint alone never makes code run.
        own_task: the class of a task of their own, likewise.

    Raises:
        UserError: not a checkpoint, not a perception network, damaged, or no such layer.
    """
    weights, described = load_weights(path)
    if described.get("kind") != "perception":
        raise UserError(
            f"{path} holds no perception network but a {printable(str(described.get('kind')))}"
        )
    try:
        classes = [str(name) for name in described["class_names"]]
        chosen = described["preprocess"]
        size = tuple(chosen["size"]) if isinstance(chosen["size"], list) else chosen["size"]
        preprocess = Preprocess(size, tuple(chosen["mean"]), tuple(chosen["std"]))
        network = _network(described, len(classes), own_class, path)
        layers = layers or [str(layer) for layer in described["layers"]]
        name = str(described["recipe"]["name"])
        facts = dict(described["facts"])
        # Checkpoints of before there were tasks are of classifiers.
        told = described.get("task", {"name": Classification.name})
        task = _task(str(told["name"]), told.get("options"), own_task, path)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"the description in {path} is damaged: {error!r}") from error
    if own_class is not None and own_class != described["network"]:
        raise UserError(_not_own(name))
    if own_task is not None and own_task != task.name:
        raise UserError(_no_own_task(name))
    fill(network, weights, path)
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    try:
        return Perception(
            network,
            layers=layers,
            class_names=classes,
            preprocess=preprocess,
            task=task,
            name=name,
            facts=facts,
        )
    except ValueError as error:
        raise UserError(printable(str(error))) from error


def _not_own(name: str) -> str:
    said = printable(name)
    return (
        f"{said} is no network of yours: leave --network out (in a codec's recipe: codec.network)"
    )


def _no_own_task(name: str) -> str:
    return (
        f"{printable(name)} is for no task of yours: leave --task out (in a codec's recipe: "
        "codec.task)"
    )


def _task(name: str, options: dict[str, Any] | None, own_task: str | None, path: Path) -> Task:
    if ":" in name and own_task != name:
        raise UserError(
            f"{path} needs the task {printable(name)}, which is code of its own: if it is yours, "
            "name it with --task (in a codec's recipe: codec.task)"
        )
    return make_task(name, options)


def _network(
    described: dict[str, Any], classes: int, own_class: str | None, path: Path
) -> nn.Module:
    name = described["network"]
    if own_class is not None and own_class == name:
        return make_network(own_class, classes, described["options"])
    if name not in NETWORKS and ":" in str(name):
        raise UserError(
            f"{path} needs the class {printable(str(name))}, which is code of its own: "
            "if it is yours, name it with --network (in a codec's recipe: codec.network)"
        )
    with on_no_device():
        return build_network(name, classes, described["options"])
