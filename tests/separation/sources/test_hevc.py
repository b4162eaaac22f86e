"""HEVC intra: the payload without its headers, and what it decodes to."""

import subprocess
import sys

import av
import numpy as np
import pytest
from av.codec.codec import UnknownCodecError
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut, chelsea

from semjscc.separation.sources import hevc
from semjscc.separation.sources.base import Pixels
from semjscc.separation.sources.hevc import Hevc

CODER = Hevc()
SIZES = [(1, 1), (1, 40), (15, 16), (16, 16), (17, 17), (31, 32), (32, 32), (33, 50), (64, 48)]
KINDS = ["photograph", "noise", "flat", "black", "checks"]


def picture(kind: str, size: tuple[int, int], seed: int = 0) -> Pixels:
    rng = np.random.default_rng(seed)
    if kind == "photograph":
        row, column = rng.integers(0, 200, 2)
        whole = chelsea() if seed % 2 else astronaut()
        return whole[row : row + size[0], column : column + size[1]].copy()
    if kind == "noise":
        return rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    if kind == "checks":
        return np.repeat(np.indices(size).sum(0)[..., None] % 2 * 255, 3, axis=2).astype(np.uint8)
    level = rng.integers(0, 256, 3) if kind == "flat" else np.zeros(3)
    return np.broadcast_to(level.astype(np.uint8), (*size, 3)).copy()


def psnr(image: Pixels, received: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((image.astype(float) - received) ** 2)))


def nal_units(file: bytes) -> list[bytes]:
    """Of an annex B stream whose start codes may have a zero byte before them."""
    return [unit.rstrip(b"\0") for unit in file.split(b"\0\0\1")[1:]]


@settings(max_examples=60)
@given(
    st.sampled_from(KINDS),
    st.sampled_from(SIZES) | st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.integers(0, len(CODER.variants) - 1),
    st.integers(0, len(CODER.qualities) - 1),
    st.integers(0, 1000),
)
def test_restore_undoes_strip_and_the_size_stays(
    kind: str, size: tuple[int, int], variant: int, quality: int, seed: int
) -> None:
    image = picture(kind, size, seed)
    file = CODER.compress(image, variant, quality)
    payload = CODER.strip(file, size, variant, quality)
    assert CODER.restore(payload, size, variant, quality) == file
    assert CODER.decompress(file, size).shape == image.shape


@pytest.mark.parametrize("variant", [0, 1])
@pytest.mark.parametrize("size", [(16, 16), (33, 50)])
def test_parameter_sets_and_slice_header_are_the_same_for_all_images(
    size: tuple[int, int], variant: int
) -> None:
    for quality in (0, 7, 15, 25, 31):
        files = [CODER.compress(picture(kind, size), variant, quality) for kind in KINDS]
        assert len({tuple(nal_units(file)[:3]) for file in files}) == 1
        # Nothing constant is left in the payloads: they differ from their first byte on.
        payloads = [CODER.strip(file, size, variant, quality) for file in files]
        assert len({payload[0] for payload in payloads}) > 1
        # The slice header ends in its alignment bits, a one and zeros, and is 2 or 3 bytes long.
        head = files[0][: -len(payloads[0])]
        header = nal_units(head + b"\1")[3][2:-1]
        assert len(header) in (2, 3)
        assert header[-1] != 0


