"""``semjscc modulate`` with moving pictures."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from semjscc.cli.answers import print_json
from semjscc.cli.important import check_marks, mask_of, read_marks
from semjscc.cli.options import columns, family_for_size, few_digits, ratio_of, warn
from semjscc.cli.radio.modem import recording
from semjscc.cli.transmission.clip_answers import frames_are, frames_text
from semjscc.cli.transmission.clip_source import budget_of, open_source, source_of
from semjscc.errors import Stopped, UserError, printable
from semjscc.paths import keep_apart
from semjscc.radio.recordings.kinds import PIPE
from semjscc.runtime.threads import import_torch

if TYPE_CHECKING:
    from semjscc.radio.waveform.profiles import Profile
    from semjscc.video.frames import Clip
    from semjscc.video.modulating import OnAir


def modulate_clip(arguments: argparse.Namespace, waveform: str, snr_db: float) -> None:
    """Send the frames of moving pictures one behind the other, and say what it came to.

    Args:
        arguments: of the command, of which gap, SNR and ratio are checked.
        waveform: name of the profile.
        snr_db: what the sender codes for.
    """
    from semjscc.allocation.sources import check_takes_mask
    from semjscc.links.catalogue import find_link
    from semjscc.links.loading import uses_family
    from semjscc.radio.supported_links import check_carried

    if len(arguments.images) > 1:
        raise UserError("modulate takes images, or one clip alone: send several in turn")
    source = source_of(arguments, arguments.images[0])
    marks, out = read_marks(arguments.important), recording(arguments.out)
    clip, size, files = open_source(source)
    family = family_for_size(arguments, [arguments.link], size)
    place = find_link(arguments.link, family)
    check_carried(place)
    if arguments.weights is not None and not uses_family(arguments.link, place):
        raise UserError(f"--weights does nothing for {printable(place.name)}: leave it out")
    if marks:
        check_takes_mask(place.policy, place.source, place.name)
        check_marks(marks, size)

    import_torch()
    from semjscc.radio.modulation import open_sender
    from semjscc.radio.recordings.files import files_of
    from semjscc.radio.recordings.kinds import check_kind
    from semjscc.radio.waveform.profiles import PROFILES
    from semjscc.video.folder import open_folder
    from semjscc.video.modulating import modulate_clip as send

    check_kind(arguments.format, out)
    keep_apart([source.path, *files, *marks.files], files_of(out))
    clip = clip or open_folder(source.path, files, source.rate)
    if clip.has_sound:
        warn(f"the sound of {clip.name} is not sent")
    important = mask_of(marks, clip.size) if marks else None
    sender, profile = open_sender(arguments.link, family, important=important), PROFILES[waveform]
    budget = budget_of(arguments.ratio, source, [sender.link], clip)
    ratio = ratio_of(arguments.ratio, sender.link) if budget is None else budget.ratio
    outcome = send(
        *(clip, sender, profile, out, arguments.format),
        ratio=ratio,
        snr_db=snr_db,
        gap_s=arguments.gap,
        interval=None if budget is None else budget.interval,
        limit=source.limit,
    )
    if outcome.left_out:
        warn(f"{frames_text(outcome.left_out)} could not be sent: {outcome.why}")
    facts = _facts(clip, outcome, profile, out)
    if arguments.json:
        print_json(facts, beside_recording=out == PIPE)
    else:
        # Standard output may be the recording itself.
        print(columns(_rows(facts)), file=sys.stderr if out == PIPE else sys.stdout)
    if outcome.stopped is not None:
        raise Stopped(f"{frames_are(len(outcome.sent))} in {out}", outcome.stopped)


def _facts(clip: Clip, outcome: OnAir, profile: Profile, out: str) -> dict[str, Any]:
    """What it came to, for programs."""
    sent, seconds, (height, width) = outcome.sent, float(outcome.seconds), clip.size
    first = sent[0] if sent else None
    used = sum(one.channel_uses for one in sent)
    return {
        "out": out,
        "profile": profile.name,
        "sample_rate": profile.sample_rate,
        "seconds": outcome.on_air_s,
        "width": width,
        "height": height,
        "frames": outcome.read,
        "frames_sent": len(sent),
        "frames_left_out": outcome.left_out,
        "frames_per_second": float(outcome.rate),
        "clip_seconds": seconds,
        "codec": first and first.codec,
        "ratio": first and first.ratio,
        "channel_uses": first and first.channel_uses,
        "symbols_per_second": used / seconds,
        "frame_seconds": first and first.samples / profile.sample_rate,
        "share": first and first.share,
    }


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The same for people: a title and a text a line."""
    size, rate = f"{facts['width']} x {facts['height']} pixels", f"{facts['frames_per_second']:.6g}"
    count, clip_s = frames_text(facts["frames_sent"]), facts["clip_seconds"]
    if facts["frames_sent"] < facts["frames"]:
        count += f" of {facts['frames']}"
    rows = [("sent", f"{count} of {size} in {few_digits(clip_s)} s, {rate} a second")]
    if facts["frames_sent"]:
        rows += [
            (
                "channel uses",
                f"{facts['channel_uses']} complex symbols a frame by {facts['codec']} at ratio "
                f"{facts['ratio']}, {few_digits(facts['symbols_per_second'])} a second",
            ),
            (
                "on the air",
                f"{few_digits(facts['frame_seconds'])} s a frame by {facts['profile']}, "
                f"{facts['share']:.0%} of it payload",
            ),
        ]
    times = few_digits(facts["seconds"] / clip_s)
    whole = f"{facts['seconds']:.3f} s of {facts['profile']}, {times} times as long as the clip"
    rows.append(("written", f"to {facts['out']}: {whole}"))
    rows.append(
        ("to receive", f"semjscc demodulate {facts['out']} --fps {rate} --out received.mp4")
    )
    return rows
