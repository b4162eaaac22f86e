"""What the modem's commands share."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from semjscc.cli.options import existing_file
from semjscc.cli.radio.streams import need
from semjscc.errors import UserError
from semjscc.paths import check_writable, user_path
from semjscc.radio.recordings.kinds import FORMATS, KINDS, PIPE, canonical

WAVEFORMS = ("sdr", "audio")


def waveform_for(stated: str | None, out: str, kind: str | None) -> str:
    """The waveform to write: the stated one, or that which a recording of this kind can hold."""
    kind = KINDS.get(Path(out).suffix.lower()) or kind
    return stated or ("audio" if kind == "wav" else "sdr")


def add_format(command: argparse.ArgumentParser, kinds: Sequence[str] = FORMATS) -> None:
    """The option that says what a path of no known ending holds."""
    text = "of a pipe or an unknown ending; cs16, cs8 and other spellings are known"
    command.add_argument("--format", type=canonical, choices=kinds, help=text)


def check_stated(rate: float | None, offset_hz: float = 0.0) -> None:
    """Refuse numbers that no recording has.

    Raises:
        UserError: so it is.
    """
    if rate is not None and not 0 < rate < float("inf"):
        raise UserError(f"--rate is a positive number of samples a second, not {rate:g}")
    if not abs(offset_hz) < float("inf"):
        raise UserError(f"--offset is a number of Hz, not {offset_hz:g}")


def recording(text: str, *, is_read: bool = False) -> str:
    """The path of a recording, or "-" for a standard stream that there is.

    Raises:
        UserError: the stream is closed, there is no file to read, or none can be written.
    """
    if text == PIPE:
        need("stdin" if is_read else "stdout")
        return text
    if is_read:
        return str(existing_file(text))
    path = user_path(text)
    check_writable(path)
    return str(path)
