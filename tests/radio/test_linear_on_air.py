"""The links without training over the modem: what arrives, and what no sender would have sent."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semjscc.channels import CHANNELS
from semjscc.channels.base import ChannelKnowledge
from semjscc.codecs.bandwidth import channel_uses
from semjscc.images import read_image, to_float
from semjscc.links.base import Control, Transmission
from semjscc.links.catalogue import ADAPTIVE, LINEAR
from semjscc.metrics import psnr
from semjscc.radio.frame_decoding import Heard, Listener
from semjscc.radio.modulation import Sender, open_sender
from semjscc.radio.receiver.receiver import Frame, receive
from semjscc.radio.waveform.header import MESSAGE_BITS, Header, header_bits, parse_header
from semjscc.radio.waveform.profiles import AUDIO, SDR, Profile
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.radio.weights import Receivers
from semjscc.randomness import Draws

NAMES = (LINEAR, ADAPTIVE)
NOISELESS_DB = 80.0


@cache
def photograph(height: int, width: int) -> Tensor:
    """(3, H, W) uint8, the one of a rocket before the sky."""
    pixels = read_image(Path(skimage.__file__).parent / "data" / "rocket.jpg")
    return pixels[:, 60 : 60 + height, 200 : 200 + width].contiguous()


@dataclass(frozen=True)
class Way:
    """Over the air: the waveform, its noise, None for none, and whether peaks are clipped."""

    profile: Profile
    noise_db: float | None = None
    clip_db: float | None = None


@cache
def listener() -> Listener:
    """One for all, which reads its network once."""
    return Listener(Receivers(), None, "signs")


@cache
def sending(
    name: str, image: Tensor, ratio: Fraction, snr_db: float
) -> tuple[Sender, Transmission]:
    """What an image, one object of which is kept for good, is sent as."""
    sender = open_sender(name, "")
    return sender, sender.link.transmit(to_float(image)[None], ratio, snr_db)


def over_the_air(
    name: str, image: Tensor, ratio: Fraction, snr_db: float, way: Way
) -> tuple[Heard, Tensor]:
    """What is heard, and what symbols alone bring through as much noise."""
    (sender, sent), profile = sending(name, image, ratio, snr_db), way.profile
    control = sender.record(sent.control[0])
    samples = modulate_image(sent.symbols[0].numpy(), control, profile, clip_db=way.clip_db)
    true_db = NOISELESS_DB if way.noise_db is None else way.noise_db
    # Es/N0 of a data element: the noise within the carriers' band.
    n0 = 10 ** (-true_db / 10) * profile.sample_rate / profile.bandwidth_hz
    drawn = np.random.default_rng(0).standard_normal((len(samples), 2)) @ [1, 1j]
    (frame,) = receive([(samples + (n0 / 2) ** 0.5 * drawn).astype(np.complex64)], profile)
    assert frame.control == sent.control[0]
    symbols, knowledge = CHANNELS["awgn"](sent.symbols, true_db, Draws(0, [0]))
    expected = sender.link.receive(symbols, knowledge, sent.control).images
    assert expected is not None
    return listener().hear(frame), expected[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("size", "ratio", "profile"),
    [
        ((16, 16), Fraction(1, 384), AUDIO),
        ((64, 64), Fraction(1, 6), AUDIO),
        ((53, 71), Fraction(1, 48), SDR),
        ((117, 90), Fraction(1, 384), SDR),
        ((117, 90), Fraction(1, 6), SDR),
        ((64, 97), Fraction(3, 100), SDR),
    ],
)
def test_without_noise_the_image_is_the_one_that_simulation_gives(
    name: str, size: tuple[int, int], ratio: Fraction, profile: Profile
) -> None:
    heard, expected = over_the_air(name, photograph(*size), ratio, 20.0, Way(profile))
    assert heard.image is not None
    assert heard.image.shape == (3, *size)
    assert float((heard.image - expected).abs().max()) <= 1.001 / 255
    assert heard.to_dict()["codec"] == name


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0])
def test_clipping_leaves_the_strengths_whole(snr_db: float) -> None:
    # The strongest coefficients, sent once each, would take the block with them where they clip.
    image = photograph(256, 256)
    for profile, noise_db in ((SDR, snr_db), (AUDIO, snr_db), (SDR, None)):
        way = Way(profile, noise_db, 6.0)
        heard, expected = over_the_air(ADAPTIVE, image, Fraction(1, 48), snr_db, way)
        assert heard.frame.control.announced is not None
        assert heard.frame.control.announced.block.length > 0 or snr_db == 0
        assert heard.image is not None
        assert "strengths" not in (heard.warning or "")
        if noise_db is not None:
            quality, ideal = (
                float(psnr(to_float(image)[None], one[None])[0]) for one in (heard.image, expected)
            )
            assert quality > ideal - 2


def test_where_the_strengths_are_lost_the_picture_comes_with_a_warning() -> None:
    image = photograph(64, 64)
    sender = open_sender(ADAPTIVE, "")
    sent = sender.link.transmit(to_float(image)[None], Fraction(1, 6), 10.0)
    (control,) = sent.control
    assert control.announced is not None
    symbols = sent.symbols[0].numpy().copy()
    uses = control.announced.block.uses(len(symbols))
    assert uses > 0
    symbols[:uses] *= -1
    frame = frame_of(control, symbols)
    heard = listener().hear(frame)
    assert heard.image is not None
    assert heard.warning is not None
    assert heard.warning.startswith("its block of strengths was lost: only the overview")
    # Erased as a whole, it is no picture.
    nothing = replace(frame, noise_variance=np.full(len(symbols), np.inf, np.float32))
    assert listener().hear(nothing).image is None


@given(
    st.sampled_from(NAMES),
    st.integers(16, 70),
    st.integers(16, 70),
    st.sampled_from([Fraction(1, n) for n in (384, 48, 6, 1)]),
    st.integers(1, 2**35 - 1),
    st.integers(0, 99),
)
@settings(max_examples=60)
def test_whatever_a_strangers_record_says_brings_an_image_or_is_none(
    name: str, height: int, width: int, ratio: Fraction, scheme: int, seed: int
) -> None:
    plain = Control(name, height, width, ratio)
    k = channel_uses(height, width, ratio)
    bits = header_bits(Header(plain, 0, 0))[: MESSAGE_BITS - 57]
    bits += [int(bit) for bit in f"{scheme:035b}{0:022b}"]
    header = parse_header(bits, SDR, k)
    if header is None:
        return
    assert header_bits(header) == bits
    told = header.control
    drawn = np.random.default_rng(seed).standard_normal((k, 2)).astype(np.float32)
    link = Receivers().link(told)
    knowledge = ChannelKnowledge(torch.ones(1, dtype=torch.complex64), torch.full((1, k), 0.1))
    symbols = torch.view_as_complex(torch.from_numpy(drawn))[None]
    images = link.receive(symbols, knowledge, [told]).images
    assert images is not None
    assert images.shape == (1, 3, height, width)
    assert images.isfinite().all()


def test_records_take_the_bits_that_they_say() -> None:
    for name, bits in ((LINEAR, 54 + 13), (ADAPTIVE, 54 + 35)):
        link = open_sender(name, "").link
        (control,) = link.transmit(to_float(photograph(32, 32))[None], Fraction(1, 48), 5.0).control
        assert control.to_bits() == bits
        told = header_bits(Header(control, 0, 0))
        assert not any(told[23 + bits :])  # 23 are the header's own


def frame_of(control: Control, symbols: np.ndarray) -> Frame:
    return Frame(
        control, 0, symbols, np.full(len(symbols), 0.1, np.float32), time_s=0.0, snr_db=10.0,
        cfo_hz=0.0, clock_ppm=0.0, bandwidth_hz=812_500.0, packets=1, packets_lost=0,
    )  # fmt: skip
