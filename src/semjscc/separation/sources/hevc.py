"""HEVC intra (ITU-T H.265), the core of BPG and the field's usual reference: x265 through PyAV.

    image ─► edge replication to even sides ≥ 16 ─► YCbCr ─► x265, one IDR picture ─► file
    file = VPS, SPS, PPS │ NAL header, slice header │ slice data
           said by size, variant and quality        │ the compact payload

Everything before the slice data is the same for all images of one size and setting, so it is
rebuilt: the encoder tells the parameter sets without a picture. Sample adaptive offset is off
because it would put choices of the image into the slice header; at 32 x 32 it loses 0.04 dB, on
Kodak it gains 0.02 dB.
"""

import math
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, cast

import av
import av.error
import numpy as np
from av.codec.codec import UnknownCodecError
from av.codec.context import Flags
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from semjscc.runtime.quiet import hush_libav
from semjscc.separation.sources.base import Pixels, SourceCoder

Plane = NDArray[np.int32]
"""Samples of one colour component, (H, W) or (H/2, W/2)."""

_FORMATS = ("yuv420p", "yuv444p")

_DECODED = (*_FORMATS, "yuvj420p", "yuvj444p")
"""The same and libav's old names for full range."""

_SMALLEST = 16
"""Least side in pixels: x265 takes no picture smaller than its smallest coding tree unit."""

_PARAMETERS = {
    # One picture, no thread pool and no look-ahead: the same bytes in any process, opened fast.
    "keyint": 1, "bframes": 0, "rc-lookahead": 0, "lookahead-slices": 0, "cutree": 0,
    "pools": "none", "frame-threads": 1, "wpp": 0, "repeat-headers": 1, "info": 0,
    "log-level": "none",
    # The aim is PSNR. `ipratio` 1 makes `qp` the QP of intra pictures, which else is 3 lower.
    "psy-rd": 0, "psy-rdoq": 0, "aq-mode": 0, "ipratio": 1,
    # Rate-distortion optimised quantisation is worth 0.2 dB (4:2:0) and 0.3 dB (4:4:4) at 32 x 32.
    "rd": 6, "rdoq-level": 2, "min-cu-size": 8, "sao": 0, "opt-qp-pps": 0,
    # What the colours are, for other decoders: full range, BT.601 matrix, chroma midway.
    "range": "full", "colorprim": "bt709", "transfer": "iec61966-2-1",
    "colormatrix": "smpte170m", "chromaloc": 1,
}  # fmt: skip

_NAL_TYPES = (32, 33, 34, 20)
"""VPS, SPS, PPS and an IDR slice without leading pictures (H.265 table 7-1)."""

_IDR = bytes((0, 0, 1, _NAL_TYPES[-1] << 1, 1))
"""Start code and NAL unit header (H.265 7.3.1.2) of the slice."""

_BITS = 16
"""Fractional bits of the colour conversion, in integers so that all machines agree."""

_TO_YCBCR = np.array(
    [[19595, 38470, 7471], [-11058, -21710, 32768], [32768, -27439, -5329]], np.int32
)
"""ITU-R BT.601 luma 0.299, 0.587, 0.114 and full-range colour differences, times 2^16."""

hush_libav()


