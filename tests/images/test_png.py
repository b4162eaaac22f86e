"""PNG files whose texts and profiles no pixel needs."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from semjscc.errors import UserError
from semjscc.images import decode_image
from semjscc.images.png import NOTE_LIMIT, SIGNATURE, without_notes

PIXELS = np.random.default_rng(0).integers(0, 256, (16, 20, 3), dtype=np.uint8)
BULK = 2 * 2**20


def encode(image: Image.Image, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def with_chunk(data: bytes, kind: bytes, content: bytes, *, last: bool = False) -> bytes:
    """The chunk behind the header, or before the end."""
    place = len(data) - 12 if last else len(SIGNATURE) + 25
    return data[:place] + chunk(kind, content) + data[place:]


def pixels_of(data: bytes) -> np.ndarray:
    return decode_image(data, "x").permute(1, 2, 0).numpy()


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"iCCP", b"ICC Profile\0\0" + zlib.compress(bytes(BULK))),
        (b"tEXt", b"Comment\0" + b"a" * BULK),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * BULK)),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 2**28)),
        (b"zTXt", b"Comment\0\0no zlib"),
        (b"zTXt", b"Comment\0\7" + zlib.compress(b"unknown method")),
        (b"zTXt", b"Comment"),
        (b"iTXt", b"Comment\0\1\0en\0Comment\0" + zlib.compress(b"a" * BULK)),
        (b"iTXt", b"Comment\0\0\0en\0Comment\0" + b"a" * BULK),
        (b"iTXt", b"Comment"),
    ],
)
def test_a_profile_or_text_of_any_size_does_no_harm(kind: bytes, content: bytes, last: bool):
    data = with_chunk(encode(Image.fromarray(PIXELS)), kind, content, last=last)
    assert np.array_equal(pixels_of(data), PIXELS)


def test_many_texts_that_are_long_together():
    data = encode(Image.fromarray(PIXELS))
    packed = b"Comment\0\0" + zlib.compress(b"a" * NOTE_LIMIT)
    for _ in range(140):  # 70 MB, of which Pillow takes 64
        data = with_chunk(data, b"zTXt", packed)
    assert np.array_equal(pixels_of(data), PIXELS)


@pytest.mark.parametrize("packed", [False, True])
def test_an_orientation_in_a_text_still_counts(packed: bool):
    xmp = '<rdf:Description tiff:Orientation="6"/>' + " " * 100_000
    notes = PngInfo()
    notes.add_itxt("XML:com.adobe.xmp", xmp, zip=packed)
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(PIXELS)))
    data = with_chunk(encode(stored, pnginfo=notes), b"tEXt", b"Comment\0" + b"a" * BULK)
    assert np.array_equal(pixels_of(data), PIXELS)


def test_damage_beside_the_pixels_does_no_harm():
    notes = PngInfo()
    notes.add_text("Comment", "a ramp")
    notes.add_text("Comment", "packed", zip=True)
    notes.add_itxt("Comment", "rampe", "fr", "Remarque")
    exif = Image.Exif()
    exif[0x010E] = "a ramp"
    whole = encode(Image.fromarray(PIXELS), pnginfo=notes, dpi=(72, 72), exif=exif)
    for kind in (b"tEXt", b"zTXt", b"iTXt", b"pHYs", b"eXIf"):
        damaged = bytearray(whole)
        damaged[whole.index(kind) + 6] ^= 1
        assert np.array_equal(pixels_of(bytes(damaged)), PIXELS)
    damaged = bytearray(whole)
    damaged[whole.index(b"IDAT") + 6] ^= 1
    with pytest.raises(UserError):
        decode_image(bytes(damaged), "x")


def test_what_makes_pixels_and_short_notes_stay():
    notes = PngInfo()
    notes.add_text("Comment", "a ramp", zip=True)
    whole = encode(Image.fromarray(PIXELS).quantize(8), pnginfo=notes, transparency=3)
    assert without_notes(whole) == whole


def test_a_cut_file_is_called_so():
    notes = PngInfo()
    notes.add_text("Comment", "packed", zip=True)
    whole = encode(Image.fromarray(PIXELS), pnginfo=notes)
    for length in range(8, len(whole) - 20, 5):
        with pytest.raises(UserError, match=r"x is truncated|header is cut off"):
            decode_image(whole[:length], "x")


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_one_transparent_grey(depth: int):
    """The second darkest is clear: white, though it is dark itself."""
    digits = f"{0:0{depth}b}{1:0{depth}b}" * 8
    row = b"\0" + int(digits, 2).to_bytes(len(digits) // 8)
    head = struct.pack(">IIBBBBB", 16, 16, depth, 0, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"tRNS", b"\0\1"),
        (b"IDAT", zlib.compress(row * 16)),
        (b"IEND", b""),
    )
    decoded = decode_image(SIGNATURE + b"".join(chunk(*one) for one in chunks), "x")
    assert decoded[:, 0, :4].tolist() == [[0, 255, 0, 255]] * 3


def test_one_transparent_grey_of_sixteen_bits():
    grey = np.full((16, 16), 257 * 9, np.uint16)
    grey[3, 4] = 257 * 50
    data = with_chunk(encode(Image.fromarray(grey)), b"tRNS", struct.pack(">H", 257 * 50))
    decoded = decode_image(data, "x")
    assert decoded[:, 3, 4].tolist() == [255] * 3
    assert torch.equal(decoded[:, 4], torch.full((3, 16), 9, dtype=torch.uint8))


def test_one_transparent_colour_of_sixteen_bits():
    colours = np.zeros((16, 16, 3), ">u2")
    colours[..., 0], colours[3, 4] = 257 * 9, [0x3207, 0x0009, 0x0709]
    rows = b"".join(b"\0" + row.tobytes() for row in colours)
    head = struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)
    clear = struct.pack(">HHH", 0x3207, 0x0009, 0x0709)
    chunks = (b"IHDR", head), (b"tRNS", clear), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    decoded = decode_image(SIGNATURE + b"".join(chunk(*one) for one in chunks), "x")
    assert decoded[:, 3, 4].tolist() == [255] * 3
    assert decoded[:, 4, 4].tolist() == [9, 0, 0]
