"""Large constants of an ONNX file in fewer bytes, their values the same to the last bit.

Integers that fit are of 8, 16 or 32 bits instead of 64. Where a constant of floats holds few
different ones, the file has those, and for each place which of them it is; where it holds one, that
and the shape. Nodes before all others put back what the network takes; a runtime works them out
once, when it loads the file.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_BYTES = 1 << 16
"""Smaller constants stay as they are."""
_SHORT = np.uint8, np.uint16, np.int32
"""Kinds of integers, the shortest first."""


def shorten_constants(model: Any) -> None:
    """Shorten the constants of a model (onnx.ModelProto) in place, wherever that saves bytes."""
    graph, nodes = model.graph, []
    for stored in list(graph.initializer):
        if made := _shortened(graph, stored, stored.name):
            graph.initializer.remove(stored)
            nodes += made
    for node in [node for node in graph.node if node.op_type == "Constant"]:
        (value,) = node.attribute
        if value.name == "value" and (made := _shortened(graph, value.t, node.output[0])):
            graph.node.remove(node)
            nodes += made
    for place, node in enumerate(nodes):
        graph.node.insert(place, node)


def _shortened(graph: Any, tensor: Any, name: str) -> list[Any]:
    """Nodes that make a constant of the same name; none where it stays as it is."""
    from onnx import TensorProto, numpy_helper

    if tensor.data_type not in (TensorProto.FLOAT, TensorProto.INT64):
        return []
    if len(tensor.raw_data) < LEAST_BYTES:
        return []
    values = numpy_helper.to_array(tensor)
    if tensor.data_type == TensorProto.INT64:
        short = _shortest(values)
        return [] if short is None else [_whole(graph, short, f"{name}/short", name)]
    # As bits: minus zero is not zero.
    bits, which = np.unique(values.view(np.uint32), return_inverse=True)
    if len(bits) == 1:
        return [_repeated(graph, bits.view(np.float32), values.shape, name)]
    short = _shortest(which.reshape(values.shape))
    if short is None or short.nbytes + bits.nbytes >= values.nbytes:
        return []
    return _chosen(graph, bits.view(np.float32), short, name)


def _shortest(values: NDArray[np.int64]) -> NDArray[Any] | None:
    """The same in the fewest bits; None where they need 64."""
    low, high = int(values.min()), int(values.max())
    for kind in _SHORT:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return None


def _whole(graph: Any, short: NDArray[Any], stored: str, name: str) -> Any:
    """Integers of 64 bits from shorter ones."""
    from onnx import TensorProto, helper, numpy_helper

    graph.initializer.append(numpy_helper.from_array(short, stored))
    return helper.make_node("Cast", [stored], [name], name=f"{name}/whole", to=TensorProto.INT64)


def _chosen(graph: Any, table: NDArray[Any], which: NDArray[Any], name: str) -> list[Any]:
    """Floats from a table, and for each place which of them it is."""
    from onnx import helper, numpy_helper

    graph.initializer.append(numpy_helper.from_array(table, f"{name}/table"))
    place = _whole(graph, which, f"{name}/which", f"{name}/place")
    chosen = helper.make_node(
        "Gather", [f"{name}/table", f"{name}/place"], [name], name=f"{name}/chosen"
    )
    return [place, chosen]


def _repeated(graph: Any, one: NDArray[Any], shape: tuple[int, ...], name: str) -> Any:
    """One float in every place."""
    from onnx import helper, numpy_helper

    graph.initializer.append(numpy_helper.from_array(one, f"{name}/one"))
    graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), f"{name}/shape"))
    return helper.make_node(
        "Expand", [f"{name}/one", f"{name}/shape"], [name], name=f"{name}/repeated"
    )
