"""Constants in fewer bytes are the same to the last bit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from exported import Exported
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from semjscc.export.constants import LEAST_BYTES, shorten_constants
from semjscc.export.names import FLOAT_FILES

DRAW = np.random.default_rng(0)
FEW = np.array([0.1, -0.0, 0.0, np.nan, np.inf], np.float32)[DRAW.integers(0, 5, (3, 8000))]
ALL = DRAW.standard_normal(40_000).astype(np.float32)
CASES: dict[str, tuple[NDArray[Any], float]] = {  # and at most how large the rest is
    "bytes": (DRAW.integers(0, 256, 20_000), 1 / 8),
    "shorts": (DRAW.integers(0, 2**16, (20, 1000)), 1 / 4),
    "negative": (DRAW.integers(-9, 9, 20_000), 1 / 2),
    "large": (2**40 + DRAW.integers(0, 9, 20_000), 1),
    "few floats": (FEW, 1 / 4),
    "many floats": (DRAW.integers(0, 999, 40_000).astype(np.float32), 0.6),
    "all different": (ALL, 1),
    "one": (np.full((70, 500), -0.0, np.float32), 0),
    "small": (np.zeros(9, np.float32), 1),
}


def model_of(values: NDArray[Any], *, as_node: bool) -> Any:
    """One whose output is this constant."""
    tensor = numpy_helper.from_array(values, "constant")
    node = helper.make_node("Constant", [], ["constant"], value=tensor)
    nodes = [helper.make_node("Identity", ["constant"], ["made"])]
    output = helper.make_tensor_value_info("made", tensor.data_type, values.shape)
    graph = helper.make_graph(
        [node, *nodes] if as_node else nodes, "g", [], [output], [] if as_node else [tensor]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: Any) -> NDArray[Any]:
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    outputs: Sequence[Any] = session.run(None, {})
    return outputs[0]


@pytest.mark.parametrize("as_node", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_constants_are_shorter_and_the_same(case: str, as_node: bool) -> None:
    values, part = CASES[case]
    model = model_of(values, as_node=as_node)
    before = model.ByteSize()
    shorten_constants(model)
    made = run(model)
    assert made.dtype == values.dtype
    assert made.shape == values.shape
    assert made.tobytes() == values.tobytes()
    if part == 1:
        assert model.ByteSize() == before
    else:
        assert model.ByteSize() < part * values.nbytes + 5000


def test_nothing_large_of_a_plan_is_in_64_bits(planned: Exported) -> None:
    for name in FLOAT_FILES:
        graph = onnx.load(str(planned.folder / name)).graph
        nodes = [node.attribute[0].t for node in graph.node if node.op_type == "Constant"]
        wide = [one for one in (*graph.initializer, *nodes) if one.data_type == one.INT64]
        assert all(len(one.raw_data) < LEAST_BYTES for one in wide)
