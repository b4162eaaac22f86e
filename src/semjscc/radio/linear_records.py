"""The control records of linear coding in the 35 bits of a header that are the scheme's own.

linear            level 13 │ 0 22
linear-adaptive   level 13 │ water 6 │ floor 4 │ block's length 6 │ its mode 6
"""

from semjscc.linear.level import LEVEL_BITS as PICTURE_BITS
from semjscc.linear.selection import FLOOR_BITS, LEVEL_BITS, Water
from semjscc.links.base import Control
from semjscc.links.catalogue import ADAPTIVE, LINEAR
from semjscc.links.linear_control import LENGTH_BITS, NO_BLOCK, AdaptiveControl, Block
from semjscc.links.source import MODE_BITS
from semjscc.radio.fields import pack, unpack
from semjscc.separation.modes import modes_for

_WIDTHS = (PICTURE_BITS, LEVEL_BITS, FLOOR_BITS, LENGTH_BITS, MODE_BITS)


def linear_scheme(control: Control) -> int:
    """The 35 bits as a number."""
    fields = (control.level or 0, 0, 0, 0, 0)
    if isinstance(control, AdaptiveControl):
        water, block = control.water, control.block
        fields = (control.level or 0, water.step, water.floor, block.length, block.mode)
    return pack(fields, _WIDTHS)


def linear_record(plain: Control, scheme: int, k: int) -> Control | None:
    """The inverse, for a codec, size and ratio; None for what no sender here could have sent."""
    level, step, floor, length, mode = unpack(scheme, _WIDTHS)
    size, block = (plain.height, plain.width), Block(length, mode)
    if not level:
        return None
    if plain.codec == LINEAR:
        rest = step or floor or length or mode
        return None if rest else Control(LINEAR, *size, plain.ratio, level=level)
    if block != NO_BLOCK and (not length or mode >= len(modes_for(block.uses(k)))):
        return None
    return AdaptiveControl(ADAPTIVE, *size, plain.ratio, Water(step, floor), block, level=level)
