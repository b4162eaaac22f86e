"""What the page shows, as HTML; every name that goes in is escaped here."""

from collections.abc import Collection, Sequence
from html import escape

from semjscc.allocation.marks import Box
from semjscc.images import printable
from semjscc.links.catalogue import HYBRID
from semjscc.tasks.base import Seen
from semjscc.web.compare import Delivery, Look
from semjscc.web.pictures import HIGHEST_DB, LOWEST_DB, Curve, colour, png_uri

TITLES = {
    "semantic": "semantic: the codec that knows what matters",
    "djscc": "djscc: the same codec, trained on pixels",
    "linear": "linear: nothing trained, the image's coefficients as they are",
    "linear-adaptive": "linear-adaptive: the same, with a spectrum for each region",
    "hybrid": "hybrid: a coarse image as bits, and what it lacks as numbers",
    "importance": "importance: linear-adaptive, with more symbols for what matters",
    "separate": "separate: image coder, 5G code, QAM",
}
WAITING = {
    "semantic": "sending…",
    "djscc": "sending…",
    "linear": "sending…",
    "linear-adaptive": "sending…",
    "hybrid": "looking for the best setting of the image coder…",
    "importance": "looking at what matters…",
    "separate": "looking for the best setting of the image coder…",
}
LOST = "lost: nothing was decoded, this is the mean of the training images"


def original_card(
    picture: str,
    importance: str | None,
    sees: Look,
    size: tuple[int, int],
    box: Box | None = None,
) -> str:
    """The image as it was, and where it matters.

    Args:
        picture: a data: URI.
        importance: another one; None where the network has no such map.
        sees: what the perception network sees in it.
        size: (H, W) in pixels.
        box: what a person says to matter, drawn over it.
    """
    facts = [
        ("size", f"{size[1]} × {size[0]} pixels"),
        ("numbers (n)", f"{3 * size[0] * size[1]:,}"),
    ]
    drawn = "" if box is None else f'<i class="box" style="{box_style(box, size)}"></i>'
    # The browser reads the size where somebody clicks.
    sides = f' data-width="{size[1]}" data-height="{size[0]}"'
    title, pictures = "original", _image(picture, "original", sees, sides, drawn)
    if importance is not None:
        title = "original: and what matters in it"
        pictures = (
            f'<div class="pair">{pictures}{_image(importance, "importance map", sees)}'
            '</div><p class="hint">Right: the brighter, the more it matters.</p>'
        )
    seen = _guesses("The network sees", sees.things, sees.right)
    return _card(title, "#767676", pictures, seen + _facts(facts))


def box_style(box: Box, size: tuple[int, int]) -> str:
    """Where a box of an image (H, W) lies in the square frame that shows it, as CSS."""
    side, (height, width) = max(size), size
    left, top = box.left + (side - width) / 2, box.top + (side - height) / 2
    places = {"left": left, "top": top, "width": box.width, "height": box.height}
    return ";".join(f"{name}:{100 * length / side:.2f}%" for name, length in places.items())


def link_card(
    delivery: Delivery, picture: str, sees: Look, went: tuple[str, str] | None = None
) -> str:
    """What one link delivered.

    Args:
        delivery: by `compare`.
        picture: its image as a data: URI.
        sees: what the network sees in the original, which is marked as right.
        went: where its symbols went, as a data: URI, and a line on why; None where it is not shown.
    """
    quality = "no error" if delivery.psnr_db is None else f"{delivery.psnr_db:.1f} dB"
    facts = [
        ("PSNR", quality if delivery.delivered else "nothing decoded"),
        ("channel uses (k)", f"{delivery.channel_uses:,}"),
        ("payload", _payload(delivery)),
        ("control", f"{delivery.control_bits} bits"),
        ("coder", delivery.codec or "none: too little fits"),
    ]
    note = delivery.note if delivery.delivered else LOST
    lost = f'<p class="lost">{escape(note)}</p>' if note else ""
    more = ""
    if went is not None:
        said = f"{went[1]} Below: the brighter, the more symbols."
        more = f'<p class="hint">{escape(said)}</p>{_image(went[0], "where symbols went", sees)}'
    # The browser puts the picture above in; where something is drawn over it, it is another one.
    saved = png_uri(delivery.image) if sees.several else "#"
    lost += (
        f'<a class="save" download="semjscc-{delivery.link}.png" href="{saved}">save this image</a>'
    )
    return _card(
        TITLES[delivery.link],
        colour(delivery.link),
        _image(picture, f"received by {delivery.link}", sees) + lost,
        _guesses("The receiver sees", delivery.guesses, sees.right) + _facts(facts) + more,
        name=delivery.link,
    )


def _payload(delivery: Delivery) -> str:
    """What went as bits, and whether anything went as numbers."""
    if not delivery.payload_bits:
        return "analogue" if delivery.payload_bits is None or delivery.link == HYBRID else "0 bits"
    return f"{delivery.payload_bits:,} bits" + (", then analogue" * (delivery.link == HYBRID))


def waiting_card(link: str) -> str:
    """While a link is at work."""
    inner = f'<div class="frame waiting"><span>{escape(WAITING[link])}</span></div>'
    return _card(TITLES[link], colour(link), inner, "", name=f"{link} waiting")


