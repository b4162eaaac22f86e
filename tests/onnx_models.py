"""Tiny ONNX models, and the same networks in torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

NAMES = ["disc", "square", "cross"]
Size = tuple[int | str, int | str, int | str, int | str]
ANY: Size = ("n", 3, "height", "width")


def convolution(channels: int, stride: int, seed: int = 0) -> nn.Conv2d:
    """With random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = nn.Conv2d(3, channels, 3, stride=stride, padding=1)
        nn.init.normal_(made.weight)
        return made.requires_grad_(False)


def nodes(layer: nn.Conv2d, result: str, source: str = "images") -> list[Any]:
    """The convolution, from one tensor to another."""
    stride = list(layer.stride)
    return [
        helper.make_node(
            *("Conv", [source, "weight", "bias"], [result]), strides=stride, pads=[1] * 4
        )
    ]


def save(
    file: Path,
    layer: nn.Conv2d,
    graph: Sequence[Any],
    outputs: Sequence[str],
    settings: dict[str, Any] | None,
    *,
    size: Size = ANY,
    kind: int = TensorProto.FLOAT,
    constants: dict[str, list[int]] | None = None,
    external: bool = False,
) -> Path:
    """Write a model, and what stands beside it.

    Args:
        file: where to.
        layer: whose weights its nodes use as ``weight`` and ``bias``.
        graph: the nodes.
        outputs: names of the tensors that come out.
        settings: of the YAML file, none where there is to be none.
        size: what comes in; numbers stay, and words are any number.
        kind: type of the numbers that come in.
        constants: shapes that nodes use, by name.
        external: keep the weights in a file beside the model.
    """
    assert layer.bias is not None
    fixed = [
        numpy_helper.from_array(layer.weight.numpy(), "weight"),
        numpy_helper.from_array(layer.bias.numpy(), "bias"),
        *(numpy_helper.from_array(np.array(v), name) for name, v in (constants or {}).items()),
    ]
    made = helper.make_graph(
        list(graph),
        "tiny",
        [helper.make_tensor_value_info("images", kind, list(size))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        fixed,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    more: dict[str, Any] = {}
    if external:
        more = {"save_as_external_data": True, "location": f"{file.name}.data", "size_threshold": 0}
    onnx.save(model, str(file), **more)
    if settings is not None:
        file.with_suffix(".yaml").write_text(yaml.safe_dump(settings))
    return file


class Classifier(nn.Module):
    """A convolution, and the mean over the image."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = convolution(len(NAMES), 2)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, M)."""
        return self.layer(images).mean(dim=(2, 3))


def classifier(file: Path, settings: dict[str, Any] | None = None, **more: Any) -> Path:
    """`Classifier` as a model."""
    network = Classifier()
    graph = [
        *nodes(network.layer, "map"),
        helper.make_node("GlobalAveragePool", ["map"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["logits"]),
    ]
    told = {"task": "classification", "classes": NAMES} if settings is None else settings
    return save(file, network.layer, graph, ["logits"], told, **more)


def segmenter(file: Path, settings: dict[str, Any], **more: Any) -> Path:
    """A convolution that halves the sides as a model, with the network's own map."""
    layer = convolution(len(NAMES), 2)
    return save(file, layer, nodes(layer, "map"), ["map"], settings, **more)


def detector(file: Path, settings: dict[str, Any], *, last: str = "Sigmoid", **more: Any) -> Path:
    """(B, 4 + M, Q) as YOLO has it: sides of 0 to 16 pixels about anything, probabilities."""
    layer = convolution(4 + len(NAMES), 4)
    graph = [
        *nodes(layer, "map"),
        helper.make_node(last, ["map"], ["positive"]),
        helper.make_node("Reshape", ["positive", "shape"], ["found"]),
    ]
    constants = {"shape": [0, 4 + len(NAMES), -1]}
    return save(file, layer, graph, ["found"], settings, constants=constants, **more)
