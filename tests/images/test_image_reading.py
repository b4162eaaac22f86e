"""What may come in as an image, what is refused, and what goes out."""

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from semjscc.errors import UserError
from semjscc.images import (
    MINIMUM_SIDE,
    PIXEL_LIMIT,
    decode_image,
    read_image,
)

"""A decoder's first use loads it, which takes longer than hypothesis allows an example."""

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(mode: str, colour: object, size: tuple[int, int] = (20, 16)) -> Image.Image:
    return Image.new(mode, size, colour)


def colour_at(pixels: torch.Tensor, row: int = 0, column: int = 0) -> tuple[int, ...]:
    return tuple(pixels[:, row, column].tolist())


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises an image and ends after its header."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


def refusal(data: bytes, name: str = "a.png") -> str:
    with pytest.raises(UserError) as caught:
        decode_image(data, name)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000"])
@given(size=st.tuples(st.integers(16, 40), st.integers(16, 40)), seed=st.integers(0, 99))
def test_lossless_formats_come_back_exactly(kind: str, size: tuple[int, int], seed: int):
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    options = {"lossless": True} if kind == "WEBP" else {}
    decoded = decode_image(encode(Image.fromarray(pixels), kind, **options), "x")
    assert decoded.dtype == torch.uint8
    assert decoded.is_contiguous()
    assert torch.equal(decoded, torch.from_numpy(pixels).permute(2, 0, 1))


@pytest.mark.parametrize("kind", ["JPEG", "AVIF", "GIF"])
def test_lossy_formats_come_back_nearly(kind: str):
    decoded = decode_image(encode(plain("RGB", (200, 60, 20)), kind), "x")
    assert decoded.shape == (3, 16, 20)
    assert (decoded.float() - torch.tensor([200.0, 60, 20])[:, None, None]).abs().max() <= 4


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (plain("L", 77), (77, 77, 77)),
        (plain("1", 1), WHITE),
        (plain("RGBA", (255, 0, 0, 0)), WHITE),
        (plain("RGBA", (255, 0, 0, 51)), (255, 204, 204)),
        (plain("LA", (0, 51)), (204, 204, 204)),
        (plain("I;16", 257 * 9), (9, 9, 9)),
        (plain("I;16", 65535), WHITE),
        (plain("I;16", 128), (0, 0, 0)),
        (plain("I;16", 129), (1, 1, 1)),
    ],
)
def test_png_modes_become_rgb(image: Image.Image, expected: tuple[int, ...]):
    assert colour_at(decode_image(encode(image), "x")) == expected


def test_palette_with_and_without_a_transparent_colour():
    image = plain("P", 1)
    image.putpalette([*BLUE, *GREEN])
    assert colour_at(decode_image(encode(image), "x")) == GREEN
    assert colour_at(decode_image(encode(image, transparency=1), "x")) == WHITE
    assert colour_at(decode_image(encode(image, transparency=b"\xff\x33"), "x")) == (204, 255, 204)


def test_rgb_with_a_transparent_colour():
    assert colour_at(decode_image(encode(plain("RGB", RED), transparency=RED), "x")) == WHITE


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_cmyk_becomes_rgb(kind: str):
    decoded = decode_image(encode(plain("CMYK", (0, 255, 255, 0)), kind), "x")
    assert np.allclose(colour_at(decoded), RED, atol=4)


def test_sixteen_bits_of_either_byte_order():
    for order in ("<u2", ">u2"):
        values = np.full((16, 16), 257 * 33, dtype=order)
        assert colour_at(decode_image(encode(Image.fromarray(values), "TIFF"), "x")) == (33,) * 3
    deep_ppm = b"P5 16 16 65535\n" + np.full(256, 257 * 33, ">u2").tobytes()
    assert colour_at(decode_image(deep_ppm, "x")) == (33, 33, 33)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_applied(orientation: int, kind: str):
    upright = np.random.default_rng(0).integers(0, 256, (16, 20, 3), dtype=np.uint8)
    # How a camera held that way stores the scene, by the table of the EXIF standard.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif)
    assert torch.equal(decode_image(data, "x"), torch.from_numpy(upright).permute(2, 0, 1))


def test_damaged_exif_is_passed_over():
    data = encode(plain("RGB", RED), exif=b"Exif\x00\x00nonsense")
    assert colour_at(decode_image(data, "x")) == RED


