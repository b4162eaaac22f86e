"""What the networks meet in use, by which the ranges of their numbers in 8 bits are chosen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.data import ImageSet, load_data
from semjscc.errors import UserError
from semjscc.export import runner
from semjscc.export.networks import Exportable
from semjscc.randomness import Draws

IMAGES = 64
"""So many images: with more the ranges hardly change."""
LARGEST_SIDE = 256
"""Pixels of an image's middle that are taken: photographs would take minutes."""
SNRS_DB = (-5.0, 3.0, 10.0, 20.0)
_SEED = 8_2026

Feeds = dict[str, NDArray[np.float32]]
"""The inputs of a network by name."""


class _Recorder:
    """A session that keeps what it was given."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.feeds: list[Feeds] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, outputs: Any, feeds: Feeds) -> Any:
        self.feeds.append(feeds)
        return self._session.run(outputs, feeds)


def calibration_images(source: str) -> ImageSet:
    """The first val images of a source, or of one that is not divided the first of all.

    Raises:
        UserError: there are none.
    """
    try:
        return load_data(source, "val", limit=IMAGES, needs_labels=False)
    except UserError:
        return load_data(source, "test", limit=IMAGES, needs_labels=False)


def feeds_of(
    codec: Exportable, images: Sequence[Tensor], encoder: Any, decoder: Any
) -> tuple[list[Feeds], list[Feeds]]:
    """Inputs of both networks as images are sent over AWGN; ratios and SNRs take turns.

    Args:
        codec: whose networks they are.
        images: (3, H, W) uint8 each.
        encoder: a session of onnxruntime.
        decoder: likewise.

    Returns:
        those of the encoder and those of the decoder, one for each image.
    """
    sender, receiver = _Recorder(encoder), _Recorder(decoder)
    low, high = codec.snr_range_db
    snrs_db = (low,) if low == high else SNRS_DB
    for place, image in enumerate(images):
        ratio = codec.ratios[place % len(codec.ratios)]
        snr_db = snrs_db[place // len(codec.ratios) % len(snrs_db)]
        pixels = _middle(image).numpy().astype(np.float32) / 255
        symbols = runner.encode(sender, pixels, ratio, snr_db)
        arrived, _ = awgn(torch.from_numpy(symbols)[None], snr_db, Draws(_SEED, [place]))
        noise, size = 10 ** (-snr_db / 10), pixels.shape[1:]
        runner.decode(receiver, arrived[0].numpy(), noise, ratio, size)
    return sender.feeds, receiver.feeds


def _middle(image: Tensor) -> Tensor:
    top, left = (max(0, side - LARGEST_SIDE) // 2 for side in image.shape[1:])
    return image[:, top : top + LARGEST_SIDE, left : left + LARGEST_SIDE]
