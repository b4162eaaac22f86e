"""Frames of files and cameras: upright, in time, of 8 bits, whatever they were stored as."""

import warnings
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from moving_pictures import add_sound, squares, write_clip
from semjscc.errors import UserError, UserNote
from semjscc.video import reading
from semjscc.video.reading import open_camera, open_video

H264 = {"codec": "libx264", "pixels": "yuv420p"}


def test_frames_are_those_of_the_file_with_their_times(tmp_path: Path) -> None:
    frames, times = squares(5), [0, 0.04, 0.5, 0.52, 2.0]
    clip = open_video(write_clip(tmp_path / "uneven.mkv", frames, times))
    assert clip.size == (32, 32)
    assert not clip.live
    assert not clip.has_sound
    read = list(clip.frames)
    assert [frame.number for frame in read] == [0, 1, 2, 3, 4]
    assert [float(frame.time) for frame in read] == times
    assert all(np.array_equal(one.pixels, own) for one, own in zip(read, frames, strict=True))


def test_a_clip_begins_at_0_and_its_rate_is_the_mean(tmp_path: Path) -> None:
    times = [7 + number / 10 for number in range(10)]
    clip = open_video(write_clip(tmp_path / "late.mp4", squares(10), times, **H264, rate=10))
    assert clip.rate == 10
    assert clip.count == 10
    assert [frame.time for frame in clip.frames] == [Fraction(n, 10) for n in range(10)]


@pytest.mark.parametrize("size", [(17, 33), (31, 16)])
def test_sides_may_be_odd(size: tuple[int, int], tmp_path: Path) -> None:
    frames = squares(2, *size)
    clip = open_video(write_clip(tmp_path / "odd.mkv", frames))
    assert clip.size == size
    assert np.array_equal(next(clip.frames).pixels, frames[0])


