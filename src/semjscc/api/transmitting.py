"""One image over the air."""

import os
import warnings
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semjscc import transmission
from semjscc.api.opening import as_perception, family_of, load_link
from semjscc.channels import channel_named
from semjscc.codecs.bandwidth import DEFAULT_RATIO, parse_ratio
from semjscc.decibels import parse_snr
from semjscc.errors import UserError, UserNote, kind_of, printable
from semjscc.families import default_perception, family_for
from semjscc.images import read_image, to_uint8
from semjscc.images.limits import check_size
from semjscc.links import Link, Situation
from semjscc.paths import user_path
from semjscc.perception.base import Perception
from semjscc.randomness import Draws
from semjscc.runtime.devices import AUTO
from semjscc.tasks.base import Seen
from semjscc.transmission import Report

Ratio = str | float | Fraction
"""A bandwidth ratio k/n as people state it: ``"1/48"``, 0.03 or a `Fraction`."""

ImageLike = str | os.PathLike[str] | NDArray[np.uint8] | Tensor
"""The path of an image file, an array (H, W, 3) uint8, or a tensor (3, H, W) uint8."""


@dataclass(frozen=True, eq=False)
class Reception:
    """What came of one transmission.

    Attributes:
        sent: (H, W, 3) uint8, the image as it was sent.
        image: (H, W, 3) uint8, the image as it was received.
        report: what was spent and what was seen, see `semjscc.transmission.Report`;
            ``report.to_dict()`` is what ``semjscc transmit --json`` prints.
    """

    sent: NDArray[np.uint8]
    image: NDArray[np.uint8]
    report: Report

    @property
    def psnr_db(self) -> float | None:
        """Peak signal-to-noise ratio of the received image in dB; None where it is exact."""
        return self.report.psnr_db

    @property
    def before(self) -> Seen:
        """The main thing that the perception network sees in the sent image: label, confidence."""
        return self.report.before

    @property
    def after(self) -> Seen:
        """The same of the received image."""
        return self.report.after


def transmit(
    image: ImageLike,
    link: str | Link,
    *,
    snr_db: float,
    ratio: Ratio | None = None,
    weights: str | None = None,
    perception: str | Perception | None = None,
    channel: str = "awgn",
    assumed_snr_db: float | None = None,
    seed: int = 0,
    device: str = AUTO,
) -> Reception:
    """Send one image of any size over a noisy channel, as ``semjscc transmit`` does.

    Args:
        image: the path of an image file, an array (H, W, 3) uint8, or a tensor (3, H, W) uint8;
            RGB, both sides at least 16 pixels.
        link: a name, see `open_link`, or a link that is open.
        snr_db: the mean Es/N0 of a complex symbol in dB, from -100 to 100.
        ratio: the bandwidth ratio R = k/n, k complex symbols for n = 3·H·W numbers: ``"1/48"``,
            0.03 or a `Fraction`. None: 1/24, or the nearest that the link has.
        weights: the family of shipped weights. None: ``signs`` for 64 x 64 pixels, else ``photo``
            (which needs the extra ``imagenet``; ``signs`` without it).
        perception: the network at the receiver, or its name; None for that of the family.
        channel: ``awgn``, ``block-rayleigh``, ``fast-rayleigh``, ``cut@0.25``, ``bursts@0.1``, or
            ``my.module:name`` of yours.
        assumed_snr_db: what both ends believe the SNR to be, in dB; None for the truth.
        seed: of the noise. The same seed gives the same noise, as on the command line.
        device: where a network that is named computes, and its link, see `open_perception`.

    Returns:
        the received image and what the network sees in it.

    Raises:
        UserError: the image, link, network, ratio or SNR cannot be used, or the link brings no
            image. The message is one line that says what to do.

    Example:
        >>> got = semjscc.transmit("photo.jpg", "hybrid+semantic", ratio="1/48", snr_db=0)
        >>> got.image.shape, got.psnr_db, got.after.label
    """
    true_snr_db = parse_snr(str(snr_db))
    believed = None if assumed_snr_db is None else parse_snr(str(assumed_snr_db), "assumed_snr_db")
    asked = None if ratio is None else parse_ratio(ratio)
    met = channel_named(channel)
    sent = _as_tensor(image)
    usual = family_for(sent.shape[-2], sent.shape[-1])
    names = [link] if isinstance(link, str) else []
    family = family_of(names, weights, perception, usual)
    judge = as_perception(perception or default_perception(family), device)
    scheme = load_link(link, family, judge) if isinstance(link, str) else link
    if asked is None and scheme.default_ratio != DEFAULT_RATIO:
        text = f"{scheme.name} has no ratio {DEFAULT_RATIO}: the nearest, {scheme.default_ratio}"
        warnings.warn(f"{text}, counts", UserNote, stacklevel=2)
    draws = Draws(seed, [0])
    situation = Situation(met, true_snr_db, asked or scheme.default_ratio, draws, believed)
    received, report = transmission.transmit(sent, scheme, judge, situation)
    return Reception(_as_array(sent), _as_array(to_uint8(received)), report)


def _as_tensor(image: ImageLike) -> Tensor:
    """(3, H, W) uint8 of what a user may call an image.

    Raises:
        UserError: it is none.
    """
    if isinstance(image, str | os.PathLike):
        return read_image(user_path(os.fspath(image)))
    found = image
    if isinstance(found, np.ndarray) and found.ndim == 3 and found.dtype == np.uint8:
        found = torch.from_numpy(found.copy()).permute(2, 0, 1)
    right = isinstance(found, Tensor) and found.ndim == 3 and found.dtype == torch.uint8
    if not isinstance(found, Tensor) or not right or len(found) != 3:
        shape, kind = getattr(image, "shape", None), getattr(image, "dtype", None)
        of = "" if shape is None else f" of shape {tuple(shape)} and {kind}"
        raise UserError(
            "an image is the path of a file, an array (H, W, 3) of uint8 or a tensor (3, H, W) of "
            f"uint8, not {kind_of(image)}{printable(of)}"
        )
    check_size(found.shape[2], found.shape[1], "the image")
    return found.detach().cpu().contiguous()


def _as_array(image: Tensor) -> NDArray[np.uint8]:
    return image.permute(1, 2, 0).contiguous().numpy()
