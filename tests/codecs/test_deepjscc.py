"""DeepJSCC: the layers of the 2019 paper, one SNR, one ratio."""

from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.errors import UserError

SIXTH = Fraction(1, 6)


@pytest.fixture(scope="module")
def codec() -> DeepJSCC:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DeepJSCC("1/6", 10.0).eval().requires_grad_(False)


def pictures(count: int, height: int, width: int) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(height))


def at(snr_db: float, count: int = 2) -> Tensor:
    return torch.full((count,), snr_db)


def test_encoder_has_five_convolutions_as_published(codec: DeepJSCC) -> None:
    layers = [layer for layer in codec.encoder.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in layers] == [16, 32, 32, 32, 16]
    assert [layer.stride for layer in layers] == [(2, 2), (2, 2), (1, 1), (1, 1), (1, 1)]
    assert {layer.kernel_size for layer in layers} == {(5, 5)}
    assert sum(isinstance(layer, nn.PReLU) for layer in codec.encoder.modules()) == 5


def test_decoder_has_five_transposed_convolutions_as_published(codec: DeepJSCC) -> None:
    layers = [layer for layer in codec.decoder.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.out_channels for layer in layers] == [32, 32, 32, 16, 3]
    assert [layer.stride for layer in layers] == [(1, 1), (1, 1), (1, 1), (2, 2), (2, 2)]
    assert {layer.kernel_size for layer in layers} == {(5, 5)}
    others = [layer for layer in codec.decoder if not isinstance(layer, nn.ConvTranspose2d)]  # pyright: ignore
    assert [type(layer) for layer in others] == [nn.PReLU] * 4 + [nn.Sigmoid]


@pytest.mark.parametrize("ratio", ["1/384", "1/48", "1/20", "1/6", "1/3"])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 32), (17, 23), (50, 31)])
def test_every_size_gives_k_symbols_of_power_one_and_images_of_that_size(
    ratio: str, height: int, width: int
) -> None:
    codec, images = DeepJSCC(ratio, 10.0).eval(), pictures(2, height, width)
    with torch.no_grad():
        symbols = codec.encode(images, at(10), Fraction(ratio)).symbols
        decoded = codec.decode(symbols, at(0.1), Fraction(ratio), (height, width))
    assert symbols.shape == (2, channel_uses(height, width, Fraction(ratio)))
    torch.testing.assert_close(symbols.abs().square().mean(dim=1), torch.ones(2))
    assert decoded.shape == images.shape
    assert 0 <= decoded.min() <= decoded.max() <= 1


def test_batch_gives_what_each_image_gives_alone(codec: DeepJSCC) -> None:
    images = pictures(2, 32, 32)
    together = codec.encode(images, at(10), SIXTH).symbols
    alone = torch.cat([codec.encode(image[None], at(10, 1), SIXTH).symbols for image in images])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("snr_db", [9.9, 0.0, -10.0, float("nan")])
def test_sender_refuses_any_other_snr(codec: DeepJSCC, snr_db: float) -> None:
    with pytest.raises(UserError, match="for an SNR of 10 dB alone"):
        codec.encode(pictures(2, 16, 16), at(snr_db), SIXTH)


def test_snr_may_be_given_as_a_whole_number() -> None:
    sent = DeepJSCC("1/6", 10).encode(torch.rand(1, 3, 16, 16), torch.tensor([10.0]), SIXTH)
    assert sent.symbols.shape == (1, 128)


def test_sender_refuses_a_batch_of_which_one_image_has_another_snr(codec: DeepJSCC) -> None:
    with pytest.raises(UserError, match="10 dB alone"):
        codec.encode(pictures(2, 16, 16), torch.tensor([10.0, 11.0]), SIXTH)


@pytest.mark.parametrize("ratio", [Fraction(1, 12), Fraction(1, 3)])
def test_any_other_ratio_is_refused(codec: DeepJSCC, ratio: Fraction) -> None:
    with pytest.raises(UserError, match=f"ratio {ratio}; there are 1/6"):
        codec.encode(pictures(2, 16, 16), at(10), ratio)
    with pytest.raises(UserError, match=f"ratio {ratio}; there are 1/6"):
        codec.decode(torch.zeros(1, 8, dtype=torch.complex64), at(0.1, 1), ratio, (16, 16))


def test_receiver_decodes_at_any_noise(codec: DeepJSCC) -> None:
    symbols = codec.encode(pictures(2, 16, 16), at(10), SIXTH).symbols
    clear = codec.decode(symbols, at(0.0), SIXTH, (16, 16))
    noisy = codec.decode(symbols, at(10.0), SIXTH, (16, 16))
    assert torch.isfinite(noisy).all()
    assert not torch.equal(clear, noisy)
