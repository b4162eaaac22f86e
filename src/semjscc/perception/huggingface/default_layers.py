"""Layers whose features count where nobody names any: the ends of an encoder's stages."""

from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

from semjscc.errors import UserError
from semjscc.perception.base import INPUT_LAYER
from semjscc.perception.outputs import first_tensor

_MOST = 4
_QUARTERS = (1, 2, 3)
"""Of the depth of a network whose blocks all have one resolution. The last block is left out: in
many transformers the result hangs on one token of it, and no gradient comes to the others."""


@torch.inference_mode()
def default_layers(network: nn.Module, inputs: Tensor, encoder: str = "") -> tuple[str, ...]:
    """Two to four layers spread over the depth of a network that is a row of blocks.

    The row is the list of modules that holds most of the weights. Of its blocks, those count that
    are the last at their resolution, or a few at equal distances where all have the same.

    Args:
        network: that is looked at.
        inputs: (1, 3, H, W), preprocessed.
        encoder: name of the part of it where the row stands; "" for anywhere.

    Returns:
        names as in ``named_modules``; `INPUT_LAYER` alone where there is no such list.
    """
    shapes = _shapes(network, inputs)
    rows = {
        name: [block for block in _blocks(name, module) if len(shapes.get(block, ())) > 2]
        for name, module in network.named_modules()
        if isinstance(module, nn.ModuleList)
        and f"{name}.".startswith(f"{encoder}." if encoder else "")
        and not _within_list(network, name)
    }
    rows = {name: blocks for name, blocks in rows.items() if blocks}
    if not rows:
        return (INPUT_LAYER,)
    blocks = rows[max(rows, key=lambda name: _weights(network.get_submodule(name)))]
    places = [_places(shapes[block]) for block in blocks]
    ends = [at for at, (here, after) in enumerate(pairwise([*places, 0])) if here != after]
    if len(ends) == 1:
        ends = sorted({max(0, round(len(blocks) * part / 4) - 1) for part in _QUARTERS})
    return tuple(blocks[at] for at in ends[-_MOST:])


def _shapes(network: nn.Module, inputs: Tensor) -> Mapping[str, tuple[int, ...]]:
    """Of what each module returns, as far as it is called."""
    found: dict[str, tuple[int, ...]] = {}

    def record(name: str, output: object) -> None:
        with suppress(UserError):  # no tensor is in it: it has no features
            found[name] = tuple(first_tensor(output, name).shape)

    hooks = [
        module.register_forward_hook(
            lambda _module, _inputs, output, name=name: record(name, output)
        )
        for name, module in network.named_modules()
        if name
    ]
    try:
        network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _blocks(name: str, module: nn.Module) -> list[str]:
    """The members of a list of modules, and of lists in it."""
    found: list[str] = []
    for key, child in module.named_children():
        inner = f"{name}.{key}"
        found += _blocks(inner, child) if isinstance(child, nn.ModuleList) else [inner]
    return found


def _within_list(network: nn.Module, name: str) -> bool:
    parts = name.split(".")
    above = (".".join(parts[:depth]) for depth in range(1, len(parts)))
    return any(isinstance(network.get_submodule(each), nn.ModuleList) for each in above)


def _places(shape: tuple[int, ...]) -> int:
    """How many there are: of tokens (B, N, C), or of a map (B, C, h, w)."""
    return shape[1] if len(shape) == 3 else prod(shape[2:])


def _weights(module: nn.Module) -> int:
    return sum(weights.numel() for weights in module.parameters())
