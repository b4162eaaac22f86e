"""One image over several links under the same conditions: what each of them delivers.

    image ─► link.transmit ─► symbols ─► channel ─► link.receive ─► image' ─► perception ─► classes

The two halves are functions of their own, so that one transmission can meet a worse and worse
channel, as when a link drops before its sender knows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isinf

import torch
from torch import Tensor

from semjscc.channels.equaliser import equalise
from semjscc.errors import UserError
from semjscc.links import Situation, SymbolLink, Transmission
from semjscc.links.base import sent_by
from semjscc.links.check_received import check_received
from semjscc.metrics import psnr
from semjscc.perception.base import Perception
from semjscc.tasks.base import Seen

TOP = 3


@dataclass(frozen=True)
class Look:
    """What a perception network sees in an image.

    Attributes:
        things: the likeliest first.
        shown: (3, h, w) the image, with boxes or masks drawn over it; perhaps larger.
        confidence: how sure it is of the whole, 0 to 1.
        several: its task is to find several things, not to name one.
    """

    things: tuple[Seen, ...]
    shown: Tensor
    confidence: float
    several: bool

    @property
    def right(self) -> frozenset[str]:
        """The labels that are right of what arrives, where this is of the original."""
        return frozenset(one.label for one in self.things[: None if self.several else 1])


@dataclass(frozen=True)
class Delivery:
    """What one link delivered.

    Attributes:
        link: the scheme's name.
        image: (3, H, W) float32, rounded to 8 bits; a concealed one where nothing was decoded.
        shown: (3, h, w), the same with what the perception network found drawn over it, if its task
            is to find things; perhaps larger.
        guesses: the perception network's first classes, the likeliest first.
        psnr_db: None where there was no error at all.
        delivered: False where the decoder knows that it failed.
        channel_uses: complex symbols.
        payload_bits: what a digital link carried, None for others.
        control_bits: side information.
        codec: the neural codec or source coder at work, None where nothing was sent.
        note: in what way the image arrived in part only, or None.
        sent: (k,) complex64, the symbols.
        received: (k,) complex64, as the receiver sees them after its equaliser.
    """

    link: str
    image: Tensor
    shown: Tensor
    guesses: tuple[Seen, ...]
    psnr_db: float | None
    delivered: bool
    channel_uses: int
    payload_bits: int | None
    control_bits: int
    codec: str | None
    note: str | None
    sent: Tensor
    received: Tensor


def compare(
    image: Tensor, links: Sequence[SymbolLink], perception: Perception, situation: Situation
) -> Iterator[Delivery]:
    """What each link delivers, one after the other.

    Args:
        image: (3, H, W) uint8 or float32 in [0, 1].
        links: in the order they are wanted.
        perception: the vision model at the receiver.
        situation: the channel, for one image.
    """
    for link in links:
        yield deliver(image, link, send(image, link, situation), perception, situation)


def send(image: Tensor, link: SymbolLink, situation: Situation) -> Transmission:
    """What a link's sender makes of one image (3, H, W) for the SNR it believes in."""
    size = image.shape[-2], image.shape[-1]
    # A copy: a link may work in place.
    images, snr_db = _batch(image).clone(), link.sender_snr_db(situation, size)
    return sent_by(link, images, situation.ratio, snr_db)


def deliver(
    image: Tensor,
    link: SymbolLink,
    sent: Transmission,
    perception: Perception,
    situation: Situation,
) -> Delivery:
    """What arrives of a transmission.

    Args:
        image: (3, H, W), what was sent.
        link: whose transmission it is.
        sent: what `send` gave, for this SNR or another one.
        perception: the vision model at the receiver.
        situation: the channel that it meets.

    Raises:
        UserError: the link brings a result and no image.
    """
    symbols, knowledge = situation.pass_symbols(sent.symbols)
    received = link.receive(symbols, knowledge, sent.control)
    check_received(link.name, _batch(image), received, situation.ratio)
    if received.images is None:
        raise UserError(f"the link '{link.name}' brings no image")
    arrived = received.images.cpu()
    quality = float(psnr(_batch(image), arrived)[0])
    seen = look(arrived, perception)
    return Delivery(
        link=link.name,
        image=arrived[0],
        shown=seen.shown,
        guesses=seen.things,
        psnr_db=None if isinf(quality) else quality,
        delivered=bool(received.delivered[0]),
        channel_uses=received.channel_uses,
        payload_bits=None if received.payload_bits is None else int(received.payload_bits[0]),
        control_bits=received.control_bits,
        codec=received.codec,
        note=received.note,
        sent=sent.symbols[0].cpu(),
        received=equalise(symbols, knowledge)[0][0].cpu(),
    )


@torch.inference_mode()
def look(images: Tensor, perception: Perception) -> Look:
    """What a network sees in the one image of a batch (1, 3, H, W) in [0, 1]."""
    image = _batch(images[0])
    task, names, output = perception.task, perception.class_names, perception.look(image)
    (things,) = task.see(output, names, max(TOP, task.tells))
    results = task.results(output, (image.shape[-2], image.shape[-1]))
    shown = task.draw(image, results, names)[0]
    return Look(things, shown, float(task.confidence(output)[0]), several=task.tells > 1)


def _batch(image: Tensor) -> Tensor:
    """(3, H, W), uint8 or in [0, 1], as (1, 3, H, W) float32 in [0, 1]."""
    return (image.float() / 255 if image.dtype == torch.uint8 else image.float())[None]
