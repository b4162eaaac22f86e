"""A whole clip to one recording: each frame is an image of the modem."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from semjscc.errors import Stopped, UserError
from semjscc.evaluation.progress import Progress
from semjscc.radio.modulation import Sender, Sent, write_images
from semjscc.radio.waveform.profiles import Profile
from semjscc.runtime.signals import stops_noted
from semjscc.video.budget import send_at_intervals
from semjscc.video.frames import Clip
from semjscc.video.sending import Counted, expected_frames


@dataclass(frozen=True)
class OnAir:
    """What a clip came to as a recording.

    Attributes:
        sent: the frames in it, in their order.
        left_out: frames of which the link could send nothing; each has its number on the air.
        why: what there is to say of the first of them, or None.
        read: frames of the clip that were looked at.
        seconds: of the clip, from the first of them to the end of the last.
        rate: frames a second at which the sent ones are to be shown, those left out among them.
        on_air_s: length of the recording in seconds.
        stopped: number of the signal that ended it early, or None.
    """

    sent: list[Sent]
    left_out: int
    why: str | None
    read: int
    seconds: Fraction
    rate: Fraction
    on_air_s: float
    stopped: int | None


def modulate_clip(
    clip: Clip,
    sender: Sender,
    profile: Profile,
    path: str,
    kind: str | None,
    *,
    ratio: Fraction,
    snr_db: float,
    gap_s: float | None,
    interval: Fraction | None = None,
    limit: int | None = None,
) -> OnAir:
    """Send the frames of a clip one behind the other, and close it.

    One frame at a time is held. A signal to stop ends the recording behind the frame that is being
    sent, and the outcome says so; one that comes before the first frame is raised.

    Args:
        clip: its frames are read once.
        sender: the link.
        profile: the waveform.
        path: as for `semjscc.radio.modulation.write_images`, and the next four likewise.
        kind: likewise.
        ratio: of each frame.
        snr_db: what the link codes for.
        gap_s: silence around each frame.
        interval: seconds of the clip from one frame that is sent to the next, at least; None to
            send all.
        limit: only the first so many frames of the clip.

    Raises:
        UserError: as of `semjscc.radio.modulation.write_images`; or no frame can be sent.
    """
    counted, missed = Counted(clip, limit), list[str]()
    rate = clip.rate if interval is None else min(clip.rate, 1 / interval)
    frames = counted if interval is None else send_at_intervals(counted, interval, clip.rate)
    begun, progress = 0, Progress("modulating", expected_frames(clip, rate, limit), "frames")

    def images() -> Iterator[tuple[str, Tensor]]:
        nonlocal begun
        for frame in frames:
            if heard and not begun:
                raise Stopped("nothing was sent", heard[0])
            begun += 1
            yield (
                f"{clip.name}, frame {frame.number}",
                torch.from_numpy(frame.pixels).permute(2, 0, 1),
            )
            progress.advance(1)
            if heard:
                break
        if missed and len(missed) == begun:
            raise UserError(missed[0])

    with stops_noted() as heard, closing(clip.frames), progress:  # pyright: ignore[reportArgumentType]
        sent, on_air_s = write_images(
            *(images(), sender, profile, path, kind),
            ratio=ratio,
            snr_db=snr_db,
            gap_s=gap_s,
            leave_out=missed.append,
        )
    why, stopped = (missed[0] if missed else None), (heard[0] if heard else None)
    seconds = counted.seconds
    return OnAir(sent, len(missed), why, counted.read, seconds, rate, on_air_s, stopped)
