"""The adaptive codec: every ratio, SNR and size by one network, whole or in tiles."""

import math
from fractions import Fraction
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.codecs import tiles
from semjscc.codecs.adaptive import COEFFICIENT, Adaptive, Attention
from semjscc.codecs.bandwidth import (
    SMALLEST_RATIO,
    channel_uses,
    latent_depth,
    latent_size,
    parse_ratio,
)
from semjscc.codecs.blocks import block_transform
from semjscc.codecs.symbols import from_symbols, to_symbols
from semjscc.errors import UserError
from semjscc.images import pad_to_multiple

RATIOS = (Fraction(1, 48), Fraction(1, 24), Fraction(1, 12), Fraction(1, 6))
SIXTH = RATIOS[-1]
WIDTH = 8


def small(*, attentive: bool) -> Adaptive:
    """A narrow codec whose networks say something from the start.

    ``attentive`` moves its attention away from the identity it begins as.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codec = Adaptive(width=WIDTH)
        for module in codec.modules():
            if isinstance(module, nn.Conv2d) and not module.weight.any():
                nn.init.kaiming_normal_(module.weight)
        if attentive:
            for module in codec.modules():
                if isinstance(module, Attention):
                    nn.init.normal_(module.squeeze.weight)
                    nn.init.normal_(module.excite.weight)
                    nn.init.normal_(module.excite.bias)
    return codec.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def fresh() -> Adaptive:
    return small(attentive=False)


@pytest.fixture(scope="module")
def codec() -> Adaptive:
    return small(attentive=True)


def pictures(count: int, height: int, width: int) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(height))


def snrs(*values: float) -> Tensor:
    return torch.tensor(values)


def noise_of(count: int, variance: float = 0.1) -> Tensor:
    return torch.full((count,), variance)


def test_untrained_codec_is_a_transform_coder() -> None:
    codec, images = Adaptive(width=WIDTH), pictures(2, 16, 24)
    for ratio in RATIOS:
        basis = block_transform(latent_depth(ratio))
        coefficients = F.conv2d(images - 0.5, basis, stride=4)
        symbols = codec.encode(images, snrs(0, 20), ratio).symbols
        torch.testing.assert_close(symbols, to_symbols(coefficients))
        latent = from_symbols(symbols, len(basis), *latent_size(16, 24))
        expected = F.conv_transpose2d(COEFFICIENT * latent, basis, stride=4) + 0.5
        decoded = codec.decode(symbols, noise_of(2, 0.0), ratio, (16, 24))
        torch.testing.assert_close(decoded, expected)


def test_default_network_has_at_most_one_and_a_half_million_parameters() -> None:
    codec = Adaptive()
    assert codec.ratios == RATIOS
    assert sum(weights.numel() for weights in codec.parameters()) <= 1_500_000


@settings(max_examples=25)
@given(
    st.fractions(SMALLEST_RATIO, SIXTH), st.integers(16, 60), st.integers(16, 60), st.integers(1, 3)
)
def test_every_ratio_and_size_gives_k_symbols_of_power_one_and_images_of_that_size(
    codec: Adaptive, ratio: Fraction, height: int, width: int, batch: int
) -> None:
    images = pictures(batch, height, width)
    symbols = codec.encode(images, snrs(*[5.0] * batch), ratio).symbols
    assert symbols.shape == (batch, channel_uses(height, width, ratio))
    assert symbols.dtype == torch.complex64
    torch.testing.assert_close(symbols.abs().square().mean(dim=1), torch.ones(batch))
    decoded = codec.decode(symbols, noise_of(batch), ratio, (height, width))
    assert decoded.shape == images.shape
    assert decoded.dtype == torch.float32
    assert torch.isfinite(decoded).all()


@pytest.mark.parametrize("ratio", RATIOS[:-1])
def test_lower_ratio_sends_the_first_channels_only(fresh: Adaptive, ratio: Fraction) -> None:
    # Fresh attention is the identity, so that the latents of all ratios agree.
    images, depth, size = pictures(2, 20, 24), latent_depth(ratio), latent_size(20, 24)
    full = from_symbols(fresh.encode(images, snrs(5, 5), SIXTH).symbols, latent_depth(SIXTH), *size)
    sent = fresh.encode(images, snrs(5, 5), ratio).symbols
    torch.testing.assert_close(sent, to_symbols(full[:, :depth]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("ratio", RATIOS)
def test_symbols_depend_on_the_snr(codec: Adaptive, fresh: Adaptive, ratio: Fraction) -> None:
    images = pictures(1, 32, 32)
    low, high = (codec.encode(images, snrs(snr), ratio).symbols for snr in (0.0, 15.0))
    assert not torch.allclose(low, high, atol=1e-3)
    low, high = (fresh.encode(images, snrs(snr), ratio).symbols for snr in (0.0, 15.0))
    torch.testing.assert_close(low, high)


@pytest.mark.parametrize(("one", "other"), [(20.0, 30.0), (-5.0, -40.0)])
def test_snr_beyond_the_training_range_is_treated_as_its_end(
    codec: Adaptive, one: float, other: float
) -> None:
    images = pictures(1, 16, 16)
    at_end, beyond = (codec.encode(images, snrs(snr), SIXTH).symbols for snr in (one, other))
    assert torch.equal(at_end, beyond)


def test_symbols_depend_on_the_ratio_beyond_being_cut_off(codec: Adaptive) -> None:
    images, size = pictures(1, 32, 32), latent_size(32, 32)
    full = from_symbols(codec.encode(images, snrs(5), SIXTH).symbols, latent_depth(SIXTH), *size)
    sent = codec.encode(images, snrs(5), RATIOS[1]).symbols
    assert not torch.allclose(sent, to_symbols(full[:, : latent_depth(RATIOS[1])]), atol=1e-3)


def test_images_depend_on_the_ratio_though_the_latent_is_the_same(
    codec: Adaptive, fresh: Adaptive
) -> None:
    few = to_symbols(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2)))
    many = torch.cat([few, torch.zeros(1, channel_uses(32, 32, SIXTH) - few.shape[1])], dim=1)

    def decode_both(codec: Adaptive) -> tuple[Tensor, Tensor]:
        return (
            codec.decode(few, noise_of(1), RATIOS[1], (32, 32)),
            codec.decode(many, noise_of(1), SIXTH, (32, 32)),
        )

    torch.testing.assert_close(*decode_both(fresh))
    assert not torch.allclose(*decode_both(codec), atol=1e-3)


def test_images_depend_on_the_snr_beyond_the_weighing(codec: Adaptive, fresh: Adaptive) -> None:
    symbols = to_symbols(torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(2)))

    def decode_both(codec: Adaptive) -> tuple[Tensor, Tensor]:
        # Scaled against the weight 1/(1 + N0), so that the network sees the same latent.
        return (
            codec.decode(symbols * 2.0, noise_of(1, 1.0), SIXTH, (32, 32)),
            codec.decode(symbols * 1.1, noise_of(1, 0.1), SIXTH, (32, 32)),
        )

    torch.testing.assert_close(*decode_both(fresh))
    assert not torch.allclose(*decode_both(codec), atol=1e-3)


def test_same_noise_for_each_image_or_for_each_symbol_gives_the_same_images(
    codec: Adaptive,
) -> None:
    symbols = codec.encode(pictures(2, 20, 24), snrs(5, 10), SIXTH).symbols
    by_image = torch.tensor([0.3, 0.1])
    torch.testing.assert_close(
        codec.decode(symbols, by_image, SIXTH, (20, 24)),
        codec.decode(symbols, by_image[:, None].expand_as(symbols), SIXTH, (20, 24)),
    )


def test_batch_gives_what_each_image_gives_alone(codec: Adaptive) -> None:
    images, snr, noise = pictures(3, 21, 18), snrs(-2, 5, 17), torch.tensor([1.0, 0.3, 0.02])
    images[1] = 0
    symbols = codec.encode(images, snr, SIXTH).symbols
    decoded = codec.decode(symbols, noise, SIXTH, (21, 18))
    for index in range(3):
        one = slice(index, index + 1)
        alone = codec.encode(images[one], snr[one], SIXTH).symbols
        torch.testing.assert_close(symbols[one], alone, atol=1e-5, rtol=1e-4)
        again = codec.decode(symbols[one], noise[one], SIXTH, (21, 18))
        torch.testing.assert_close(decoded[one], again, atol=1e-5, rtol=1e-4)


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "TILE", 32)


class Whole:
    """What a codec makes of images and symbols that are processed whole."""

    def __init__(self, codec: Adaptive, ratio: Fraction, size: tuple[int, int]) -> None:
        self.codec, self.ratio, self.size = codec, ratio, size
        self.images = pictures(2, *size)
        self.symbols = self.encode()
        self.decoded = self.decode()

    @torch.no_grad()
    def encode(self) -> Tensor:
        return self.codec.encode(self.images, snrs(1, 12), self.ratio).symbols

    @torch.no_grad()
    def decode(self) -> Tensor:
        return self.codec.decode(self.symbols, torch.tensor([0.8, 0.06]), self.ratio, self.size)


@pytest.mark.parametrize("size", [(100, 76), (99, 77), (33, 64), (200, 20)])
@pytest.mark.parametrize("ratio", [RATIOS[0], SIXTH])
def test_tiled_equals_untiled(
    codec: Adaptive, ratio: Fraction, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Whole(codec, ratio, size)
    monkeypatch.setattr(tiles, "TILE", 32)
    torch.testing.assert_close(whole.encode(), whole.symbols, atol=1e-5, rtol=0)
    torch.testing.assert_close(whole.decode(), whole.decoded, atol=1e-5, rtol=0)


def test_large_images_really_run_in_tiles(
    codec: Adaptive, small_tiles: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del small_tiles
    segments: Any = codec.encoder.segments
    seen: list[tuple[int, int]] = []
    hook = segments[0].register_forward_hook(
        lambda _module, inputs, _output: seen.append(tuple(inputs[0].shape[-2:]))
    )
    whole = Whole(codec, SIXTH, (100, 76))
    hook.remove()
    assert len(seen) == 4 * 3
    assert max(max(shape) for shape in seen) <= 32 + 2 * tiles.HALO
    # And without the overlap the seams show, so that the comparison above can fail.
    monkeypatch.setattr(tiles, "HALO", 0)
    assert (whole.encode() - whole.symbols).abs().max() > 1e-3
    assert (whole.decode() - whole.decoded).abs().max() > 1e-3


def test_training_runs_large_images_whole(codec: Adaptive, small_tiles: None) -> None:
    del small_tiles
    segments: Any = codec.encoder.segments
    seen: list[tuple[int, int]] = []
    hook = segments[0].register_forward_hook(
        lambda _module, inputs, _output: seen.append(tuple(inputs[0].shape[-2:]))
    )
    images = pictures(1, 48, 40).requires_grad_()
    symbols = codec.encode(images, snrs(5), SIXTH).symbols
    hook.remove()
    assert seen == [(48, 40)]
    codec.decode(symbols, noise_of(1), SIXTH, (48, 40)).sum().backward()
    assert images.grad is not None
    assert torch.isfinite(images.grad).all()
    assert (images.grad != 0).any(dim=1).float().mean() > 0.99


def test_erased_symbols_may_hold_anything(codec: Adaptive) -> None:
    symbols = codec.encode(pictures(2, 24, 20), snrs(5, 5), SIXTH).symbols
    noise = torch.full(symbols.shape, 0.3)
    lost = torch.rand(symbols.shape, generator=torch.Generator().manual_seed(0)) < 0.4
    noise[lost] = math.inf
    broken = torch.where(lost, torch.full_like(symbols, complex(math.nan, math.nan)), symbols)
    decoded = codec.decode(broken, noise, SIXTH, (24, 20))
    assert torch.isfinite(decoded).all()
    torch.testing.assert_close(decoded, codec.decode(symbols, noise, SIXTH, (24, 20)))
    assert not torch.allclose(decoded, codec.decode(symbols, noise_of(2, 0.3), SIXTH, (24, 20)))


def test_image_of_which_nothing_arrived_is_still_an_image(codec: Adaptive) -> None:
    symbols = torch.full((1, channel_uses(16, 16, SIXTH)), complex(math.nan, 0))
    noise = torch.full(symbols.shape, math.inf)
    assert torch.isfinite(codec.decode(symbols, noise, SIXTH, (16, 16))).all()


def test_encoder_and_decoder_share_nothing_and_work_alone() -> None:
    codec = small(attentive=True)
    halves = {name.partition(".")[0] for name in codec.state_dict()}
    assert halves == {"encoder", "decoder"}
    storages = [
        {weights.data_ptr() for weights in half.parameters()}
        for half in (codec.encoder, codec.decoder)
    ]
    assert not storages[0] & storages[1]
    images = pictures(1, 16, 16)
    symbols = codec.encode(images, snrs(5), SIXTH).symbols
    decoded = codec.decode(symbols, noise_of(1), SIXTH, (16, 16))
    receiver, sender = small(attentive=True), small(attentive=True)
    del receiver.encoder, sender.decoder
    torch.testing.assert_close(sender.encode(images, snrs(5), SIXTH).symbols, symbols)
    torch.testing.assert_close(receiver.decode(symbols, noise_of(1), SIXTH, (16, 16)), decoded)


@pytest.mark.parametrize("ratio", [Fraction(1, 385), Fraction(17, 100), Fraction(1)])
def test_ratio_without_weights_is_refused_with_those_that_exist(
    codec: Adaptive, ratio: Fraction
) -> None:
    message = f"ratio {ratio}; there are those for 1/384 to 1/6"
    with pytest.raises(UserError, match=message):
        codec.encode(pictures(1, 16, 16), snrs(5), ratio)
    with pytest.raises(UserError, match=message):
        codec.decode(torch.zeros(1, 8, dtype=torch.complex64), noise_of(1), ratio, (16, 16))


@pytest.mark.parametrize("ratio", ["1/384", "1/100", "1/20", "0.03", "1/16", "1/7"])
def test_any_ratio_sends_the_first_numbers_of_the_latent(fresh: Adaptive, ratio: str) -> None:
    # Fresh attention is the identity, so that the latents of all ratios agree.
    images, exact, size = pictures(2, 30, 41), parse_ratio(ratio), latent_size(30, 41)
    k = channel_uses(30, 41, exact)
    sent = fresh.encode(images, snrs(5, 5), exact).symbols
    latent = fresh.encoder(pad_to_multiple(images, 4) - 0.5, torch.zeros(2, 2))
    torch.testing.assert_close(sent, to_symbols(latent, k), atol=1e-5, rtol=1e-4)
    # The receiver sees zeros where nothing was sent.
    full = from_symbols(sent, latent_depth(SIXTH), *size)
    assert int((full != 0).sum()) == 2 * 2 * k
    expected = fresh.decoder(full, torch.zeros(2, 2))[..., :30, :41] + 0.5
    decoded = fresh.decode(sent, noise_of(2, 0.0), exact, (30, 41))
    torch.testing.assert_close(decoded, expected, atol=1e-5, rtol=1e-4)


def test_condition_is_continuous_in_the_ratio_and_ends_at_the_smallest_trained(
    codec: Adaptive,
) -> None:
    at = {
        text: codec._condition(snrs(5), parse_ratio(text))[0, 1].item()
        for text in ("1/384", "1/48", "1/34", "1/24", "1/12", "1/6")
    }
    assert [at[text] for text in ("1/48", "1/24", "1/12", "1/6")] == [-0.75, -0.25, 0.25, 0.75]
    assert at["1/384"] == -0.75
    assert at["1/34"] == pytest.approx(-0.5, abs=0.003)


def test_largest_ratio_decides_the_latent_depth() -> None:
    codec = Adaptive(ratios=("1/12", "1/48"), width=WIDTH)
    assert codec.ratios == (Fraction(1, 48), Fraction(1, 12))
    assert codec.encode(pictures(1, 16, 16), snrs(5), Fraction(1, 12)).symbols.shape == (1, 64)


def test_largest_ratio_need_not_fill_its_channels() -> None:
    codec, ratio = Adaptive(ratios=("1/100", "0.03"), width=WIDTH), Fraction(3, 100)
    # 48·0.03 = 1.44 numbers of two for each position.
    assert codec.depth == 4
    symbols = codec.encode(pictures(1, 16, 16), snrs(5), ratio).symbols
    assert symbols.shape == (1, 23)
    assert codec.decode(symbols, noise_of(1), ratio, (16, 16)).shape == (1, 3, 16, 16)
