"""What a person sees while a recording plays: the last frames, the last image, what was dropped."""

from collections import deque

import torch
from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from torch import Tensor
from torch.nn import functional as F

from semjscc.images import to_uint8
from semjscc.radio.frame_decoding import TITLES, Heard, columns
from semjscc.radio.realtime import Player
from semjscc.radio.receiver.receiver import Frame
from semjscc.radio.waveform.header import IMAGES
from semjscc.radio.waveform.layout import image_samples
from semjscc.radio.waveform.profiles import Profile

SHOWN = 8
"""Frames in the view."""
THUMBNAIL = 40
"""Columns of the picture; a character is two pixels high."""


class Screening:
    """Lets whole frames pass, and counts those that a full buffer cost.

    Frames of which no header was heard are counted by the gap in the images' numbers, so that those
    behind the last frame of a recording are not. A sender that begins anew leaves a gap too: no
    more are counted than the holes can have hit, of frames as long as the shorter neighbour.

    Args:
        player: where samples were lost.
        profile: the waveform.
    """

    def __init__(self, player: Player, profile: Profile) -> None:
        self._player, self._profile = player, profile
        self._last: tuple[int, int, int] | None = None
        self.dropped = 0

    def passes(self, frame: Frame) -> bool:
        """Whether nothing of a frame was lost here; of an early one, nothing is counted yet."""
        if frame.packets_to_come:
            return True
        start = round(frame.time_s * self._profile.sample_rate)
        length = image_samples(self._profile, len(frame.symbols))
        stop = start + length
        if self._last is not None:
            image, end, before = self._last
            missing = (frame.image - image - 1) % IMAGES
            # A hole may begin within one frame and end within another.
            shorter, holes = min(before, length), self._player.holes(end, start)
            self.dropped += min(missing, sum(-(-hole // shorter) + 1 for hole in holes))
        self._last = frame.image, stop, length
        damaged = bool(self._player.holes(start, stop))
        self.dropped += damaged
        return not damaged


class View:
    """The state of the view; `render` draws it."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._rows: deque[list[str]] = deque(maxlen=SHOWN)
        self._image: Tensor | None = None
        self._last: Heard | None = None
        self.frames = 0

    def add(self, heard: Heard) -> None:
        """One more frame, or more of the last one."""
        if self._last is not None and heard.is_of(self._last):
            self._rows.pop()
        else:
            self.frames += 1
        self._last = heard
        self._rows.append(columns(heard))
        if heard.image is not None:
            self._image = heard.image

    def render(self, player: Player, dropped: int) -> Group:
        """A table of the last frames, and the last image."""
        seconds = player.played / self._profile.sample_rate
        waiting = player.buffered / self._profile.sample_rate
        head = Text(
            f"{self._profile.name}  {seconds:.1f} s played, {waiting:.1f} s waiting  "
            f"{self.frames} frames, {dropped} dropped",
            style="bold",
        )
        table = Table(box=None, pad_edge=False)
        for title in TITLES:
            table.add_column(title)
        for row in self._rows:
            table.add_row(*map(escape, row))
        return Group(head, table, *([] if self._image is None else [thumbnail(self._image)]))


def thumbnail(image: Tensor) -> Text:
    """An image (3, H, W) as coloured half blocks, two pixels a character."""
    height, width = image.shape[-2:]
    across = min(THUMBNAIL, width)
    rows = max(1, min(round(across * height / width / 2), THUMBNAIL))
    small = F.interpolate(image[None], (2 * rows, across), mode="bilinear", antialias=True)[0]
    pixels = to_uint8(small).permute(1, 2, 0)
    text = Text()
    for pair in torch.stack([pixels[0::2], pixels[1::2]], dim=2).tolist():
        for (r, g, b), (red, green, blue) in pair:
            text.append("▀", style=f"rgb({r},{g},{b}) on rgb({red},{green},{blue})")
        text.append("\n")
    return text
