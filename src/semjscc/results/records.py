"""Results as data: a record for each point of a grid, in a JSON file with where it came from."""

import json
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, get_args, get_type_hints

import torch

import semjscc
from semjscc.checkpoint import write_atomically
from semjscc.data.base import ImageSet
from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.links import Link
from semjscc.perception.base import Perception
from semjscc.results.ranges import check_ranges
from semjscc.runtime.devices import device_of

KIND = "semjscc results"
"""Marks the file as ours."""

_GIT_SECONDS = 5


@dataclass(frozen=True)
class Record:
    """What one link did at one ratio and SNR.

    Attributes:
        link: the scheme's name.
        codec: name of its neural codec or its source coder, None without one.
        data: the data set's name.
        channel: the channel's name; "none" for the `none` link, which passes none.
        snr_db: the true mean SNR in dB, None for the `none` link.
        assumed_snr_db: what both ends believed it to be, None where that was the truth.
        ratio: the nominal bandwidth ratio, such as "1/24"; None for the `none` link.
        ratio_measured: k/n, the mean over images; None for the `none` link.
        channel_uses: complex symbols an image, the mean where images differ.
        control_bits: side information an image, the mean where images differ.
        payload_bits: what a digital link carried an image, the mean where images differ; None for
            other links.
        images: how many were sent.
        draws: how often each was sent, with fresh noise.
        seed: of the noise.
        split: val or test (or train).
        delivered: the share that no decoder knew to have failed on, 0 to 1.
        metric: what ``value`` measures, such as "accuracy".
        value: its mean over images and draws, 0 to 1.
        ci_low: lower end of its 95 % confidence interval.
        ci_high: upper end.
        psnr_db: the mean of the images' PSNRs in dB, without those that arrived exactly; None
            without images, or where all did.
        ssim: the mean structural similarity, None without images.
        perception: the perception network's name.
        right: which images came out right, as `outcomes.pack` writes it; None where nobody kept it.
        fingerprint: of all that decides the record, so that it need not be measured twice; None
            where nobody took it.
        exact: how many of the images x draws arrived exactly; None without images, or where nobody
            counted.
        evidence: what each image says of a metric that is no mean of rights and wrongs, as
            `evidence.pack_evidence` writes it.
    """

    link: str
    codec: str | None
    data: str
    channel: str
    snr_db: float | None
    assumed_snr_db: float | None
    ratio: str | None
    ratio_measured: float | None
    channel_uses: int | float
    control_bits: int | float
    payload_bits: int | float | None
    images: int
    draws: int
    seed: int
    split: str
    delivered: float
    metric: str
    value: float
    ci_low: float
    ci_high: float
    psnr_db: float | None
    ssim: float | None
    perception: str
    right: str | None = None
    fingerprint: str | None = None
    exact: int | None = None
    evidence: str | None = None


_TYPES: dict[str, Any] = get_type_hints(Record)
OPTIONAL = frozenset({"right", "fingerprint", "exact", "evidence"})
"""What results of an earlier version lack."""


@dataclass(frozen=True)
class Results:
    """The records of one evaluation.

    Attributes:
        meta: where they came from, as `make_meta` gathers it.
        records: in the order they were measured.
    """

    meta: dict[str, Any]
    records: list[Record]


def make_meta(
    *,
    links: Sequence[Link],
    data: ImageSet,
    perceptions: Sequence[Perception],
    command: str,
    seed: int,
) -> dict[str, Any]:
    """All that is needed to repeat an evaluation, as plain data.

    Args:
        links: what was compared; their recipes come along.
        data: what was sent.
        perceptions: who looked at what arrived.
        command: the command line that asked for it.
        seed: of the noise.
    """
    return {
        "version": semjscc.__version__,
        "commit": _commit(),
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "data": {
            "name": data.name,
            "revision": data.revision,
            "fingerprint": data.fingerprint,
            "split": data.split,
            "images": len(data),
            **({"names": list(data.names)} if data.names else {}),  # in the order of outcomes
        },
        "perception": ", ".join(perception.name for perception in perceptions),
        "links": [link.facts() for link in links],
        "device": str(device_of(perceptions[0])),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }


def _commit() -> str | None:
    """The checked-out commit where the package runs from its own git checkout, else None."""
    package = Path(semjscc.__file__).resolve().parent
    command = ["git", "-C", str(package), "rev-parse", "--show-toplevel", "HEAD"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    top, _, commit = answer.stdout.strip().rpartition("\n")
    # A package installed below somebody else's checkout is not under that repository's version.
    return commit if Path(top).resolve() / "src" / "semjscc" == package else None


def save_results(results: Results, path: Path) -> None:
    """Write a results file as JSON, whole or not at all.

    Raises:
        UserError: the file cannot be written.
        ValueError: a number is nan or infinite, which JSON has no word for.
    """
    content = {
        "kind": KIND,
        "meta": results.meta,
        "records": [asdict(record) for record in results.records],
    }
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def load_results(path: Path) -> Results:
    """Read a results file; keys it does not know are left aside.

    Raises:
        UserError: no such file, not JSON, or not results of ours.
    """
    name = printable(str(path))
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise UserError(f"cannot read {name}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name} is not JSON: {printable(str(error))}") from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise UserError(f"{name} holds no results of semjscc")
    meta, records = content.get("meta"), content.get("records")
    if not isinstance(meta, dict) or not isinstance(records, list):
        raise UserError(f"{name} lacks its meta or its records")
    return Results(
        meta, [_record(fields, f"record {i} in {name}") for i, fields in enumerate(records)]
    )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"it has the number {constant}")


def _record(fields: object, name: str) -> Record:
    if not isinstance(fields, dict):
        raise UserError(f"{name} is no record")
    for key, kind in _TYPES.items():
        if key not in fields:
            if key in OPTIONAL:
                continue
            raise UserError(f"{name} lacks {key}")
        # JSON written by other programs has 10 where Python writes 10.0; true is an int to Python.
        takes_int = float in (kind, *get_args(kind)) and isinstance(fields[key], int)
        right = takes_int or isinstance(fields[key], kind)
        if not right or isinstance(fields[key], bool):
            raise UserError(f"{name}: {key} is of the wrong type")
    check_ranges(fields, name)
    record = Record(
        **{key: _in_kind(fields[key], kind) for key, kind in _TYPES.items() if key in fields}
    )
    return (
        record if "exact" in fields else replace(record, exact=_exact_before_it_was_counted(record))
    )


def _in_kind(value: Any, kind: Any) -> Any:
    """A whole number as a float where none but a float is meant."""
    kinds = (kind, *get_args(kind))
    whole = isinstance(value, int) and float in kinds and int not in kinds
    return float(value) if whole else value


def _exact_before_it_was_counted(record: Record) -> int | None:
    """How many images arrived exactly, as far as an earlier version's record tells."""
    if record.psnr_db is not None:
        return 0
    # Without a channel all images do; else one or more did, or there were none.
    return record.images * record.draws if record.snr_db is None and record.ssim else None
