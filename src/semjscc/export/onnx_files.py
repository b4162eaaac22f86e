"""Networks of a codec as ONNX files, in float32 and in 8 bits."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from semjscc.errors import UserError
from semjscc.export.calibration import Feeds
from semjscc.export.constants import shorten_constants
from semjscc.export.ends import End
from semjscc.runtime.quiet import without_warnings

OPSET = 17
_MOST_DIFFERENCE = 1e-3
"""Of an output from torch's; what rounding does is a hundredth of it."""
_LINEAR_PATH = "/blocks/"
"""In the names of the convolutions beside a network of `adaptive`."""
_READY = "onnx.quant.pre_process", "onnxruntime.quant"
"""By this onnxruntime knows that a model needs no preparation, and does not warn of it."""


def write_float(end: End, facts: Mapping[str, str]) -> bytes:
    """An end of a codec in float32, as the content of a file with these facts as metadata."""
    import onnx

    written: Any = io.BytesIO()  # torch takes it, and does not say so
    names = list(end.example)
    axes = {}
    if end.any_size:
        wide = {0: "images", 2: "height", 3: "width"}
        ranks = {name: value.ndim for name, value in end.example.items()}
        axes = {name: wide if rank == 4 else {0: "images"} for name, rank in ranks.items()}
        axes[end.output] = wide
    # torch is about to export in another way alone, which needs one more large package.
    with torch.no_grad(), without_warnings():
        torch.onnx.export(
            end.network,
            tuple(end.example.values()),
            written,
            dynamo=False,
            opset_version=OPSET,
            input_names=names,
            output_names=[end.output],
            dynamic_axes=axes,
        )
    model = onnx.load_model_from_string(written.getvalue())
    if not end.any_size:  # what depends on a size is large; a network alone is left as it is, for
        shorten_constants(model)  # its weights in 8 bits are made of those in the file
    onnx.helper.set_model_props(model, {**facts, _READY[0]: _READY[1]})
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def check_same(end: End, session: Any) -> None:
    """Compare a file with the network that it was made of, at other inputs than it was made at.

    Raises:
        UserError: they differ.
    """
    with torch.no_grad():
        right = end.network(*end.other.values()).numpy()
    names = [one.name for one in session.get_inputs()]
    feeds = {name: end.other[name].numpy() for name in names}
    (made,) = session.run(None, feeds)
    if made.shape != right.shape or not np.abs(made - right).max() < _MOST_DIFFERENCE:
        raise UserError(
            f"torch {torch.__version__} writes another network to ONNX than it runs: "
            "take the version in constraints.txt"
        )


def write_int8(source: Path, target: Path, feeds: Sequence[Feeds]) -> None:
    """Quantise the convolutions of a file in float32: weights by channel, activations by tensor.

    The first and the last convolution stay in float32, and so does the linear path beside a
    network: it and the last one stand in the output with all of their errors, and the first takes
    values near the end of their range, where processors without instructions for 8 bits saturate.

    Args:
        source: of `write_float`.
        target: the file that is written.
        feeds: inputs from which the ranges of activations are taken.
    """
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    model = onnx.load(str(source))
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    linear = [name for name in convolutions if _LINEAR_PATH in name]
    network = [name for name in convolutions if name not in linear]
    with without_warnings():
        quantize_static(
            str(source),
            str(target),
            _reader(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[*linear, network[0], network[-1]],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


def _reader(feeds: Sequence[Feeds]) -> Any:
    """Inputs one after the other, as onnxruntime asks for them."""
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._left = iter(feeds)

        def get_next(self) -> Any:
            return next(self._left, None)

    return Reader()
