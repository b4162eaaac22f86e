"""What ``semjscc transmit`` says of moving pictures once they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from semjscc.cli.options import few_digits

if TYPE_CHECKING:
    from semjscc.links import Link, Situation
    from semjscc.links.catalogue import Place
    from semjscc.perception.base import Perception
    from semjscc.video.frames import Clip
    from semjscc.video.sending import Outcome


def clip_facts(
    clip: Clip,
    outcome: Outcome,
    places: Sequence[Place],
    links: Sequence[Link],
    situations: Sequence[Situation],
) -> dict[str, Any]:
    """What it came to, for programs."""
    from semjscc.codecs.bandwidth import channel_uses
    from semjscc.links import NoChannel
    from semjscc.radio.supported_links import seconds_on_air

    seconds = float(outcome.seconds)
    told = []
    for tally, place, link, situation in zip(
        outcome.tallies, places, links, situations, strict=True
    ):
        crossed = not isinstance(link, NoChannel)
        k = channel_uses(*clip.size, situation.ratio) if crossed else 0
        used = k * outcome.sent + tally.repeated
        air = seconds_on_air(place, clip.size, situation.ratio)
        told.append(
            {
                **tally.to_dict(),
                "snr_db": situation.snr_db if crossed else None,
                "ratio": str(situation.ratio) if crossed else None,
                "channel_uses": k,
                "symbols_per_second": used / seconds,
                "seconds_on_air": air and {name: one * outcome.sent for name, one in air.items()},
            }
        )
    height, width = clip.size
    return {
        "width": width,
        "height": height,
        "frames": outcome.read,
        "frames_sent": outcome.sent,
        "seconds": seconds,
        "frames_per_second": outcome.sent / seconds,
        "links": told,
    }


def clip_rows(
    facts: dict[str, Any], perception: Perception, written: dict[str, str]
) -> list[tuple[str, str]]:
    """The same for people: a title and a text a line."""
    size = f"{facts['width']} x {facts['height']} pixels"
    rate, seconds = few_digits(facts["frames_per_second"]), few_digits(facts["seconds"])
    count = frames_text(facts["frames_sent"])
    if facts["frames_sent"] < facts["frames"]:
        count += f" of {facts['frames']}"
    rows = [("sent", f"{count} of {size} in {seconds} s, {rate} a second")]
    for one in facts["links"]:
        met = "no channel" if one["snr_db"] is None else f"SNR {one['snr_db']:g} dB"
        rows.append(("link", f"{one['link']}, {met}, seen by {perception.name}"))
        if one["ratio"] is not None:
            per_second = few_digits(one["symbols_per_second"])
            rows.append(
                (
                    "channel uses",
                    f"{one['channel_uses']} complex symbols a frame at ratio {one['ratio']}, "
                    f"{per_second} a second; {one['control_bits']} control bits a frame",
                )
            )
        if one["seconds_on_air"] is not None:
            takes = [f"{few_digits(s)} s by {name}" for name, s in one["seconds_on_air"].items()]
            rows.append(("on the air", f"{', '.join(takes)}, the profiles of the modem"))
        psnr = "no error" if one["psnr_db"] is None else f"{one['psnr_db']:.2f} dB on average"
        lost = f", {frames_text(one['not_delivered'])} not decoded" if one["not_delivered"] else ""
        rows.append(("PSNR", psnr + lost))
        rows.append(("seen", f"the same as before in {one['agreement']:.1%} of the frames"))
    told = {"out": "", "seen": "what is seen "}
    where = " and ".join(f"{told[name]}to {path}" for name, path in written.items())
    rows.append(("written", where))
    return rows


def frames_text(count: int) -> str:
    """So many frames, in words."""
    return f"{count} frame{'' if count == 1 else 's'}"


def frames_are(count: int) -> str:
    """The same with its verb."""
    return f"{frames_text(count)} {'is' if count == 1 else 'are'}"
