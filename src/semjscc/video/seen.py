"""What the receiver's network saw in each frame, as lines of JSON, and in all of them in short."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from semjscc.tasks.base import Seen
from semjscc.video.transmission import Arrived, SentFrame


def write_seen(sent: SentFrame, stream: TextIO) -> None:
    """One line for each link, at once on the disk: a command that is stopped has written them."""
    for arrived in sent.arrived:
        facts = {
            "frame": sent.number,
            "time": round(float(sent.time), 6),
            "link": arrived.link,
            "delivered": arrived.delivered,
            "psnr_db": arrived.psnr_db,
            "before": things_facts(sent.before.things),
            "after": things_facts(arrived.after.things),
        }
        stream.write(json.dumps(facts) + "\n")
    stream.flush()


def things_facts(things: Sequence[Seen]) -> list[dict[str, Any]]:
    """What is seen as plain data for JSON, most certain first."""
    return [{"label": one.label, "confidence": one.confidence} for one in things]


@dataclass
class Tally:
    """What one link came to over all frames so far.

    Attributes:
        link: its name.
        frames: how many were sent.
        failed: of these, whose decoder knows that it failed.
        agreed: of these, in which the network sees the same main thing as before the channel.
        with_error: of these, that arrived with an error.
        psnr_db: the sum over frames with an error.
        repeated: symbols that were sent once more.
        payload_bits: of a digital link.
        control_bits: side information of a frame.
    """

    link: str
    frames: int = 0
    failed: int = 0
    agreed: int = 0
    with_error: int = 0
    psnr_db: float = 0.0
    repeated: int = 0
    payload_bits: int | None = None
    control_bits: int = 0

    def add(self, sent: SentFrame, arrived: Arrived) -> None:
        """Count one more frame."""
        self.frames += 1
        self.failed += not arrived.delivered
        self.agreed += arrived.after.things[0].label == sent.before.things[0].label
        if arrived.psnr_db is not None:
            self.with_error += 1
            self.psnr_db += arrived.psnr_db
        self.repeated += arrived.repeated
        if arrived.payload_bits is not None:
            self.payload_bits = (self.payload_bits or 0) + arrived.payload_bits
        self.control_bits = arrived.control_bits

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: means over the frames, None where there is nothing to tell."""
        return {
            "link": self.link,
            "frames": self.frames,
            "not_delivered": self.failed,
            "agreement": self.agreed / self.frames if self.frames else None,
            "psnr_db": self.psnr_db / self.with_error if self.with_error else None,
            "repeated": self.repeated,
            "payload_bits": self.payload_bits,
            "control_bits": self.control_bits,
        }
