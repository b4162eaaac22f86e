"""The label link: what the sender saw, by a code that theory knows all about."""

from copy import copy
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import binom, norm
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge
from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError
from semjscc.experiments.evaluation import run
from semjscc.images import quantise
from semjscc.links import Situation
from semjscc.links.label import LabelLink, codewords
from semjscc.perception.base import Perception, predict
from semjscc.randomness import Draws
from semjscc.tasks import Segmentation
from semjscc.transmission import transmit
from small_evaluation import make

RATIO = Fraction(1, 48)


@pytest.mark.parametrize(("count", "length"), [(2, 2), (10, 64), (16, 16), (1, 5), (30, 7)])
def test_codewords_have_power_one_and_differ(count: int, length: int) -> None:
    book = codewords(count, length)
    assert book.shape == (count, length)
    torch.testing.assert_close(book.abs(), torch.ones(count, length))
    correlation = (book @ book.conj().T).abs() / length
    assert (correlation - torch.eye(count)).abs().max() < (1e-4 if count <= length else 0.99)


def orthogonal_success(count: int, length: int, snr_db: float) -> float:
    """The best receiver's share of right decisions (Proakis, coherent orthogonal signalling)."""
    distance = (2 * length * 10 ** (snr_db / 10)) ** 0.5
    return quad(lambda x: norm.pdf(x - distance) * norm.cdf(x) ** (count - 1), -10, 30)[0]


@pytest.mark.parametrize("snr_db", [-16.0, -12.0])
def test_errors_are_those_of_coherent_orthogonal_signalling(
    tiny_perception: Perception, snr_db: float
) -> None:
    link, images = LabelLink(tiny_perception), 4000
    sent = link.transmit(torch.rand(1, 3, 16, 16), RATIO, snr_db)
    symbols = sent.symbols.expand(images, -1)
    received, knowledge = awgn(symbols, snr_db, Draws(0, range(images)))
    output = link.receive(received, knowledge, list(sent.control) * images).outputs
    assert output is not None
    clean = link.receive(sent.symbols, _silent(1), sent.control).outputs
    assert clean is not None
    right = int((output.argmax(dim=1) == clean.argmax(dim=1)).sum())
    expected = orthogonal_success(5, symbols.shape[1], snr_db)
    assert 0.3 < expected < 0.95
    low, high = binom.interval(0.999, images, expected)
    assert low <= right <= high


def _silent(count: int) -> ChannelKnowledge:
    return ChannelKnowledge(torch.ones(count, dtype=torch.complex64), torch.zeros(count))


@pytest.mark.parametrize("ratio", [RATIO, Fraction(3, 100), Fraction(1, 384), Fraction(1, 1024)])
def test_without_noise_the_senders_answer_arrives(
    tiny_perception: Perception, tiny_images: Tensor, ratio: Fraction
) -> None:
    link = LabelLink(tiny_perception)
    received = link.send(tiny_images, Situation(awgn, 60.0, ratio, Draws(0, range(4))))
    assert received.channel_uses == channel_uses(*tiny_images.shape[-2:], ratio)
    seen = predict(tiny_perception, quantise(tiny_images))
    assert received.images is None
    assert received.outputs is not None
    assert torch.equal(tiny_perception.task.predict(received.outputs), seen)
    assert received.payload_bits is not None
    assert received.payload_bits.tolist() == [3] * 4  # five classes


def test_output_is_the_posterior(tiny_perception: Perception, tiny_images: Tensor) -> None:
    link, snr_db = LabelLink(tiny_perception), -10.0
    sent = link.transmit(tiny_images, RATIO, snr_db)
    received, knowledge = awgn(sent.symbols, snr_db, Draws(0, range(4)))
    output = link.receive(received, knowledge, sent.control).outputs
    assert output is not None
    book = codewords(5, received.shape[1])
    distance = (received[:, None] - book).abs().square().sum(dim=2).double()
    likelihood = np.exp(-(distance - distance.amin(dim=1, keepdim=True)).numpy() * 10 ** (-1.0))
    expected = likelihood / likelihood.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(tiny_perception.task.probabilities(output), expected, atol=1e-4)


def test_erased_symbols_may_hold_anything(tiny_perception: Perception, tiny_images: Tensor) -> None:
    link = LabelLink(tiny_perception)
    sent = link.transmit(tiny_images, RATIO, 0.0)
    variance = torch.full(sent.symbols.shape, 0.1)
    variance[:, ::2] = torch.inf
    broken = sent.symbols.clone()
    broken[:, ::2] = complex(torch.nan, torch.inf)
    gain = torch.ones(4, dtype=torch.complex64)
    output = link.receive(broken, ChannelKnowledge(gain, variance), sent.control).outputs
    whole = link.receive(sent.symbols, _silent(4), sent.control).outputs
    assert output is not None
    assert whole is not None
    assert torch.isfinite(output).all()
    assert torch.equal(output.argmax(dim=1), whole.argmax(dim=1))


def test_it_brings_no_image_to_look_at(tiny_perception: Perception) -> None:
    situation = Situation(awgn, 10.0, RATIO, Draws(0, [0]))
    with pytest.raises(UserError, match="'label' brings no image"):
        transmit(
            torch.zeros(3, 16, 16, dtype=torch.uint8),
            LabelLink(tiny_perception),
            tiny_perception,
            situation,
        )


def test_who_judges_it_is_looked_at_before_anything_is_sent(
    tiny_perception: Perception, tmp_path: Path
) -> None:
    link = LabelLink(tiny_perception)
    link.check_judge(tiny_perception)
    other = copy(tiny_perception)
    other.name, other.class_names = "other", ("a", "b")
    with pytest.raises(UserError, match=r"classes of tiny.*, and other knows others"):
        link.check_judge(other)
    mapper = copy(tiny_perception)
    mapper.name, mapper.task = "mapper", Segmentation()
    with pytest.raises(UserError, match="sends one class an image: mapper does segmentation"):
        link.check_judge(mapper)
    with pytest.raises(UserError, match="mapper does segmentation"):
        LabelLink(mapper)
    e = make()
    first = e.evaluators[0].perception
    unlike = copy(first)
    unlike.class_names = ("square", "circle")
    with pytest.raises(UserError, match="knows others: evaluate it with one of the two alone"):
        run(replace(e, links=[LabelLink(unlike)]), tmp_path)
