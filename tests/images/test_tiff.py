"""TIFF files of every depth, byte order and meaning, written here by TIFF 6.0 or by tifffile."""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from semjscc.errors import UserError
from semjscc.images import decode_image

SIDE = 18
BYTE, SHORT, LONG, LONG8 = 1, 3, 4, 16
NONE, LZW, DEFLATE = 1, 5, 8
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR = 258, 259, 262, 277, 284
PREDICTOR, PALETTE_TAG, SUBSAMPLING, EXTRA, FORMAT = 317, 320, 530, 338, 339
FILL_ORDER = 266


def packed(row: Sequence[int], bits: int, order: str) -> bytes:
    """One row of samples: whole bytes in the file's order, else one bit after the other."""
    if bits % 8 == 0:
        return b"".join(
            int(v).to_bytes(bits // 8, "little" if order == "<" else "big") for v in row
        )
    digits = "".join(f"{int(v):0{bits}b}" for v in row)
    digits += "0" * (-len(digits) % 8)
    return int(digits, 2).to_bytes(len(digits) // 8)


def lzw(data: bytes) -> bytes:
    """Literal codes of 9 bits alone: the table is cleared before it needs 10."""
    codes = []
    for start in range(0, len(data), 200):
        codes += [256, *data[start : start + 200]]
    digits = "".join(f"{code:09b}" for code in [*codes, 257])
    digits += "0" * (-len(digits) % 8)
    return int(digits, 2).to_bytes(len(digits) // 8)


def tiff(
    pixels: np.ndarray,
    bits: int,
    photometric: int | None,
    *,
    order: str = "<",
    compression: int = NONE,
    planes: bool = False,
    rows: int = SIDE,
    tile: int = 0,
    mirrored: bool = False,
    big: bool = False,
    more: dict[int, tuple[int, Sequence[int]]] | None = None,
) -> bytes:
    """A file of the samples (H, W, S)."""
    height, width, samples = pixels.shape
    layers = [pixels[..., i : i + 1] for i in range(samples)] if planes else [pixels]
    pieces = []
    for layer in layers:
        for top in range(0, height, tile or rows):
            for left in range(0, width, tile or width):
                part = layer[top : top + (tile or rows), left : left + (tile or width)]
                if tile:
                    gaps = [(0, tile - part.shape[0]), (0, tile - part.shape[1]), (0, 0)]
                    part = np.pad(part, gaps)
                raw = b"".join(packed(row.ravel(), bits, order) for row in part)
                raw = {NONE: bytes, LZW: lzw, DEFLATE: zlib.compress}[compression](raw)
                if mirrored:
                    raw = bytes(int(f"{byte:08b}"[::-1], 2) for byte in raw)
                pieces.append(raw)
    tags: dict[int, tuple[int, Sequence[int]]] = {
        256: (SHORT, [width]),
        257: (SHORT, [height]),
        BITS: (SHORT, [bits] * samples),
        COMPRESSION: (SHORT, [compression]),
        SAMPLES: (SHORT, [samples]),
        PLANAR: (SHORT, [2 if planes else 1]),
        FILL_ORDER: (SHORT, [2 if mirrored else 1]),
        **({} if photometric is None else {PHOTOMETRIC: (SHORT, [photometric])}),
        **({322: (SHORT, [tile]), 323: (SHORT, [tile])} if tile else {278: (SHORT, [rows])}),
        **(more or {}),
    }
    word, offset_type, room = ("Q", LONG8, 8) if big else ("L", LONG, 4)
    head = struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HL", 42, 8)
    head = (b"II" if order == "<" else b"MM") + head
    offsets, counts = (324, 325) if tile else (273, 279)
    tags[offsets], tags[counts] = (offset_type, [0] * len(pieces)), (LONG, [len(p) for p in pieces])
    ends = len(head) + (8 if big else 2) + len(tags) * (20 if big else 12) + room
    codes = {BYTE: "B", SHORT: "H", LONG: "L", LONG8: "Q", 5: "L"}

    def values(tag: int) -> bytes:
        kind, numbers = tags[tag]
        return struct.pack(f"{order}{len(numbers)}{codes[kind]}", *numbers)

    place = ends + sum(len(values(tag)) for tag in tags if len(values(tag)) > room)
    starts = [place + sum(map(len, pieces[:i])) for i in range(len(pieces))]
    tags[offsets] = (offset_type, starts)
    entries, outside = b"", b""
    for tag in sorted(tags):
        content, (kind, numbers) = values(tag), tags[tag]
        count = len(numbers) // (2 if kind == 5 else 1)
        entries += struct.pack(order + "HH" + word, tag, kind, count)
        if len(content) > room:
            entries += struct.pack(order + word, ends + len(outside))
            outside += content
        else:
            entries += content.ljust(room, b"\0")
    count = struct.pack(order + ("Q" if big else "H"), len(tags))
    return head + count + entries + bytes(room) + outside + b"".join(pieces)


def ramp(bits: int, samples: int = 1, seed: int = 0) -> np.ndarray:
    """(SIDE, SIDE, samples) with black, white and chance between them."""
    chance = np.random.default_rng(seed)
    numbers = chance.integers(0, 2**bits, (SIDE, SIDE, samples), dtype=np.uint64)
    numbers[0, 0], numbers[0, 1] = 0, 2**bits - 1
    return numbers.astype(np.int64)


def eight(numbers: np.ndarray, bits: int) -> np.ndarray:
    """The nearest of 256 levels, (3, H, W)."""
    top = 2**bits - 1
    levels = np.floor(numbers * 255 / top + 0.5).astype(np.uint8)
    return np.broadcast_to(levels, (*levels.shape[:2], 3)).transpose(2, 0, 1)


def decoded(data: bytes) -> np.ndarray:
    return decode_image(data, "a.tif").numpy()


def refusal(data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        decode_image(data, "a.tif")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize("bits", [*range(1, 17), 20, 24, 32])
def test_grey_of_every_depth_and_order(bits: int, photometric: int, order: str):
    numbers = ramp(bits)
    stored = numbers if photometric == BLACK_IS_ZERO else 2**bits - 1 - numbers
    data = tiff(stored, bits, photometric, order=order)
    assert np.array_equal(decoded(data), eight(numbers, bits))


@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [2, 4, 5, 8, 10, 12, 14, 16, 32])
def test_colours_of_every_depth_and_order(bits: int, order: str, planes: bool):
    numbers = ramp(bits, 3)
    data = tiff(numbers, bits, RGB, order=order, planes=planes)
    assert np.array_equal(decoded(data), eight(numbers, bits))


@given(
    bits=st.sampled_from([1, 8, 11, 12, 16, 24]),
    samples=st.sampled_from([1, 3]),
    options=st.fixed_dictionaries(
        {
            "order": st.sampled_from("<>"),
            "compression": st.sampled_from([NONE, DEFLATE]),
            "planes": st.booleans(),
            "rows": st.integers(1, SIDE + 5),
            "tile": st.sampled_from([0, 16, 32]),
            "mirrored": st.booleans(),
            "big": st.booleans(),
        }
    ),
    seed=st.integers(0, 99),
)
@settings(max_examples=80)
def test_every_arrangement_of_the_same_image(
    bits: int, samples: int, options: dict[str, Any], seed: int
):
    numbers = ramp(bits, samples, seed)
    data = tiff(numbers, bits, BLACK_IS_ZERO if samples == 1 else RGB, **options)
    assert np.array_equal(decoded(data), eight(numbers, bits))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("bits", "photometric"),
    [(1, 0), (4, 0), (8, 0), (8, 1), (16, 0), (16, 1), (12, 1), (8, 2), (16, 2)],
)
@pytest.mark.parametrize("planes", [False, True])
def test_what_libtiff_decompresses(bits: int, photometric: int, order: str, planes: bool):
    numbers = ramp(bits, 3 if photometric == RGB else 1)
    stored = 2**bits - 1 - numbers if photometric == WHITE_IS_ZERO else numbers
    data = tiff(stored, bits, photometric, order=order, compression=LZW, planes=planes, rows=5)
    if order == ">" and (bits, photometric) in ((12, BLACK_IS_ZERO), (16, WHITE_IS_ZERO)):
        assert f"{bits} bits in compression 5 are not read" in refusal(data)
        return
    if photometric == RGB and bits == 16:  # of which Pillow keeps the upper half
        numbers, bits = numbers >> 8, 8
    assert np.array_equal(decoded(data), eight(numbers, bits))


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4"])
@pytest.mark.parametrize(
    "options",
    [
        {"photometric": "minisblack"},
        {"photometric": "miniswhite"},
        {"photometric": "rgb"},
        {"photometric": "rgb", "planarconfig": "separate"},
        {"photometric": "rgb", "tile": (16, 16)},
        {"photometric": "rgb", "compression": "zlib", "rowsperstrip": 4},
        {"photometric": "rgb", "compression": "zlib", "predictor": True},
        {"photometric": "minisblack", "bigtiff": True},
    ],
)
def test_files_of_another_writer(options: dict[str, Any], dtype: str, byteorder: str):
    bits = 8 * np.dtype(dtype).itemsize
    numbers = ramp(bits, 3 if options["photometric"] == "rgb" else 1)
    stored = numbers.astype(dtype)
    if options.get("planarconfig") == "separate":
        stored = np.ascontiguousarray(stored.transpose(2, 0, 1))
    if options["photometric"] == "miniswhite":
        numbers = 2**bits - 1 - numbers
    file = BytesIO()
    tifffile.imwrite(file, stored.squeeze(), byteorder=byteorder, **options)
    assert np.array_equal(decoded(file.getvalue()), eight(numbers, bits))


def test_the_difference_to_the_left_neighbour_is_undone():
    for bits, order in ((8, "<"), (16, "<"), (16, ">"), (32, ">")):
        numbers = ramp(bits, 3)
        left = np.pad(numbers, [(0, 0), (1, 0), (0, 0)])[:, :-1]
        data = tiff(
            (numbers - left) % 2**bits,
            bits,
            RGB,
            order=order,
            compression=DEFLATE,
            more={PREDICTOR: (SHORT, [2])},
        )
        assert np.array_equal(decoded(data), eight(numbers, bits))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("meaning", [0, 1, 2, None])
@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO, RGB])
def test_the_fourth_sample(photometric: int, meaning: int | None, bits: int):
    """Unspecified (0), premultiplied (1) or plain (2) alpha; or nobody says."""
    top, colours = 2**bits - 1, 3 if photometric == RGB else 1
    pixels = np.zeros((SIDE, SIDE, colours + 1), np.int64)
    pixels[..., -1] = top // 5
    pixels[..., 0] = top // 5  # red or grey; full where alpha is premultiplied
    more = {} if meaning is None else {EXTRA: (SHORT, [meaning])}
    found = decoded(tiff(pixels, bits, photometric, more=more))[:, 5, 5].tolist()
    shade = 255 - 51 if photometric == WHITE_IS_ZERO else 51
    opaque = [51, 0, 0] if photometric == RGB else [shade] * 3
    if meaning == 0 or (meaning is None and photometric != RGB):
        assert found == opaque
    elif meaning == 1 and photometric != WHITE_IS_ZERO:
        assert found == ([255, 204, 204] if photometric == RGB else [255] * 3)
    elif meaning != 1:
        assert found == [round(0.2 * level + 0.8 * 255) for level in opaque]


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_palettes(bits: int):
    chance = np.random.default_rng(0)
    numbers = ramp(bits)
    table = chance.integers(0, 256, (3, 2**bits))
    table[0, 0] = 255
    expected = table[:, numbers[..., 0]]
    for scale in (257, 1):  # as the standard says, and as some write it
        more = {PALETTE_TAG: (SHORT, (table * scale).ravel().tolist())}
        assert np.array_equal(decoded(tiff(numbers, bits, PALETTE, more=more)), expected)
    more = {PALETTE_TAG: (SHORT, [0] * 5)}
    assert "palette is damaged" in refusal(tiff(numbers, bits, PALETTE, more=more))


