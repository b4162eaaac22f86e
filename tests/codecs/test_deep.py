"""The codec for photographs: what it begins as, what it sends, and what it makes of the channel."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semjscc.allocation.policy import Policy
from semjscc.allocation.sender import Allocation
from semjscc.channels.awgn import awgn
from semjscc.channels.units import noise_variance
from semjscc.codecs import tiles
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.base import Encoded
from semjscc.codecs.deep import Deep
from semjscc.codecs.deep_networks import Block
from semjscc.errors import UserError
from semjscc.images import pad_to_multiple
from semjscc.linear.planning.announcement import Announcement
from semjscc.linear.planning.description import Known
from semjscc.linear.planning.logs import untold_logs
from semjscc.linear.planning.plans import Plan
from semjscc.linear.planning.selection import Water
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.randomness import Draws

TENTH = Fraction(1, 10)


def small(*, talking: bool = False) -> Deep:
    """A codec with fresh weights; ``talking`` lets its networks say something."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codec = Deep(width=16, encoder_blocks=(1, 1), decoder_blocks=(1, 1, 1))
        if talking:
            for part in codec.modules():
                if isinstance(part, Block):
                    torch.nn.init.normal_(part.condition.weight, std=0.02)
            for half in (codec.encoder, codec.decoder):
                torch.nn.init.normal_(half.leave.weight, std=0.02)
    return codec.eval()


@pytest.fixture(scope="module")
def untrained() -> Deep:
    """A codec whose networks say nothing; nothing may change it."""
    return small()


@pytest.fixture(scope="module")
def talking() -> Deep:
    """One whose networks say something; nothing may change it."""
    return small(talking=True)


@pytest.fixture
def codec(talking: Deep) -> Iterator[Deep]:
    with torch.inference_mode():
        yield talking


def pictures(count: int, height: int, width: int) -> Tensor:
    """Smooth ones with some noise: (B, 3, H, W)."""
    made = torch.Generator().manual_seed(height + width)
    coarse = torch.rand(count, 3, 4, 4, generator=made)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
    noise = 0.05 * torch.randn(count, 3, height, width, generator=made)
    return (smooth + noise).clamp(0, 1)


def send(codec: Deep, images: Tensor, ratio: Fraction, snr_db: float) -> Tensor:
    """Through AWGN with noise that follows from the sizes."""
    encoded = codec.encode(images, torch.full((len(images),), snr_db), ratio)
    return over_noise(codec, encoded, images, ratio, snr_db)


def over_noise(
    codec: Deep, encoded: Encoded, images: Tensor, ratio: Fraction, snr_db: float
) -> Tensor:
    """What is decoded of symbols with such noise."""
    snr = torch.full((len(images),), snr_db)
    made = torch.Generator().manual_seed(7)
    noise = torch.randn(*encoded.symbols.shape, 2, generator=made)
    variance = noise_variance(snr)
    received = encoded.symbols + torch.view_as_complex(noise) * (variance[:, None] / 2).sqrt()
    size = (images.shape[-2], images.shape[-1])
    return codec.decode(received, variance, ratio, size, encoded.side)


@settings(max_examples=25)
@given(
    height=st.integers(16, 70),
    width=st.integers(16, 70),
    ratio=st.fractions(Fraction(1, 384), Fraction(1, 6), max_denominator=400),
    snr_db=st.floats(-10, 30),
)
def test_any_size_ratio_and_snr(
    talking: Deep, height: int, width: int, ratio: Fraction, snr_db: float
) -> None:
    images = pictures(2, height, width)
    with torch.inference_mode():
        encoded = talking.encode(images, torch.full((2,), snr_db), ratio)
        assert encoded.symbols.shape == (2, channel_uses(height, width, ratio))
        power = encoded.symbols.abs().square().mean(dim=1)
        torch.testing.assert_close(power, torch.ones(2), rtol=1e-4, atol=1e-4)
        decoded = over_noise(talking, encoded, images, ratio, snr_db)
    assert decoded.shape == images.shape
    assert torch.isfinite(decoded).all()


class Left(Allocation):
    """An allocation to which the left of a picture matters most."""

    def weights(self, images: Tensor, received: Callable[[], Tensor]) -> Tensor:
        assert received().shape == images.shape
        return torch.linspace(3, 0.1, 7).expand(len(images), 5, 7)


@pytest.mark.parametrize("ratio", [Fraction(1, 96), TENTH])
@pytest.mark.parametrize("snr_db", [-5.0, 10.0])
@pytest.mark.parametrize("left", [None, Left(Policy("importance-energy"))])
def test_untrained_it_is_adaptive_linear_coding(
    untrained: Deep, snr_db: float, ratio: Fraction, left: Left | None
) -> None:
    images, link = pictures(2, 70, 100), AdaptiveLinearLink("linear-adaptive", left)
    size = (images.shape[-2], images.shape[-1])
    with torch.inference_mode():
        weights = None if left is None else left.weights(images, lambda: images)
        encoded = untrained.encode(images, torch.full((2,), snr_db), ratio, weights=weights)
        linear = link.transmit(images, ratio, snr_db)
        torch.testing.assert_close(encoded.symbols, linear.symbols, rtol=1e-4, atol=1e-4)
        assert encoded.side is not None
        assert encoded.side.told == tuple(record.announced for record in linear.control)
        symbols, knowledge = awgn(encoded.symbols, snr_db, Draws(0, [0, 1]))
        decoded = untrained.decode(symbols, knowledge.noise_variance, ratio, size, encoded.side)
        expected, _ = link.estimate(symbols, knowledge, linear.control)
    # The link's gain is told in steps of 1/24 octave.
    torch.testing.assert_close(decoded, expected, rtol=0.02, atol=0.02)


