"""A whole clip over links: to a file, to lines of what is seen, and to what it came to."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import ceil
from pathlib import Path

from semjscc.errors import Stopped
from semjscc.evaluation.progress import Progress
from semjscc.images import to_uint8
from semjscc.links import Link, Situation
from semjscc.perception.base import Perception
from semjscc.runtime.signals import signals_held_back
from semjscc.transmission import unlike_training
from semjscc.video.budget import send_at_intervals
from semjscc.video.frames import Clip, Frame, Pixels
from semjscc.video.seen import Tally, write_seen
from semjscc.video.side_by_side import panels_of, side_by_side
from semjscc.video.transmission import SentFrame, transmit_frames
from semjscc.video.writing import ClipWriter


@dataclass(frozen=True)
class Outcome:
    """What sending a clip came to.

    Attributes:
        read: frames of the clip that were looked at.
        seconds: from the first of them to the end of the last.
        tallies: of each link.
        warning: why these weights may not suit the first frame, or None.
        stopped: the signal that ended it, or None.
    """

    read: int
    seconds: Fraction
    tallies: list[Tally]
    warning: str | None
    stopped: KeyboardInterrupt | None

    @property
    def sent(self) -> int:
        """Frames that were sent."""
        return self.tallies[0].frames


class Counted:
    """Passes frames on, and knows how many went by and where the last one ends.

    Attributes:
        read: frames.
        seconds: from the first to the end of the last.
    """

    def __init__(self, clip: Clip, limit: int | None) -> None:
        self._clip, self._limit = clip, limit
        self.read, self.seconds = 0, Fraction(0)

    def __iter__(self) -> Iterator[Frame]:
        for frame in islice(self._clip.frames, self._limit):
            self.read += 1
            self.seconds = frame.time + 1 / self._clip.rate
            yield frame


def send_clip(
    clip: Clip,
    links: Sequence[tuple[Link, Situation]],
    perception: Perception,
    *,
    out: Path | None = None,
    seen: Path | None = None,
    interval: Fraction | None = None,
    limit: int | None = None,
) -> Outcome:
    """Send a clip, and close it.

    A signal to stop ends it early: what was sent until then is in the files, and the outcome says
    so; one that comes before the first frame was sent is raised.

    Args:
        clip: its frames are read once.
        links: each with what it meets; of several the file shows the original and all in a row.
        perception: the network at the receiver.
        out: file of moving pictures, or None.
        seen: file for lines of JSON, or None.
        interval: seconds from one frame that is sent to the next, at least; None to send all.
        limit: only the first so many frames of the clip.

    Raises:
        UserError: a file cannot be written, or as of `transmit_frames`.
    """
    tallies = [Tally(link.name) for link, _ in links]
    counted, warning = Counted(clip, limit), None
    last: SentFrame | None = None
    rate = clip.rate if interval is None else min(clip.rate, 1 / interval)
    expected = expected_frames(clip, rate, limit)
    frames = counted if interval is None else send_at_intervals(counted, interval, clip.rate)
    try:
        with ExitStack() as stack:
            stack.enter_context(closing(clip.frames))  # pyright: ignore[reportArgumentType]
            lines = writer = None
            if seen is not None:
                lines = stack.enter_context(seen.open("w", encoding="utf-8"))
            if out is not None:
                writer = stack.enter_context(ClipWriter(out, rate))
            progress = stack.enter_context(Progress("sending", expected, "frames"))
            draw = out is not None and len(links) > 1  # a file of one link is what arrived
            for sent in transmit_frames(frames, links, perception, live=clip.live, draw=draw):
                with signals_held_back():  # the files and what is said of them are of one number
                    if not tallies[0].frames:
                        warning = unlike_training(perception, clip.size, sent.before.confidence)
                    if writer is not None:
                        writer.add(_shown(sent), sent.time)
                    if lines is not None:
                        write_seen(sent, lines)
                    for tally, arrived in zip(tallies, sent.arrived, strict=True):
                        tally.add(sent, arrived)
                    last = sent
                progress.advance(1)
    except KeyboardInterrupt as stop:
        if last is None:
            raise
        # Frames that were read and not sent are none of what was kept.
        end = last.time + 1 / clip.rate
        return Outcome(last.number + 1, end, tallies, warning, stop)
    return Outcome(counted.read, counted.seconds, tallies, warning, None)


def _shown(sent: SentFrame) -> Pixels:
    """What a frame of the file is."""
    if len(sent.arrived) == 1:
        return to_uint8(sent.arrived[0].image).permute(1, 2, 0).numpy()
    return side_by_side(panels_of(sent))


def expected_frames(clip: Clip, rate: Fraction, limit: int | None) -> int | None:
    """How many frames will be sent, as far as it is known."""
    counts = [one for one in (clip.count, limit) if one is not None]
    return ceil(min(counts) * rate / clip.rate) if counts else None


def stop_of(outcome: Outcome, kept: str) -> Stopped | None:
    """What to raise once all is said of a clip that a signal ended; None where none did."""
    if outcome.stopped is None:
        return None
    stop = outcome.stopped
    return Stopped(kept, stop.number) if isinstance(stop, Stopped) else Stopped(kept)
