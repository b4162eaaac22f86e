"""A folder with all that a board needs: networks, runner and README."""

import os
import secrets
import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from semjscc import __version__
from semjscc.errors import UserError, printable
from semjscc.export import runner
from semjscc.export.calibration import feeds_of
from semjscc.export.names import FLOAT_FILES, INT8_FILES, README, RUNNER, check_out
from semjscc.export.networks import Exportable, ends_of, metadata_of
from semjscc.export.onnx_files import check_same, write_float, write_int8
from semjscc.export.planned import Planned
from semjscc.export.readme import Told, readme


class Calibration(NamedTuple):
    """Images for the ranges of int8.

    Attributes:
        images: (3, H, W) uint8 each.
        said: what they are, for the README.
    """

    images: Sequence[Tensor]
    said: str


def export(
    codec: Exportable | Planned, out: Path, weights: str, calibration: Calibration | None
) -> dict[str, int]:
    """Write a folder, whole or not at all; an earlier export in its place is replaced.

    Args:
        codec: the codec, with its weights.
        out: the folder.
        weights: what is exported, in words.
        calibration: None for float32 alone.

    Returns:
        bytes of each ONNX file.

    Raises:
        UserError: something else is there, the folder cannot be written, or the networks in ONNX
            are not those of torch.
    """
    check_out(out)
    out = out.resolve()
    made = out.with_name(f".{out.name[:40]}.{secrets.token_hex(8)}")
    try:
        try:
            made.mkdir(parents=True)
            sizes = _fill(made, codec, weights, calibration)
            _put(made, out)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise UserError(
            f"{printable(str(out))} cannot be written: {error.strerror or error}"
        ) from error
    return sizes


def _fill(
    folder: Path, codec: Exportable | Planned, weights: str, calibration: Calibration | None
) -> dict[str, int]:
    files = [folder / name for name in FLOAT_FILES]
    planned = isinstance(codec, Planned)
    ends, facts = (
        (codec.ends(), codec.metadata()) if planned else (ends_of(codec), metadata_of(codec))
    )
    sessions = []
    for file, end in zip(files, ends, strict=True):
        file.write_bytes(write_float(end, facts))
        sessions.append(runner.load(file, torch.get_num_threads()))
        check_same(end, sessions[-1])
    if calibration is not None and not planned:
        eights = [folder / name for name in INT8_FILES]
        feeds = feeds_of(codec, calibration.images, *sessions)
        for file, eight, own in zip(files, eights, feeds, strict=True):
            write_int8(file, eight, own)
        files += eights
    sizes = {file.name: file.stat().st_size for file in files}
    names = [[one.name for one in session.get_inputs()] for session in sessions]
    first, last = map(Fraction, facts["ratios"].split())
    low, high = map(float, facts["snr_range_db"].split())
    told = Told(
        weights=weights,
        codec=facts["codec"],
        version=__version__,
        stride=int(facts["stride"]),
        depth=int(facts["depth"]),
        ratios=(first, last),
        snr_range_db=(low, high),
        size=facts.get("size"),
        inputs=dict(zip(("encoder", "decoder"), names, strict=True)),
        sizes=sizes,
        calibrated=None if calibration is None else calibration.said,
    )
    (folder / README).write_text(readme(told), encoding="utf-8")
    shutil.copyfile(runner.__file__, folder / RUNNER)
    return sizes


def _put(made: Path, out: Path) -> None:
    """In place of an earlier export, which goes only once the new one is there."""
    for file in made.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    if not out.exists():
        made.rename(out)
        return
    check_out(out)  # somebody may have put something there meanwhile
    before = made.with_name(f"{made.name}.before")
    out.rename(before)
    try:
        made.rename(out)
    except BaseException:
        before.rename(out)
        raise
    shutil.rmtree(before, ignore_errors=True)
