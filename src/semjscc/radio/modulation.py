"""Images to a recording: a link's symbols, the header that tells of them, the waveform.

image ─► link ─► symbols, control ─► name and fingerprint of the weights ─► bursts ─► samples
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from torch import Tensor

from semjscc.channels.peaks import CLIP_DB
from semjscc.errors import UserError
from semjscc.images import to_float
from semjscc.links import open_link
from semjscc.links.base import Control, SymbolLink
from semjscc.links.catalogue import find_link
from semjscc.links.joint_coding.codec import CodecLink
from semjscc.links.joint_coding.progressive import ProgressiveLink
from semjscc.links.separate_coding.source import SourceControl
from semjscc.radio.demodulator_input import pipe_kind
from semjscc.radio.recordings.files import write_recording
from semjscc.radio.recordings.sigmf import Annotation
from semjscc.radio.sampling.resampling import Samples
from semjscc.radio.supported_links import check_carried
from semjscc.radio.waveform.header import CodecControl
from semjscc.radio.waveform.layout import burst_count, image_samples
from semjscc.radio.waveform.limits import check_sent
from semjscc.radio.waveform.profiles import Profile
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.radio.weights import fingerprint, name_on_the_air

GAP_S = {"sdr": 1e-3, "audio": 0.25}
"""Silence around an image where nobody states another."""
SILENCE = 1 << 16
"""Samples of it in one piece."""


@dataclass(frozen=True)
class Sent:
    """One image of a recording.

    Attributes:
        image: its number in the recording, from 0.
        name: what the sender calls it.
        codec: name of the weights or of the link in the header.
        width, height: in pixels.
        ratio: nominal bandwidth ratio.
        channel_uses: symbols of the link.
        bursts: bursts they are sent in.
        start: number of the first sample.
        samples: how many.
        share: the link's symbols over all that the waveform's time and band could carry.
    """

    image: int
    name: str
    codec: str
    width: int
    height: int
    ratio: str
    channel_uses: int
    bursts: int
    start: int
    samples: int
    share: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Sender:
    """A link with the name that its weights have on the air; see `open_sender`."""

    link: SymbolLink
    codec: str | None
    fingerprint: int

    def record(self, control: Control) -> Control:
        """The control record that the header carries."""
        if self.codec is None:
            return control
        size = control.height, control.width
        return CodecControl(
            self.codec,
            *size,
            control.ratio,
            self.fingerprint,
            level=control.level,
            announced=control.announced,
            in_order=control.in_order,
        )


def open_sender(name: str, family: str, *, important: Tensor | None = None) -> Sender:
    """The sending end of a link.

    Args:
        name: as for `semjscc.links.open_link`.
        family: which shipped weights to use.
        important: what matters in the images that will be sent, likewise.

    Raises:
        UserError: no such link, or one that the modem does not carry, or that weighs nothing.
    """
    check_carried(find_link(name, family))
    link = open_link(name, family, important=important)
    assert isinstance(link, SymbolLink)
    codec = link.inner if isinstance(link, ProgressiveLink) else link
    if isinstance(codec, CodecLink):
        return Sender(link, name_on_the_air(codec, family), fingerprint(codec.codec))
    return Sender(link, None, 0)


def send_images(
    images: Iterable[tuple[str, Tensor]],
    sender: Sender,
    profile: Profile,
    *,
    ratio: Fraction,
    snr_db: float,
    gap_s: float,
    tell: Callable[[Sent], object],
    clip_db: float | None = CLIP_DB,
    leave_out: Callable[[str], object] | None = None,
) -> Iterator[Samples]:
    """The samples of a recording, a gap before, between and behind the images.

    Args:
        images: name and (3, H, W) uint8 of each; read one at a time.
        sender: the link.
        profile: the waveform.
        ratio: the nominal bandwidth ratio.
        snr_db: Es/N0 in dB that the link codes for.
        gap_s: silence, in seconds.
        tell: hears of each image as it is sent.
        clip_db: limit on the envelope above its root mean square, None for none.
        leave_out: hears why an image is left out, of which the link can send nothing at this ratio
            and SNR: it has its number and its time, and there is silence; None to raise that.

    Raises:
        UserError: the link cannot send an image at this ratio and SNR, or it is too large.
    """
    gap = round(gap_s * profile.sample_rate)
    position = gap
    yield from _silence(gap)
    for number, (name, image) in enumerate(images):
        check_sent(name, (image.shape[-2], image.shape[-1]), ratio)
        transmission = sender.link.transmit(to_float(image)[None], ratio, snr_db)
        told = transmission.control[0]
        if isinstance(told, SourceControl) and told.mode is None:
            wrong = (
                f"nothing of {name} fits into {transmission.symbols.shape[1]} symbols at "
                f"{snr_db:g} dB: take a higher --ratio or --snr"
            )
            if leave_out is None:
                raise UserError(wrong)
            leave_out(wrong)
            silent = image_samples(profile, transmission.symbols.shape[1]) + gap
            yield from _silence(silent)
            position += silent
            continue
        control, symbols = sender.record(told), transmission.symbols[0].numpy()
        samples = modulate_image(symbols, control, profile, image=number, clip_db=clip_db)
        tell(
            Sent(
                image=number,
                name=name,
                codec=control.codec,
                width=control.width,
                height=control.height,
                ratio=str(ratio),
                channel_uses=len(symbols),
                bursts=burst_count(profile, len(symbols)),
                start=position,
                samples=len(samples),
                share=payload_share(profile, len(symbols), len(samples)),
            )
        )
        yield samples
        yield from _silence(gap)
        position += len(samples) + gap


def _silence(count: int) -> Iterator[Samples]:
    """So many zeros in pieces: an hour of them is 58 GB."""
    for start in range(0, count, SILENCE):
        yield np.zeros(min(SILENCE, count - start), np.complex64)


def write_images(
    images: Iterable[tuple[str, Tensor]],
    sender: Sender,
    profile: Profile,
    path: str,
    kind: str | None,
    *,
    ratio: Fraction,
    snr_db: float,
    gap_s: float | None,
    leave_out: Callable[[str], object] | None = None,
) -> tuple[list[Sent], float]:
    """Images to a recording in a file or a pipe, with an annotation for each where there can be.

    Args:
        images: name and (3, H, W) uint8 of each; read one at a time.
        sender: the link.
        profile: the waveform.
        path: a file, or "-" for standard output.
        kind: as for `write_recording`; None for that of the path.
        ratio: the nominal bandwidth ratio.
        snr_db: Es/N0 in dB that the link codes for.
        gap_s: silence around each image in seconds, or None for the waveform's own.
        leave_out: as for `send_images`.

    Returns:
        the images as they were sent, and the length of the recording in seconds.

    Raises:
        UserError: as `send_images` and `write_recording`.
    """
    sent: list[Sent] = []
    annotations: list[Annotation] = []

    def tell(one: Sent) -> None:
        sent.append(one)
        annotations.append(annotation(one))

    gap = GAP_S[profile.name] if gap_s is None else gap_s
    samples = send_images(
        *(images, sender, profile),
        ratio=ratio,
        snr_db=snr_db,
        gap_s=gap,
        tell=tell,
        leave_out=leave_out,
    )
    kind = kind or pipe_kind(path, profile.name)
    written = write_recording(path, samples, profile.sample_rate, kind, annotations)
    return sent, written / profile.sample_rate


def payload_share(profile: Profile, k: int, samples: int) -> float:
    """A link's k symbols over those that so many samples could carry, prefix and pilots not."""
    return k * profile.size / (samples * len(profile.carriers))


def annotation(sent: Sent) -> Annotation:
    """An image of a SigMF file; the sender's names of files stay at home."""
    fields = sent.to_dict()
    for known in ("start", "samples", "name"):
        del fields[known]
    return Annotation(sent.start, sent.samples, f"image {sent.image}", fields)