def bits_of(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


def exp_golomb(bits: str, at: int) -> tuple[int, int]:
    """An unsigned code of H.265 9.2 and the place after it."""
    zeros = bits.index("1", at) - at
    end = at + 2 * zeros + 1
    return int(bits[at + zeros : end], 2) - 1, end


@pytest.mark.parametrize("quality", range(len(CODER.qualities)))
def test_slice_header_says_the_qp_and_ends_where_it_is_cut(quality: int) -> None:
    # Read field by field after H.265 7.3.6.1.
    size = (32, 32)
    file = CODER.compress(picture("photograph", size), 1, quality)
    payload = CODER.strip(file, size, 1, quality)
    bits = bits_of(nal_units(file)[3][2:])
    assert bits[:2] == "10"  # first slice of the picture; earlier pictures may be put out
    parameter_set, at = exp_golomb(bits, 2)
    slice_type, at = exp_golomb(bits, at)
    assert (parameter_set, slice_type) == (0, 2)  # 2 is intra
    code, at = exp_golomb(bits, at)
    delta = (code + 1) // 2 if code % 2 else -(code // 2)
    assert 26 + delta == CODER.qualities[quality]
    at += 1  # filtering across slices
    assert bits[at] == "1"
    end = (at // 8 + 1) * 8
    assert set(bits[at + 1 : end]) <= {"0"}
    assert nal_units(file)[3][2 + end // 8 :] == payload


@pytest.mark.parametrize("variant", [0, 1])
def test_finer_qualities_cost_more_and_come_closer(variant: int) -> None:
    size = (64, 64)
    image = picture("photograph", size, 3)
    steps = range(0, len(CODER.qualities), 5)
    files = [CODER.compress(image, variant, quality) for quality in steps]
    lengths = [len(file) for file in files]
    distortions = [psnr(image, CODER.decompress(file, size)) for file in files]
    assert lengths == sorted(set(lengths))
    assert distortions == sorted(set(distortions))
    assert distortions[-1] > (35 if variant == 0 else 42)


def test_full_colour_beats_subsampled_colour_at_the_finest_quality() -> None:
    size = (32, 32)
    image = picture("noise", size)
    finest = len(CODER.qualities) - 1
    subsampled, full = (
        psnr(image, CODER.decompress(CODER.compress(image, variant, finest), size))
        for variant in (0, 1)
    )
    assert full > subsampled + 10


def test_qualities_are_qps_from_coarse_to_fine() -> None:
    assert list(CODER.qualities) == sorted(set(CODER.qualities), reverse=True)
    assert CODER.qualities[0] == 51
    assert len(CODER.qualities) <= 32


def test_payload_at_the_coarsest_quality_is_a_few_bytes() -> None:
    size = (32, 32)
    for kind, most in (("flat", 6), ("photograph", 40)):
        file = CODER.compress(picture(kind, size), 0, 0)
        assert len(CODER.strip(file, size, 0, 0)) <= most
        assert len(file) > 80


def test_bytes_are_the_same_in_another_process() -> None:
    code = (
        "import sys, numpy as np; from semjscc.separation.sources.hevc import Hevc;"
        "i = np.random.default_rng(7).integers(0, 256, (19, 33, 3), dtype=np.uint8);"
        "sys.stdout.write(''.join(Hevc().compress(i, v, 12).hex() for v in (1, 0, 1)))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    image = np.random.default_rng(7).integers(0, 256, (19, 33, 3), dtype=np.uint8)
    here = [CODER.compress(image, variant, 12).hex() for variant in (1, 0, 1)]
    assert other.stdout == "".join(here)
    assert other.stderr == ""


def test_image_is_padded_by_its_edge() -> None:
    # The coded picture is 16 x 16 and flat, so that it costs what a flat 16 x 16 picture does.
    level = np.array([200, 30, 90], np.uint8)
    small = CODER.compress(np.broadcast_to(level, (1, 1, 3)).copy(), 1, 20)
    assert small == CODER.compress(np.broadcast_to(level, (16, 16, 3)).copy(), 1, 20)
    assert np.abs(CODER.decompress(small, (1, 1)).astype(int) - level).max() <= 3


@pytest.mark.parametrize("variant", [0, 1])
def test_libav_reads_the_file_and_its_colours_are_declared(variant: int) -> None:
    level = np.array([250, 20, 60], np.uint8)
    file = CODER.compress(np.broadcast_to(level, (32, 32, 3)).copy(), variant, 31)
    decoder = av.CodecContext.create("hevc", "r")
    frame = [*decoder.decode(av.Packet(file)), *decoder.decode(None)][0]
    # swscale converts by what the stream declares: full range and the matrix of BT.601.
    assert (frame.color_range, frame.colorspace) == (2, 6)
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - level).max() <= 3


def test_colours_follow_bt601_in_full_range() -> None:
    image = picture("noise", (40, 40))
    y, cb, cr = hevc._to_planes(image, halve=False)
    red, green, blue = np.moveaxis(image.astype(float), -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    assert np.abs(y - luma).max() <= 0.501
    assert np.abs(cb - np.clip((blue - luma) / 1.772 + 128, 0, 255)).max() <= 0.501
    assert np.abs(cr - np.clip((red - luma) / 1.402 + 128, 0, 255)).max() <= 0.501
    # Rounding three components to 8 bits: half a step each way.
    assert psnr(image, hevc._to_pixels([y, cb, cr])) > 50


def test_colour_is_averaged_and_interpolated_midway() -> None:
    # A ramp of colour stays one through averaging and bilinear interpolation, but for the edges.
    ramp = np.zeros((8, 16, 3), np.uint8)
    ramp[..., 2] = 16 * np.arange(16)
    planes = hevc._to_planes(ramp, halve=True)
    assert [plane.shape for plane in planes] == [(8, 16), (4, 8), (4, 8)]
    back = hevc._to_pixels(planes)
    assert np.abs(back[:, 1:-1].astype(int) - ramp[:, 1:-1]).max() <= 3


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_strange_bytes_are_no_file(noise: bytes) -> None:
    with pytest.raises(ValueError, match="not one intra picture"):
        CODER.decompress(noise, (32, 32))


def test_broken_files_raise_and_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    size = (32, 32)
    file = CODER.compress(picture("photograph", size), 0, 10)
    length = len(file) - len(CODER.strip(file, size, 0, 10))
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        broken = bytearray(file)
        broken[rng.integers(length)] ^= 1 << rng.integers(8)
        try:
            assert CODER.decompress(bytes(broken), size).shape == (32, 32, 3)
        except ValueError:
            refused += 1
    assert refused > 50
    for broken in (file[:20], file[: length - 10], file + file, file[::-1]):
        with pytest.raises(ValueError, match="not "):
            CODER.decompress(broken, size)
    assert capfd.readouterr() == ("", "")


@settings(max_examples=60)
@given(st.binary(max_size=80), st.integers(0, 1))
def test_strange_payloads_give_an_image_or_a_value_error(payload: bytes, variant: int) -> None:
    size = (32, 20)
    try:
        image = CODER.decompress(CODER.restore(payload, size, variant, 10), size)
    except ValueError:
        return
    assert image.shape == (*size, 3)


@pytest.mark.parametrize("payload", [b"", b"\1\0", b"\1\0\0\1\2", b"\0\0\0\1", b"\1\0\0\2\1"])
def test_payload_that_no_slice_can_hold_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="slice data"):
        CODER.restore(payload, (32, 32), 0, 10)


def test_picture_of_another_size_is_refused() -> None:
    file = CODER.compress(picture("photograph", (32, 48)), 0, 10)
    for size in ((48, 32), (32, 32), (32, 50), (400, 400), (16, 16)):
        with pytest.raises(ValueError, match="picture"):
            CODER.decompress(file, size)
    huge = CODER.compress(picture("flat", (512, 512)), 0, 0)
    with pytest.raises(ValueError, match="readable"):
        CODER.decompress(huge, (32, 32))


def test_file_of_another_setting_is_not_stripped() -> None:
    file = CODER.compress(picture("photograph", (32, 32)), 0, 10)
    for size, variant, quality in (((32, 34), 0, 10), ((32, 32), 1, 10), ((32, 32), 0, 11)):
        with pytest.raises(ValueError, match="another size"):
            CODER.strip(file, size, variant, quality)


def test_missing_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CODER.missing() is None

    def refuse(*_: object) -> None:
        raise UnknownCodecError("libx265")

    monkeypatch.setattr(hevc.av, "Codec", refuse)
    line = CODER.missing()
    assert line is not None
    assert "pip install" in line
    assert "\n" not in line
