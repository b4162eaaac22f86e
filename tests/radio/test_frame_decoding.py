"""Frames to images: whatever a header may announce is decoded or has its reason."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

from semjscc import checkpoint
from semjscc.codecs.store import load_codec
from semjscc.images import MINIMUM_SIDE
from semjscc.linear.planning.announcement import Announcement
from semjscc.linear.planning.selection import Water
from semjscc.links.base import Control
from semjscc.links.separate_coding.source import NOTHING, SourceControl
from semjscc.perception.store import open_perception
from semjscc.radio.frame_decoding import Heard, Listener
from semjscc.radio.receiver.receiver import Frame
from semjscc.radio.waveform.header import (
    CODECS,
    PLANNED,
    SEPARATE,
    CodecControl,
    Header,
    header_bits,
    parse_header,
)
from semjscc.radio.waveform.profiles import SDR
from semjscc.radio.weights import Receivers, fingerprint
from waveforms import latents

SHIPPED = [name for name in CODECS if (checkpoint.WEIGHTS / f"{name}.safetensors").is_file()]
SIZES = ((MINIMUM_SIDE, MINIMUM_SIDE), (MINIMUM_SIDE, MINIMUM_SIDE + 1))


def frame_of(control: Control) -> Frame:
    symbols = latents(control)
    noise = np.full(len(symbols), 0.1, np.float32)
    return Frame(
        control, 0, symbols, noise, time_s=0.0, snr_db=10.0, cfo_hz=0.0, clock_ppm=0.0,
        bandwidth_hz=812_500.0, packets=1, packets_lost=0,
    )  # fmt: skip


@cache
def listener() -> Listener:
    """One for all, which reads each file of weights once."""
    return Listener(Receivers(), None, "signs")


def hear(control: Control) -> Heard:
    """What the receiver makes of a frame with a header that it takes for one."""
    header = Header(control, 0, 0)
    assert parse_header(header_bits(header), SDR, header.k) == header
    return listener().hear(frame_of(control))


@pytest.mark.parametrize("name", SHIPPED)
def test_the_smallest_images_of_a_header_go_all_the_way(name: str) -> None:
    codec, _ = load_codec(checkpoint.WEIGHTS / f"{name}.safetensors")
    number = fingerprint(codec)
    plans = name in PLANNED
    told: dict[str, Any] = {"announced": Announcement(Water(20, 1)), "level": 999} if plans else {}
    for height, width in SIZES:
        heard = hear(CodecControl(name, height, width, min(codec.ratios), number, **told))
        assert heard.image is not None
        assert heard.image.shape == (3, height, width)
        assert heard.seen is not None
        foreign = hear(CodecControl(name, height, width, Fraction(47, 48), number, **told))
        assert foreign.image is None
        assert foreign.problem


def test_the_smallest_image_of_separate_coding_goes_all_the_way() -> None:
    told = SourceControl(SEPARATE, *SIZES[0], Fraction(1), "webp", NOTHING, 1, 0)
    heard = hear(told)
    assert heard.image is None
    assert heard.problem == "its payload has errors that the code cannot correct"


@pytest.mark.parametrize("stated", ["", "signs", "cifar10-jpeg"])
def test_the_network_of_the_family_that_is_stated_looks(stated: str) -> None:
    """Or that of the family in the header, where nobody states one."""
    codec, _ = load_codec(checkpoint.WEIGHTS / "signs-semantic.safetensors")
    control = CodecControl("signs-semantic", 64, 64, Fraction(1, 24), fingerprint(codec))
    heard = Listener(Receivers((), stated), None, stated).hear(frame_of(control))
    assert heard.seen is not None
    assert heard.seen.label in open_perception(f"{stated or 'signs'}-a").class_names


def test_what_the_weights_were_not_trained_for_is_told() -> None:
    codec, _ = load_codec(checkpoint.WEIGHTS / "signs-semantic.safetensors")
    side = 4 * 64  # four times as large as in training: what `transmit` warns of, too
    large = hear(CodecControl("signs-semantic", 16, side, min(codec.ratios), fingerprint(codec)))
    assert large.warning == (
        f"the image is {side} x 16 pixels and the weights were trained on 64 x 64: "
        "what is seen in it means little"
    )
    assert large.to_dict()["warning"] == large.warning


def test_an_image_of_which_hardly_anything_arrived_is_not_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Control] = []
    receivers = Receivers()
    monkeypatch.setattr(receivers, "link", asked.append)
    own = Listener(receivers, None, "signs")
    told = CodecControl("signs-semantic", 64, 64, Fraction(1, 48), 1)
    heard = own.hear(replace(frame_of(told), packets=1366, packets_lost=1365))
    assert heard.problem == "too little of it arrived: 1 of 1366 packets"
    assert (heard.image, heard.lacking, asked) == (None, False, [])
    with pytest.raises(AttributeError):  # a quarter is enough: it goes on with the link
        own.hear(replace(frame_of(told), packets=4, packets_lost=3))
    assert asked == [told]


def test_carrier_to_noise_density_counts_the_bandwidth() -> None:
    heard = hear(Control("label", 64, 64, Fraction(1, 6)))
    record = heard.to_dict()
    assert (record["snr_db"], record["cn0_db_hz"]) == (10.0, pytest.approx(69.1, abs=0.01))
    # Nothing is missing here that would bring an image.
    assert (heard.problem, heard.lacking) == ("frames of 'label' bring no image", False)
    assert heard.imageless