def test_cmyk_and_ycbcr():
    def plain(*samples: int) -> np.ndarray:
        return np.tile(np.array(samples), (SIDE, SIDE, 1))

    assert decoded(tiff(plain(0, 255, 255, 0), 8, CMYK))[:, 0, 0].tolist() == [255, 0, 0]
    assert decoded(tiff(plain(0, 65535, 65535, 0), 16, CMYK))[:, 0, 0].tolist() == [255, 0, 0]
    # Of pure red: Y = 0.299 * 255, Cb = 128 - 0.168736 * 255, Cr = 128 + 0.5 * 255 (JFIF).
    whole = {SUBSAMPLING: (SHORT, [1, 1])}
    ycbcr = decoded(tiff(plain(76, 85, 255), 8, YCBCR, more=whole))[:, 0, 0]
    assert np.abs(ycbcr.astype(int) - [254, 0, 0]).max() <= 1


def test_lab():
    chance = np.random.default_rng(0)
    colours = chance.integers(50, 206, (SIDE, SIDE, 3))
    # sRGB to XYZ for the white D50 (Lindbloom), to CIE L*a*b*; a* and b* as signed bytes.
    to_xyz = np.array(
        [
            [0.4360747, 0.3850649, 0.1430804],
            [0.2225045, 0.7168786, 0.0606169],
            [0.0139322, 0.0971045, 0.7141733],
        ]
    )
    x, y, z = np.moveaxis(((colours / 255 + 0.055) / 1.055) ** 2.4 @ to_xyz.T, 2, 0)
    x, y, z = np.cbrt(x / 0.96422), np.cbrt(y), np.cbrt(z / 0.82521)
    lightness, a, b = 116 * y - 16, 500 * (x - y), 200 * (y - z)
    numbers = np.stack([lightness * 2.55, a, b], 2).round().astype(np.int64) % 256
    for compression in (NONE, LZW):
        found = decoded(tiff(numbers, 8, LAB, compression=compression)).transpose(1, 2, 0)
        assert np.abs(found - colours).mean() <= 1  # the rounding of a* and b* is no less


