"""A recording to images: frames, the link that each names, and what the machine sees in it.

recording ─► receive ─► frame ─► link, by its header ─► image ─► perception
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge
from semjscc.errors import UserError
from semjscc.families import default_perception, family_for, family_of_weights
from semjscc.images import printable
from semjscc.links.separate_coding.source import SourceControl
from semjscc.perception.base import Perception
from semjscc.perception.store import open_perception
from semjscc.radio.demodulator_input import PART_OF_IMAGE
from semjscc.radio.receiver.receiver import EARLY_PARTS, Frame
from semjscc.radio.waveform.header import CodecControl
from semjscc.radio.weights import Receivers
from semjscc.tasks.base import Seen
from semjscc.transmission import see, unlike_training


@dataclass(frozen=True)
class Heard:
    """What became of a frame.

    Attributes:
        frame: what the modem received; its symbols may be let go.
        image: (3, H, W) float32, rounded to 8 bits; None where there is none.
        seen: the first choice of the perception network, or None without an image.
        problem: why there is no image, or None.
        lacking: whether that is so because something is missing here.
        imageless: whether that is so because frames of its kind never bring one.
        warning: why what is seen may mean little, or in what way the image arrived in part only.
        things: what is seen and a few more, where the network's task is to find several.
    """

    frame: Frame
    image: Tensor | None
    seen: Seen | None
    problem: str | None = None
    lacking: bool = False
    imageless: bool = False
    warning: str | None = None
    things: tuple[Seen, ...] = ()

    @property
    def is_early(self) -> bool:
        """Whether more of the same image is on its way."""
        return self.frame.packets_to_come > 0

    def is_of(self, other: "Heard") -> bool:
        """Whether it is the same image as another, of which more or less had arrived."""
        one, two = self.frame, other.frame
        return (one.image, one.time_s, one.packets) == (two.image, two.time_s, two.packets)

    @property
    def erased(self) -> float:
        """Share of the image's symbols that did not arrive."""
        return float(np.mean(~np.isfinite(self.frame.noise_variance)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, what it counts in at the end of the names.

        ``snr_db`` is Es/N0 of a data element; ``cn0_db_hz`` is C/N0, that times the bandwidth.
        """
        frame = self.frame
        return {
            "image": frame.image,
            "time_s": frame.time_s,
            "codec": frame.control.codec,
            "width": frame.control.width,
            "height": frame.control.height,
            "ratio": str(frame.control.ratio),
            "cfo_hz": frame.cfo_hz,
            "clock_ppm": frame.clock_ppm,
            "snr_db": frame.snr_db,
            "cn0_db_hz": frame.cn0_db_hz,
            "headers": f"{frame.packets_heard} of {frame.packets}",
            "packets": frame.packets,
            "packets_lost": frame.packets_lost,
            "packets_to_come": frame.packets_to_come,
            "erased_share": self.erased,
            "damaged_share": frame.damaged_share,
            "delivered": self.image is not None,
            "seen": None if self.seen is None else self.seen.label,
            "confidence": None if self.seen is None else self.seen.confidence,
            "problem": self.problem,
            "warning": self.warning,
        }


TITLES = ("image", "time", "SNR", "CFO", "clock", "headers", "lost", "damaged", "seen")


def columns(heard: Heard) -> list[str]:
    """A frame as the words of a table, in the order of `TITLES`."""
    frame = heard.frame
    if heard.seen is not None:
        seen = f"{heard.seen.label} ({heard.seen.confidence:.0%})"
    else:
        seen = heard.problem or ""
    return [
        str(frame.image),
        f"{frame.time_s:.3f} s",
        f"{frame.snr_db:.1f} dB",
        f"{frame.cfo_hz:+.1f} Hz",
        f"{frame.clock_ppm:+.1f} ppm",
        f"{frame.packets_heard} of {frame.packets}",
        str(frame.packets_lost),
        f"{frame.damaged_share:.0%}",
        printable(seen),
    ]


class Listener:
    """Turns frames into images.

    Args:
        receivers: the receiving ends of links.
        perception: what looks at the images; None for the network of a family.
        family: of shipped weights, whose network looks; "" for that of the frame's weights, or
            else the one that suits an image's size.
    """

    def __init__(self, receivers: Receivers, perception: Perception | None, family: str) -> None:
        self._receivers = receivers
        self._perception = perception
        self._family = family
        self._loaded: dict[str, Perception] = {}

    def hear(self, frame: Frame) -> Heard:
        """One frame's image; what cannot be decoded comes with its reason.

        Of which less than a quarter of the packets arrived is not: a single burst, which may come
        from a stranger, would have millions of pixels decoded. Of symbols in order of what they are
        worth a sixteenth is enough.
        """
        came = frame.packets_heard
        part = max(EARLY_PARTS) if frame.control.in_order else PART_OF_IMAGE
        if part * came < frame.packets:
            problem = f"too little of it arrived: {came} of {frame.packets} packets"
            return Heard(frame, None, None, problem)
        try:
            link = self._receivers.link(frame.control)
        except UserError as error:
            known = isinstance(frame.control, CodecControl | SourceControl)
            return Heard(frame, None, None, str(error), lacking=known, imageless=not known)
        if not np.isfinite(frame.noise_variance).any():
            return Heard(frame, None, None, "nothing of its payload arrived")
        knowledge = ChannelKnowledge(
            gain=torch.ones(1, dtype=torch.complex64),
            noise_variance=torch.from_numpy(frame.noise_variance)[None],
        )
        try:
            received = link.receive(
                torch.from_numpy(frame.symbols)[None], knowledge, [frame.control]
            )
        except UserError as error:
            return Heard(frame, None, None, str(error))
        if received.images is None or not bool(received.delivered[0]):
            return Heard(frame, None, None, "its payload has errors that the code cannot correct")
        control = frame.control
        family = self._family or family_of_weights(link.name)
        family = family or family_for(control.height, control.width)
        network = self._perception or self._load(default_perception(family))
        image, sight = received.images[0], see(network, received.images)
        seen, size = sight.things[0], (image.shape[-2], image.shape[-1])
        warning = unlike_training(network, size, sight.confidence, received=True)
        warnings = [one for one in (received.note, warning) if one]
        return Heard(frame, image, seen, warning="; ".join(warnings) or None, things=sight.things)

    def _load(self, name: str) -> Perception:
        if name not in self._loaded:
            self._loaded[name] = open_perception(name)
        return self._loaded[name]
