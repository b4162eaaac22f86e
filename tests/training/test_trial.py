"""The trial of a codec of one's own before its training."""

from collections.abc import Callable
from fractions import Fraction
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from semjscc.codecs.grid import GridCodec
from semjscc.data.base import ImageSet
from semjscc.errors import UserError
from semjscc.training.trial import try_codec

PIXELS = torch.full((2, 3, 16, 16), 100, dtype=torch.uint8)
DATA = ImageSet("toy", "train", PIXELS, torch.zeros(2, dtype=torch.int64), ("a",), "", "f")


class OwnCodec(GridCodec):
    """Each of 4 x 4 pixels becomes 4 numbers."""

    name: ClassVar[str] = "mine"

    def __init__(self, before: Callable[[Tensor], Tensor], factor: float = 1.0) -> None:
        super().__init__()
        self.ratios, self.snr_range_db = (Fraction(1, 24),), (-5.0, 20.0)
        self.depth, self.before, self.factor = 4, before, factor
        self.encoder, self.decoder = nn.Conv2d(3, 4, 4, 4), nn.ConvTranspose2d(4, 3, 4, 4)

    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return self.encoder(self.before(images))

    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return self.decoder(latent) * self.factor


def test_a_codec_that_works_in_place_or_makes_nan_is_not_trained() -> None:
    try_codec(OwnCodec(lambda images: images - 0.5), DATA, "squares")
    with pytest.raises(UserError, match=r"squares changes the images .* must work on a copy"):
        try_codec(OwnCodec(lambda images: images.sub_(0.5)), DATA, "squares")
    with pytest.raises(UserError, match="squares makes nan of an image"):
        try_codec(OwnCodec(lambda images: images, float("nan")), DATA, "squares")
