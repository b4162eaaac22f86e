"""Quantised coefficients to bytes and back, by range coding with the tables of `small_model`."""

from bisect import bisect_right
from functools import cache
from typing import Any

import numpy as np
from constriction import stream  # pyright: ignore[reportAttributeAccessIssue]
from numpy.typing import NDArray

from semjscc.separation.sources.small.model import (
    BEYOND,
    CONTEXT_EDGES,
    CONTEXTS,
    ESCAPE,
    WEIGHTS,
    Floats,
    Integers,
    Layout,
    Model,
    code_lengths,
    probabilities,
)

Symbols = NDArray[np.int32]

PAYLOAD_LIMIT = 2048
"""Bytes; no sender's payload comes near."""

_Categorical = stream.model.Categorical
# The approximation that needs only sums and products, which IEEE 754 rounds alike everywhere.
_FAMILY = _Categorical(perfect=False)
_BEYOND = _Categorical(BEYOND.astype(np.float64), perfect=False)


def encode(model: Model, layout: Layout, values: Integers) -> bytes:
    """Bytes that decode to these values, (N,), and no more of them than needed.

    The receiver reads zeros after the end. So of all numbers that a range coder may send, the
    one with the fewest bytes is found by trying, from just below the ideal code length upwards.
    """
    rows = layout.rows(values)
    tables = probabilities(model)[rows]
    symbols = (values.clip(-ESCAPE, ESCAPE) + ESCAPE).astype(np.int32)
    magnitudes = np.abs(values)
    excess = (magnitudes[magnitudes >= ESCAPE] - ESCAPE).astype(np.int32)
    encoder = stream.queue.RangeEncoder()
    encoder.encode(symbols, _FAMILY, tables)
    encoder.encode(excess, _BEYOND)
    whole = encoder.get_compressed().astype(">u4").tobytes()
    least = int(code_lengths(model)[rows, symbols].sum() / 8)
    for length in range(max(least - 1, 0), len(whole)):
        for payload in _neighbourhood(whole, length):
            if _says(payload, tables, symbols, excess):
                return payload
    return whole


def _neighbourhood(whole: bytes, length: int) -> list[bytes]:
    """The numbers of this many bytes just below and just above."""
    below = int.from_bytes(whole[:length], "big")
    numbers = [below] if below + 1 == 256**length else [below, below + 1]
    return [number.to_bytes(length, "big") for number in numbers]


def _says(payload: bytes, tables: Floats, symbols: Symbols, excess: Symbols) -> bool:
    """Whether a receiver reads exactly this."""
    # With the sender's tables, all at once: up to the first wrong symbol they are the receiver's.
    reader = _reader(payload)
    try:
        read = reader.decode(_FAMILY, tables)
        return np.array_equal(read, symbols) and np.array_equal(
            reader.decode(_BEYOND, len(excess)), excess
        )
    except AssertionError:
        return False


def _reader(payload: bytes) -> Any:
    padded = payload + bytes(-len(payload) % 4)
    return stream.queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))


@cache
def _table(model: Model, row: int) -> Any:
    return _Categorical(probabilities(model)[row], perfect=False)


def decode(model: Model, layout: Layout, payload: bytes) -> Integers:
    """The values (N,) that `encode` was given; some values for most strangers' bytes.

    Raises:
        ValueError: the payload is too long, or one that no encoder writes.
    """
    if len(payload) > PAYLOAD_LIMIT:
        raise ValueError(f"a payload of {len(payload)} bytes is too long")
    try:
        return _read(model, layout, _reader(payload))
    except AssertionError:  # how constriction reports bytes that no encoder writes
        raise ValueError("the payload is damaged") from None


def _read(model: Model, layout: Layout, reader: Any) -> Integers:
    weights = WEIGHTS.tolist()
    magnitudes = [0] * (len(layout) + 1)
    values: list[int] = []
    places = zip(layout.groups.tolist(), layout.neighbours.tolist(), strict=True)
    for place, (group, near) in enumerate(places):
        activity = sum(w * magnitudes[other] for w, other in zip(weights, near, strict=True))
        row = group * CONTEXTS + bisect_right(CONTEXT_EDGES, activity)
        value = int(reader.decode(_table(model, row))) - ESCAPE
        magnitudes[place] = abs(value)
        values.append(value)
    for place, value in enumerate(values):
        if abs(value) == ESCAPE:
            excess = int(reader.decode(_BEYOND))
            values[place] += excess if value > 0 else -excess
    return np.array(values, np.int64)
