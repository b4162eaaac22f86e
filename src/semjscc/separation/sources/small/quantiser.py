"""Coefficients to whole numbers, chosen for what they cost, and back."""

import numpy as np
from numpy.typing import NDArray

from semjscc.separation.sources.small.model import (
    BEYOND,
    ESCAPE,
    RECONSTRUCTION_UNIT,
    UNIT,
    Floats,
    Integers,
    Layout,
    Model,
    code_lengths,
)

PRICES = (0.1, 0.2)
"""A bit's worth of squared error, in squared steps. Either serves as well; both together give
twice as many sizes to fill a budget with."""

_PASSES = 2
"""The contexts depend on the choices; a third pass changes next to nothing."""


def gather(layout: Layout, coefficients: NDArray[np.floating]) -> Floats:
    """(..., 3, K, K) grey levels -> (..., N), steps away from what is usual."""
    colours, us, vs = layout.places
    return (UNIT * coefficients[..., colours, us, vs] - layout.middles) / layout.step


def scatter(model: Model, layout: Layout, values: Integers, count: int) -> Floats:
    """The inverse of `gather` for quantised values: (N,) -> (3, K, K) grey levels, K = count."""
    magnitudes = np.abs(values)
    drawn = model.reconstruction[layout.groups, magnitudes.clip(1, 3) - 1] / RECONSTRUCTION_UNIT
    steps = np.sign(values) * (magnitudes - drawn)
    coefficients = np.zeros((3, count, count))
    coefficients[layout.places] = (steps * layout.step + layout.middles) / UNIT
    return coefficients


def quantise(model: Model, layout: Layout, scaled: Floats, price: float = PRICES[0]) -> Integers:
    """The values of least squared error plus price times bits.

    Args:
        model: gives the bits.
        layout: of the N coefficients.
        scaled: (..., N), what `gather` gave.
        price: of one bit, in squared steps.

    Returns:
        (..., N); each the nearest whole number, or the next one or two towards zero.
    """
    sign = np.where(scaled < 0, -1, 1)
    size = np.abs(scaled)
    nearest = np.floor(size + 0.5).astype(np.int64).clip(max=ESCAPE + len(BEYOND) - 1)
    candidates = np.maximum(nearest - np.arange(3).reshape(3, *[1] * nearest.ndim), 0)
    drawn = model.reconstruction[layout.groups, candidates.clip(1, 3) - 1] / RECONSTRUCTION_UNIT
    error = (size - (candidates - np.where(candidates > 0, drawn, 0))) ** 2
    lengths, symbols = code_lengths(model), candidates.clip(0, ESCAPE) + ESCAPE
    # A first guess with a dead zone, for the contexts.
    values = np.floor(size + 0.35).astype(np.int64)
    for _ in range(_PASSES):
        cost = error + price * lengths[layout.rows(values), symbols]
        best = cost.argmin(axis=0)[None]
        values = np.take_along_axis(candidates, best, 0)[0]
    return sign * values
