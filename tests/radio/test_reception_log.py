"""A folder and its log: what one holds the other names, whatever was there and whatever happens."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from semjscc.errors import UserError
from semjscc.radio.frame_decoding import Heard
from semjscc.radio.receiver.receiver import Frame, receive
from semjscc.radio.reception_log import LOG, Logbook
from semjscc.radio.waveform.profiles import SDR
from semjscc.radio.waveform.transmitter import modulate_image
from waveforms import control, latents


@pytest.fixture(scope="module")
def frame() -> Frame:
    told, silence = control(), np.zeros(2000, np.complex64)
    samples = [silence, modulate_image(latents(told), told, SDR), silence]
    (found,) = receive(samples, SDR)
    return found


def heard(frame: Frame, image: int, *, brings: bool = True) -> Heard:
    picture = torch.full((3, 16, 16), image / 255) if brings else None
    return Heard(replace(frame, image=image), picture, None)


def fill(folder: Path, frame: Frame, count: int) -> None:
    with Logbook(folder, {"file": "x"}) as book:
        for image in range(count):
            book.add(heard(frame, image, brings=image != 1))
            check(folder)
        book.close({"dropped": 0})


def check(folder: Path) -> list[str]:
    """The images in a folder, which are those that its log names."""
    log = json.loads((folder / LOG).read_text())
    named = [one["file"] for one in log["frames"] if one["file"]]
    there = sorted(path.name for path in folder.iterdir() if path.suffix == ".png")
    assert named == [name for name in there if name.startswith("frame-")]
    return there


def test_an_earlier_recording_goes_with_its_log(tmp_path: Path, frame: Frame) -> None:
    fill(tmp_path, frame, 4)
    assert len(check(tmp_path)) == 3
    (tmp_path / "mine.png").write_bytes(b"")
    fill(tmp_path, frame, 0)
    assert check(tmp_path) == ["mine.png"]
    fill(tmp_path, frame, 1)
    assert check(tmp_path) == ["frame-00001-image-0.png", "mine.png"]


def test_images_of_an_earlier_version_go_too(tmp_path: Path, frame: Frame) -> None:
    (tmp_path / "frame-00001.png").write_bytes(b"")
    log = {"recording": {}, "frames": [{"file": "frame-00001.png"}, {"file": None}]}
    (tmp_path / LOG).write_text(json.dumps(log))
    fill(tmp_path, frame, 1)
    assert check(tmp_path) == ["frame-00001-image-0.png"]


def test_a_kill_between_an_image_and_its_line_leaves_nothing(tmp_path: Path, frame: Frame) -> None:
    fill(tmp_path, frame, 1)
    os.link(tmp_path / "frame-00001-image-0.png", tmp_path / "frame-00002-image-7.png")
    fill(tmp_path, frame, 0)
    assert check(tmp_path) == []


def test_a_line_that_cannot_be_written_takes_its_image_along(
    tmp_path: Path, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Logbook(tmp_path, {}) as book:
        book.add(heard(frame, 0))

        def full(*_: object) -> None:
            raise UserError("the disk is full")

        monkeypatch.setattr(book, "_replace_end", full)
        with pytest.raises(UserError):
            book.add(heard(frame, 1))
        assert len(check(tmp_path)) == 1


@pytest.mark.parametrize(
    "log", ["", "[]", '{"frames": 1}', '{"frames": [{"loss": 0.1}]}', "[" * 9999]
)
def test_a_log_that_is_not_ours_is_left_alone(tmp_path: Path, log: str) -> None:
    (tmp_path / LOG).write_text(log)
    with pytest.raises(UserError, match="not of demodulate"):
        Logbook(tmp_path, {})
    assert (tmp_path / LOG).read_text() == log


def test_images_of_which_no_log_tells_are_left_alone(tmp_path: Path, frame: Frame) -> None:
    (tmp_path / "frame-00001.png").write_bytes(b"a film's")
    with pytest.raises(UserError, match=r"frame-00001\.png, of which no"):
        Logbook(tmp_path, {})
    other = tmp_path / "other"
    fill(other, frame, 1)
    (other / "frame-00003-image-0.png").write_bytes(b"copied")
    with pytest.raises(UserError, match="frame-00003"):
        Logbook(other, {})
    assert len(list(other.iterdir())) == 3


def test_a_strangers_log_has_nothing_else_removed(tmp_path: Path) -> None:
    kept = tmp_path / "kept.png"
    kept.write_bytes(b"")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "note.txt").write_bytes(b"")
    names = [str(kept), "../kept.png", "note.txt", 5]
    (folder / LOG).write_text(json.dumps({"frames": [{"file": name} for name in names]}))
    Logbook(folder, {}).__exit__()
    assert kept.exists()
    assert (folder / "note.txt").exists()
