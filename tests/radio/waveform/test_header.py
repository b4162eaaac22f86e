"""Headers: every record comes back, and nothing else is taken for one."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from semjscc.codecs.bandwidth import (
    DENOMINATORS,
    NUMERATORS,
    channel_uses,
    nearest_ratio,
    parse_ratio,
)
from semjscc.errors import UserError
from semjscc.images import MINIMUM_SIDE
from semjscc.linear.planning.announcement import NO_BLOCK, Announcement, Block, block_uses
from semjscc.linear.planning.selection import Water
from semjscc.links.base import Control
from semjscc.links.catalogue import ADAPTIVE, LINEAR
from semjscc.links.separate_coding.source import (
    CODER_BITS,
    MODE_BITS,
    NOTHING,
    SETTING_BITS,
    SourceControl,
)
from semjscc.radio.waveform.header import (
    _CODERS,
    BURST_BITS,
    CODECS,
    LEVELLED,
    MESSAGE_BITS,
    PLANNED,
    SEPARATE,
    CodecControl,
    Header,
    header_bits,
    parse_header,
)
from semjscc.radio.waveform.layout import burst_count
from semjscc.radio.waveform.limits import MOST_SYMBOLS, PIXEL_LIMIT
from semjscc.radio.waveform.profiles import AUDIO, SDR
from semjscc.separation.modes import modes_for
from semjscc.separation.sources import CODERS
from semjscc.separation.sources.base import SCALES, Setting
from waveforms import control

ROOM = PIXEL_LIMIT

carried = st.builds(Fraction, st.integers(1, NUMERATORS), st.integers(1, DENOMINATORS)).filter(
    lambda ratio: ratio <= 1
)
PLAIN = [name for name in CODECS if name not in (SEPARATE, LINEAR, ADAPTIVE)]


@given(
    codec=st.sampled_from([name for name in PLAIN if name not in LEVELLED]),
    height=st.integers(MINIMUM_SIDE, 4000),
    width=st.integers(MINIMUM_SIDE, 4000),
    ratio=carried,
    image=st.integers(0, 255),
    data=st.data(),
)
@settings(max_examples=60)
def test_a_record_comes_back(
    codec: str, height: int, width: int, ratio: Fraction, image: int, data: st.DataObject
) -> None:
    told = Control(codec, height, width, ratio)
    k = channel_uses(height, width, told.ratio)
    assume(k <= MOST_SYMBOLS)
    header = Header(told, image, data.draw(st.integers(0, burst_count(SDR, k) - 1)))
    bits = header_bits(header)
    assert len(bits) == MESSAGE_BITS == 134
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


def test_a_length_beyond_its_field_comes_back_in_units() -> None:
    modes = modes_for(1 << 17)
    (mode,) = [place for place, one in enumerate(modes) if one.payload_bytes == 79_873]
    # Up to 79,873 bytes count in units of two.
    told = SourceControl(SEPARATE, 512, 512, Fraction(1, 6), "hevc", NOTHING, 70_000, mode)
    header = Header(told, 9, 0)
    assert header.k == 1 << 17
    assert parse_header(header_bits(header), SDR, ROOM) == header


def test_numbers_on_the_air_stay_what_they_are() -> None:
    # A changed order would make old recordings unreadable.
    assert CODECS[:4] == (SEPARATE, "label", "adaptive", "deepjscc")
    assert set(_CODERS) == set(CODERS)
    bits = header_bits(Header(control(64), 5, 1))
    # Version, codec, height, width, numerator and denominator less one, image, burst.
    text = f"{3:04b}{3:08b}{64:015b}{64:015b}{0:06b}{5:010b}{5:08b}{1:011b}" + "0" * 57
    assert "".join(map(str, bits)) == text
    told = CodecControl("adaptive", 64, 64, Fraction(1, 6), 0x12_3456)
    bits = header_bits(Header(told, 5, 1))
    assert "".join(map(str, bits)) == text[:-22] + f"{0x12_3456:022b}"


@given(
    fingerprint=st.integers(1, 2**22 - 1), codec=st.sampled_from(PLAIN), level=st.integers(1, 8191)
)
def test_a_fingerprint_comes_back(fingerprint: int, codec: str, level: int) -> None:
    told = level if codec in LEVELLED else None
    plan = Announcement(Water(3, 1)) if codec in PLANNED else None
    record = CodecControl(codec, 64, 64, Fraction(1, 6), fingerprint, level=told, announced=plan)
    header = Header(record, 5, 0)
    expected = None if codec == "label" else header
    assert parse_header(header_bits(header), SDR, ROOM) == expected
    too_large = CodecControl(codec, 64, 64, Fraction(1, 6), fingerprint + 2**22)
    with pytest.raises(UserError, match="does not fit into 22 bits"):
        header_bits(Header(too_large, 5, 0))


@given(st.integers(1, 2**13 - 1), st.integers(0, 2**22 - 1), st.sampled_from(sorted(PLANNED)))
@settings(max_examples=60)
def test_what_is_announced_comes_back(level: int, rest: int, codec: str) -> None:
    block = Block(rest >> 6 & 63, rest & 63)
    announced = Announcement(Water(rest >> 16, rest >> 12 & 15), block)
    size, ratio = (64, 128), Fraction(1, 12)
    told = Control(codec, *size, ratio, level=level, announced=announced)
    if codec not in (LINEAR, ADAPTIVE):
        told = CodecControl(codec, *size, ratio, 77, level=level, announced=announced)
    header = Header(told, 9, 0)
    uses = block_uses(channel_uses(*size, ratio), block.length)
    sound = block == NO_BLOCK if not block.length else block.mode < len(modes_for(uses))
    assert parse_header(header_bits(header), AUDIO, ROOM) == (header if sound else None)


def test_a_record_with_what_its_scheme_has_no_use_for_is_refused() -> None:
    plain, plan = control(64), Announcement(Water(3, 1))
    for wrong in (
        replace(plain, codec=LINEAR),  # without a level
        replace(plain, codec=LINEAR, level=1, announced=plan),
        replace(plain, level=1),
        replace(plain, announced=plan),
        CodecControl(LINEAR, 64, 64, Fraction(1, 6), 5, level=1),
    ):
        assert parse_header(header_bits(Header(wrong, 5, 0)), SDR, ROOM) is None


def test_a_record_is_as_long_as_it_says() -> None:
    codec = CodecControl("adaptive", 64, 64, Fraction(1, 6), 1)
    coded = SourceControl(SEPARATE, 64, 64, Fraction(1, 6), "jpeg", NOTHING, 0, None)
    # Version 4, image 8 and burst 11 are the header's own; separate coding leaves 22 empty.
    assert codec.to_bits() == coded.to_bits() + 22 == MESSAGE_BITS - 4 - 8 - 11
    assert control(64).to_bits() == 54
    full = replace(codec, codec="deep", level=1, announced=Announcement(Water(3, 1)))
    assert full.to_bits() == codec.to_bits()
    assert replace(control(64), level=1).to_bits() == 54 + 13
    assert replace(control(64), level=1, announced=full.announced).to_bits() == 54 + 13 + 22


@given(st.fractions(Fraction(1, DENOMINATORS), 1), st.integers(16, 2000), st.integers(16, 2000))
def test_any_ratio_of_a_user_gives_both_ends_the_same_k(
    ratio: Fraction, height: int, width: int
) -> None:
    told = Control("adaptive", height, width, parse_ratio(ratio))
    parsed = parse_header(header_bits(Header(told, 0, 0)), SDR, ROOM)
    assert parsed is not None
    assert parsed.control.ratio == told.ratio
    assert parsed.k == channel_uses(height, width, told.ratio)


def test_a_ratio_that_has_no_place_is_refused_with_the_nearest_that_has() -> None:
    odd = Fraction(317, 10_000)
    with pytest.raises(UserError, match=r"cannot say the ratio 317/10000: take 11/347"):
        header_bits(Header(Control("adaptive", 64, 64, odd), 0, 0))
    assert nearest_ratio(odd) == Fraction(11, 347)


def test_every_place_of_a_burst_and_a_mode_fits() -> None:
    for profile in (AUDIO, SDR):
        assert burst_count(profile, MOST_SYMBOLS) <= 1 << BURST_BITS
    # Above some hundred symbols polar codes end, and there are the 28 rows of the table or less.
    assert max(len(modes_for(k)) for k in (*range(100, 300, 4), 1000, 10_000)) < 1 << MODE_BITS
    counts = [len(SCALES) * len(each.variants) * len(each.qualities) for each in CODERS.values()]
    assert max(counts) <= 1 << SETTING_BITS
    assert len(CODERS) < 1 << CODER_BITS


def test_silence_is_sent_as_such() -> None:
    told = SourceControl(SEPARATE, 64, 64, Fraction(1, 6), "jpeg", NOTHING, 0, None)
    assert parse_header(header_bits(Header(told, 0, 0)), SDR, ROOM) == Header(told, 0, 0)


def fields(**changed: int) -> list[int]:
    """A header by its numbers, in the order and the widths of the design."""
    values = {"version": 3, "codec": 3, "height": 64, "width": 64, "above": 0, "below": 5,
              "image": 0, "burst": 0, "rest": 0,
              "coder": 0, "setting": 0, "length": 0, "mode": 0}  # fmt: skip
    values.update(changed)
    widths = (4, 8, 15, 15, 6, 10, 8, 11, 22, 3, 10, 16, 6)
    text = "".join(f"{v:0{w}b}" for v, w in zip(values.values(), widths, strict=True))
    return [int(bit) for bit in text]


def test_impossible_headers_are_refused() -> None:
    assert parse_header(fields(), SDR, ROOM) is not None
    for changed in (
        {"version": 0}, {"version": 2}, {"codec": 0}, {"codec": 255}, {"height": 0},
        {"above": 6}, {"above": 1}, {"above": 2, "below": 8}, {"coder": 1, "mode": 1},
        {"height": 32767, "width": 32767}, {"height": 4097, "width": 4096}, {"burst": 1},
        {"burst": 2047}, {"codec": 2, "mode": 1}, {"codec": 2, "coder": 1},
        {"height": 1, "width": 1}, {"height": 15}, {"width": 15},
    ):  # fmt: skip
        assert parse_header(fields(**changed), SDR, ROOM) is None, changed
    digital = {"codec": 1, "coder": 1, "mode": 5, "length": 1}
    assert parse_header(fields(**digital), SDR, ROOM) is not None
    for changed in (
        {"coder": 0}, {"coder": 7}, {"rest": 1}, {"mode": 63}, {"length": 65535}, {"setting": 1023},
        {"mode": 0},
    ):  # fmt: skip
        assert parse_header(fields(**{**digital, **changed}), SDR, ROOM) is None, changed


def test_random_bits_are_hardly_ever_a_header() -> None:
    drawn = np.random.default_rng(0).integers(0, 2, (2000, MESSAGE_BITS))
    assert not any(parse_header(row.tolist(), SDR, ROOM) for row in drawn)


def test_what_does_not_fit_is_the_users_error() -> None:
    with pytest.raises(UserError, match="no number for 'mine'"):
        header_bits(Header(Control("mine", 64, 64, Fraction(1, 6)), 0, 0))
    with pytest.raises(UserError, match="at least 16 pixels a side, not 64 x 15"):
        header_bits(Header(Control("adaptive", 15, 64, Fraction(1, 6)), 0, 0))
    with pytest.raises(UserError, match="at most 16 Mpixel, not 4096 x 5000"):
        header_bits(Header(Control("adaptive", 5000, 4096, Fraction(1, 6)), 0, 0))
    with pytest.raises(UserError, match="32768 does not fit into 15 bits"):
        header_bits(Header(Control("adaptive", 16, 32768, Fraction(1, 6)), 0, 0))