class Hevc(SourceCoder):
    """x265 intra at constant QP, 4:2:0 and 4:4:4; ``qualities`` are QPs.

    Colours are converted here: BT.601, full range, chroma averaged over 2 x 2 pixels and
    interpolated bilinearly. Rounding YCbCr to 8 bits alone limits 4:4:4 to some 53 dB.
    """

    name: ClassVar[str] = "hevc"
    variants: ClassVar[tuple[str, ...]] = ("4:2:0", "4:4:4")
    qualities: ClassVar[tuple[int, ...]] = (*range(51, 26, -1), *range(25, 12, -2))

    def version(self) -> str:
        """Of PyAV's own libav, which x265 comes with."""
        return f"{av.__version__} libavcodec {av.library_versions['libavcodec']}"

    def missing(self) -> str | None:
        """One line where PyAV was built without x265."""
        try:
            av.Codec("libx265", "w")
        except UnknownCodecError:
            return "HEVC needs PyAV with libx265: pip install --only-binary :all: av"
        return None

    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        """VPS, SPS, PPS and one IDR slice with their start codes (H.265 annex B)."""
        height, width = _coded_size(image.shape[0], image.shape[1])
        margins = ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0))
        planes = _to_planes(np.pad(image, margins, mode="edge"), halve=variant == 0)
        return _encode(planes, variant, self.qualities[quality])

    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        """The image.

        Wrong bits within the slice data often go unseen: an arithmetic code has no redundancy.
        """
        kinds = [nal[0] >> 1 & 63 for nal in file.split(b"\0\0\1")[1:] if nal]
        if tuple(kinds) != _NAL_TYPES:
            raise ValueError(f"not one intra picture: NAL unit types {kinds[:8]}")
        planes = _decode(file, _coded_size(*size))
        return np.ascontiguousarray(_to_pixels(planes)[: size[0], : size[1]])

    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """Slice data only.

        Raises:
            ValueError: the file has another size or setting.
        """
        head = _head(_coded_size(*size), variant, self.qualities[quality])
        if not file.startswith(head):
            raise ValueError("this file has another size, variant or quality")
        return file[len(head) :]

    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The file whose slice data these are."""
        if not payload or payload.endswith(b"\0"):
            raise ValueError("slice data end in a byte that is not 0")
        if any(bytes((0, 0, low)) in payload for low in range(3)):
            raise ValueError("slice data hold a start code")
        return _head(_coded_size(*size), variant, self.qualities[quality]) + payload


def _coded_size(height: int, width: int) -> tuple[int, int]:
    """Sides of the coded picture: even, for 4:2:0, and not below `_SMALLEST`."""
    return max(_SMALLEST, height + height % 2), max(_SMALLEST, width + width % 2)


@lru_cache(maxsize=4096)
def _head(size: tuple[int, int], variant: int, qp: int) -> bytes:
    """All that comes before the slice data, without coding a picture.

    The slice segment header (H.265 7.3.6.1) of an IDR picture that is one slice holds, with the
    tools that are on here, first_slice_segment_in_pic_flag, no_output_of_prior_pics_flag,
    slice_pic_parameter_set_id ue(v), slice_type ue(v), slice_qp_delta se(v) from 26,
    slice_loop_filter_across_slices_enabled_flag and byte alignment of 1 to 8 bits.
    """
    encoder = _encoder(size, variant, qp)
    encoder.flags |= Flags.global_header
    encoder.open()
    delta = qp - 26
    code = f"{2 * abs(delta) - (delta > 0) + 1:b}"
    bits = "1" + "0" + "1" + "011" + "0" * (len(code) - 1) + code + "1" + "1"
    bits += "0" * (-len(bits) % 8)
    return (encoder.extradata or b"") + _IDR + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _encode(planes: list[Plane], variant: int, qp: int) -> bytes:
    """One picture through a fresh x265 encoder.

    An open one takes less time for small pictures, but numbers its pictures, which alters a bit of
    the slice header, and its threads do not survive the fork of a worker process.
    """
    height, width = planes[0].shape
    encoder = _encoder((height, width), variant, qp)
    frame = av.VideoFrame(width, height, _FORMATS[variant])
    for target, plane in zip(frame.planes, planes, strict=True):
        _samples(target)[:] = plane
    frame.pts = 0
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def _encoder(size: tuple[int, int], variant: int, qp: int) -> av.VideoCodecContext:
    """An encoder for one picture of (H, W), not yet open."""
    height, width = size
    # The table of H.265 8.6.1 has chroma 4:2:0 4 to 6 steps finer than luma from QP 40 on; so it
    # stays below with this offset: 0.1 to 0.5 dB of RGB PSNR at 32 x 32 from QP 37 to 29.
    offset = -4 if variant == 0 and qp < 40 else 0
    block = 32 if min(height, width) >= 32 else 16  # 64 gains nothing, on Kodak either
    settings = _PARAMETERS | {
        "qp": qp,
        "ctu": block,
        "tu-intra-depth": int(math.log2(block)) - 1,  # down to 4 x 4
        "cbqpoffs": offset,
        "crqpoffs": offset,
    }
    encoder = cast(av.VideoCodecContext, av.CodecContext.create("libx265", "w"))
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = _FORMATS[variant]
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1
    encoder.options = {
        "preset": "slow",
        "x265-params": ":".join(f"{name}={value}" for name, value in settings.items()),
    }
    return encoder


def _decode(file: bytes, size: tuple[int, int]) -> list[Plane]:
    """Planes of the one picture in the file.

    Args:
        file: an annex B stream.
        size: sides the picture must have.

    Raises:
        ValueError: libav finds a fault, or there is not one picture of this size.
    """
    decoder = cast(av.VideoCodecContext, av.CodecContext.create("hevc", "r"))
    decoder.thread_count = 1
    # The picture is stored in whole coding blocks; a foreign one is refused before it has memory.
    limit = (size[0] + 64) * (size[1] + 64)
    decoder.options = {"err_detect": "explode", "max_pixels": str(limit)}
    try:
        frames = [*decoder.decode(av.Packet(file)), *decoder.decode(None)]
    except (av.error.FFmpegError, ValueError) as error:
        raise ValueError("not a readable HEVC picture") from error
    if len(frames) != 1 or frames[0].is_corrupt or frames[0].format.name not in _DECODED:
        raise ValueError("not one whole 8-bit HEVC picture in 4:2:0 or 4:4:4")
    frame = frames[0]
    if (frame.height, frame.width) != size:
        raise ValueError(
            f"the picture is {frame.height} x {frame.width}, not {size[0]} x {size[1]}"
        )
    return [_samples(plane).astype(np.int32) for plane in frame.planes]


def _samples(plane: VideoPlane) -> NDArray[np.uint8]:
    """(H, W), a view of libav's own memory, whose rows are longer."""
    memory = np.frombuffer(plane, np.uint8)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return memory.reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _to_planes(image: Pixels, halve: bool) -> list[Plane]:
    """(H, W, 3) RGB -> Y, Cb and Cr in 0 … 255, colour at half the sides by averaging."""
    red, green, blue = np.moveaxis(image.astype(np.int32), -1, 0)
    y, cb, cr = (row[0] * red + row[1] * green + row[2] * blue for row in _TO_YCBCR)
    shift = _BITS
    if halve:
        height, width = y.shape
        blocks = (height // 2, 2, width // 2, 2)
        cb, cr = cb.reshape(blocks).sum((1, 3)), cr.reshape(blocks).sum((1, 3))
        shift += 2
    half = 1 << shift - 1
    chroma = [np.clip((c + half >> shift) + 128, 0, 255) for c in (cb, cr)]
    return [y + (1 << _BITS - 1) >> _BITS, *chroma]


def _to_pixels(planes: list[Plane]) -> Pixels:
    """The inverse of `_to_planes`, (H, W, 3)."""
    y, *chroma = planes
    # Colour in sixteenths: (3, 1) / 4 of the nearest two samples each way where it was halved.
    cb, cr = (16 * c if c.shape == y.shape else _double(_double(c).T).T for c in chroma)
    cb, cr = cb - 16 * 128, cr - 16 * 128
    scale = 1 << _BITS + 4
    y = y * scale + scale // 2
    # 1.402, 0.344136, 0.714136 and 1.772, times 2^16.
    colours = (y + 91881 * cr, y - 22554 * cb - 46802 * cr, y + 116130 * cb)
    return np.clip(np.stack(colours, -1) >> _BITS + 4, 0, 255).astype(np.uint8)


def _double(plane: Plane) -> Plane:
    """Twice the rows by bilinear interpolation between samples that lie midway, times 4."""
    above = np.concatenate([plane[:1], plane[:-1]])
    below = np.concatenate([plane[1:], plane[-1:]])
    pairs = np.stack([3 * plane + above, 3 * plane + below], axis=1)
    return pairs.reshape(-1, plane.shape[1])