def test_plans_of_the_callers_own_leave_room_for_their_blocks(codec: Deep) -> None:
    images, uses = pictures(2, 64, 48), 7
    k, noise = channel_uses(64, 48, TENTH), 0.1
    water = Water(30, 0)
    plans = [Plan(Known(untold_logs((4, 3))), water, noise, k, uses) for _ in images]
    encoded = codec.encode(images, torch.tensor([10.0, 10.0]), TENTH, plans)
    assert encoded.symbols.shape == (2, k)
    assert not encoded.symbols[:, :uses].any()
    assert encoded.symbols[:, uses:].abs().square().mean() == pytest.approx(1, abs=1e-4)
    decoded = codec.decode(encoded.symbols, torch.full((2,), 1e-4), TENTH, (64, 48), encoded.side)
    assert (decoded - images).square().mean() < images.var()


def test_where_the_block_is_lost_the_overview_remains(codec: Deep) -> None:
    images, snr = pictures(1, 128, 128), torch.tensor([10.0])
    encoded = codec.encode(images, snr, TENTH)
    assert encoded.side is not None
    (told,) = encoded.side.told
    assert isinstance(told, Announcement)
    uses = told.block.uses(encoded.symbols.shape[1])
    assert uses > 0
    broken = encoded.symbols.clone()
    broken[:, :uses] = broken[:, :uses].flip(1)
    decoded = codec.decode(broken, torch.tensor([0.1]), TENTH, (128, 128), encoded.side)
    assert torch.isfinite(decoded).all()
    means = torch.nn.functional.avg_pool2d(images, 16)
    found = torch.nn.functional.avg_pool2d(decoded, 16)
    assert (found - means).square().mean() < 0.2 * means.var()


def test_erased_symbols_are_not_looked_at(codec: Deep) -> None:
    images, snr = pictures(2, 40, 40), torch.tensor([5.0, 12.0])
    encoded = codec.encode(images, snr, TENTH)
    variance = torch.full(encoded.symbols.shape, 0.1)
    variance[:, ::3] = torch.inf
    broken = encoded.symbols.clone()
    broken[:, ::3] = complex(float("nan"), 1e9)
    size = (40, 40)
    decoded = codec.decode(broken, variance, TENTH, size, encoded.side)
    assert torch.isfinite(decoded).all()
    same = codec.decode(encoded.symbols, variance, TENTH, size, encoded.side)
    torch.testing.assert_close(decoded, same)


def test_a_batch_changes_no_image(codec: Deep) -> None:
    images = pictures(3, 33, 50)
    together = codec.encode(images, torch.tensor([0.0, 7.0, 20.0]), TENTH)
    alone = codec.encode(images[1:2], torch.tensor([7.0]), TENTH)
    torch.testing.assert_close(together.symbols[1:2], alone.symbols, rtol=1e-4, atol=1e-5)


def test_tiles_equal_the_whole(codec: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(1, 160, 208)
    whole = send(codec, images, TENTH, 10.0)
    monkeypatch.setattr(tiles, "TILE", 16)
    torch.testing.assert_close(send(codec, images, TENTH, 10.0), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_picture_of_one_colour_crosses(codec: Deep, level: float) -> None:
    images = torch.full((1, 3, 32, 32), level)
    assert torch.isfinite(send(codec, images, TENTH, 0.0)).all()


@pytest.mark.parametrize("noise", [0.0, 1e-12, 1e-9])
@pytest.mark.parametrize("flat", [64, 48, 0])
def test_without_noise_there_is_a_picture(codec: Deep, flat: int, noise: float) -> None:
    # Of the blocks beside a part of one colour every coefficient is sent: nothing is in doubt.
    images = pictures(1, 64, 64)
    images[..., :flat] = 0.5
    ratio = Fraction(1, 6)
    encoded = codec.encode(images, torch.tensor([10.0]), ratio)
    decoded = codec.decode(encoded.symbols, torch.tensor([noise]), ratio, (64, 64), encoded.side)
    assert torch.isfinite(decoded).all()


def test_ratios_beyond_those_trained_are_refused(codec: Deep) -> None:
    with pytest.raises(UserError, match="1/384 to 1/6"):
        codec.encode(pictures(1, 32, 32), torch.tensor([5.0]), Fraction(1, 5))


def test_decoding_needs_the_level(codec: Deep) -> None:
    with pytest.raises(ValueError, match="side information"):
        codec.decode(torch.ones(1, 307, dtype=torch.complex64), torch.ones(1), TENTH, (32, 32))


def test_gradients_reach_every_weight() -> None:
    codec, images = small(talking=True).train(), pictures(2, 32, 32)
    loss = (send(codec, images, Fraction(1, 6), 5.0) - images).square().mean()
    loss.backward()
    for name, weight in codec.named_parameters():
        assert weight.grad is not None, name
        assert math.isfinite(float(weight.grad.abs().sum())), name
        assert weight.grad.abs().sum() > 0, name


def test_padding_is_not_part_of_the_image(codec: Deep) -> None:
    images = pictures(1, 40, 40)
    assert pad_to_multiple(images, 16).shape[-2:] == (48, 48)
    assert send(codec, images, TENTH, 10.0).shape == images.shape
