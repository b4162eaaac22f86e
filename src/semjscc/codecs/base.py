"""The contract of a neural codec: an encoder and a decoder around complex symbols."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from semjscc.codecs.bandwidth import SMALLEST_RATIO
from semjscc.errors import UserError, printable
from semjscc.linear.planning.announcement import Announcement
from semjscc.linear.planning.plans import Plan


@dataclass(frozen=True)
class Side:
    """What the decoder must be told of each image besides the symbols.

    Attributes:
        gain: (B,) float32, what the decoded picture must be multiplied by.
        snr_db: (B,) float32, the SNR in dB that the sender allotted its power for.
        told: of each image, how to read its symbols: what is announced of its plan, or the plan.
    """

    gain: Tensor
    snr_db: Tensor
    told: tuple[Announcement | Plan, ...]


@dataclass(frozen=True)
class Encoded:
    """What an encoder makes of images.

    Attributes:
        symbols: (B, k) complex64, mean power 1 for each image.
        side: for the decoder, None where it needs nothing.
    """

    symbols: Tensor
    side: Side | None = None


class Codec(nn.Module, ABC):
    """Images to symbols of power 1 and back; any image size from 16 pixels a side.

    Shapes: B images, H x W pixels, k = `channel_uses` complex symbols. The encoder and the decoder
    are modules of their own, so that either can be shipped alone.

    Attributes:
        ratios: the bandwidth ratios that it was trained at, in rising order.
        snr_range_db: lowest and highest SNR that it was trained at.
    """

    name: ClassVar[str] = "own"
    """What results call it; one that a recipe names as ``my.module:Class`` is called so."""
    any_ratio: ClassVar[bool] = False
    """Whether it takes every ratio from 1/384 to its largest, or only those of ``ratios``."""
    ratios: tuple[Fraction, ...]
    snr_range_db: tuple[float, float]
    encoder: nn.Module
    decoder: nn.Module

    @abstractmethod
    def encode(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Encoded:
        """Map images to channel symbols.

        Args:
            images: (B, 3, H, W), float32 in [0, 1].
            snr_db: (B,), the mean SNR that the sender believes in, in dB.
            ratio: the nominal bandwidth ratio.

        Raises:
            UserError: the codec has no weights for this ratio or SNR.
        """

    @abstractmethod
    def decode(
        self,
        symbols: Tensor,
        noise_variance: Tensor,
        ratio: Fraction,
        size: tuple[int, int],
        side: Side | None = None,
    ) -> Tensor:
        """Estimate the images from equalised symbols.

        Args:
            symbols: (B, k) complex64.
            noise_variance: N0 of each image (B,) or each symbol (B, k), infinite where erased.
            ratio: the nominal bandwidth ratio.
            size: (height, width) of the images.
            side: what `encode` gave besides the symbols.

        Returns:
            (B, 3, H, W) float32, not yet clamped.

        Raises:
            UserError: the codec has no weights for this ratio.
        """

    def check(self, snr_db: Tensor | None, ratio: Fraction) -> None:
        """Refuse what the weights were not trained for.

        Raises:
            UserError: it says what there is.
        """
        del snr_db
        check_described(f"the codec {printable(self.name)}", self)
        if self.any_ratio and not SMALLEST_RATIO <= ratio <= self.ratios[-1]:
            raise UserError(
                f"no {self.name} weights for ratio {ratio}; there are those for {SMALLEST_RATIO} "
                f"to {self.ratios[-1]}"
            )
        if not self.any_ratio and ratio not in self.ratios:
            known = ", ".join(str(known) for known in self.ratios)
            raise UserError(f"no {self.name} weights for ratio {ratio}; there are {known}")


def check_described(said: str, codec: Codec) -> None:
    """Refuse a codec that does not tell what it was trained at, as one of the user's own may.

    Raises:
        UserError: it does not; ``said`` is what the message calls it.
    """
    ratios: Any = getattr(codec, "ratios", None)
    named = isinstance(ratios, Sequence) and all(isinstance(ratio, Fraction) for ratio in ratios)
    if not named or not ratios:
        there = "nothing" if ratios is None else printable(repr(ratios))
        raise UserError(
            f"{said} must set self.ratios, a tuple of what parse_ratio gives: not {there}"
        )
    if list(ratios) != sorted(ratios):
        raise UserError(f"{said} must set self.ratios in rising order")
    snrs: Any = getattr(codec, "snr_range_db", None)
    if not isinstance(snrs, Sequence) or len(snrs) != 2:
        raise UserError(f"{said} must set self.snr_range_db, the lowest and the highest SNR in dB")


def channels_last(images: Tensor) -> Tensor:
    """The memory layout in which convolutions run fastest here."""
    return images.contiguous(memory_format=torch.channels_last)
