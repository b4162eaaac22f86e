"""A waveform to the symbols of the images in it.

    chunks ─► search ─► header ─► payload ─► gather bursts ─► turn back, permute back ─► Frame

Everything is decided by absolute positions in the recording, never by where a chunk ends: any
chunking gives the same frames.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from semjscc.links.base import Control
from semjscc.radio.receiver.burst import Burst, corrected, read_header, read_payload
from semjscc.radio.receiver.stream import Stream
from semjscc.radio.receiver.synchronisation import Sync, find_bursts, margin
from semjscc.radio.waveform.header import Header, ignore
from semjscc.radio.waveform.layout import (
    burst_count,
    burst_samples,
    burst_span,
    header_rows,
    image_samples,
)
from semjscc.radio.waveform.limits import MOST_SYMBOLS
from semjscc.radio.waveform.profiles import Profile
from semjscc.radio.waveform.sequences import order_on_air, turns

SEARCHED = 1 << 15
"""Positions that are searched at once."""
SEARCHED_NEXT = 1 << 9
"""The same where a burst is due."""
EARLY_PARTS = (16, 8, 4, 2)
"""One in so many bursts of an image has passed when an early frame of it comes."""


@dataclass(frozen=True)
class Frame:
    """One image's symbols as they arrived.

    Attributes:
        control: the link's control record.
        image: the sender's number for it, modulo 256.
        symbols: (k,) complex64, equalised; 0 where nothing arrived.
        noise_variance: (k,) float32, N0 of each symbol; infinite where nothing arrived.
        time_s: when its first burst begins, or would have begun, in the recording.
        snr_db: Es/N0 of a data element, mean over its bursts as ratios.
        cfo_hz: carrier frequency offset, receiver against sender.
        clock_ppm: how much faster the sender's sample clock runs than the receiver's.
        bandwidth_hz: that the waveform's carriers occupy.
        packets: bursts of the image.
        packets_lost: those of which no header arrived.
        packets_to_come: those that are still on their way; none, unless the frame is an early one.
        damaged_share: of the image's symbols, those in rows that more than noise struck, such as
            interference or dropped samples.
    """

    control: Control
    image: int
    symbols: NDArray[np.complex64]
    noise_variance: NDArray[np.float32]
    time_s: float
    snr_db: float
    cfo_hz: float
    clock_ppm: float
    bandwidth_hz: float
    packets: int
    packets_lost: int
    damaged_share: float = 0.0
    packets_to_come: int = 0

    @property
    def packets_heard(self) -> int:
        """Bursts of which the header arrived."""
        return self.packets - self.packets_lost - self.packets_to_come

    @property
    def cn0_db_hz(self) -> float:
        """C/N0, the waveform's power over the noise in one hertz: comparable between waveforms."""
        return self.snr_db + 10 * math.log10(self.bandwidth_hz)


@dataclass
class _Image:
    """An image of which some bursts have arrived."""

    header: Header
    start: int
    end: int
    due: int = 0
    bursts: dict[int, tuple[float, Burst]] = field(default_factory=dict)


def receive(
    chunks: Iterable[NDArray[np.complexfloating]],
    profile: Profile,
    *,
    most_symbols: int = MOST_SYMBOLS,
    refused: Callable[[Header], object] = ignore,
    early: bool = False,
) -> Iterator[Frame]:
    """The images in a recording, each as soon as its last burst has passed.

    Of an image whose symbols are in order of what they are worth, ``early`` frames may come before:
    when a sixteenth, an eighth, a quarter and half of its bursts have passed.

    Args:
        chunks: complex baseband at ``profile.sample_rate``, in pieces of any size; what is not
            finite counts as 0.
        profile: the waveform.
        most_symbols: a header that announces a longer image is no header.
        refused: takes the header that is none for this reason alone, of each burst.
        early: whether frames come early.
    """
    stream, position, pending = Stream(chunks), 0, None
    while True:
        found = _next_burst(stream, position, profile, pending, most_symbols, refused)
        if found is None:
            break
        position, sync, header = found
        if pending is not None and _is_over(pending, position, header):
            yield _frame(pending, profile)
            pending = None
        if header is None or sync is None:
            continue
        if pending is None:
            pending = _new_image(header, sync, profile)
        burst, position = _payload(stream, sync, header, profile)
        pending.bursts[header.burst] = (sync.frequency, burst)
        pending.due = position
        if header.burst == burst_count(profile, header.k) - 1:
            yield _frame(pending, profile)
            pending = None
        elif early and header.control.in_order and _is_early(pending, profile):
            yield _frame(pending, profile, whole=False)
    if pending is not None:
        yield _frame(pending, profile)


