"""What can be exported, what it needs, and where to: without torch."""

from pathlib import Path

from semjscc.allocation.policy import UNIFORM
from semjscc.checkpoint import read_metadata
from semjscc.errors import UserError, printable
from semjscc.export.readme import TITLE
from semjscc.links.catalogue import Place
from semjscc.links.policies import DIVIDES

FLOAT_FILES = "encoder.onnx", "decoder.onnx"
INT8_FILES = "encoder-int8.onnx", "decoder-int8.onnx"
README, RUNNER = "README.md", "runner.py"
FILES = (*FLOAT_FILES, *INT8_FILES, README, RUNNER)
"""All that an exported folder may hold."""
KINDS = "adaptive", "deepjscc"
"""Codecs whose networks alone decide what is sent of an image of any size."""


def check_out(out: Path) -> None:
    """Refuse a folder that holds anything but an earlier export.

    Raises:
        UserError: so it is, or it is a file.
    """
    said = printable(str(out))
    if out.is_symlink() and not out.exists():
        raise UserError(f"{said} is a link that leads nowhere")
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError(f"cannot write to {said}: it is a file")
    there = sorted(path.name for path in out.iterdir())
    # What Python leaves where a program of the user's imports the runner.
    foreign = [name for name in there if name not in (*FILES, "__pycache__")]
    if there and not foreign and not _is_ours(out):
        foreign = there
    if foreign:
        raise UserError(
            f"{said} holds something else ({printable(foreign[0])}): take another --out"
        )


def _is_ours(folder: Path) -> bool:
    try:
        return (folder / README).read_text(encoding="utf-8").startswith(TITLE)
    except (OSError, ValueError):
        return False


def weights_of(place: Place) -> tuple[Path, bool]:
    """The checkpoint of a link whose codec can be exported, and whether its plan is to be settled.

    Raises:
        UserError: it has none, or it cannot.
    """
    said, plain = f"link {printable(place.name)}", printable(place.name.partition("+")[0])
    can = f"codecs of the kinds {', '.join(KINDS)} and {DIVIDES} can be exported"
    if place.weights is None or place.part is not None:
        raise UserError(f"{said} is no codec of ours with weights: {can}")
    kind, policy = str(read_metadata(place.weights).get("codec")), place.policy
    if kind not in (*KINDS, DIVIDES):
        raise UserError(f"{said} is the codec {printable(kind)}: {can}")
    uniform = policy is not None and policy.blind and not policy.weighs
    if kind == DIVIDES and (place.endings.text or not uniform):
        raise UserError(
            f"{said}: its sender makes a plan for each picture, which no ONNX file holds: export "
            f"{plain}+{UNIFORM}, whose plan follows from the size, the ratio and the SNR"
        )
    if kind != DIVIDES and policy is not None:
        raise UserError(f"{said}: its sender needs more than a network: export {plain}")
    return place.weights, kind == DIVIDES