def curve_html(curve: Curve | None, snr_db: float, fallen_db: float | None = None) -> str:
    """The curve with a line where the slider is, or why there is none.

    Args:
        curve: None where none was published.
        snr_db: where the slider is, in dB.
        fallen_db: to what the link has dropped, in dB, which its senders do not know; or None.
    """
    if curve is None:
        return (
            '<p class="none">No curve: no results are published for images of this size with these '
            "weights, network, bandwidth ratio and channel.</p>"
        )
    fallen = "" if fallen_db is None else _line(curve, "fallen", fallen_db)
    said = "The upright line is the slider."
    if fallen:
        said = (
            "The upright line is the slider, by which the senders go; the dashed one is where the "
            "link has dropped to. The curves are of senders who know the SNR: in a drop they do "
            "not, and do worse."
        )
    return (
        '<figure class="curve"><div class="over">'
        f'<img alt="accuracy against SNR" src="{curve.picture}">'
        f"{_line(curve, 'marker', snr_db)}{fallen}</div>"
        "<figcaption>Published results over many images, not of the image above: "
        f"{escape(curve.what)}. {said}</figcaption></figure>"
    )


def _line(curve: Curve, kind: str, snr_db: float) -> str:
    """An upright line in the curve."""
    # The slider's script reads both ends and moves the line by itself.
    share = (snr_db - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB)
    place = curve.left + share * (curve.right - curve.left)
    return (
        f'<i class="{kind}" data-left="{curve.left:.3f}" data-right="{curve.right:.3f}" '
        f'style="left:{place:.3f}%;top:{curve.top:.2f}%;bottom:{100 - curve.bottom:.2f}%"></i>'
    )


def constellation_html(picture: str, links: Sequence[str]) -> str:
    """The symbols, from a data: URI with a panel for each of the links, whose names stand above."""
    names = "".join(f"<b>{escape(link)}</b>" for link in links)
    return (
        f'<figure class="symbols"><div class="names">{names}</div>'
        f'<img alt="sent and received symbols" src="{picture}">'
        "<figcaption>The symbols as complex numbers. Black: as sent, with mean power 1. Colour: as "
        "the receiver sees them. Lines are 1 apart.</figcaption></figure>"
    )


def notes_html(notes: Sequence[str]) -> str:
    """Lines that the person should know of, or nothing."""
    return "".join(f'<p class="note">{escape(note)}</p>' for note in notes if note)


def status_html(text: str, *, busy: bool = False) -> str:
    """What the page is doing, or has done."""
    return f'<p class="status{" busy" if busy else ""}">{escape(text)}</p>'


def said_html(snr_db: float, deliveries: Sequence[Delivery], sees: Look) -> str:
    """What came of it, for those who hear the page: the receiver's first class of each link.

    Args:
        snr_db: of the channel, in dB.
        deliveries: of all links.
        sees: what the network sees in the original, which is right.
    """
    parts = [
        f"{one.link}: "
        + (
            f"{printable(one.guesses[0].label)}, "
            f"{'right' if one.guesses[0].label in sees.right else 'wrong'}"
            if one.delivered
            else "lost"
        )
        for one in deliveries
    ]
    return f"<p>{escape(f'At {snr_db:g} dB the receiver sees: ' + '; '.join(parts))}.</p>"


def _card(title: str, ink: str, picture: str, rest: str, name: str = "original") -> str:
    head, _, tail = title.partition(": ")
    small = f"<small>{escape(tail)}</small>" if tail else ""
    return (
        f'<section class="link {escape(name)}" style="--link:{ink}">'
        f"<h2>{escape(head)}{small}</h2>{picture}{rest}</section>"
    )


def _image(picture: str, name: str, sees: Look, more: str = "", over: str = "") -> str:
    """A picture in its frame, which may have more attributes, and something over it."""
    # Of what is written over a picture, squares of its pixels would leave out parts.
    looks = ' class="drawn"' if sees.several else ""
    image = f'<img alt="{escape(name)}"{looks} src="{picture}">'
    return f'<div class="frame"{more}>{image}{over}</div>'


def _guesses(heading: str, guesses: Sequence[Seen], right: Collection[str]) -> str:
    rows = "".join(
        f'<li class="{"right" if guess.label in right else "wrong"}">'
        f'<b style="width:{100 * guess.confidence:.1f}%"></b>'
        f"<span>{_mark(guess.label in right, place == 0)}{escape(printable(guess.label))}</span>"
        f"<em>{guess.confidence:.0%}</em></li>"
        for place, guess in enumerate(guesses)
    )
    return f'<p class="hint">{escape(heading)}</p><ol class="guesses">{rows}</ol>'


def _mark(right: bool, first: bool) -> str:
    """What says right and wrong to those who do not see the colour; only a first can be wrong."""
    if not right and not first:
        return ""
    sign, said = ("✓", "right") if right else ("✗", "wrong")
    return f'<i class="mark" role="img" aria-label="{said}:">{sign}</i> '


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return f"<dl>{rows}</dl>"
