"""What a link must give so that its numbers mean what the others' mean; see `links.base`."""

from fractions import Fraction
from numbers import Integral

import torch
from torch import Tensor

from semjscc.codecs.bandwidth import LARGEST_COUNT, channel_uses
from semjscc.errors import UserError, kind_of, printable
from semjscc.links.base import Received
from semjscc.perception.base import Perception

_ROUNDING = 1e-3
"""Of a step of 8 bits: what float32 leaves of whole ones."""


def check_received(link: str, images: Tensor, received: Received, ratio: Fraction | None) -> None:
    """Refuse what cannot be compared with other links.

    Args:
        link: its name, for the message.
        images: (B, 3, H, W), what was sent.
        received: what came.
        ratio: nominal; None for a link without a channel, which uses none of it.

    Raises:
        UserError: it is such a thing, and what to do about it.
    """
    said, count = f"link {printable(link)}", len(images)
    problem = _of_kinds(received) or _of_counts(received, count) or _of_numbers(received)
    if problem is None and received.images is not None:
        problem = _of_images(images, received.images)
    uses = 0 if ratio is None else channel_uses(images.shape[-2], images.shape[-1], ratio)
    if problem is None and received.channel_uses != uses:
        problem = (
            f"took {received.channel_uses} channel uses for {images.shape[-1]} x "
            f"{images.shape[-2]} pixels where all links have {uses}, see channel_uses"
        )
    if problem is not None:
        raise UserError(f"{said} {problem}")


def check_outputs(
    link: str, images: Tensor, outputs: Tensor | None, perception: Perception
) -> None:
    """Refuse a result that came without an image and is none of a network's task.

    Args:
        link: its name, for the message.
        images: (B, 3, H, W), what was sent.
        outputs: what came in their place.
        perception: says what they should be.

    Raises:
        UserError: they are not.
    """
    said, classes = f"link {printable(link)} must give as outputs", len(perception.class_names)
    if (wanted := perception.task.problem(outputs, images, classes)) is not None:
        shape = None if outputs is None else tuple(outputs.shape)
        raise UserError(f"{said} {wanted}, and it gives a tensor of shape {shape}")
    if outputs is not None and outputs.isnan().any():
        raise UserError(f"{said} numbers, and some of them are nan")


def _of_kinds(received: object) -> str | None:
    """What of it is not of the type that `Received` says."""
    if not isinstance(received, Received):
        return f"gave {kind_of(received)}, not a Received"
    for part in ("images", "outputs", "delivered", "payload_bits", "repeated"):
        value = getattr(received, part)
        if not isinstance(value, Tensor) and (part == "delivered" or value is not None):
            return f"gave its {part} as {type(value).__name__}: it must be a tensor"
    if not isinstance(received.codec, str | None):
        return f"gave as codec {kind_of(received.codec)}: it must be its name, or None"
    if received.images is None and received.outputs is None:
        return "gave neither images nor outputs"
    return None


def _of_counts(received: Received, count: int) -> str | None:
    """What of it does not tell of each of ``count`` images."""
    if received.outputs is not None and tuple(received.outputs.shape[:1]) != (count,):
        shape = tuple(received.outputs.shape)
        return f"gave {shape[0] if shape else 'no'} outputs of {count} images"
    if tuple(received.delivered.shape) != (count,):
        return f"does not say of each of {count} images whether it was delivered"
    if received.payload_bits is not None and tuple(received.payload_bits.shape) != (count,):
        return f"does not say of each of {count} images how many bits were its payload"
    if received.repeated is not None and tuple(received.repeated.shape) != (count,):
        return f"does not say of each of {count} images how many symbols were sent again"
    return None


def _of_numbers(received: Received) -> str | None:
    """Which of its numbers are not what results can hold."""
    if received.delivered.dtype != torch.bool:
        return f"gave its delivered in {received.delivered.dtype}: it must be torch.bool"
    for part in ("channel_uses", "control_bits"):
        number = getattr(received, part)
        whole = isinstance(number, Integral) and not isinstance(number, bool)
        if not whole or not 0 <= number <= LARGEST_COUNT:  # pyright: ignore[reportOperatorIssue]
            said = printable(repr(number))
            return f"gave as {part} {said}: it must be a whole number, 0 or more"
    for part in ("payload_bits", "repeated"):
        counts = getattr(received, part)
        if counts is None:
            continue
        floats = counts.is_floating_point() or counts.is_complex()
        if floats or not ((counts >= 0) & (counts <= LARGEST_COUNT)).all():
            return f"gave as {part} what must be whole numbers, 0 or more, in torch.int64"
    return None


def _of_images(images: Tensor, received: Tensor) -> str | None:
    if received.shape != images.shape:
        return f"gave images of shape {tuple(received.shape)} for {tuple(images.shape)}"
    steps = received.float() * 255
    off = float((steps - steps.round().clamp(0, 255)).abs().amax())
    # Not "larger than": every comparison with NaN is false.
    if not off <= _ROUNDING:
        return "gave images that are not rounded to 8 bits in [0, 1]: see images.quantise"
    return None
