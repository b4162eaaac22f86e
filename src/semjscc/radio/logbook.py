"""What was received, kept in a folder: an image for each frame and a log that is always whole.

``log.json`` is valid JSON after every frame, and is never held in memory.
"""

import json
from pathlib import Path
from typing import Any, Self

from semjscc.errors import UserError
from semjscc.images import printable, write_png
from semjscc.radio.listening import Heard

LOG = "log.json"
_END = "\n ]\n}\n"


class Logbook:
    """A folder that fills frame by frame.

    Args:
        folder: made where it does not exist; an older log in it is replaced.
        recording: facts of the recording, plain JSON values.

    Raises:
        UserError: the folder cannot be written.
    """

    def __init__(self, folder: Path, recording: dict[str, Any]) -> None:
        self._folder = folder
        self._count = 0
        begin = json.dumps({"recording": recording}, indent=1)[: -len("\n}")]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / LOG).open("w+b")
            self._file.write(f'{begin},\n "frames": [{_END}'.encode())
            self._file.flush()
        except OSError as error:
            raise _cannot_write(folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, heard: Heard) -> Path | None:
        """Keep one frame; returns where its image is.

        Raises:
            UserError: it cannot be written.
        """
        self._count += 1
        path = None
        if heard.image is not None:
            # Several senders may number their images alike: the frame's own number comes first.
            path = self._folder / f"frame-{self._count:05d}-image-{heard.frame.image}.png"
            write_png(heard.image, path)
        record = {"file": path and path.name, **heard.to_dict()}
        self._replace_end(("," if self._count > 1 else "") + f"\n  {json.dumps(record)}{_END}")
        return path

    def close(self, ending: dict[str, Any]) -> None:
        """Write what is known at the end of the recording.

        Raises:
            UserError: it cannot be written.
        """
        self._replace_end(f"\n ],\n{json.dumps(ending, indent=1)[2:]}\n")

    def _replace_end(self, text: str) -> None:
        try:
            self._file.seek(-len(_END), 2)
            self._file.write(text.encode())
            self._file.flush()
        except OSError as error:
            raise _cannot_write(self._folder / LOG, error) from error


def _cannot_write(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot write {printable(str(path))}: {error.strerror or error}")
