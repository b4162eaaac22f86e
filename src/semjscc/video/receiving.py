"""Frames as the modem hears them to a file of moving pictures, and to lines of what is seen.

Nothing on the air tells of time: frame n of the sender is shown n/f seconds after its first, at a
rate of f frames a second that is given. The images' numbers say which frames are missing.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from semjscc.images import to_uint8
from semjscc.radio.frame_decoding import Heard
from semjscc.radio.waveform.header import IMAGES
from semjscc.radio.waveform.layout import image_samples
from semjscc.radio.waveform.profiles import Profile
from semjscc.runtime.signals import signals_held_back
from semjscc.video.frames import Pixels
from semjscc.video.seen import things_facts
from semjscc.video.writing import ClipWriter


class ReceivedClip:
    """A book of the modem (`semjscc.radio.demodulation.Book`) that is a clip.

    A frame that was lost, or of which no image could be made, repeats the one before, so that the
    others keep their times; the clip begins with the first image. Frames of another size than that
    are left out. As a context manager it leaves files as `ClipWriter` does.

    Args:
        out: the file of moving pictures.
        seen: file for lines of JSON, or None.
        rate: frames a second.
        profile: the waveform.
        tell: takes a line for the user.
    """

    def __init__(
        self,
        out: Path,
        seen: Path | None,
        rate: Fraction,
        profile: Profile,
        tell: Callable[[str], object],
    ) -> None:
        self._seen, self._rate, self._profile, self._tell = seen, rate, profile, tell
        self._writer = ClipWriter(out, rate)
        self._stack = ExitStack()
        self._lines: TextIO | None = None
        self._before: tuple[int, int, int] | None = None
        self._last: Pixels | None = None
        self._told = False
        self.size: tuple[int, int] | None = None
        """(H, W) of the frames, as soon as there is one."""
        self.arrived = 0
        """Frames in the file that arrived."""
        self.repeated = 0
        """Frames in the file that repeat the one before."""
        self.ending: dict[str, Any] = {}
        """What the receiver said at the end."""

    def __enter__(self) -> Self:
        if self._seen is not None:
            self._lines = self._stack.enter_context(self._seen.open("w", encoding="utf-8"))
        self._stack.enter_context(self._writer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def frames(self) -> int:
        """In the file."""
        return self.arrived + self.repeated

    def add(self, heard: Heard) -> None:
        """Keep one frame, and what stands for those that were lost before it.

        Raises:
            UserError: a file cannot be written.
        """
        if heard.is_early:  # the whole one is on its way
            return
        told = heard.frame.control
        if self.size is not None and (told.height, told.width) != self.size:
            if not self._told:
                height, width = self.size
                self._tell(
                    f"image {heard.frame.image} has {told.width} x {told.height} pixels and the "
                    f"clip {width} x {height}: it is left out, as all that are not of its size"
                )
            self._told = True
            return
        with signals_held_back():  # the files are of one number
            for _ in range(self._lost(heard)):
                self._repeat({"link": None, "delivered": False, "after": []})
            facts = heard.to_dict()
            line = {
                "link": facts.pop("codec"),
                "delivered": facts.pop("delivered"),
                "after": things_facts(heard.things),
            }
            for known in ("width", "height", "seen", "confidence"):
                del facts[known]
            line |= facts
            if heard.image is None:
                self._repeat(line)
                return
            if self._last is None:
                self.size = told.height, told.width
            self._last = to_uint8(heard.image).permute(1, 2, 0).numpy()
            self._write(line)
            self.arrived += 1

    def close(self, ending: dict[str, Any]) -> None:
        """Take what is known at the end; the file is finished with the context."""
        self.ending = ending

    def _lost(self, heard: Heard) -> int:
        """Frames that no header was heard of, between the one before and this one.

        No more can be missing than there was time for: else the sender began anew.
        """
        frame = heard.frame
        start = round(frame.time_s * self._profile.sample_rate)
        length = image_samples(self._profile, len(frame.symbols))
        before, self._before = self._before, (frame.image, start + length, length)
        if before is None or self._last is None:
            return 0
        image, end, other = before
        missing = (frame.image - image - 1) % IMAGES
        return missing if missing <= round((start - end) / min(length, other)) else 0

    def _repeat(self, line: dict[str, Any]) -> None:
        """The frame before once more; nothing to be shown where there is none yet."""
        if self._last is None:
            self._say({"frame": None, "time": None, **line})
            return
        self._write(line)
        self.repeated += 1

    def _write(self, line: dict[str, Any]) -> None:
        assert self._last is not None
        time = self.frames / self._rate
        self._writer.add(self._last, time)
        self._say({"frame": self.frames, "time": round(float(time), 6), **line})

    def _say(self, line: dict[str, Any]) -> None:
        if self._lines is not None:
            self._lines.write(json.dumps(line) + "\n")
            self._lines.flush()
