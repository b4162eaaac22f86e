"""What a link must give so that its numbers mean what the others' mean; see `links.base`."""

from fractions import Fraction

from torch import Tensor

from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.links import Received

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
    count, size = len(images), (images.shape[-2], images.shape[-1])
    if (problem := _of_kinds(received)) is not None:
        raise UserError(f"link {printable(link)} {problem}")
    problem = _of_images(images, received.images) if received.images is not None else None
    uses = 0 if ratio is None else channel_uses(*size, ratio)
    if received.images is None and received.outputs is None:
        problem = "gave neither images nor outputs"
    elif received.outputs is not None and len(received.outputs) != count:
        problem = f"gave {len(received.outputs)} outputs of {count} images"
    elif tuple(received.delivered.shape) != (count,):
        problem = f"does not say of each of {count} images whether it was delivered"
    elif received.payload_bits is not None and tuple(received.payload_bits.shape) != (count,):
        problem = f"does not say of each of {count} images how many bits were its payload"
    elif received.channel_uses != uses:
        problem = (
            f"took {received.channel_uses} channel uses for {size[1]} x {size[0]} pixels where all "
            f"links have {uses}, see channel_uses"
        )
    if problem is not None:
        raise UserError(f"link {printable(link)} {problem}")


def _of_kinds(received: object) -> str | None:
    """What of it is not of the type that `Received` says."""
    if not isinstance(received, Received):
        return f"gave a {type(received).__name__}, not a Received"
    for part in ("images", "outputs", "delivered", "payload_bits"):
        value = getattr(received, part)
        if not isinstance(value, Tensor) and (part == "delivered" or value is not None):
            return f"gave its {part} as {type(value).__name__}: it must be a tensor"
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
