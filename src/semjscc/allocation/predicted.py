"""Importance that a small network of the sender's own predicts, so that a camera needs no other.

It has learned what `semjscc.allocation.importance` finds with a vision model and its gradients
(distillation), and sees nothing but how strong each block is in each band: what linear coding
measures in any case. So it costs far less than an encoder.

    blocks ─► log-energies of bands, means ─► 1 x 1 ─► 3 x 3, wider and wider ─► 1 x 1 ─► importance

Shapes: B images of h x w blocks, C log-energies and means of a block.
"""

from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.checkpoint import fill, load_weights
from semjscc.images import pad_to_multiple
from semjscc.linear.overview import mean_places
from semjscc.linear.planning.regions import LAYOUTS, groups
from semjscc.linear.transform import BLOCK, analyse

WEIGHTS = Path(__file__).parent / "predicted.safetensors"
"""The network's, with what it has learned from and how well, by `tools/train_predictor.py`."""
KIND = "importance predictor"
WIDTH = 32
REACHES = (1, 2, 4, 8)
"""Blocks between the places that a 3 x 3 convolution looks at: in all, 15 blocks to each side."""
_LAYOUT = LAYOUTS[-1]
_LEAST = 1e-6
"""Mean squared coefficient of a band below which nothing is there: 60 dB."""
INPUTS = _LAYOUT.group_count + 3


class Predictor(nn.Module):
    """From log-energies and means to the logarithm of importance, but for its scale."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.enter = nn.Conv2d(INPUTS, width, 1)
        self.around = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=reach, dilation=reach) for reach in REACHES
        )
        self.leave = nn.Conv2d(width, 1, 1)

    def forward(self, energies: Tensor, inside: Tensor | None = None) -> Tensor:
        """The logits of blocks.

        Args:
            energies: (B, C, h, w), as of `block_energies`.
            inside: (B, 1, h, w), 0 where smaller images of a batch have no block; None for none.

        Returns:
            (B, h, w).
        """
        seen = F.gelu(self.enter(energies))
        for layer in self.around:
            # Beyond an image's edge there is nothing, in a batch as elsewhere.
            seen = seen if inside is None else seen * inside
            seen = seen + F.gelu(layer(seen))
        return self.leave(seen)[:, 0]


def block_prediction(images: Tensor, model: Predictor) -> Tensor:
    """How much each block is likely to matter.

    Args:
        images: (B, 3, H, W) in [0, 1].
        model: what predicts it, such as the one that ships.

    Returns:
        (B, h, w) float32 > 0 of mean 1, by block of 16 x 16 pixels.
    """
    own = next(model.parameters()).device
    with torch.no_grad():
        return importance_of(model(block_energies(images.to(own)))).to(images.device)


def importance_of(logits: Tensor) -> Tensor:
    """What a `Predictor` says, (B, h, w), as importance of mean 1."""
    blocks = logits.shape[1] * logits.shape[2]
    return blocks * logits.flatten(1).softmax(dim=1).reshape(logits.shape)


def block_energies(images: Tensor) -> Tensor:
    """What the network sees: (B, 3, H, W) in [0, 1] -> (B, C, h, w).

    The log-energy of each band of luma by direction and of chroma, and the mean of each colour.
    """
    coefficients = analyse(pad_to_multiple(images, BLOCK))
    places = mean_places()
    member = F.one_hot(groups(_LAYOUT).clamp_min(0), _LAYOUT.group_count).to(coefficients)
    member[places] = 0
    member = member / member.sum(dim=0)
    energies = torch.einsum("bdhw,dg->bghw", coefficients.square(), member)
    means = coefficients[:, places] / BLOCK
    return torch.cat([(energies + _LEAST).log2() / 4 + 2, 4 * means], dim=1)


@cache
def predictor() -> Predictor:
    """The one that ships."""
    made = Predictor()
    fill(made, load_weights(WEIGHTS)[0], WEIGHTS)
    return made.eval()
