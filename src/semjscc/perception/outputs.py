"""What modules return besides plain tensors: tuples, lists and mappings with tensors in them."""

from collections.abc import Mapping, MutableMapping
from copy import copy
from typing import Any

from torch import Tensor

from semjscc.errors import UserError


def first_tensor(output: object, layer: str) -> Tensor:
    """What counts as a layer's features where it returns several things.

    Args:
        output: a tensor, or tuples, lists and mappings with some in them.
        layer: its name.

    Raises:
        UserError: there is no tensor in it.
    """
    found = _first(output)
    if found is None:
        raise UserError(f"layer '{layer}' has no features: it returns a {type(output).__name__}")
    return found


def with_tensor(output: object, old: Tensor, new: Tensor) -> object:
    """An output of the same kind with ``new`` wherever ``old`` stands in it."""
    if output is old:
        return new
    if isinstance(output, MutableMapping):
        changed = copy(output)
        for key, part in output.items():
            changed[key] = with_tensor(part, old, new)
        return changed
    if isinstance(output, tuple | list):
        parts = [with_tensor(part, old, new) for part in output]
        make: Any = getattr(type(output), "_make", type(output))  # named tuples have their own
        return make(parts)
    return output


def _first(output: object) -> Tensor | None:
    if isinstance(output, Tensor):
        return output
    if not isinstance(output, Mapping | tuple | list):
        return None
    parts = output.values() if isinstance(output, Mapping) else output
    return next((found for part in parts if (found := _first(part)) is not None), None)
