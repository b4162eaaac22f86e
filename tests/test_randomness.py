"""Draws that follow from (seed, purpose, index, draw) and nothing else."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from semjscc.randomness import Draws, generator

MASK = 2**64 - 1


def philox(key: int, block: int) -> list[int]:
    """One block of Philox4x64-10, written from Salmon et al. 2011 (the Random123 paper)."""
    a, b, c, d = block, 0, 0, 0
    k0, k1 = key & MASK, key >> 64
    for _ in range(10):
        first, second = a * 0xD2E7470EE14C6C93, c * 0xCA5A826395121157
        a, b, c, d = (second >> 64) ^ b ^ k0, second & MASK, (first >> 64) ^ d ^ k1, first & MASK
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & MASK, (k1 + 0xBB67AE8584CAA73B) & MASK
    return [a, b, c, d]


def test_bits_are_those_of_the_published_generator() -> None:
    digest = hashlib.blake2b(b"3/noise/7/1", digest_size=16).digest()
    key = int.from_bytes(digest, "little")
    raw = generator(3, "noise", 7, 1).bit_generator.random_raw(8)
    # NumPy counts up before it makes a block, so that the first has number 1.
    assert raw.tolist() == philox(key, 1) + philox(key, 2)


def test_noise_is_the_noise_of_the_published_results() -> None:
    # Made by this module with NumPy 2.4.6; another value here means that every published number
    # would change.
    golden = [
        [0.4362706 - 0.0938168j, -0.7110022 + 0.0272052j],
        [0.5092908 - 0.6020030j, 0.7515707 + 0.3993667j],
    ]
    torch.testing.assert_close(
        Draws(0, [0, 1]).complex_normal("noise", 2), torch.tensor(golden), atol=1e-6, rtol=0
    )


def test_order_is_the_order_of_the_published_results() -> None:
    # Made by this module with NumPy 2.4.6.
    assert generator(1, "order", 2, 3).permutation(8).tolist() == [2, 5, 0, 1, 3, 7, 4, 6]


@pytest.mark.parametrize(
    "other", [(1, "noise", 3, 4), (0, "order", 3, 4), (0, "noise", 2, 4), (0, "noise", 3, 5)]
)
def test_stream_depends_on_each_argument(other: tuple[int, str, int, int]) -> None:
    ours, theirs = generator(0, "noise", 3, 4).random(8), generator(*other).random(8)
    assert not np.isin(ours, theirs).any()


def test_arguments_do_not_run_into_each_other() -> None:
    firsts = {
        generator(*arguments).random()
        for arguments in [(1, "x", 11, 1), (11, "x", 1, 1), (1, "x", 1, 11), (1, "x/1", 1, 1)]
    }
    assert len(firsts) == 4


def test_stream_is_the_same_at_every_call_whatever_came_between() -> None:
    before = generator(0, "noise", 0).random(4)
    np.random.default_rng(0).random(3)
    torch.rand(5)
    assert (generator(0, "noise", 0).random(4) == before).all()


def test_image_sees_the_same_noise_in_any_batch() -> None:
    together = Draws(5, [4, 9, 2]).complex_normal("noise", 33)
    for row, index in enumerate([4, 9, 2]):
        alone = Draws(5, [index]).complex_normal("noise", 33)
        assert torch.equal(together[row], alone[0])


def test_longer_noise_begins_like_the_shorter() -> None:
    short, long = (Draws(0, [1]).complex_normal("noise", count) for count in (10, 1000))
    assert torch.equal(short, long[:, :10])


def test_each_part_of_draws_changes_the_noise() -> None:
    draws = Draws(0, [1])
    noise = draws.complex_normal("noise", 16)
    for other in (replace(draws, seed=1), replace(draws, indices=[2]), replace(draws, draw=1)):
        assert not torch.isin(other.complex_normal("noise", 16).real, noise.real).any()
    assert not torch.isin(draws.complex_normal("fading", 16).real, noise.real).any()


def test_complex_normal_has_variance_one_half_in_each_real_dimension() -> None:
    noise = Draws(0, range(4)).complex_normal("noise", 50_000)
    assert noise.shape == (4, 50_000)
    assert noise.dtype == torch.complex64
    for row in noise:
        # Five standard errors of the variance of 50 000 draws: 5·√(2/50000)/2.
        assert row.real.square().mean().item() == pytest.approx(0.5, abs=0.016)
        assert row.imag.square().mean().item() == pytest.approx(0.5, abs=0.016)
        assert (row.real * row.imag).mean().abs().item() < 5 * 0.5 / 50_000**0.5
