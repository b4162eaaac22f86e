"""What a burst says of itself: the link's control record, the image and the burst's place in it.

    version 4 │ codec 8 │ height 15 │ width 15 │ ratio 6 + 10 │ image 8 │ burst 11
    │ level 13 │ water level 6 │ floor 4 │ block's length 6 │ its mode 6 │ fingerprint 22
                                                                                   = 134 bits

The highest bit of the codec's number says whether the symbols are in order of what they are worth.
The ratio is numerator and denominator, each less one. The last row is the scheme's own. The level
is the picture's, then follows what is announced of its plan, both 0 where the scheme has none; the
fingerprint is that of a neural codec's weights, 0 for a link without. Separate coding has there

    │ 0 22 │ coder 3 │ setting 10 │ length 16 │ mode 6

A header may come from a stranger: nothing that is not in the tables, and no image larger or smaller
than those that are sent, is taken for one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from semjscc.codecs.bandwidth import channel_uses, nearest_ratio
from semjscc.errors import UserError, printable
from semjscc.images import MINIMUM_SIDE
from semjscc.linear.level import LEVEL_BITS
from semjscc.linear.planning.announcement import ANNOUNCED_BITS, NO_BLOCK, Announcement, Block
from semjscc.linear.planning.announcement import LENGTH_BITS as BLOCK_BITS
from semjscc.linear.planning.selection import FLOOR_BITS, Water
from semjscc.linear.planning.selection import LEVEL_BITS as WATER_BITS
from semjscc.links.base import (
    CODEC_ID_BITS,
    DENOMINATOR_BITS,
    NUMERATOR_BITS,
    SIDE_BITS,
    Control,
)
from semjscc.links.catalogue import ADAPTIVE, LABEL, LINEAR, SEPARATE
from semjscc.links.separate_coding.source import (
    CODER_BITS,
    MODE_BITS,
    NOTHING,
    SETTING_BITS,
    SourceControl,
)
from semjscc.radio.waveform.codec_numbers import CODECS, IN_ORDER, LEVELLED, PLANNED
from semjscc.radio.waveform.fields import pack, unpack
from semjscc.radio.waveform.layout import burst_count
from semjscc.radio.waveform.limits import PIXEL_LIMIT
from semjscc.radio.waveform.profiles import Profile
from semjscc.separation.framing import LENGTH_BITS, length_unit
from semjscc.separation.modes import modes_for
from semjscc.separation.sources import CODERS
from semjscc.separation.sources.base import SCALES, Setting

VERSION = 3
"""Counted up when the bits mean something else than before."""
VERSION_BITS, IMAGE_BITS, BURST_BITS = 4, 8, 11
_CODERS = ("jpeg", "jpeg2000", "webp", "avif", "hevc", "small")
_SOURCE_WIDTHS = (CODER_BITS, SETTING_BITS, LENGTH_BITS, MODE_BITS)
FINGERPRINT_BITS = 22
_WIDTHS = (
    VERSION_BITS,
    CODEC_ID_BITS,
    SIDE_BITS,
    SIDE_BITS,
    NUMERATOR_BITS,
    DENOMINATOR_BITS,
    IMAGE_BITS,
    BURST_BITS,
    LEVEL_BITS + ANNOUNCED_BITS + FINGERPRINT_BITS,
)
_JOINT_WIDTHS = (LEVEL_BITS, WATER_BITS, FLOOR_BITS, BLOCK_BITS, MODE_BITS, FINGERPRINT_BITS)
MESSAGE_BITS = sum(_WIDTHS)
IMAGES = 1 << IMAGE_BITS


@dataclass(frozen=True)
class CodecControl(Control):
    """A neural codec's control record, with the weights that its receiver must have.

    Attributes:
        fingerprint: of the weights, not 0: see `semjscc.radio.weights.fingerprint`.
    """

    fingerprint: int

    def to_bits(self) -> int:
        """Its length, all fields fixed."""
        level = LEVEL_BITS if self.level is None else 0
        announced = ANNOUNCED_BITS if self.announced is None else 0
        return super().to_bits() + level + announced + FINGERPRINT_BITS


@dataclass(frozen=True)
class Header:
    """What a burst says of itself.

    Attributes:
        control: the link's control record.
        image: a number that tells images of one recording apart, modulo 256.
        burst: place of the burst in the image.
    """

    control: Control
    image: int
    burst: int

    @property
    def k(self) -> int:
        """Symbols of the whole image."""
        return channel_uses(self.control.height, self.control.width, self.control.ratio)


def header_bits(header: Header) -> list[int]:
    """(134,) of 0 and 1, each field from its highest bit.

    Raises:
        UserError: a field does not fit, or no number is known for the codec.
    """
    control = header.control
    if control.codec not in CODECS:
        raise UserError(f"the modem's header has no number for '{printable(control.codec)}'")
    if min(control.height, control.width) < MINIMUM_SIDE:
        raise UserError(
            f"the modem sends images of at least {MINIMUM_SIDE} pixels a side, not "
            f"{control.width} x {control.height}: enlarge the image"
        )
    if control.height * control.width > PIXEL_LIMIT:
        raise UserError(
            f"the modem sends at most {PIXEL_LIMIT >> 20} Mpixel, not "
            f"{control.width} x {control.height}: shrink the image"
        )
    if control.ratio != nearest_ratio(control.ratio):
        raise UserError(
            f"the modem cannot say the ratio {control.ratio}: take {nearest_ratio(control.ratio)}"
        )
    if isinstance(control, SourceControl):
        setting = _setting_number(control.coder, control.setting)
        mode = 0 if control.mode is None else control.mode + 1
        length = control.length // _unit(mode, header.k)
        source = _CODERS.index(control.coder) + 1, setting, length, mode
        scheme = pack(source, _SOURCE_WIDTHS)
    else:
        fingerprint = control.fingerprint if isinstance(control, CodecControl) else 0
        announced = _announced_fields(control.announced)
        scheme = pack((control.level or 0, *announced, fingerprint), _JOINT_WIDTHS)
    fields = (
        VERSION,
        CODECS.index(control.codec) + 1 + control.in_order * IN_ORDER,
        control.height,
        control.width,
        control.ratio.numerator - 1,
        control.ratio.denominator - 1,
        header.image % IMAGES,
        header.burst,
        scheme,
    )
    return [int(bit) for bit in f"{pack(fields, _WIDTHS):0{MESSAGE_BITS}b}"]


def ignore(header: Header) -> None:
    """Say nothing of a header that is refused."""
    del header


def parse_header(
    bits: Sequence[int],
    profile: Profile,
    most_symbols: int,
    refused: Callable[[Header], object] = ignore,
) -> Header | None:
    """The inverse of `header_bits`, or None for what no sender here could have sent.

    Args:
        bits: (134,) of 0 and 1.
        profile: the waveform, from which the number of bursts follows.
        most_symbols: the longest image that the receiver has room for.
        refused: takes a header that is sound, but whose image is longer.
    """
    number = int("".join(str(int(bit)) for bit in bits), 2)
    version, codec, height, width, above, below, image, burst, scheme = unpack(number, _WIDTHS)
    in_order, codec = bool(codec & IN_ORDER), codec % IN_ORDER
    ratio = Fraction(above + 1, below + 1)
    sound = ratio.denominator == below + 1 and ratio <= 1
    known = version == VERSION and 0 < codec <= len(CODECS)
    if not (sound and known) or min(height, width) < MINIMUM_SIDE or height * width > PIXEL_LIMIT:
        return None
    plain = Control(CODECS[codec - 1], height, width, ratio, in_order=in_order)
    if in_order and plain.codec not in PLANNED:
        return None
    header = Header(plain, image, burst)
    if burst >= burst_count(profile, header.k):
        return None
    if header.k > most_symbols:
        refused(header)
        return None
    if plain.codec == SEPARATE:
        control = None
        if scheme < 1 << sum(_SOURCE_WIDTHS):
            control = _source_control(plain, unpack(scheme, _SOURCE_WIDTHS), header.k)
    else:
        control = _joint_control(plain, unpack(scheme, _JOINT_WIDTHS), header.k)
    return None if control is None else Header(control, image, burst)


def _announced_fields(announced: Announcement | None) -> tuple[int, int, int, int]:
    if announced is None:
        return 0, 0, 0, 0
    water, block = announced.water, announced.block
    return water.step, water.floor, block.length, block.mode


def _joint_control(plain: Control, told: Sequence[int], k: int) -> Control | None:
    level, step, floor, length, mode, fingerprint = told
    block = Block(length, mode)
    if plain.codec not in PLANNED:
        announced = None
        if step or floor or block != NO_BLOCK:
            return None
    elif block != NO_BLOCK and (not length or mode >= len(modes_for(block.uses(k)))):
        return None
    else:
        announced = Announcement(Water(step, floor), block)
    if bool(level) != (plain.codec in LEVELLED):
        return None
    if fingerprint == 0:
        return replace(plain, level=level or None, announced=announced)
    if plain.codec in (LABEL, LINEAR, ADAPTIVE):
        return None
    size = plain.height, plain.width
    return CodecControl(
        plain.codec,
        *size,
        plain.ratio,
        fingerprint,
        level=level or None,
        announced=announced,
        in_order=plain.in_order,
    )


def _source_control(plain: Control, source: Sequence[int], k: int) -> SourceControl | None:
    coder, number, units, mode = source
    if not 0 < coder <= len(_CODERS):
        return None
    name = _CODERS[coder - 1]
    setting = _setting(name, number)
    modes = modes_for(k)
    if setting is None or mode > len(modes):
        return None
    length = units * _unit(mode, k)
    if mode == 0 and (length or setting != NOTHING):
        return None
    if mode and length > modes[mode - 1].payload_bytes:
        return None
    place = mode - 1 if mode else None
    return SourceControl(
        plain.codec, plain.height, plain.width, plain.ratio, name, setting, length, place
    )


def _unit(mode: int, k: int) -> int:
    """Bytes that the length counts in."""
    return length_unit(modes_for(k)[mode - 1]) if mode else 1


def _setting_number(coder: str, setting: Setting) -> int:
    variants, qualities = len(CODERS[coder].variants), len(CODERS[coder].qualities)
    return (setting.scale * variants + setting.variant) * qualities + setting.quality


def _setting(coder: str, number: int) -> Setting | None:
    variants, qualities = len(CODERS[coder].variants), len(CODERS[coder].qualities)
    number, quality = divmod(number, qualities)
    scale, variant = divmod(number, variants)
    return Setting(scale, variant, quality) if scale < len(SCALES) else None
