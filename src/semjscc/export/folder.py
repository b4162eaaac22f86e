"""A folder with all that a board needs: networks, runner and README."""

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from semjscc import __version__
from semjscc.errors import UserError, printable
from semjscc.export import runner
from semjscc.export.calibration import feeds_of
from semjscc.export.names import FLOAT_FILES, INT8_FILES, README, RUNNER, check_out
from semjscc.export.networks import Exportable, metadata_of, networks_of, range_of_ratios
from semjscc.export.onnx_files import check_same, write_float, write_int8
from semjscc.export.readme import Told, readme

_SIDES, _OTHER_SIDES = (10, 12), (7, 5)
"""Of the latent, at which networks are written and tried."""


class Calibration(NamedTuple):
    """Images for the ranges of int8.

    Attributes:
        images: (3, H, W) uint8 each.
        said: what they are, for the README.
    """

    images: Sequence[Tensor]
    said: str


def export(
    codec: Exportable, out: Path, weights: str, calibration: Calibration | None
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
    folder: Path, codec: Exportable, weights: str, calibration: Calibration | None
) -> dict[str, int]:
    files, facts = [folder / name for name in FLOAT_FILES], metadata_of(codec)
    sessions = []
    names = ("image", "latent"), ("latent", "image")
    channels, scales = (3, codec.depth), (codec.stride, 1)
    for file, network, named, depth, scale in zip(
        files, networks_of(codec), names, channels, scales, strict=True
    ):
        example, other = (
            torch.rand(count, depth, scale * sides[0], scale * sides[1])
            for count, sides in ((1, _SIDES), (2, _OTHER_SIDES))
        )
        file.write_bytes(write_float(network, example, named, facts))
        sessions.append(runner.load(file, torch.get_num_threads()))
        check_same(network, sessions[-1], other)
    if calibration is not None:
        eights = [folder / name for name in INT8_FILES]
        feeds = feeds_of(codec, calibration.images, *sessions)
        for file, eight, own in zip(files, eights, feeds, strict=True):
            write_int8(file, eight, own)
        files += eights
    sizes = {file.name: file.stat().st_size for file in files}
    ends = [[one.name for one in session.get_inputs()] for session in sessions]
    told = Told(
        weights=weights,
        codec=codec.name,
        version=__version__,
        stride=codec.stride,
        depth=codec.depth,
        ratios=range_of_ratios(codec),
        snr_range_db=codec.snr_range_db,
        inputs=dict(zip(("encoder", "decoder"), ends, strict=True)),
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
