"""A codec whose sender tunes its symbols."""

from fractions import Fraction

import pytest
import torch
from torch.nn import functional as F

from semjscc.allocation.policy import Policy
from semjscc.allocation.sender import Allocation
from semjscc.channels import CHANNELS
from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.base import Codec
from semjscc.codecs.deep import Deep
from semjscc.links import CodecLink, Situation
from semjscc.losses import reference, semantic_error
from semjscc.perception.base import Perception
from semjscc.randomness import Draws


@pytest.mark.parametrize("codec", [Adaptive(width=8), Deep(width=8)], ids=["adaptive", "deep"])
def test_a_codec_has_its_symbols_tuned(codec: Codec, tiny_perception: Perception) -> None:
    images = torch.rand(2, 3, 12, 16, generator=torch.Generator().manual_seed(2))
    images = F.interpolate(images, scale_factor=4, mode="bicubic").clamp(0, 1)
    where = Situation(CHANNELS["awgn"], 15.0, Fraction(1, 24), Draws(0, [0, 1]))
    plain = CodecLink("plain", codec)
    tuning = CodecLink("tuning", codec, allocation=Allocation(Policy("semantic"), tiny_perception))
    clean = reference(tiny_perception, images, None)
    errors = []
    for link in (plain, tuning):
        received = link.send(images, where).images  # checks number and power of the symbols
        assert received is not None
        errors.append(float(semantic_error(clean, tiny_perception.features(received)).mean()))
    assert errors[1] < 0.9 * errors[0]
