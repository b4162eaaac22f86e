"""Where ``semjscc demodulate`` keeps what it hears: a folder with a log, or a clip."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semjscc.cli.answers import print_answer, print_json
from semjscc.cli.options import columns, few_digits, folder, warn
from semjscc.cli.transmission.clip_answers import frames_are, frames_text
from semjscc.cli.transmission.clip_source import FPS, check_number, check_seen, stated_rate
from semjscc.errors import Stopped, UserError
from semjscc.paths import user_path
from semjscc.video.kinds import CLIPS, check_clip_out

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from semjscc.radio.demodulation import Book
    from semjscc.radio.waveform.profiles import Profile
    from semjscc.video.receiving import ReceivedClip


class Kept(ABC):
    """One place.

    Attributes:
        files: that are written over.
    """

    files: list[Path]

    @abstractmethod
    def open(self, facts: dict[str, Any], profile: Profile) -> AbstractContextManager[Book]:
        """What frames are kept with, given facts of the recording and its waveform."""

    @abstractmethod
    def tell(self, *, quiet: bool) -> None:
        """Say what is there in the end; ``quiet`` for programs, as JSON."""

    def stopped(self, stop: KeyboardInterrupt) -> KeyboardInterrupt:
        """What to raise once that is said, where a signal ended it."""
        return stop


def kept_of(arguments: argparse.Namespace) -> Kept:
    """The place that the words name.

    Raises:
        UserError: nothing can be kept there, or an option is not of its kind.
    """
    out = user_path(arguments.out)
    if out.suffix.lower() in CLIPS and not out.is_dir():
        check_number("--fps", arguments.fps, FPS)
        seen = None if arguments.seen is None else user_path(arguments.seen)
        check_clip_out(out)
        if seen is not None:
            check_seen(seen)
        return _Clip(out, seen, stated_rate(arguments.fps))
    for option, stated in (("--fps", arguments.fps), ("--seen", arguments.seen)):
        if stated is not None:
            raise UserError(
                f"{option} is of moving pictures: name a file with --out, such as received.mp4"
            )
    return _Folder(folder(arguments.out))


class _Folder(Kept):
    """A PNG for each frame and a log."""

    def __init__(self, path: Path) -> None:
        self._path, self._log = path, path / "log.json"
        self.files = [self._log]

    @contextmanager
    def open(self, facts: dict[str, Any], profile: Profile) -> Iterator[Book]:
        """See the base class."""
        from semjscc.radio.reception_log import Logbook
        from semjscc.runtime.folder_lock import alone_in

        del profile
        with alone_in(self._path), Logbook(self._path, facts) as book:
            yield book

    def tell(self, *, quiet: bool) -> None:
        """See the base class."""
        if quiet:
            print_answer(self._log.read_text(encoding="utf-8"), end="")


class _Clip(Kept):
    """Moving pictures, and lines of what is seen."""

    def __init__(self, out: Path, seen: Path | None, rate: Fraction) -> None:
        self._out, self._seen, self._rate = out, seen, rate
        self.files = [out] if seen is None else [out, seen]
        self._facts: dict[str, Any] = {}
        self._clip: ReceivedClip | None = None

    @contextmanager
    def open(self, facts: dict[str, Any], profile: Profile) -> Iterator[Book]:
        """See the base class."""
        from semjscc.video.receiving import ReceivedClip

        self._facts = facts
        with ReceivedClip(self._out, self._seen, self._rate, profile, warn) as book:
            self._clip = book
            yield book

    def tell(self, *, quiet: bool) -> None:
        """See the base class."""
        clip = self._clip
        if clip is None:
            return
        height, width = clip.size or (None, None)
        seconds = float(clip.frames / self._rate)
        written = {"out": str(self._out) if clip.frames else None}
        written |= {} if self._seen is None else {"seen": str(self._seen)}
        if quiet:
            sides = {"width": width, "height": height}
            counts = {"frames": clip.frames, "frames_repeated": clip.repeated}
            times = {"frames_per_second": float(self._rate), "clip_seconds": seconds}
            print_json({**self._facts, **sides, **counts, **times, **clip.ending, **written})
        elif clip.frames:
            again = f", {clip.repeated} of them in place of lost ones" if clip.repeated else ""
            size, rate = f"{width} x {height} pixels", f"{float(self._rate):.6g}"
            shown = "" if self._seen is None else f" and what is seen to {self._seen}"
            count = frames_text(clip.frames)
            rows = [
                ("received", f"{count} of {size}{again}"),
                ("written", f"to {self._out}, {few_digits(seconds)} s at {rate} a second{shown}"),
            ]
            print(columns(rows))

    def stopped(self, stop: KeyboardInterrupt) -> KeyboardInterrupt:
        """See the base class."""
        if self._clip is None or not self._clip.frames:
            return stop
        kept = f"{frames_are(self._clip.frames)} in {self._out}"
        return Stopped(kept, stop.number) if isinstance(stop, Stopped) else Stopped(kept)
