"""One image over the air: what was spent, what arrived, what the machine sees before and after."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from semjscc.codecs.bandwidth import measured_ratio
from semjscc.errors import UserError
from semjscc.images import to_float
from semjscc.links import Link, NoChannel, Situation
from semjscc.links.check_received import check_received
from semjscc.metrics import psnr
from semjscc.perception.base import Perception
from semjscc.runtime.devices import device_of
from semjscc.tasks.base import Seen

LARGER_THAN_TRAINED = 4
"""Side over trained side from which the objects no longer look like those in training."""


class Sight(NamedTuple):
    """What a perception network makes of an image.

    Attributes:
        things: the main one first.
        confidence: how sure it is of the whole, 0 to 1.
    """

    things: tuple[Seen, ...]
    confidence: float


@dataclass(frozen=True)
class Report:
    """What one transmission came to.

    Attributes:
        link, snr_db, ratio: what was asked for; SNR and ratio are None where no channel was met.
        ratio_measured: k/n as it really was; None likewise.
        channel_uses: complex symbols, with those that were sent again.
        control_bits: side information.
        payload_bits: what a digital link carried, or None.
        codec: the neural codec or source coder at work, or None.
        delivered: False where the decoder knows that it failed.
        psnr_db: None where there was no error.
        before, after: the main thing that the perception network sees.
        all_before, all_after: that and a few more, where its task is to find several.
        warning: why these weights may not suit this image, or None.
        note: in what way the image arrived in part only, or None.
    """

    link: str
    snr_db: float | None
    ratio: str | None
    ratio_measured: float | None
    channel_uses: int
    control_bits: int
    payload_bits: int | None
    codec: str | None
    delivered: bool
    psnr_db: float | None
    before: Seen
    after: Seen
    all_before: tuple[Seen, ...]
    all_after: tuple[Seen, ...]
    warning: str | None
    note: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def transmit(
    image: Tensor,
    link: Link,
    perception: Perception,
    situation: Situation,
) -> tuple[Tensor, Report]:
    """Send one image.

    Args:
        image: (3, H, W) uint8.
        link: the scheme.
        perception: the vision model at the receiver; the image is sent from its device.
        situation: the channel.

    Returns:
        the received image (3, H, W), float32 rounded to 8 bits, on the CPU, and what it came to.

    Raises:
        UserError: the link brings a result and no image, or the network cannot look at the image.
    """
    sent = to_float(image)[None].to(device_of(perception))
    before = see(perception, sent)  # before the work: the network may not take such images
    # A copy: a link that works in place would change what it is compared with.
    received = link.send(sent.clone(), situation)
    crossed = not isinstance(link, NoChannel)
    check_received(link.name, sent, received, situation.ratio if crossed else None)
    if received.images is None:
        raise UserError(f"the link '{link.name}' brings no image: compare it with evaluate")
    quality = float(psnr(sent, received.images)[0])
    height, width = image.shape[-2:]
    after = see(perception, received.images)
    again = 0 if received.repeated is None else int(received.repeated[0])
    shown = measured_ratio(height, width, situation.ratio) + again / (3 * height * width)
    report = Report(
        link=link.name,
        snr_db=situation.snr_db if crossed else None,
        ratio=str(situation.ratio) if crossed else None,
        ratio_measured=shown if crossed else None,
        channel_uses=received.channel_uses + again,
        control_bits=received.control_bits,
        payload_bits=None if received.payload_bits is None else int(received.payload_bits[0]),
        codec=received.codec,
        delivered=bool(received.delivered[0]),
        psnr_db=None if quality == float("inf") else quality,
        before=before.things[0],
        after=after.things[0],
        all_before=before.things,
        all_after=after.things,
        warning=unlike_training(perception, (height, width), before.confidence),
        note=received.note,
    )
    return received.images[0].cpu(), report


def see(perception: Perception, images: Tensor) -> Sight:
    """What the network makes of the one image of a batch (1, 3, H, W)."""
    (one,) = see_each(perception, images)
    return one


@torch.inference_mode()
def see_each(perception: Perception, images: Tensor) -> list[Sight]:
    """What the network makes of each image of a batch (B, 3, H, W)."""
    return _sights(perception, perception.look(images))


@torch.inference_mode()
def see_and_draw(perception: Perception, images: Tensor) -> tuple[list[Sight], Tensor]:
    """The same, and the images with it drawn over them, as of `semjscc.tasks.base.Task.draw`."""
    task, output = perception.task, perception.look(images)
    results = task.results(output, (images.shape[-2], images.shape[-1]))
    return _sights(perception, output), task.draw(images, results, perception.class_names)


def _sights(perception: Perception, output: Tensor) -> list[Sight]:
    task = perception.task
    seen = task.see(output, perception.class_names, task.tells)
    sure = task.confidence(output).tolist()
    return [Sight(things, confidence) for things, confidence in zip(seen, sure, strict=True)]


def unlike_training(
    perception: Perception, size: tuple[int, int], confidence: float, *, received: bool = False
) -> str | None:
    """Why an image is unlike what the weights were trained for, or None.

    Two signs are looked at: a size far from the training images', and a first choice less certain
    than for 99 of 100 validation images (Hendrycks and Gimpel 2017, arXiv 1610.02136).

    Args:
        perception: the network that saw it.
        size: (H, W).
        confidence: how sure it was.
        received: the image has crossed a channel, which may be why.
    """
    trained = perception.facts.get("image_side")
    floor = perception.facts.get("confidence_floor")
    if trained is not None and max(size) >= LARGER_THAN_TRAINED * trained:
        return (
            f"the image is {size[1]} x {size[0]} pixels and the weights were trained on "
            f"{trained} x {trained}: what is seen in it means little"
        )
    if floor is not None and confidence < floor:
        return (
            f"{perception.name} is less sure of this image than of 99 in 100 it was tried on: "
            "it is unlike what the weights were trained for"
            + (", or it came through badly" if received else "")
        )
    return None