@pytest.mark.parametrize("compression", [NONE, LZW])
@pytest.mark.parametrize(("bits", "samples"), [(8, 1), (8, 3), (12, 1), (16, 1)])
def test_the_orientation_is_applied(bits: int, samples: int, compression: int):
    numbers = ramp(bits, samples)[:, :17]
    stored = np.rot90(numbers, 1)
    more = {274: (SHORT, [6])}
    data = tiff(stored, bits, 1 if samples == 1 else 2, compression=compression, more=more)
    assert np.array_equal(decoded(data), eight(numbers, bits))


def test_samples_of_undefined_format_are_unsigned():
    data = tiff(ramp(16), 16, BLACK_IS_ZERO, more={FORMAT: (SHORT, [4])})
    assert np.array_equal(decoded(data), eight(ramp(16), 16))


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("floating-point numbers of no known scale", {"more": {FORMAT: (SHORT, [3])}}),
        ("signed or complex numbers", {"more": {FORMAT: (SHORT, [2])}}),
        ("a small preview", {"more": {254: (LONG, [1])}}),
        ("a small preview", {"more": {50706: (BYTE, [1, 4, 0, 0])}}),
        ("samples differ in their bits", {"samples": 3, "more": {BITS: (SHORT, [5, 6, 5])}}),
        ("has 33 samples a pixel", {"more": {SAMPLES: (SHORT, [33])}}),
        ("samples have 33 bits", {"more": {BITS: (SHORT, [33])}}),
        ("1 samples a pixel instead of 3", {"photometric": RGB}),
        ("interpretation 32844 is not read", {"photometric": 32844}),
        ("tag 262 is missing", {"photometric": None}),
        ("subsampled", {"samples": 3, "photometric": YCBCR}),
        ("inks", {"samples": 4, "photometric": CMYK, "more": {332: (SHORT, [2])}}),
        ("predictor 3", {"compression": DEFLATE, "more": {PREDICTOR: (SHORT, [3])}}),
        ("is truncated", {"more": {278: (SHORT, [1])}}),
        ("tiles or strips are 18 x 0", {"more": {278: (SHORT, [0])}}),
        ("both sides must have at least", {"more": {256: (SHORT, [0])}}),
        ("more than 67,108,864 pixels", {"more": {256: (LONG, [2**31])}}),
        ("take too much memory", {"tile": 16, "more": {322: (LONG, [2**30])}}),
    ],
)
def test_what_cannot_be_read_right_is_refused(reason: str, data: dict[str, Any]):
    pixels = ramp(8, data.pop("samples", 1))
    message = refusal(tiff(pixels, 8, data.pop("photometric", BLACK_IS_ZERO), **data))
    assert reason in message


