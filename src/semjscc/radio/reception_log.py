"""What was received, kept in a folder: an image for each frame and a log that is always whole.

``log.json`` is valid JSON after every frame, and is not held in memory. The images in the folder
are those that it names: what an earlier recording left goes before anything is received.
"""

import json
import re
from pathlib import Path
from typing import Any, Self

from semjscc.checkpoint import write_atomically
from semjscc.errors import UserError
from semjscc.images import printable, write_png
from semjscc.radio.frame_decoding import Heard

LOG = "log.json"
FRAME = re.compile(r"frame-(\d{5,})(-image-\d+)?\.png")
"""What an image of ours is called, in earlier versions too."""
_END = "\n ]\n}\n"


class Logbook:
    """A folder that fills frame by frame.

    Args:
        folder: made where it does not exist; an older log in it is replaced, with its images.
        recording: facts of the recording, plain JSON values.

    Raises:
        UserError: the folder cannot be written, has a log that is not ours, or images of which no
            log tells.
    """

    def __init__(self, folder: Path, recording: dict[str, Any]) -> None:
        self._folder = folder
        self._count = 0
        self._early: tuple[Heard, int] | None = (
            None  # and how far its record is from the file's end
        )
        begin = json.dumps({"recording": recording}, indent=1)[: -len("\n}")]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Before the log that names them, so that a kill in between leaves nothing unnamed.
            for image in _earlier_images(folder):
                image.unlink(missing_ok=True)
            content = f'{begin},\n "frames": [{_END}'.encode()
            write_atomically(folder / LOG, lambda temporary: temporary.write_bytes(content))
            self._file = (folder / LOG).open("r+b")
        except OSError as error:
            raise _cannot_write(folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, heard: Heard) -> Path | None:
        """Keep one frame, in place of an early one of the same image; returns where its image is.

        Raises:
            UserError: it cannot be written.
        """
        before = 0
        if self._early is not None and heard.is_of(self._early[0]):
            before = self._early[1]
        else:
            self._count += 1
        path = None
        if heard.image is not None:
            path = self._image_of(heard)
            write_png(heard.image, path)
        record = {"file": path and path.name, **heard.to_dict()}
        text = ("," if self._count > 1 else "") + f"\n  {json.dumps(record)}"
        # Spaces cover what is left of a longer one.
        text = text.encode().ljust(before) + _END.encode()
        try:
            self._replace_end(text, before)
        except BaseException:
            if path is not None and not before:
                path.unlink(missing_ok=True)
            raise
        if before and path is None:
            self._image_of(heard).unlink(missing_ok=True)
        self._early = (heard, len(text) - len(_END)) if heard.is_early else None
        return path

    def _image_of(self, heard: Heard) -> Path:
        # Several senders may number their images alike: the frame's own number comes first.
        return self._folder / f"frame-{self._count:05d}-image-{heard.frame.image}.png"

    def close(self, ending: dict[str, Any]) -> None:
        """Write what is known at the end of the recording.

        Raises:
            UserError: it cannot be written.
        """
        self._replace_end(f"\n ],\n{json.dumps(ending, indent=1)[2:]}\n".encode())

    def _replace_end(self, text: bytes, before: int = 0) -> None:
        """Write over the last bytes: what closes the file, and so many in front of it."""
        try:
            self._file.seek(-len(_END) - before, 2)
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            raise _cannot_write(self._folder / LOG, error) from error


def _earlier_images(folder: Path) -> list[Path]:
    """What an earlier recording left.

    Raises:
        UserError: the log is not ours, or there are images like ours of which it does not tell.
    """
    images = {path.name: path for path in folder.iterdir() if FRAME.fullmatch(path.name)}
    where, log = printable(str(folder)), folder / LOG
    named: list[object] = []
    if log.exists():
        try:
            named = [frame["file"] for frame in json.loads(log.read_bytes())["frames"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise UserError(
                f"{where} has a {LOG} that is not of demodulate: take another"
            ) from None
    for name, image in images.items():
        number = FRAME.fullmatch(name)
        # A kill may have come between an image and its line in the log.
        last = number is not None and int(number[1]) == len(named) + 1 and log.exists()
        if name not in named and not last:
            raise UserError(
                f"{where} has {printable(image.name)}, of which no {LOG} tells: take another folder"
            )
    return list(images.values())


def _cannot_write(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot write {printable(str(path))}: {error.strerror or error}")
