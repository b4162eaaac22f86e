"""Features as maps: which layers have some, and how tokens lie in the image."""

from collections.abc import Iterable
from math import ceil

import torch
from torch import Tensor, nn

from semjscc.errors import UserError, printable
from semjscc.perception.base import Perception, looking_at

_EXTRA_TOKENS = 8
"""In front, at most: for the class, for distillation, registers."""
_HALVINGS = 5
"""How often a network of transformers may halve the sides of its grid of patches, at most."""


class NoMapsError(UserError):
    """A layer whose features have no places in the image."""

    def __init__(self, name: str, layer: str, shape: tuple[int, ...]) -> None:
        super().__init__(
            f"layer '{printable(layer)}' of {printable(name)} has no maps: its features are "
            f"{shape}. Importance needs places in the image: name a layer with maps"
        )


def layer_with_maps(perception: Perception, images: Tensor, layers: Iterable[str]) -> str:
    """The first of the layers whose features are maps, or tokens that lie in rows.

    Args:
        perception: the network.
        images: (B, 3, H, W) in [0, 1], of which one is looked at.
        layers: in the order in which they are wanted.

    Raises:
        NoMapsError: none of them has maps; it names the first.
        UserError: there are no layers.
    """
    refusal = UserError(
        f"{printable(perception.name)} names no layers: importance needs one with maps"
    )
    for number, layer in enumerate(layers):
        with torch.no_grad():
            features = looking_at(perception, [layer]).features(images[:1])[layer]
        if as_maps(features, perception.network, _sides(perception, images)) is not None:
            return layer
        if not number:
            refusal = NoMapsError(perception.name, layer, tuple(features.shape))
    raise refusal


def maps_of(perception: Perception, images: Tensor, layer: str, values: Tensor) -> Tensor:
    """Features of a layer, or what has their shape, as maps (B, C, h, w).

    Raises:
        NoMapsError: they are none.
    """
    found = as_maps(values, perception.network, _sides(perception, images))
    if found is None:
        raise NoMapsError(perception.name, layer, tuple(values.shape))
    return found


def as_maps(values: Tensor, network: nn.Module, size: tuple[int, int]) -> Tensor | None:
    """Maps (B, C, h, w): the values are some, or tokens (B, N, C) in rows; None for others.

    Tokens are patches row by row, after a few for the whole image. A network that has the attribute
    ``patch_size`` is taken at its word, and then ``tokens_behind`` may follow the patches. Of
    another network the patches are taken for squares.

    Args:
        values: (B, ...).
        network: whose layer they are of.
        size: height and width of what comes into the network.
    """
    if values.ndim == 4:
        return values
    if values.ndim != 3:
        return None
    patch, behind = _pair(getattr(network, "patch_size", None)), 0
    if patch is not None:
        behind = int(getattr(network, "tokens_behind", 0))
    tokens = values.shape[1] - behind
    found = _guessed(tokens, *size) if patch is None else _told(tokens, size, patch)
    if found is None:
        return None
    front, rows, columns = found
    patches = values[:, front : front + rows * columns]
    return patches.transpose(1, 2).unflatten(2, (rows, columns))


def _told(
    tokens: int, size: tuple[int, int], patch: tuple[int, int]
) -> tuple[int, int, int] | None:
    """Tokens in front, rows and columns of patches; see `as_maps`.

    Patches at the edge that are not whole are cut off or filled up. Patches may have been merged
    two by two.
    """
    for sides in ([side << times for side in patch] for times in range(_HALVINGS + 1)):
        parts = [length / side for length, side in zip(size, sides, strict=True)]
        grids = ([int(part) for part in parts], [ceil(part) for part in parts])
        fronts = [(tokens - rows * columns, rows, columns) for rows, columns in grids]
        fits = [found for found in fronts if found[1] * found[2] and 0 <= found[0] <= _EXTRA_TOKENS]
        if fits:
            return min(fits)
    return None


def _guessed(tokens: int, height: int, width: int) -> tuple[int, int, int] | None:
    """Likewise, where nobody says how large a patch is: it is a square."""
    for extra in range(_EXTRA_TOKENS + 1):
        patches = tokens - extra
        rows = round((max(0, patches) * height / width) ** 0.5)
        if not 0 < rows <= height:
            continue
        side = round(height / rows)
        kept, padded = (height // side, width // side), (-(-height // side), -(-width // side))
        if (rows, patches / rows) in (kept, padded):
            return extra, rows, patches // rows
    return None


def _pair(said: object) -> tuple[int, int] | None:
    """A height and a width in pixels; None where it is nothing of the kind."""
    pair = [said, said] if isinstance(said, int) else said
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        return None
    height, width = pair
    if not isinstance(height, int) or not isinstance(width, int) or min(height, width) < 1:
        return None
    return height, width


def _sides(perception: Perception, images: Tensor) -> tuple[int, int]:
    """Height and width of what comes into the network."""
    height, width = perception.preprocess(images[:1]).shape[-2:]
    return height, width
