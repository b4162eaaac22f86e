"""Frames over links, a few at a time, and what the receiver's network sees in each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import torch
from torch import Tensor

from semjscc.errors import UserError
from semjscc.images import to_float
from semjscc.links import CodecLink, Link, NoChannel, Situation
from semjscc.links.check_received import check_received
from semjscc.links.joint_coding.progressive import ProgressiveLink
from semjscc.links.joint_coding.repeating import RepeatingLink
from semjscc.metrics import psnr
from semjscc.perception.base import Perception
from semjscc.randomness import Draws
from semjscc.runtime.devices import device_of
from semjscc.transmission import Sight, see_and_draw, see_each
from semjscc.video.budget import Range
from semjscc.video.frames import Frame

_AT_ONCE = 4
"""Frames of a batch: more are no faster, and a signal costs those on their way."""
_PIXELS_AT_ONCE = 2**20
"""Of a batch; larger frames go one by one."""


@dataclass(frozen=True)
class Arrived:
    """One frame at the end of one link.

    Attributes:
        link: its name.
        image: (3, H, W) float32 in [0, 1], rounded to 8 bits.
        after: what the network sees in it.
        delivered: False where the decoder knows that it failed.
        psnr_db: None where there was no error.
        repeated: symbols that were sent once more.
        payload_bits: what a digital link carried, or None.
        control_bits: side information.
        drawn: the image with what is seen drawn over it, of its size or a whole number of times
            larger; None where nobody asked for it.
    """

    link: str
    image: Tensor
    after: Sight
    delivered: bool
    psnr_db: float | None
    repeated: int
    payload_bits: int | None
    control_bits: int
    drawn: Tensor | None = None


@dataclass(frozen=True)
class SentFrame:
    """One frame, and what became of it on each link.

    Attributes:
        number: its place in the clip.
        time: in seconds after the first.
        image: (3, H, W) float32 in [0, 1].
        before: what the network sees in it.
        arrived: by link.
        drawn: as of `Arrived`.
    """

    number: int
    time: Fraction
    image: Tensor
    before: Sight
    arrived: tuple[Arrived, ...]
    drawn: Tensor | None = None


def transmit_frames(
    frames: Iterable[Frame],
    links: Sequence[tuple[Link, Situation]],
    perception: Perception,
    *,
    live: bool = False,
    draw: bool = False,
) -> Iterator[SentFrame]:
    """Send frames over links.

    Args:
        frames: all of one size.
        links: each with what it meets; the noise of a frame follows from the seed of the draws
            there and the frame's number.
        perception: the vision model at the receiver.
        live: send each frame at once.
        draw: draw what the network sees over the images.

    Raises:
        UserError: as of `semjscc.transmission.transmit`.
    """
    for batch in batches(frames, live=live):
        pixels = torch.stack([torch.from_numpy(frame.pixels).permute(2, 0, 1) for frame in batch])
        images = to_float(pixels).to(device_of(perception))
        before, drawn = _look(perception, images, draw=draw)
        numbers = [frame.number for frame in batch]
        arrived = [_send(images, numbers, *one, perception, draw=draw) for one in links]
        for place, frame in enumerate(batch):
            own = tuple(of_link[place] for of_link in arrived)
            sight, shown = before[place], drawn[place]
            yield SentFrame(frame.number, frame.time, images[place].cpu(), sight, own, shown)


def batches(frames: Iterable[Frame], *, live: bool = False) -> Iterator[list[Frame]]:
    """Frames as they are sent together; live, each alone."""
    batch: list[Frame] = []
    for frame in frames:
        batch.append(frame)
        area = frame.pixels.shape[0] * frame.pixels.shape[1]
        if live or len(batch) == max(1, min(_AT_ONCE, _PIXELS_AT_ONCE // area)):
            yield batch
            batch = []
    if batch:
        yield batch


def _send(
    images: Tensor,
    numbers: Sequence[int],
    link: Link,
    situation: Situation,
    perception: Perception,
    *,
    draw: bool,
) -> list[Arrived]:
    draws = Draws(situation.draws.seed, numbers, situation.draws.draw)
    # A copy: a link that works in place would change what it is compared with.
    received = link.send(images.clone(), replace(situation, draws=draws))
    check_received(
        link.name, images, received, None if isinstance(link, NoChannel) else situation.ratio
    )
    if received.images is None:
        raise UserError(f"the link '{link.name}' brings no image: compare it with evaluate")
    qualities = psnr(images, received.images).tolist()
    after, drawn = _look(perception, received.images, draw=draw)
    return [
        Arrived(
            link.name,
            received.images[place].cpu(),
            after[place],
            bool(received.delivered[place]),
            None if qualities[place] == float("inf") else qualities[place],
            0 if received.repeated is None else int(received.repeated[place]),
            None if received.payload_bits is None else int(received.payload_bits[place]),
            received.control_bits,
            drawn[place],
        )
        for place in range(len(numbers))
    ]


def _look(
    perception: Perception, images: Tensor, *, draw: bool
) -> tuple[list[Sight], Sequence[Tensor | None]]:
    """What is seen in each image, and where it is asked for, the images with it drawn over them."""
    if not draw:
        return see_each(perception, images), [None] * len(images)
    sights, drawn = see_and_draw(perception, images)
    return sights, list(drawn.cpu())


def ratios_of(link: Link) -> Range:
    """The ratios that a link takes.

    Raises:
        UserError: it sends more symbols than its ratio says.
    """
    if isinstance(link, RepeatingLink):
        raise UserError(
            f"the link {link.name} sends again what the receiver asks for, and so keeps to no "
            "budget of symbols: leave out --symbols-per-second"
        )
    if isinstance(link, ProgressiveLink):
        return ratios_of(link.inner)
    if not isinstance(link, CodecLink):
        return Range()
    ratios = tuple(link.codec.ratios)
    if link.codec.any_ratio:
        return Range(largest=ratios[-1])
    return Range(ratios[0], ratios[-1], ratios)
