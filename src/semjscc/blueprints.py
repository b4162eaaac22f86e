"""Networks built from a stranger's description: shapes, but no memory and no draws yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


@contextmanager
def on_no_device() -> Iterator[None]:
    """Where such a network is built: only weights that are really in its file take memory."""
    with torch.device("meta"), _Undrawn():
        yield


class _Undrawn(TorchFunctionMode):
    """Draws no initial weights: torch would import its compiler, two seconds, to do nothing."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is nn.init.normal_:  # which hands itself over with all arguments by name
            return kwargs["tensor"]
        return args[0] if func is torch.Tensor.normal_ else func(*args, **kwargs)
