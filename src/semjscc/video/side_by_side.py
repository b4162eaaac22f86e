"""The original and what came over each link in one picture, with names and what is seen.

What the network's task draws, such as the boxes of a detector, is drawn over the images.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from semjscc.errors import printable
from semjscc.images import to_uint8
from semjscc.tasks.base import Seen
from semjscc.tasks.tags import enlarged
from semjscc.video.frames import Pixels
from semjscc.video.transmission import SentFrame

_LETTERS = 1 / 18
"""Height of the letters in parts of a panel's longer side."""
_SMALLEST_LETTERS = 10
_LINE = 1.4
"""Height of a line over that of its letters."""
_BACKGROUND, _TEXT, _WRONG = (24, 24, 24), (240, 240, 240), (255, 150, 120)


class Panel(NamedTuple):
    """One picture with a line above and one below.

    Attributes:
        title: the upper line.
        image: (3, H, W) float32 in [0, 1].
        caption: the lower line.
        differs: whether the caption is not that of the original.
    """

    title: str
    image: Tensor
    caption: str
    differs: bool = False


def panels_of(sent: SentFrame) -> list[Panel]:
    """The original and each link's."""
    main = sent.before.things[0].label
    original = sent.image if sent.drawn is None else sent.drawn
    panels = [Panel("original", original, _caption(sent.before.things))]
    for one in sent.arrived:
        seen = one.after.things
        text = _caption(seen) if one.delivered else "not decoded"
        image = one.image if one.drawn is None else one.drawn
        panels.append(Panel(one.link, image, text, seen[0].label != main or not one.delivered))
    return panels


def _caption(things: Sequence[Seen]) -> str:
    return f"{things[0].label} {things[0].confidence:.0%}"


def side_by_side(panels: Sequence[Panel]) -> Pixels:
    """All in a row: (H', W', 3) uint8, of equal size for panels of equal size.

    Small images are enlarged by whole numbers, so that the text beside them can be read. A text
    that is too long for its panel is cut.
    """
    pictures = [
        to_uint8(enlarged(one.image[None])[0][0]).permute(1, 2, 0).numpy() for one in panels
    ]
    height, width = pictures[0].shape[:2]
    letters = max(_SMALLEST_LETTERS, round(_LETTERS * max(height, width)))
    line = round(_LINE * letters)
    row = np.full((height + 2 * line, width * len(panels), 3), _BACKGROUND, np.uint8)
    for place, picture in enumerate(pictures):
        row[line : line + height, place * width : (place + 1) * width] = picture
    canvas = Image.fromarray(row)
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(letters)
    for place, panel in enumerate(panels):
        left, top = place * width + letters // 3, (line - letters) // 3
        room = width - letters // 2
        pen.text((left, top), _fit(panel.title, font, room), fill=_TEXT, font=font)
        colour = _WRONG if panel.differs else _TEXT
        text = _fit(panel.caption, font, room)
        pen.text((left, line + height + top), text, fill=colour, font=font)
    return np.array(canvas)


def _fit(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
    """The text, its end cut until it is no wider than ``room`` pixels."""
    text = printable(text)
    kept = text
    while text and font.getlength(kept) > room:
        text = text[:-1]
        kept = f"{text.rstrip()}…" if text else ""
    return kept
