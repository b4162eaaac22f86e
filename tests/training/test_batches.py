"""What a training step sees: a function of its number, however many processes share it."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, kstest
from torch import Tensor
from torch.nn import functional as F

from semjscc.channels.units import noise_variance
from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.base import Codec
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.data.base import ImageSet
from semjscc.training.batches import Share, augment, batch_at, batch_indices, cut_and_paste
from semjscc.training.channel.disturbance import Disturbance, draw_disturbance
from semjscc.training.recipe import CodecRecipe

WHOLE = Share()

# Order


@given(
    seed=st.integers(0, 5),
    epoch=st.integers(0, 3),
    count=st.integers(1, 60),
    batch=st.integers(1, 70),
)
def test_each_epoch_sees_no_image_twice_and_misses_less_than_a_batch(
    seed: int, epoch: int, count: int, batch: int
) -> None:
    batch = min(batch, count)
    steps = count // batch
    seen = torch.cat(
        [batch_indices(seed, epoch * steps + place, count, batch) for place in range(steps)]
    )
    assert len(seen) == steps * batch > count - batch
    assert len(seen.unique()) == len(seen)
    assert 0 <= seen.min() <= seen.max() < count


def test_each_epoch_has_an_order_of_its_own() -> None:
    epochs = [
        torch.cat([batch_indices(seed, 4 * epoch + place, 32, 8) for place in range(4)])
        for seed in (0, 1)
        for epoch in (0, 1)
    ]
    for order in epochs:
        assert torch.equal(order.sort().values, torch.arange(32))
    assert len({tuple(order.tolist()) for order in epochs}) == 4
    assert not any(torch.equal(order, torch.arange(32)) for order in epochs)


def test_batch_larger_than_the_data_is_all_of_the_data() -> None:
    chosen = batch_indices(0, 3, 5, 100)
    assert torch.equal(chosen.sort().values, torch.arange(5))


@pytest.fixture(scope="module")
def data() -> ImageSet:
    pixels = torch.arange(20, dtype=torch.uint8)[:, None, None, None].expand(20, 3, 16, 16)
    return ImageSet("x", "train", pixels, 100 + torch.arange(20), ("a",), "", "")


@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_shares_of_all_processes_make_up_the_global_batch(data: ImageSet, processes: int) -> None:
    for step in (0, 1, 7):
        whole, labels = batch_at(data, 4, step, 12, WHOLE)
        assert whole.dtype == torch.float32
        torch.testing.assert_close(whole[:, 0, 0, 0] * 255 + 100, labels.float())
        again = torch.full_like(labels, -1)
        for rank in range(processes):
            images, own = batch_at(data, 4, step, 12, Share(rank, processes))
            torch.testing.assert_close(images[:, 0, 0, 0] * 255 + 100, own.float())
            again[rank::processes] = own
        assert torch.equal(again, labels)


# Augmentation


def scene(count: int, height: int = 12, width: int = 10) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(2))


def test_without_shift_an_image_stays_or_is_mirrored_half_of_the_time() -> None:
    images = scene(400)
    varied = augment(images, 0, 3, WHOLE, mirror=True, shift=0, erase=0)
    same = (varied == images).flatten(1).all(dim=1)
    mirrored = (varied == images.flip(3)).flatten(1).all(dim=1)
    assert (same ^ mirrored).all()
    assert binomtest(int(mirrored.sum()), 400, 0.5).pvalue > 0.001


def test_without_mirror_and_shift_every_image_stays() -> None:
    images = scene(50)
    assert torch.equal(augment(images, 0, 3, WHOLE, mirror=False, shift=0, erase=0), images)


@pytest.mark.parametrize("processes", [1, 2])
def test_mirror_changes_no_other_draw(processes: int) -> None:
    images, share = scene(20), Share(0, processes)
    mirrored, plain = (
        augment(images, 0, 3, share, mirror=mirror, shift=3, erase=0) for mirror in (True, False)
    )
    same = (mirrored == plain).flatten(1).all(dim=1)
    turned = (mirrored == plain.flip(3)).flatten(1).all(dim=1)
    assert (same | turned).all()
    assert 0 < same.sum() < 20


@pytest.mark.parametrize("shift", [1, 3])
def test_shifted_pixels_are_a_window_of_the_reflected_image(shift: int) -> None:
    images = scene(300)
    padded = F.pad(images, (shift,) * 4, mode="reflect")
    varied = augment(images, 0, 0, WHOLE, mirror=True, shift=shift, erase=0)
    offsets = range(2 * shift + 1)
    found = {
        (down, right, mirror): (window.flip(3) if mirror else window).eq(varied)
        .flatten(1).all(dim=1)
        for down in offsets
        for right in offsets
        for mirror in (False, True)
        for window in [padded[:, :, down : down + 12, right : right + 10]]
    }  # fmt: skip
    assert (torch.stack(list(found.values())).sum(dim=0) == 1).all()
    for axis in (0, 1):
        counts = torch.tensor(
            [
                sum(int(hits.sum()) for place, hits in found.items() if place[axis] == offset)
                for offset in offsets
            ]
        )
        expected = 300 / len(offsets)
        assert (counts - expected).abs().max() < 5 * math.sqrt(expected)


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5, 8])
def test_erased_square_is_grey_of_that_side_and_all_else_is_kept(side: int) -> None:
    images = scene(200, 16, 18)
    kept = augment(images, 0, 5, WHOLE, mirror=True, shift=0, erase=0)
    erased = augment(images, 0, 5, WHOLE, mirror=True, shift=0, erase=side)
    changed = (erased != kept).any(dim=1)
    assert (erased.movedim(1, 3)[changed] == 0.5).all()
    rows, columns = changed.any(dim=2), changed.any(dim=1)
    # A rectangle: the product of its rows and columns.
    assert torch.equal(changed, rows[:, :, None] & columns[:, None, :])
    for extent in (rows.sum(dim=1), columns.sum(dim=1)):
        # Cut off at the border, but never larger.
        assert extent.max() == side
        assert (extent == side).float().mean() > 0.4
        assert extent.min() >= side // 2
    # Every pixel can be hit.
    assert side < 4 or changed.any(dim=0).float().mean() > 0.9


@pytest.mark.parametrize("processes", [2, 3, 4])
def test_augmented_shares_are_shares_of_the_augmented_batch(processes: int) -> None:
    images = scene(12)
    whole = augment(images, 1, 9, WHOLE, mirror=True, shift=2, erase=4)
    for rank in range(processes):
        share = Share(rank, processes)
        part = augment(share.take(images), 1, 9, share, mirror=True, shift=2, erase=4)
        assert torch.equal(part, share.take(whole))


def test_augmentation_follows_from_seed_and_step() -> None:
    images = scene(12)

    def varied(seed: int, step: int) -> Tensor:
        return augment(images, seed, step, WHOLE, mirror=True, shift=2, erase=4)

    assert torch.equal(varied(0, 1), varied(0, 1))
    assert not torch.equal(varied(0, 1), varied(0, 2))
    assert not torch.equal(varied(0, 1), varied(1, 1))


@pytest.mark.parametrize("shift", [0, 2])
@pytest.mark.parametrize("erase", [0, 4])
def test_augmentation_leaves_its_input_alone(shift: int, erase: int) -> None:
    images = scene(6)
    before = images.clone()
    varied = augment(images, 0, 0, WHOLE, mirror=True, shift=shift, erase=erase)
    varied.zero_()
    assert torch.equal(images, before)


# Mixed images


def test_pasted_pixels_are_a_rectangle_of_the_other_image() -> None:
    images, others = torch.zeros(200, 3, 24, 40), torch.ones(200, 3, 24, 40)
    mixed, own = cut_and_paste(images, others, 0, 2, WHOLE, 1.0)
    torch.testing.assert_close(own, 1 - mixed.mean(dim=(1, 2, 3)))
    for image in mixed:
        pasted = image[0] == 1
        assert torch.equal(image, pasted.float().expand(3, -1, -1))
        assert torch.equal(pasted, pasted.any(dim=1)[:, None] & pasted.any(dim=0)[None])
    assert not torch.equal(images, mixed)
    assert images.max() == 0


def test_as_many_images_are_cut_as_asked() -> None:
    images, others = torch.zeros(4000, 1, 32, 32), torch.ones(4000, 1, 32, 32)
    for probability in (0.0, 0.3, 1.0):
        _, own = cut_and_paste(images, others, 1, 4, WHOLE, probability)
        # Within five standard deviations; a rectangle of less than half a pixel is none.
        assert (own < 1).float().mean() == pytest.approx(probability, abs=0.04)


@pytest.mark.parametrize("processes", [2, 3])
def test_mixed_shares_are_shares_of_the_mixed_batch(processes: int) -> None:
    images, others = torch.rand(2, 12, 3, 16, 16, generator=torch.Generator().manual_seed(4))
    whole, own = cut_and_paste(images, others, 1, 9, WHOLE, 0.7)
    for rank in range(processes):
        share = Share(rank, processes)
        part = cut_and_paste(share.take(images), share.take(others), 1, 9, share, 0.7)
        assert torch.equal(part[0], share.take(whole))
        assert torch.equal(part[1], share.take(own))


# Disturbance


def disturbed(
    codec: Codec,
    count: int,
    share: Share = WHOLE,
    step: int = 0,
    seed: int = 0,
    size: tuple[int, int] = (16, 16),
    **recipe: Any,
) -> Disturbance:
    return draw_disturbance(codec, CodecRecipe(**recipe), seed, step, count, size, share)


@pytest.fixture(scope="module")
def adaptive() -> Codec:
    return Adaptive(width=8)


@pytest.fixture(scope="module")
def one_ratio() -> Codec:
    return Adaptive(ratios=("1/12",), width=8)


@pytest.mark.parametrize("processes", [2, 3])
def test_disturbed_shares_are_shares_of_the_disturbed_batch(
    adaptive: Codec, processes: int
) -> None:
    chances = {"faded": 0.5, "erased": 0.5}
    whole = disturbed(adaptive, 12, step=3, **chances)
    for rank in range(processes):
        share = Share(rank, processes)
        part = disturbed(adaptive, 12 // processes, share, step=3, **chances)
        assert part.ratio == whole.ratio
        for name in ("snr_db", "noise_variance", "noise"):
            assert torch.equal(getattr(part, name), share.take(getattr(whole, name)))


def test_disturbance_follows_from_seed_and_step(one_ratio: Codec) -> None:
    once = disturbed(one_ratio, 4, step=1)
    for other in (disturbed(one_ratio, 4, step=2), disturbed(one_ratio, 4, step=1, seed=1)):
        assert not torch.equal(other.snr_db, once.snr_db)
        assert not torch.equal(other.noise, once.noise)
    again = disturbed(one_ratio, 4, step=1)
    assert torch.equal(again.noise_variance, once.noise_variance)
    assert torch.equal(again.noise, once.noise)


def test_shapes_fit_the_symbols_of_the_drawn_ratio(adaptive: Codec) -> None:
    for step in range(8):
        drawn = disturbed(adaptive, 3, step=step, size=(17, 22))
        uses = channel_uses(17, 22, drawn.ratio)
        assert drawn.snr_db.shape == (3,)
        assert drawn.noise_variance.shape == drawn.noise.shape == (3, uses)
        assert drawn.snr_db.dtype == drawn.noise_variance.dtype == torch.float32
        assert drawn.noise.dtype == torch.complex64


def test_every_ratio_is_drawn_equally_often(adaptive: Codec) -> None:
    drawn = [disturbed(adaptive, 1, step=step).ratio for step in range(400)]
    for ratio in adaptive.ratios:
        assert binomtest(drawn.count(ratio), 400, 0.25).pvalue > 0.001


def test_snr_is_uniform_over_the_range_of_the_codec(one_ratio: Codec) -> None:
    snr_db = disturbed(one_ratio, 4000).snr_db
    assert kstest(snr_db.numpy(), "uniform", (-5, 25)).pvalue > 0.001


def test_undisturbed_images_have_the_noise_of_their_snr(one_ratio: Codec) -> None:
    drawn = disturbed(one_ratio, 50, faded=0.0, erased=0.0)
    expected = noise_variance(drawn.snr_db)[:, None].expand_as(drawn.noise_variance)
    assert torch.equal(drawn.noise_variance, expected)


def test_faded_images_have_noise_as_after_a_rayleigh_channel(one_ratio: Codec) -> None:
    drawn = disturbed(one_ratio, 1000, faded=0.3, erased=0.0)
    gain = noise_variance(drawn.snr_db)[:, None] / drawn.noise_variance  # |h|²
    flat = torch.isclose(gain, torch.ones(())).all(dim=1)
    assert binomtest(int((~flat).sum()), 1000, 0.3).pvalue > 0.001
    assert kstest(gain[~flat].flatten().numpy(), "expon").pvalue > 0.001


def test_erased_images_lose_up_to_half_of_their_symbols(one_ratio: Codec) -> None:
    drawn = disturbed(one_ratio, 1500, faded=0.0, erased=0.4, size=(64, 64))
    lost = torch.isinf(drawn.noise_variance).float().mean(dim=1)
    hit = lost > 0
    assert binomtest(int(hit.sum()), 1500, 0.4).pvalue > 0.001
    # Share uniform on 0 to 1/2, up to the 2 % that 1024 symbols scatter.
    assert lost[hit].mean().item() == pytest.approx(0.25, abs=0.03)
    assert lost.max() < 0.58
    assert lost[hit].min() < 0.02
    assert lost[hit].std().item() == pytest.approx(0.5 / 12**0.5, abs=0.02)
    expected = noise_variance(drawn.snr_db)[:, None].expand_as(drawn.noise_variance)
    kept = torch.isfinite(drawn.noise_variance)
    assert torch.equal(drawn.noise_variance[kept], expected[kept])


def test_fading_and_erasures_strike_independently(one_ratio: Codec) -> None:
    drawn = disturbed(one_ratio, 2000, faded=0.5, erased=0.5)
    gain = noise_variance(drawn.snr_db)[:, None] / drawn.noise_variance
    erased = (gain == 0).any(dim=1)
    faded = ((gain > 0) & ~torch.isclose(gain, torch.ones(()))).any(dim=1)
    both = int((erased & faded).sum())
    # A little less than a quarter: a few images lose no symbol of their 32.
    assert binomtest(both, 2000, 0.25 * 31 / 32).pvalue > 0.001


def test_noise_is_that_of_a_complex_normal_of_variance_one(one_ratio: Codec) -> None:
    noise = disturbed(one_ratio, 2000).noise
    assert kstest(noise.real.flatten().numpy() * 2**0.5, "norm").pvalue > 0.001
    assert kstest(noise.imag.flatten().numpy() * 2**0.5, "norm").pvalue > 0.001
    correlation = (noise.real * noise.imag).mean().item() / 0.5
    assert abs(correlation) < 5 / math.sqrt(noise.numel())


def test_apply_adds_the_noise_and_silences_erased_symbols() -> None:
    drawn = Disturbance(
        ratio=Adaptive(width=8).ratios[0],
        snr_db=torch.zeros(1),
        noise_variance=torch.tensor([[1.0, 4.0, math.inf, 0.0]]),
        noise=torch.tensor([[1 + 1j, 0 + 1j, 5 + 5j, 9 + 9j]]),
    )
    symbols = torch.tensor([[1 + 0j, 1 - 1j, 7 + 0j, 2 + 2j]]).requires_grad_()
    received = drawn.apply(symbols)
    torch.testing.assert_close(received, torch.tensor([[2 + 1j, 1 + 1j, 0 + 0j, 2 + 2j]]))
    torch.view_as_real(received).sum().backward()
    assert symbols.grad is not None
    torch.testing.assert_close(symbols.grad, torch.tensor([[1 + 1j, 1 + 1j, 0 + 0j, 1 + 1j]]))


@pytest.mark.parametrize("snr_db", [10.0, 0.1, -3.7])
def test_deepjscc_is_trained_at_its_own_snr_and_ratio(snr_db: float) -> None:
    codec = DeepJSCC("1/6", snr_db)
    for step in range(3):
        drawn = disturbed(codec, 5, step=step)
        assert drawn.ratio == codec.ratios[0]
        torch.testing.assert_close(drawn.snr_db, torch.full((5,), snr_db))
        codec.encode(torch.rand(5, 3, 16, 16), drawn.snr_db, drawn.ratio)
