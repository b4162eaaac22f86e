"""How strong each coefficient of a block is in photographs: the fixed spectrum.

``python tools/spectrum.py`` estimates it. Pictures differ in contrast, so that each has one number
of its own, its gain g: its coefficients are taken to have variances g²·σ². A picture's gain is the
root mean square of c/σ over its coefficients, each weighted by its σ, which is how power is
allotted at high SNR; the spectrum is scaled so that the mean g² of the training photographs is 1.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SPECTRUM_FILE = Path(__file__).parent / "spectrum.json"


@cache
def _content() -> dict[str, Any]:
    return json.loads(SPECTRUM_FILE.read_text())


@cache
def mean_colour() -> Tensor:
    """The mean red, green and blue of photographs: (3,) float32 in [0, 1]."""
    with torch.inference_mode(False):  # kept, and also used where gradients pass
        return torch.tensor(_content()["mean"])


@cache
def order() -> Tensor:
    """Which coefficient stands where: (768,) int64 places in (colour, v, u), strongest first."""
    with torch.inference_mode(False):
        natural = torch.tensor(_content()["variances"], dtype=torch.float64)
        return natural.flatten().argsort(descending=True, stable=True)


@cache
def variances() -> Tensor:
    """σ² of each coefficient in a picture of gain 1, falling: (768,) float32, pixels in [0, 1]."""
    with torch.inference_mode(False):
        return torch.tensor(_content()["variances"]).flatten()[order()]


def gain(energies: Tensor, spectrum: Tensor) -> Tensor:
    """A picture's gain from its mean squared coefficients.

    Args:
        energies: (..., M), c² averaged over the picture's blocks.
        spectrum: σ², (M,).

    Returns:
        (...), g.
    """
    sigma = spectrum.sqrt()
    return ((energies / sigma).sum(dim=-1) / sigma.sum()).sqrt()
