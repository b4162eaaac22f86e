"""Grid codecs of any stride: odd sizes, tiles, and what a class of one's own may get wrong."""

from fractions import Fraction
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from semjscc.codecs import tiles
from semjscc.codecs.bandwidth import channel_uses, latent_depth
from semjscc.codecs.grid import GridCodec
from semjscc.codecs.tiles import in_tiles
from semjscc.errors import UserError

RATIO = Fraction(1, 24)
TEN_DB = torch.tensor([10.0])


class Squares(GridCodec):
    """Each square of pixels becomes C numbers; the last convolution reaches beyond it."""

    name: ClassVar[str] = "squares"

    def __init__(self, stride: int = 8, depth: int | None = None) -> None:
        super().__init__()
        self.stride = stride
        self.ratios, self.snr_range_db = (RATIO,), (-5.0, 20.0)
        self.depth = latent_depth(RATIO, stride) if depth is None else depth
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 6, 5, padding=2), nn.Tanh(), nn.Conv2d(6, self.depth, stride, stride)
        )
        self.decoder = nn.ConvTranspose2d(self.depth, 3, stride, stride)

    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return in_tiles(self.encoder, images, 1 / self.stride)

    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return in_tiles(self.decoder, latent, self.stride)


class OfTheClass(Squares):
    stride = 16

    def __init__(self) -> None:
        super().__init__(type(self).stride)


def picture(height: int, width: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("codec", [Squares(4), Squares(8), Squares(6), OfTheClass(), Squares(32)])
@pytest.mark.parametrize("size", [(16, 16), (37, 61)])
def test_any_stride_and_size(codec: Squares, size: tuple[int, int]) -> None:
    symbols = codec.encode(picture(*size), TEN_DB, RATIO).symbols
    assert symbols.shape == (1, channel_uses(*size, RATIO))
    assert float(symbols.detach().abs().square().mean()) == pytest.approx(1, abs=1e-4)
    assert codec.decode(symbols, torch.tensor([0.1]), RATIO, size).shape == (1, 3, *size)


@pytest.mark.parametrize("stride", [6, 8, 16, 32])
@torch.no_grad()
def test_tiles_give_what_the_whole_gives(stride: int, monkeypatch: pytest.MonkeyPatch) -> None:
    codec, images = Squares(stride), picture(70, 101)

    def both() -> list[Tensor]:
        symbols = codec.encode(images, TEN_DB, RATIO).symbols
        return [symbols, codec.decode(symbols, torch.tensor([0.1]), RATIO, (70, 101))]

    whole = both()
    monkeypatch.setattr(tiles, "TILE", 32)
    for tiled, one in zip(both(), whole, strict=True):
        torch.testing.assert_close(tiled, one, atol=1e-5, rtol=0)


def test_a_step_of_training_moves_its_weights() -> None:
    codec, images = Squares(8), picture(24, 24)
    symbols = codec.encode(images, TEN_DB, RATIO).symbols
    received = codec.decode(symbols, torch.tensor([0.1]), RATIO, (24, 24))
    (received - images).square().mean().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in codec.parameters())


@pytest.mark.parametrize(
    ("codec", "message"),
    [
        (Squares(8, depth=14), "does not hold the symbols"),
        (Squares(8, depth=17), "an even number"),
    ],
)
def test_a_latent_that_is_too_small_is_one_line(codec: Squares, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        codec.encode(picture(32, 32), TEN_DB, RATIO)
    assert str(raised.value).isprintable()


def test_another_stride_than_the_layers_have_is_one_line() -> None:
    codec = Squares(8)
    codec.stride = 4
    with pytest.raises(UserError, match=r"_latent gives \(16, 4, 4\) for an image, not \(16, 8, 8"):
        codec.encode(picture(32, 32), TEN_DB, RATIO)
    symbols = torch.ones(1, channel_uses(32, 32, RATIO), dtype=torch.complex64)
    with pytest.raises(UserError, match=r"_image gives \(1, 3, 64, 64\), not \(1, 3, 32, 32\)"):
        codec.decode(symbols, torch.tensor([0.1]), RATIO, (32, 32))
