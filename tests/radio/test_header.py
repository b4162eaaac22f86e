"""Headers: every record comes back, and nothing else is taken for one."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waveforms import control

from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError
from semjscc.images import MINIMUM_SIDE
from semjscc.links.base import Control
from semjscc.links.source import NOTHING, SourceControl
from semjscc.radio.header import (
    _CODERS,
    CODECS,
    MESSAGE_BITS,
    PIXEL_LIMIT,
    SEPARATE,
    CodecControl,
    Header,
    header_bits,
    parse_header,
)
from semjscc.radio.layout import burst_count
from semjscc.radio.profiles import AUDIO, SDR
from semjscc.separation.modes import modes_for
from semjscc.separation.sources import CODERS
from semjscc.separation.sources.base import SCALES, Setting

ROOM = PIXEL_LIMIT

PLAIN = [name for name in CODECS if name != SEPARATE]


@given(
    codec=st.sampled_from(PLAIN),
    height=st.integers(MINIMUM_SIDE, 4000),
    width=st.integers(MINIMUM_SIDE, 4000),
    steps=st.integers(1, 48),
    image=st.integers(0, 255),
    data=st.data(),
)
@settings(deadline=None, max_examples=60)
def test_a_record_comes_back(
    codec: str, height: int, width: int, steps: int, image: int, data: st.DataObject
) -> None:
    told = Control(codec, height, width, Fraction(steps, 48))
    k = channel_uses(height, width, told.ratio)
    header = Header(told, image, data.draw(st.integers(0, burst_count(SDR, k) - 1)))
    bits = header_bits(header)
    assert len(bits) == MESSAGE_BITS == 112
    assert parse_header(bits, SDR, k) == header
    refused: list[Header] = []
    assert parse_header(bits, SDR, k - 1, refused.append) is None
    assert refused == [header]


@pytest.mark.parametrize("coder", CODERS)
def test_every_setting_of_every_coder_comes_back(coder: str) -> None:
    made = CODERS[coder]
    last = Setting(len(SCALES) - 1, len(made.variants) - 1, len(made.qualities) - 1)
    modes = modes_for(2048)
    for setting, mode in ((NOTHING, 0), (last, len(modes) - 1), (replace(last, scale=1), 3)):
        length = modes[mode].payload_bytes
        told = SourceControl(SEPARATE, 64, 128, Fraction(1, 12), coder, setting, length, mode)
        assert told.height * told.width // 4 == 2048
        header = Header(told, 9, 0)
        assert parse_header(header_bits(header), AUDIO, ROOM) == header


def test_numbers_on_the_air_stay_what_they_are() -> None:
    # A changed order would make old recordings unreadable.
    assert CODECS[:4] == (SEPARATE, "label", "adaptive", "deepjscc")
    assert set(_CODERS) == set(CODERS)
    bits = header_bits(Header(control(64), 5, 1))
    text = f"{1:04b}{3:08b}{64:016b}{64:016b}{8:08b}{5:08b}{1:014b}" + "0" * 38
    assert "".join(map(str, bits)) == text
    told = CodecControl("adaptive", 64, 64, Fraction(1, 6), 0x2A_1234_5678)
    bits = header_bits(Header(told, 5, 1))
    assert "".join(map(str, bits)) == text[:-38] + f"{0x2A_1234_5678:038b}"


@given(fingerprint=st.integers(1, 2**38 - 1), codec=st.sampled_from(PLAIN))
def test_a_fingerprint_comes_back(fingerprint: int, codec: str) -> None:
    header = Header(CodecControl(codec, 64, 64, Fraction(1, 6), fingerprint), 5, 0)
    expected = None if codec == "label" else header
    assert parse_header(header_bits(header), SDR, ROOM) == expected
    too_large = CodecControl(codec, 64, 64, Fraction(1, 6), fingerprint + 2**38)
    with pytest.raises(UserError, match="does not fit into 4 bits"):
        header_bits(Header(too_large, 5, 0))


def test_silence_is_sent_as_such() -> None:
    told = SourceControl(SEPARATE, 64, 64, Fraction(1, 6), "jpeg", NOTHING, 0, None)
    assert parse_header(header_bits(Header(told, 0, 0)), SDR, ROOM) == Header(told, 0, 0)


def fields(**changed: int) -> list[int]:
    """A header by its numbers, in the order and the widths of the design."""
    values = {"version": 1, "codec": 3, "height": 64, "width": 64, "ratio": 8, "image": 0,
              "burst": 0, "coder": 0, "setting": 0, "length": 0, "mode": 0}  # fmt: skip
    values.update(changed)
    widths = (4, 8, 16, 16, 8, 8, 14, 4, 10, 16, 8)
    text = "".join(f"{v:0{w}b}" for v, w in zip(values.values(), widths, strict=True))
    return [int(bit) for bit in text]


def test_impossible_headers_are_refused() -> None:
    assert parse_header(fields(), SDR, ROOM) is not None
    for changed in (
        {"version": 0}, {"codec": 0}, {"codec": 255}, {"height": 0}, {"ratio": 0}, {"ratio": 49},
        {"height": 65535, "width": 65535}, {"height": 4097, "width": 4096}, {"burst": 1},
        {"burst": 16383}, {"codec": 2, "mode": 1}, {"codec": 2, "coder": 1},
        {"height": 1, "width": 1}, {"height": 15}, {"width": 15},
    ):  # fmt: skip
        assert parse_header(fields(**changed), SDR, ROOM) is None, changed
    digital = {"codec": 1, "coder": 1, "mode": 5, "length": 1}
    assert parse_header(fields(**digital), SDR, ROOM) is not None
    for changed in (
        {"coder": 0}, {"coder": 15}, {"mode": 255}, {"length": 65535}, {"setting": 1023},
        {"mode": 0},
    ):  # fmt: skip
        assert parse_header(fields(**{**digital, **changed}), SDR, ROOM) is None, changed


def test_random_bits_are_hardly_ever_a_header() -> None:
    drawn = np.random.default_rng(0).integers(0, 2, (2000, MESSAGE_BITS))
    assert not any(parse_header(row.tolist(), SDR, ROOM) for row in drawn)


def test_what_does_not_fit_is_the_users_error() -> None:
    with pytest.raises(UserError, match="no number for codec 'mine'"):
        header_bits(Header(Control("mine", 64, 64, Fraction(1, 6)), 0, 0))
    with pytest.raises(UserError, match="at least 16 pixels a side, not 64 x 15"):
        header_bits(Header(Control("adaptive", 15, 64, Fraction(1, 6)), 0, 0))
    with pytest.raises(UserError, match="at most 16 Mpixel, not 4096 x 5000"):
        header_bits(Header(Control("adaptive", 5000, 4096, Fraction(1, 6)), 0, 0))
