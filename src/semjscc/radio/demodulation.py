"""A recording from beginning to end: received, kept, and shown as it comes."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live

from semjscc.links.base import Control
from semjscc.radio.frame_decoding import Heard, Listener
from semjscc.radio.live_display import Screening, View
from semjscc.radio.realtime import BUFFER_SAMPLES, Player
from semjscc.radio.receiver.receiver import Frame, receive
from semjscc.radio.sampling.resampling import Samples
from semjscc.radio.waveform.header import Header
from semjscc.radio.waveform.profiles import Profile


class Book(Protocol):
    """Keeps what was heard, such as `semjscc.radio.reception_log.Logbook`."""

    def add(self, heard: Heard, /) -> object:
        """Keep one frame, in place of an early one of the same image."""

    def close(self, ending: dict[str, Any], /) -> object:
        """Keep what is known at the end."""


_WIDTHS = (5, 10, 8, 12, 10, 9, 4, 7, 0)


def listen(
    chunks: Iterable[Samples],
    profile: Profile,
    listener: Listener,
    book: Book,
    room: int,
    tell: Callable[[str], object],
    *,
    early: bool = False,
) -> Generator[Heard, None, None]:
    """Every frame as soon as it is complete, after it has been kept.

    The log has its end however this one ends: at the end of the recording, or closed before.

    Args:
        chunks: complex64 baseband at the profile's sample rate; it waits for the receiver.
        profile: the waveform.
        listener: turns frames into images.
        book: keeps them.
        room: symbols of the longest image.
        tell: takes a line for the user: of an image that is longer.
        early: whether images come before they are complete as well, where their symbols' order
            allows it; see `semjscc.radio.receiver.receiver.receive`.
    """
    frames = receive(chunks, profile, most_symbols=room, refused=_once(tell), early=early)
    try:
        yield from _kept(frames, listener, book)
    finally:
        book.close({"dropped": 0, "lost_samples": 0})


def watch(
    chunks: Iterable[Samples],
    profile: Profile,
    listener: Listener,
    book: Book,
    room: int,
    tell: Callable[[str], object],
    console: Console,
    buffer: int = BUFFER_SAMPLES,
) -> Generator[Heard, None, None]:
    """The same with early images, played at its own speed and shown.

    What comes too fast is dropped frame by frame.

    Args:
        chunks: as for `listen`, but they wait for nobody.
        profile: the waveform.
        listener: turns frames into images.
        book: keeps them.
        room: symbols of the longest image.
        tell: as for `listen`.
        console: where it is shown.
        buffer: samples that may wait for the receiver.
    """
    player, view = Player(chunks, profile.sample_rate, buffer), View(profile)
    screening = Screening(player, profile)

    def render() -> Group:
        return view.render(player, screening.dropped)

    frames = receive(player, profile, most_symbols=room, refused=_once(tell), early=True)
    try:
        with Live(get_renderable=render, console=console, refresh_per_second=4):
            for heard in _kept(filter(screening.passes, frames), listener, book):
                view.add(heard)
                yield heard
    finally:
        book.close({"dropped": screening.dropped, "lost_samples": player.lost})


def _kept(frames: Iterable[Frame], listener: Listener, book: Book) -> Iterator[Heard]:
    """What is heard of each frame, once it is in the log; an early one counts with its image."""
    for frame in frames:
        heard = listener.hear(frame)
        if heard.image is not None or not heard.is_early:
            book.add(heard)
            yield heard


def _once(tell: Callable[[str], object]) -> Callable[[Header], object]:
    """Tells of each image that is too long, but not of each of its packets."""
    last: tuple[Control, int] | None = None

    def refused(header: Header) -> None:
        nonlocal last
        if last != (header.control, header.image):
            last = header.control, header.image
            told = header.control
            tell(
                f"image {header.image}, {told.width} x {told.height} pixels at {told.ratio}, has "
                f"more symbols than there is room for ({header.k}): not received"
            )

    return refused


def line(words: Sequence[str]) -> str:
    """A line of a table that grows, its columns as wide as they are known to need."""
    return "  ".join(word.rjust(width) for word, width in zip(words, _WIDTHS, strict=True))