def test_the_first_frame_of_an_animation_counts():
    frames = [plain("RGB", BLUE), plain("RGB", RED)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert colour_at(decode_image(data, "x")) == BLUE


def test_each_refusal_says_what_is_wrong():
    whole = encode(Image.effect_noise((64, 64), 50))
    assert refusal(b"") == "a.png is empty"
    assert refusal(b"hello").startswith("a.png is not an image in a known format (JPEG, PNG,")
    assert refusal(whole[:20]).startswith("a.png is truncated")
    assert refusal(whole[: len(whole) // 2]).startswith("a.png is truncated")
    assert "both sides must have at least 16" in refusal(encode(plain("L", 0, (15, 40))))
    assert "no known scale" in refusal(encode(plain("F", 0.5), "TIFF"))
    assert "signed" in refusal(encode(plain("I", 65536), "TIFF"))


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP", "AVIF", "JPEG2000"])
def test_a_file_cut_in_its_header_is_still_of_its_format(kind: str):
    whole = encode(Image.effect_noise((64, 64), 50).convert("RGB"), kind)
    for length in range(16, 60):
        assert "known format" not in refusal(whole[:length])


def test_a_cmyk_jpeg_that_adobe_did_not_write_is_no_negative():
    inks = plain("CMYK", (0, 255, 255, 0))
    adobes = encode(inks, "JPEG", quality=95)
    assert np.allclose(colour_at(decode_image(adobes, "x")), RED, atol=4)
    marker = adobes.index(b"\xff\xee")  # Adobe's own, in which it says so
    length = struct.unpack(">H", adobes[marker + 2 : marker + 4])[0]
    others = adobes[:marker] + adobes[marker + 2 + length :]
    # The numbers are the same, but mean ink as it is: no cyan becomes all cyan, and black.
    assert np.allclose(colour_at(decode_image(others, "x")), (0, 0, 0), atol=4)
    inverted = encode(plain("CMYK", (255, 0, 0, 255)), "JPEG", quality=95)
    others = inverted[:marker] + inverted[marker + 2 + length :]
    assert np.allclose(colour_at(decode_image(others, "x")), RED, atol=4)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 7, 8])
def test_few_bits_of_jpeg_2000_fill_the_range(bits: int):
    levels = np.arange(256).reshape(16, 16) % 2**bits
    # The reversible transform is of levels around the middle of the range, so that the same code
    # means other levels as soon as the header says another depth.
    shifted = (levels + 128 - 2 ** (bits - 1)).astype(np.uint8)
    data = bytearray(encode(Image.fromarray(shifted), "JPEG2000", irreversible=False))
    data[bytes(data).index(b"\xff\x4f\xff\x51") + 42] = bits - 1
    data[bytes(data).index(b"ihdr") + 14] = bits - 1
    expected = np.floor(levels * 255 / (2**bits - 1) + 0.5)
    assert np.array_equal(decode_image(bytes(data), "x")[0], expected)


def test_a_jpeg_of_twelve_bits_is_not_called_unknown():
    data = bytearray(encode(plain("L", 7), "JPEG"))
    data[bytes(data).index(b"\xff\xc0") + 4] = 12
    assert refusal(bytes(data)).endswith("its header is cut off, damaged, or of a kind not read")


def test_a_damaged_image_is_refused():
    whole = bytearray(encode(Image.effect_noise((64, 64), 50), "TIFF", compression="tiff_lzw"))
    whole[8:2000] = b"\xff" * 1992
    assert refusal(bytes(whole), "a.tiff").startswith("a.tiff ")


def test_other_formats_that_pillow_knows_stay_shut():
    for kind in ("PCX", "ICO", "TGA", "EPS"):
        assert "not an image in a known format" in refusal(encode(plain("RGB", RED), kind))


@pytest.mark.parametrize("side", [8193, 9600, 20_000, 2**31 - 1])
def test_bombs_are_refused_from_the_header(side: int):
    """Below Pillow's own limit, in its range of warnings, and in its range of errors."""
    assert side**2 > PIXEL_LIMIT
    assert f"more than {PIXEL_LIMIT:,} pixels" in refusal(png_header(side, side))


def test_largest_and_smallest_sizes_pass_the_header():
    assert "pixels" not in refusal(png_header(8192, 8192))
    assert decode_image(encode(plain("L", 0, (MINIMUM_SIDE, MINIMUM_SIDE))), "x").shape[1] == 16


@given(
    data=st.binary(max_size=200), start=st.sampled_from([b"", b"\xff\xd8\xff", b"GIF89a", b"P6"])
)
def test_no_bytes_raise_anything_but_a_user_error(data: bytes, start: bytes):
    with pytest.raises(UserError):
        decode_image(start + data, "x")


@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "JPEG2000", "AVIF", "BMP"])
def test_a_changed_byte_gives_an_image_or_a_user_error(kind: str, place: int, value: int):
    data = bytearray(encode(Image.linear_gradient("L").resize((32, 24)).convert("RGB"), kind))
    data[place % len(data)] = value
    try:
        decoded = decode_image(bytes(data), "x")
    except UserError:
        return
    assert decoded.dtype == torch.uint8
    assert decoded.ndim == 3


def test_read_image_of_a_file(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(encode(plain("RGB", BLUE)))
    assert colour_at(read_image(path)) == BLUE


def test_read_image_refuses_what_is_no_readable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(UserError, match=r"none\.png does not exist"):
        read_image(tmp_path / "none.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    with pytest.raises(UserError, match=r"loop\.png is a link that leads nowhere"):
        read_image(tmp_path / "loop.png")
    with pytest.raises(UserError, match="is a folder"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="not a regular file"):
        read_image(tmp_path / "pipe")
    with pytest.raises(UserError, match="cannot be read"):
        read_image(tmp_path / ("x" * 300))
    with (tmp_path / "large.png").open("wb") as sparse:
        sparse.truncate(256 * 2**20 + 1)
    with pytest.raises(UserError, match="larger than 256 MB"):
        read_image(tmp_path / "large.png")

    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "secret.png").write_bytes(b"x")
    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(UserError, match=r"secret\.png cannot be read: Permission denied"):
        read_image(tmp_path / "secret.png")


def test_names_in_messages_are_harmless():
    assert refusal(b"", "a\x1b]0;x\x07\nb") == "a?]0;x??b is empty"
