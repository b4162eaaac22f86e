"""The digital half of separate coding and of its bounds: images to payloads in a budget, and back.

What does not arrive, or was never sent since nothing fits, is concealed by the mean training
image, the guess of least squared error without any information.
"""

import atexit
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc import checkpoint
from semjscc.images import quantise, read_image, to_float
from semjscc.links.base import Control, Received
from semjscc.separation.choice import chosen_coder, is_larger
from semjscc.separation.framing import LENGTH_BITS, frame
from semjscc.separation.modes import Mode
from semjscc.separation.sources import CODERS, usable_coders
from semjscc.separation.sources.base import Accounting, Setting
from semjscc.separation.sources.sandbox import Sandbox
from semjscc.separation.sources.search.grid import encode_all
from semjscc.separation.sources.search.search import Encoded
from semjscc.separation.sources.small.coder import Small

CODER_BITS, SETTING_BITS, MODE_BITS = 3, 10, 6
NOTHING = Setting(0, 0, 0)


@dataclass(frozen=True)
class SourceControl(Control):
    """What the receiver must be told of one image that a source coder wrote.

    Attributes:
        coder: name of the source coder.
        setting: its scale, variant and quality.
        length: bytes of the payload, as framed by `separation.framing`; 0 where nothing fits and
            nothing is sent.
        mode: place of the modulation and coding scheme in the list of all for k; None for none.
    """

    coder: str
    setting: Setting
    length: int
    mode: int | None

    def to_bits(self) -> int:
        """Its length, all fields fixed."""
        return super().to_bits() + CODER_BITS + SETTING_BITS + LENGTH_BITS + MODE_BITS


@dataclass(frozen=True)
class Payload:
    """An image as a source coder wrote it."""

    coder: str
    encoded: Encoded

    def framed(self, mode: Mode) -> "Payload":
        """As it stands in a transport block of this mode."""
        framed = frame(self.encoded.payload, mode)
        return Payload(self.coder, replace(self.encoded, payload=framed))


def describe(
    plain: Control, payloads: Sequence[Payload | None], coder: str, mode: int | None
) -> list[SourceControl]:
    """The control record of each image.

    Args:
        plain: what they have in common.
        payloads: None for an image of which nothing is sent.
        coder: named where nothing is sent.
        mode: place of the modulation and coding scheme, for those that are sent.
    """
    common = plain.codec, plain.height, plain.width, plain.ratio
    return [
        SourceControl(*common, coder, NOTHING, 0, None)
        if payload is None
        else SourceControl(
            *common, payload.coder, payload.encoded.setting, len(payload.encoded.payload), mode
        )
        for payload in payloads
    ]


