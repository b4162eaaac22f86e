"""What happens when somebody moves something: the cards, in the order in which they are ready.

separate coding's search runs beside the neural codecs, and its card comes last.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from semjscc.allocation.marks import Box
from semjscc.channels import CHANNELS
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.decibels import check_snr
from semjscc.errors import UserError
from semjscc.families import PHOTO
from semjscc.images import to_float
from semjscc.links import Situation, SymbolLink, Transmission
from semjscc.links.catalogue import HYBRID
from semjscc.randomness import Draws
from semjscc.transmission import LARGER_THAN_TRAINED, unlike_training
from semjscc.web.compare import Delivery, Look, deliver, look, send
from semjscc.web.importance import (
    ALPHA,
    check_alpha,
    importance_link,
    read_box,
    symbols_picture,
    what_matters,
)
from semjscc.web.importance import NAME as IMPORTANCE
from semjscc.web.models import (
    MORE,
    ONE_AT_A_TIME,
    Senders,
    check_more,
    judge_of,
    judges,
    load_fixed,
    load_judge,
    load_senders,
)
from semjscc.web.pictures import (
    HIGHEST_DB,
    LOWEST_DB,
    accuracy_curve,
    constellation,
    importance_picture,
    png_uri,
)
from semjscc.web.result_html import (
    constellation_html,
    curve_html,
    link_card,
    notes_html,
    original_card,
    said_html,
    status_html,
    waiting_card,
)
from semjscc.web.uploads.reading import Picture, crop

AS_TRAINED, AS_IT_IS = "as in training", "as it is"
SIZES = (AS_TRAINED, AS_IT_IS)

SMALL_PIXELS = 128 * 128
FRAME_S = 0.25
"""The least time a step of the falling link stays, so that eyes can follow."""

_SEARCHES = ThreadPoolExecutor(2, "search")

Update = dict[str, str]
"""HTML by the name of the part of the page it belongs to."""


@dataclass(frozen=True)
class Request:
    """What a person has chosen."""

    picture: Picture
    senders: Senders
    judge: str
    ratio: Fraction
    channel: str
    snr_db: float
    more: tuple[SymbolLink, ...] = ()
    alpha: float = ALPHA
    box: Box | None = None

    @property
    def links(self) -> tuple[SymbolLink, ...]:
        """All of them, in the order in which they are shown."""
        return *self.senders.codecs, *self.more, self.senders.separate

    def situation(self) -> Situation:
        """The channel; the same noise, scaled, at every SNR."""
        return Situation(CHANNELS[self.channel], self.snr_db, self.ratio, Draws(0, [0]))


def ask(
    picture: Picture | None,
    family: str,
    judge: str,
    size: str,
    ratio: str,
    channel: str,
    snr_db: float,
    more: Sequence[str] = (),
    alpha: float = ALPHA,
    box: str = "",
) -> Request:
    """Check what came from the page.

    Raises:
        UserError: something no page of ours would send, or no image chosen.
    """
    if picture is None:
        raise UserError("choose an image first")
    senders = load_senders(family)
    if judge not in judges():
        raise UserError(f"there is no such network: there are {', '.join(judges())}")
    if channel not in CHANNELS:
        raise UserError(f"there is no such channel: there are {', '.join(CHANNELS)}")
    if not isinstance(snr_db, int | float) or isinstance(snr_db, bool):
        raise UserError("the SNR is a number of dB")
    if not LOWEST_DB <= check_snr(snr_db) <= HIGHEST_DB:
        raise UserError(f"the SNR lies between {LOWEST_DB} and {HIGHEST_DB} dB here")
    exact = parse_ratio(ratio)
    for link in senders.codecs:
        link.codec.check(None, exact)
    if size == AS_TRAINED:
        picture = crop(picture, senders.trained_side)
    for name in more:
        check_more(name)
    judge, alpha, marked = judge_of(family, judge), check_alpha(alpha), read_box(box)
    asked = Request(picture, senders, judge, exact, channel, float(snr_db))
    if IMPORTANCE in more:
        asked = replace(asked, alpha=alpha, box=marked)
    return replace(asked, more=tuple(_more(asked, name) for name in MORE if name in more))


def show(request: Request) -> Iterator[Update]:
    """All parts of the page, each as soon as it is there."""
    began = time.monotonic()
    situation = request.situation()
    senders, image = request.senders, request.picture.pixels
    searching = _SEARCHES.submit(send, image, senders.separate, situation)
    yield {
        "status": status_html("sending…", busy=True),
        "curve": _curve(request),
        "separate": waiting_card("separate"),
        **dict.fromkeys(MORE, ""),
        **{link.name: waiting_card(link.name) for link in request.more},
    }
    original, sees = _original(request)
    yield {"original": original, "notes": notes_html(_notes(request, sees))}
    deliveries = []
    for link in (*senders.codecs, *request.more):
        sent = _send(request, link)
        deliveries.append(_deliver(request, link, sent))
        yield {link.name: _card(deliveries[-1], sees, _went(request, link, sent))}
    deliveries.append(_deliver(request, senders.separate, searching.result()))
    yield {"separate": _card(deliveries[-1], sees)}
    symbols = _symbols(deliveries)
    took = time.monotonic() - began
    done = status_html(f"{request.snr_db:g} dB: all {len(deliveries)} links in {took:.1f} s")
    yield {"symbols": symbols, "status": done, "said": said_html(request.snr_db, deliveries, sees)}


def drop(request: Request) -> Iterator[Update]:
    """The link falls from the chosen SNR while its senders go on as before.

    One transmission of each link, made for the first SNR, meets ever more noise; the receivers
    know how much.
    """
    if request.snr_db <= LOWEST_DB:
        raise UserError("move the slider up first: from here the link cannot drop")
    _, sees = _original(request)
    links = request.links
    yield {"status": status_html("sending once, for this SNR…", busy=True)}
    sent = [_send(request, link) for link in links]
    went = {
        link.name: _went(request, link, transmission)
        for link, transmission in zip(links, sent, strict=True)
    }
    deliveries: list[Delivery] = []
    for snr_db in falling(request.snr_db, request.picture.size):
        began = time.monotonic()
        now = replace(request, snr_db=snr_db)
        deliveries = [
            _deliver(now, link, transmission)
            for link, transmission in zip(links, sent, strict=True)
        ]
        yield {
            **{one.link: _card(one, sees, went[one.link]) for one in deliveries},
            "symbols": _symbols(deliveries),
            "curve": _curve(request, snr_db),
            "status": status_html(
                f"the link drops: {snr_db:g} dB, sent for {request.snr_db:g} dB", busy=True
            ),
        }
        time.sleep(max(0.0, FRAME_S - (time.monotonic() - began)))
    done = f"dropped from {request.snr_db:g} to {LOWEST_DB} dB: move the slider to come back"
    yield {"status": status_html(done), "said": said_html(LOWEST_DB, deliveries, sees)}


def falling(snr_db: float, size: tuple[int, int]) -> list[float]:
    """The SNRs in dB of a drop, in steps of 1 dB, or 3 dB for images (H, W) that take longer."""
    step = 1 if size[0] * size[1] <= SMALL_PIXELS else 3
    count = int((snr_db - LOWEST_DB) / step)
    return [snr_db - step * index for index in range(count + 1)] + (
        [float(LOWEST_DB)] if snr_db - step * count > LOWEST_DB else []
    )


def _more(request: Request, name: str) -> SymbolLink:
    if name == HYBRID:
        return request.senders.hybrid
    if name != IMPORTANCE:
        return load_fixed(name)
    with ONE_AT_A_TIME:
        network = load_judge(request.judge)
    return importance_link(request.alpha, request.box, request.picture.size, network)


def _send(request: Request, link: SymbolLink) -> Transmission:
    if link.name != IMPORTANCE:
        return send(request.picture.pixels, link, request.situation())
    with ONE_AT_A_TIME:  # its sender asks the network
        return send(request.picture.pixels, link, request.situation())


def _went(request: Request, link: SymbolLink, sent: Transmission) -> tuple[str, str] | None:
    """Where the symbols of `importance` went, as a data: URI, and a line on why."""
    if link.name != IMPORTANCE:
        return None
    picture = symbols_picture(request.picture.pixels, sent)
    return png_uri(picture), what_matters(request.alpha, request.box, request.picture.size)


def _deliver(request: Request, link: SymbolLink, sent: Transmission) -> Delivery:
    with ONE_AT_A_TIME:
        judge = load_judge(request.judge)
        return deliver(request.picture.pixels, link, sent, judge, request.situation())


def _original(request: Request) -> tuple[str, Look]:
    shown, matters, sees = _looked_at(request.picture, request.judge)
    return original_card(shown, matters, sees, request.picture.size, request.box), sees


@lru_cache(maxsize=32)
def _looked_at(picture: Picture, judge: str) -> tuple[str, str | None, Look]:
    """The original and its importance map as data: URIs, and what the network sees in it."""
    image = to_float(picture.pixels)
    with ONE_AT_A_TIME:
        perception = load_judge(judge)
        sees = look(image[None], perception)
        importance = importance_picture(image, perception)
    matters = None if importance is None else png_uri(importance)
    return png_uri(sees.shown), matters, sees


def _card(delivery: Delivery, sees: Look, went: tuple[str, str] | None = None) -> str:
    return link_card(delivery, png_uri(delivery.shown), sees, went)


def _symbols(deliveries: Sequence[Delivery]) -> str:
    return constellation_html(constellation(deliveries), [one.link for one in deliveries])


def _curve(request: Request, fallen_db: float | None = None) -> str:
    """Of images, network and channel like those of the pictures above it, or none."""
    senders, side = request.senders, request.senders.trained_side
    curve = None
    if request.channel == "awgn" and (
        senders.family == PHOTO or request.picture.size == (side, side)
    ):
        curve = accuracy_curve(senders.family, request.ratio, request.judge)
    return curve_html(curve, request.snr_db, fallen_db)


def _notes(request: Request, sees: Look) -> list[str]:
    """What was done to the image, and why these weights may not suit it."""
    unlike = unlike_training(load_judge(request.judge), request.picture.size, sees.confidence)
    side = request.senders.trained_side
    small = request.senders.family != PHOTO
    if unlike is None and small and max(request.picture.size) >= LARGER_THAN_TRAINED * side:
        unlike = f"the codecs were trained on images of {side} × {side} pixels, unlike this one"
    return [request.picture.note, unlike or ""]