def _next_burst(
    stream: Stream,
    position: int,
    profile: Profile,
    pending: _Image | None,
    most_symbols: int,
    refused: Callable[[Header], object],
) -> tuple[int, Sync | None, Header | None] | None:
    """Search one block of positions: where to go on, and the burst if there is one.

    Returns:
        None at the end of the recording.
    """
    lead = margin(profile)
    stream.forget(position - lead)
    due = pending is not None and pending.due == position
    last = position + (SEARCHED_NEXT if due else SEARCHED)
    behind = 3 * (profile.preamble + lead)
    if not stream.reach(last + behind) and position >= stream.arrived:
        return None
    samples = stream.read(position - lead, last + behind)
    if not np.any(samples):
        return last, None, None
    length = header_rows(profile) * profile.symbol
    for sync in find_bursts(samples, last - position, profile):
        start = position + sync.start
        first = start + profile.preamble
        rows = corrected(stream.read(first, first + length), sync.frequency)
        header = read_header(rows, profile, _expected(pending, profile), most_symbols, refused)
        if header is not None:
            return position, Sync(start, sync.frequency), header
    return last, None, None


def _payload(stream: Stream, sync: Sync, header: Header, profile: Profile) -> tuple[Burst, int]:
    """A burst's payload and the position to search on from."""
    start, stop = burst_span(profile, header.k, header.burst)
    first = sync.start + profile.preamble
    end = sync.start + burst_samples(profile, stop - start)
    samples = corrected(stream.read(first, end), sync.frequency)
    arrived = min(end, stream.arrived) - first
    # Half a prefix early, since the clocks may differ.
    return read_payload(samples, header, profile, arrived), end - profile.guard // 2


def _expected(pending: _Image | None, profile: Profile) -> list[Header]:
    """The header that comes next if nothing is lost."""
    if pending is None:
        return []
    following = max(pending.bursts) + 1
    if following >= burst_count(profile, pending.header.k):
        return []
    return [Header(pending.header.control, pending.header.image, following)]


def _new_image(header: Header, sync: Sync, profile: Profile) -> _Image:
    full = burst_samples(profile, profile.burst_capacity)
    end = sync.start + image_samples(profile, header.k, header.burst)
    return _Image(header, sync.start - header.burst * full, end + full)


def _is_over(pending: _Image, position: int, header: Header | None) -> bool:
    """Whether nothing more can come of an image: its time is over, or another one begins."""
    if header is None or position > pending.end:
        return position > pending.end
    same = (header.control, header.image) == (pending.header.control, pending.header.image)
    return not same or header.burst <= max(pending.bursts)


def _is_early(image: _Image, profile: Profile) -> bool:
    """Whether what has passed of an image is a part that is worth a picture."""
    count, passed = burst_count(profile, image.header.k), max(image.bursts) + 1
    return any(passed == -(-count // part) for part in EARLY_PARTS)


def _frame(image: _Image, profile: Profile, *, whole: bool = True) -> Frame:
    header, k = image.header, image.header.k
    symbols = np.zeros(k, np.complex64)
    variance = np.full(k, np.inf, np.float32)
    for place, (_, burst) in image.bursts.items():
        span = slice(*burst_span(profile, k, place))
        symbols[span], variance[span] = burst.symbols, burst.noise_variance
    order = order_on_air(profile, k, in_order=header.control.in_order)
    ordered, noise = np.zeros_like(symbols), np.zeros_like(variance)
    ordered[order], noise[order] = symbols * turns(k).conj(), variance
    ratios = [10 ** (burst.snr_db / 10) for _, burst in image.bursts.values()]
    frequencies = [coarse + burst.frequency for coarse, burst in image.bursts.values()]
    count = burst_count(profile, k)
    to_come = 0 if whole else count - 1 - max(image.bursts)
    return Frame(
        control=header.control,
        image=header.image,
        symbols=ordered,
        noise_variance=noise,
        time_s=image.start / profile.sample_rate,
        snr_db=float(10 * np.log10(np.mean(ratios))),
        cfo_hz=float(np.mean(frequencies)) * profile.sample_rate,
        clock_ppm=float(np.mean([burst.clock_ppm for _, burst in image.bursts.values()])),
        bandwidth_hz=profile.bandwidth_hz,
        packets=count,
        packets_lost=count - len(image.bursts) - to_come,
        damaged_share=sum(burst.damaged for _, burst in image.bursts.values()) / k,
        packets_to_come=to_come,
    )