def test_small_numbers_of_many_bits_have_no_known_scale():
    assert "scale is not known" in refusal(tiff(ramp(16), 32, BLACK_IS_ZERO))
    black = np.zeros((SIDE, SIDE, 1), np.int64)
    assert decoded(tiff(black, 32, BLACK_IS_ZERO)).max() == 0


def test_depths_that_libtiff_alone_could_decompress_are_named():
    message = refusal(tiff(ramp(10), 10, BLACK_IS_ZERO, compression=LZW))
    assert message.endswith(
        "1 samples of 10 bits in compression 5 are not read: save it without compression"
    )


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE])
@pytest.mark.parametrize("bits", [8, 12])
def test_cut_and_damaged_files_are_refused_in_one_line_and_silence(
    compression: int, bits: int, capfd: pytest.CaptureFixture[str]
):
    whole = tiff(ramp(bits), bits, BLACK_IS_ZERO, compression=compression, rows=4)
    for length in range(4, len(whole), 7):
        refusal(whole[:length])
    damaged = bytearray(whole)
    damaged[-100:] = b"\xff" * 100
    if compression != NONE:
        assert "a.tif" in refusal(bytes(damaged))
    assert capfd.readouterr() == ("", "")


@given(place=st.integers(0, 2000), value=st.integers(0, 255), bits=st.sampled_from([8, 12, 32]))
@settings(max_examples=100)
def test_a_changed_byte_gives_an_image_or_a_user_error(place: int, value: int, bits: int):
    data = bytearray(tiff(ramp(bits), bits, BLACK_IS_ZERO, compression=DEFLATE, tile=16))
    data[place % len(data)] = value
    try:
        found = decoded(bytes(data))
    except UserError:
        return
    assert found.dtype == np.uint8


def test_a_file_that_pillow_wrote_comes_back():
    picture = Image.fromarray(ramp(8, 3).astype(np.uint8))
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd"):
        file = BytesIO()
        picture.save(file, "TIFF", compression=compression)
        assert np.array_equal(decoded(file.getvalue()), eight(ramp(8, 3), 8))