class SourceStage:
    """Images to payloads within a budget, and back.

    Which coder: the one it is made for; else the one with the best task score on val at this ratio
    and SNR; and where val was never asked, for each image the one with the best PSNR. Val was asked
    for compact accounting alone.

    Args:
        family: of shipped weights, whose mean training image conceals a loss.
        coder: name of the source coder, or None to choose among all.
        accounting: whether the headers that the receiver can rebuild count.
        cache: file that keeps encodings from one run to the next, or None.
    """

    def __init__(
        self,
        family: str,
        coder: str | None,
        accounting: Accounting = "compact",
        cache: Path | None = None,
    ) -> None:
        self.family, self._coder, self._cache = family, coder, cache
        self._accounting: Accounting = accounting

    def facts(self) -> dict[str, Any]:
        """What results say of it: the accounting where it is not the usual one."""
        return {} if self._accounting == "compact" else {"accounting": self._accounting}

    def coders(self, ratio: Fraction, snr_db: float, size: tuple[int, int]) -> tuple[str, ...]:
        """Those that are tried at this point, for images of H x W."""
        if self._coder is not None:
            return (self._coder,)
        asked = self._accounting == "compact"
        chosen = chosen_coder(self.family, ratio, snr_db, size[0] * size[1]) if asked else None
        return tuple(usable_coders()) if chosen is None else (chosen,)

    def encode_or_small(
        self, images: Tensor, budget: int, coders: Sequence[str]
    ) -> list[Payload | None]:
        """As `encode`; where nothing of a large image fits, by the coder for a few bytes.

        Of images like those that coders were chosen on, the choice counts what does not fit.
        """
        found = self.encode(images, budget, coders)
        left = [place for place, payload in enumerate(found) if payload is None]
        large = is_larger(self.family, images.shape[-2] * images.shape[-1])
        if left and large and self._coder is None:
            for place, payload in zip(
                left, self.encode(images[left], budget, [Small.name]), strict=True
            ):
                found[place] = payload
        return found

    def encode(self, images: Tensor, budget: int, coders: Sequence[str]) -> list[Payload | None]:
        """The best of each image (B, 3, H, W) within ``budget`` bytes, None where nothing fits."""
        pixels = (quantise(images) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        best: list[Payload | None] = [None] * len(pixels)
        for name in coders:
            found = encode_all(
                *(CODERS[name], pixels, [budget], self._accounting),
                cache=self._cache,
                # One of several processes has its share of the cores already.
                processes=1 if multiprocessing.parent_process() else None,
            )
            for place, (encoded,) in enumerate(found):
                rival = best[place]
                if encoded is not None and (
                    rival is None or encoded.psnr_db > rival.encoded.psnr_db
                ):
                    best[place] = Payload(name, encoded)
        return best

    def receive(
        self,
        payloads: Sequence[bytes | None],
        control: Sequence[SourceControl],
        uses: int,
        device: torch.device,
    ) -> Received:
        """What `decode` makes of the payloads, with its cost of ``uses`` symbols an image."""
        images, delivered = self.decode(payloads, control)
        names = dict.fromkeys(one.coder for one in control if one.length or one.mode is not None)
        return Received(
            images.to(device),
            None,
            delivered,
            channel_uses=uses,
            control_bits=control[0].to_bits(),
            payload_bits=torch.tensor([8 * one.length for one in control]),
            codec="+".join(names) or None,
        )

    def decode(
        self, payloads: Sequence[bytes | None], control: Sequence[SourceControl]
    ) -> tuple[Tensor, Tensor]:
        """What arrived, the mean training image where nothing did.

        Args:
            payloads: of each image, None where it was lost.
            control: of each image; all of one size.

        Returns:
            images (B, 3, H, W) float32 and whether they were delivered (B,).
        """
        size = control[0].height, control[0].width
        images = mean_image(self.family, size).expand(len(payloads), -1, -1, -1).clone()
        delivered = torch.zeros(len(payloads), dtype=torch.bool)
        for name in dict.fromkeys(one.coder for one in control):
            places = [
                place
                for place, payload in enumerate(payloads)
                if payload is not None and control[place].coder == name
            ]
            if not places:
                continue
            jobs = [(payloads[place] or b"", control[place].setting) for place in places]
            decoded = _sandbox().reconstruct_all(CODERS[name], jobs, size, self._accounting)
            for place, pixels in zip(places, decoded, strict=True):
                if pixels is not None:
                    images[place] = torch.from_numpy(np.array(pixels)).permute(2, 0, 1) / 255
                    delivered[place] = True
        return images, delivered


@cache
def _sandbox() -> Sandbox:
    """One decoder process for all links, ended with this one."""
    sandbox = Sandbox()
    atexit.register(sandbox.close)
    return sandbox


def mean_image(family: str, size: tuple[int, int]) -> Tensor:
    """The mean training image of a family at (H, W): (3, H, W); mid-grey for one without."""
    path = checkpoint.WEIGHTS / f"{family}-mean.png"
    if not path.exists():
        return quantise(torch.full((3, *size), 0.5))
    mean = to_float(read_image(path))[None]
    return quantise(F.interpolate(mean, size, mode="bilinear", antialias=True))[0]
