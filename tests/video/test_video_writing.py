"""Files of moving pictures: times and pixels, and what is left whenever the writing ends."""

import signal
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from moving_pictures import frames_in, squares
from semjscc.errors import UserError
from semjscc.images import PIXEL_LIMIT
from semjscc.video.kinds import FORMATS, MOST_PIXELS, check_clip_out, is_camera, is_clip
from semjscc.video.writing import ClipWriter

TIMES = [Fraction(0), Fraction(1, 30), Fraction(1, 2), Fraction(13, 25), Fraction(2)]


@pytest.mark.parametrize("ending", FORMATS)
def test_what_is_written_can_be_read(ending: str, tmp_path: Path) -> None:
    path, frames = tmp_path / f"new/clip{ending}", squares(5, 33, 47)
    with ClipWriter(path, Fraction(25)) as writer:
        for time, frame in zip(TIMES, frames, strict=True):
            writer.add(frame, time)
    times, read = frames_in(path)
    assert times == pytest.approx(list(map(float, TIMES)), abs=0.6e-3)
    assert list(path.parent.iterdir()) == [path]
    for frame, one in zip(frames, read, strict=True):
        if FORMATS[ending].is_lossless:
            assert np.array_equal(one, frame)
        else:
            assert one.shape == (34, 48, 3)  # pairs of rows and columns: the last stand twice
            away = np.abs(one[:33, :47].astype(int) - frame)
            assert away.mean() < 3
            assert np.abs(one[33].astype(int) - one[32]).mean() < 3


def test_a_lossy_file_says_which_colours_it_has(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "clip.mp4", Fraction(25)) as writer:
        writer.add(np.full((32, 32, 3), (250, 30, 90), np.uint8), Fraction(0))
    _, (read,) = frames_in(tmp_path / "clip.mp4")
    assert np.abs(read.astype(int) - (250, 30, 90)).max() <= 3


def write_and_stop(path: Path, frames: list[np.ndarray], number: signal.Signals) -> None:
    """Raise a signal while the fourth frame is being written."""
    with ClipWriter(path, Fraction(25)) as writer:
        add = writer._add

        def interrupted(pixels: np.ndarray, time: Fraction) -> None:
            if time == Fraction(3, 25):
                signal.raise_signal(number)
            add(pixels, time)

        writer._add = interrupted
        for place, frame in enumerate(frames):
            writer.add(frame, Fraction(place, 25))


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_what_was_written(
    ending: str, number: signal.Signals, tmp_path: Path
) -> None:
    """It waits for the frame that is being written, and for the end of the file."""
    path, frames = tmp_path / f"clip{ending}", squares(5)
    path.write_text("an older file")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            write_and_stop(path, frames, number)
    finally:
        signal.signal(number, before)
    times, _ = frames_in(path)
    assert times == pytest.approx([0, 0.04, 0.08, 0.12])
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("an older file")
    with suppress(RuntimeError), ClipWriter(path, Fraction(25)) as writer:
        writer.add(squares(1)[0], Fraction(0))
        raise RuntimeError
    with pytest.raises(KeyboardInterrupt), ClipWriter(path, Fraction(25)):
        raise KeyboardInterrupt
    with ClipWriter(path, Fraction(25)):
        pass
    assert path.read_text() == "an older file"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(UserError, match=r"file/clip.mp4 cannot be written: "),
        ClipWriter(tmp_path / "file" / "clip.mp4", Fraction(25)) as writer,
    ):
        writer.add(squares(1)[0], Fraction(0))
    with pytest.raises(UserError, match=r"clip.gif has no ending of moving pictures that are wri"):
        check_clip_out(tmp_path / "clip.gif")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        check_clip_out(tmp_path / "folder.mp4")
    check_clip_out(tmp_path / "clip.MP4")


def test_what_is_read_as_moving_pictures(tmp_path: Path) -> None:
    """By its content before its name; a still image stays one whatever it is called."""
    starts = {
        "a.mp4": b"\0\0\0\x20ftypisom", "b": b"\0\0\0\x18ftypqt  ",
        "c.png": b"\x1aE\xdf\xa3abcdefgh", "d.dat": b"RIFF1234AVI LIST",
        "e.mov": b"damaged beyond knowing",
    }  # fmt: skip
    stills = {
        "f.png": b"\x89PNG\r\n\x1a\n1234", "g.mp4": b"\x89PNG\r\n\x1a\n1234",
        "h.avif": b"\0\0\0\x1cftypavif", "i.heic": b"\0\0\0\x18ftypheic",
        "j.mkv": b"\xff\xd8\xff\xe0 JFIF   ", "k.gif": b"GIF89a123456",
        "l.txt": b"words of no meaning", "m.webp": b"RIFF1234WEBPVP8 ", "n.jpg": b"",
    }  # fmt: skip
    for name, data in (starts | stills).items():
        (tmp_path / name).write_bytes(data)
        assert is_clip(tmp_path / name) == (name in starts), name
    assert is_clip(tmp_path)
    assert is_clip(Path("nothere.mp4"))
    assert not is_clip(Path("nothere.png"))
    assert not is_clip(Path("/dev/null"))
    (tmp_path / "camera").symlink_to("/dev/video3")
    assert is_clip(Path("/dev/video3"))
    assert is_camera(tmp_path / "camera")
    assert not is_camera(tmp_path / "video0")


def test_a_frame_may_be_as_large_as_an_image() -> None:
    assert MOST_PIXELS == PIXEL_LIMIT