def place_matrix(path: Path, a: int, b: int, c: int, d: int) -> None:
    """State in an MP4 file's track header that pixel (p, q) is shown at (ap + cq, bp + dq)."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40  # version, times, track, duration, layer, volume
    for place, number in zip((0, 1, 3, 4), (a, b, c, d), strict=True):
        data[start + 4 * place : start + 4 * place + 4] = (number << 16).to_bytes(4, signed=True)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("matrix", "upright"),
    [
        ((1, 0, 0, 1), lambda image: image),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
        ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
        ((-1, 0, 0, 1), np.fliplr),
        ((1, 0, 0, -1), np.flipud),
        ((0, 1, 1, 0), lambda image: image.swapaxes(0, 1)),
        ((0, -1, -1, 0), lambda image: np.rot90(image.swapaxes(0, 1), 2)),
    ],
)
def test_what_was_filmed_on_its_side_is_turned(
    matrix: tuple[int, int, int, int], upright: Any, tmp_path: Path
) -> None:
    """A phone held upright states (0, 1, -1, 0): its left column is the upper row."""
    frame = np.zeros((32, 48, 3), np.uint8)
    frame[:16, :24], frame[:16, 24:], frame[16:, :24] = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    path = write_clip(tmp_path / "phone.mp4", [frame], **H264, options={"crf": "1"})
    plain = next(open_video(path).frames).pixels
    place_matrix(path, *matrix)
    clip = open_video(path)
    assert clip.size == upright(plain).shape[:2]
    assert np.array_equal(next(clip.frames).pixels, upright(plain))


def test_ten_bits_become_eight(tmp_path: Path) -> None:
    deep = np.full((32, 32, 3), 0, np.uint16)
    deep[..., 0], deep[..., 1:] = np.linspace(64, 940, 32, dtype=np.uint16), 512
    planes = np.ascontiguousarray(deep.transpose(2, 0, 1))
    path = tmp_path / "deep.mkv"
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 32, "yuv444p10le"
        frame = av.VideoFrame(32, 32, "yuv444p10le")
        for plane, values in zip(frame.planes, planes, strict=True):
            rows = np.zeros((32, plane.line_size // 2), np.uint16)
            rows[:, :32] = values
            plane.update(rows.tobytes())
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    pixels = next(open_video(path).frames).pixels
    expected = (deep[..., :1] - 64.0) / 876 * 255  # grey, of limited range
    assert np.abs(pixels - expected).max() <= 2


def test_colours_follow_the_matrix_that_the_file_names(tmp_path: Path) -> None:
    """ITU-R BT.709, limited range: Y 81, Cb 90, Cr 200."""
    path = tmp_path / "colours.mp4"
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 32, "yuv444p"
        stream.options = {"crf": "0"}
        context = stream.codec_context
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        planes = np.stack([np.full((32, 32), one, np.uint8) for one in (81, 90, 200)])
        file.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv444p")))
        file.mux(stream.encode(None))
    luma, blue, red = (81 - 16) / 219, (90 - 128) / 224, (200 - 128) / 224
    r, b = luma + 2 * (1 - 0.2126) * red, luma + 2 * (1 - 0.0722) * blue
    g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
    pixel = next(open_video(path).frames).pixels[0, 0]
    assert np.abs(pixel - 255 * np.clip([r, g, b], 0, 1)).max() <= 1


def test_sound_is_noticed(tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "silent.mkv", squares(2))
    assert open_video(add_sound(silent, tmp_path / "sound.mkv")).has_sound


def test_a_file_that_ends_early_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """With its index in front and in pieces of its own, as cameras and recorders write them."""
    noise = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), dtype=np.uint8)
    clips = [
        write_clip(tmp_path / "a.mp4", list(noise), **H264, container={"movflags": "faststart"}),
        write_clip(tmp_path / "b.mkv", list(noise), np.arange(30) / 5),
    ]
    for path in clips:
        whole = [frame.pixels for frame in open_video(path).frames]
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 6 // 10])
        with pytest.warns(UserNote, match=f"{path.name} is damaged or cut off: 1. frames could"):
            read = list(open_video(path).frames)
        assert 14 <= len(read) <= 18
        assert all(np.array_equal(one.pixels, w) for one, w in zip(read, whole, strict=False))


def test_whoever_wants_no_more_hears_of_no_damage(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", squares(9), **H264, container={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[:-100])
    clip = open_video(path)
    next(clip.frames)
    clip.frames.close()  # pyright: ignore[reportAttributeAccessIssue]


def test_whatever_is_damaged_is_read_or_is_one_line(tmp_path: Path) -> None:
    noise = list(np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8))
    whole = write_clip(tmp_path / "a.mp4", noise, **H264, container={"movflags": "faststart"})
    data, draw, read = whole.read_bytes(), np.random.default_rng(1), 0
    for number in range(30):
        damaged = bytearray(data)
        for place in draw.integers(len(data), size=1 + 3 * number):
            damaged[place] = draw.integers(256)
        (tmp_path / "b.mp4").write_bytes(damaged)
        with suppress(UserError), warnings.catch_warnings(action="ignore"):
            clip = open_video(tmp_path / "b.mp4")
            times = [frame.time for frame in clip.frames]
            assert all(one < other for one, other in pairwise(times))
            read += 1
    assert 5 < read < 30


def test_tags_may_be_in_any_encoding(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", squares(2))
    data = path.read_bytes()
    assert b"Lavf" in data
    path.write_bytes(data.replace(b"Lavf", b"Caf\xe9"))
    assert len(list(open_video(path).frames)) == 2


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.mp4", b"", "a.mp4 is empty"),
        ("a.mp4", b"no clip at all" * 99, "a.mp4 cannot be read as moving pictures: it is cut off"),
        ("a.mp4", b"#EXTM3U\n#EXTINF:1,\nb.mkv\n#EXT-X-ENDLIST\n", "cannot be read as moving"),
        ("a.mkv", b"ffconcat version 1.0\nfile b.mkv\n", "cannot be read as moving"),
    ],
)
def test_what_is_no_clip_is_one_line(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    """A playlist would make FFmpeg open other files, or addresses."""
    write_clip(tmp_path / "b.mkv", squares(2))
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=said):
        open_video(tmp_path / name)


def test_clips_without_a_picture_are_one_line(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", squares(2))
    sound = add_sound(clip, tmp_path / "sound.mkv", pictures=False)
    with pytest.raises(UserError, match=r"sound.mkv holds no moving pictures, only sound"):
        open_video(sound)
    (tmp_path / "none.y4m").write_text("YUV4MPEG2 W32 H32 F25:1 Ip C420\n")
    with pytest.raises(UserError, match=r"none.y4m holds no frame that can be read"):
        open_video(tmp_path / "none.y4m")
    with pytest.raises(UserError, match=r"none.mp4 holds no moving pictures$"):
        open_video(write_clip(tmp_path / "none.mp4", [], **H264))
    with pytest.raises(UserError, match=r"none.mkv cannot be read as moving pictures: it is cut"):
        open_video(write_clip(tmp_path / "none.mkv", []))
    whole = write_clip(tmp_path / "cut.mp4", squares(4), **H264)
    whole.write_bytes(whole.read_bytes()[:400])  # the index comes last, and is missing
    with pytest.raises(UserError, match=r"cut.mp4 cannot be read .*: it is cut off, damaged or"):
        open_video(whole)
    with pytest.raises(UserError, match="is not a regular file"):
        open_video(tmp_path)
    small = write_clip(tmp_path / "small.mkv", [frame[:8] for frame in squares(1)])
    with pytest.raises(UserError, match="32 x 8: a side must have at least 16 pixels"):
        open_video(small)


def test_frames_too_large_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_PIXELS", 1000)
    with pytest.raises(UserError, match=r"a.mkv is 32 x 32: more than 1,000 pixels"):
        open_video(write_clip(tmp_path / "a.mkv", squares(1)))


def test_a_camera_gives_frames_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg's test picture in the place of a camera's driver."""
    opened, asked = av.open, []

    def from_test_picture(
        place: str, mode: str, *, format: str, container_options: object, **_: str
    ) -> Any:
        asked.append((place, mode, format, container_options))
        return opened("testsrc=size=48x32:rate=30", format="lavfi")

    monkeypatch.setattr(reading.av, "open", from_test_picture)
    with pytest.raises(UserError, match=r"there is no camera at .*video7"):
        open_camera(tmp_path / "video7")
    device = tmp_path / "video0"
    device.touch()
    clip = open_camera(device)
    assert asked == [(str(device), "r", "v4l2", {})]
    assert clip.live
    assert (clip.size, clip.rate, clip.count) == ((32, 48), 30, None)
    for number in range(70):
        frame = next(clip.frames)
        assert (frame.number, frame.time) == (number, Fraction(number, 30))
    with warnings.catch_warnings(action="error"):
        clip.frames.close()  # pyright: ignore[reportAttributeAccessIssue]


def test_what_is_no_camera_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "video0").write_text("no camera")
    with pytest.raises(UserError, match=r"no camera answers at .*video0 \(.*\)"):
        open_camera(tmp_path / "video0")
