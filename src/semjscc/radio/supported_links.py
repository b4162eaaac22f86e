"""The links whose symbols the modem carries, and for how long, told without importing torch."""

from fractions import Fraction

from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError, printable
from semjscc.links.catalogue import ADAPTIVE, LINEAR, SEPARATE, Place
from semjscc.links.endings import REPEAT
from semjscc.radio.waveform.airtime import modem_airtime
from semjscc.radio.waveform.limits import check_sent
from semjscc.radio.waveform.profiles import PROFILES


def check_carried(place: Place) -> None:
    """Refuse a link that the modem cannot carry: it sends no image by symbols, or has no header.

    Raises:
        UserError: it is one; it says which are carried.
    """
    if place.endings.repeat:
        raise UserError(
            f"the modem has no way back to ask again: modulate {printable(place.name)} without "
            f"+{REPEAT}@SHARE"
        )
    if place.part is not None:
        raise UserError(f"the modem's header has no number for your own {printable(place.part)}")
    carried = place.weights is not None or place.scheme in (LINEAR, ADAPTIVE)
    if not carried and not place.scheme.startswith(SEPARATE):
        raise UserError(
            f"the modem does not carry the link '{printable(place.name)}': it carries {LINEAR}, "
            f"{ADAPTIVE}, {SEPARATE} with any of its coders, and codecs such as semantic"
        )


def seconds_on_air(place: Place, size: tuple[int, int], ratio: Fraction) -> dict[str, float] | None:
    """How long an image (H, W) takes by each of the modem's profiles; None where none sends it."""
    try:
        check_carried(place)
        check_sent("the image", size, ratio)
    except UserError:
        return None
    k = channel_uses(*size, ratio)
    return {name: modem_airtime(profile, k).seconds for name, profile in PROFILES.items()}
