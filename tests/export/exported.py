"""Small codecs, and the folders that were written of them."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from semjscc.codecs.base import Codec
from semjscc.codecs.deep import Deep
from semjscc.export.networks import Exportable


class Exported(NamedTuple):
    """A codec and the folder that was written of it."""

    codec: Exportable | Deep
    folder: Path


def speaking(codec: Codec) -> None:
    """Give a codec weights by which all of its parts count, and no image is silent."""
    with torch.no_grad():
        for name, part in codec.named_parameters():
            if "blocks" not in name:
                scale = 0.4 if part.ndim > 1 else 0.1
                fan = part[0].numel() if part.ndim > 1 else 1
                nn.init.normal_(part, std=scale / fan**0.5)
    codec.eval()


def smooth(count: int, seed: int) -> Tensor:
    """(B, 3, 32, 28) uint8, as smooth as photographs."""
    coarse = torch.rand(count, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    fine = nn.functional.interpolate(coarse, (32, 28), mode="bicubic")
    return (fine.clamp(0, 1) * 255).byte()
