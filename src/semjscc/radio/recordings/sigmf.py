"""SigMF metadata, version 1.2: what stands beside a recording of samples.

A recording is two files, NAME.sigmf-meta (JSON) and NAME.sigmf-data (samples), or an archive of
both, NAME.sigmf. Our own fields are in the namespace ``jscc``, declared as an optional extension.
See https://sigmf.org.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.radio.recordings.archive import find_in_archive
from semjscc.radio.recordings.formats import DATATYPES, SampleFormat
from semjscc.radio.recordings.stretches import stretches_of

VERSION = "1.2.0"
"""Of the specification that we write."""
NAMESPACE = {"name": "jscc", "version": "1.0.0", "optional": True}
META, DATA, ARCHIVE = ".sigmf-meta", ".sigmf-data", ".sigmf"
META_LIMIT = 8 * 2**20
"""Bytes of metadata that are read at all: those of some 20,000 frames."""
MOST_VALUES = 1 << 19
"""In metadata; each takes some 100 bytes once it is parsed, but as few as three before."""
RATE_LIMIT = 1e12


@dataclass(frozen=True)
class Annotation:
    """One frame of a recording.

    Attributes:
        start: number of its first sample.
        count: samples.
        label: a few characters to show beside it.
        fields: what else is known, plain JSON values; written as ``jscc:name``.
    """

    start: int
    count: int
    label: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Meta:
    """What we need of a metadata file.

    Attributes:
        form: of the samples.
        rate: samples a second, or None where the file does not say.
        starts: of each capture, in order, its first sample in the file, and the bytes of a header
            before it.
        trailing: bytes behind the last sample.
        frequencies: centres of the captures in Hz, as far as they tell, each once.
        within: bytes of an archive that are the data; None where that is a file of its own.
    """

    form: SampleFormat
    rate: float | None
    starts: tuple[tuple[int, int], ...] = ()
    trailing: int = 0
    frequencies: tuple[float, ...] = ()
    within: range | None = None

    def stretches(self, size: int) -> list[range] | None:
        """The bytes that hold samples in a file of so many bytes; None for all."""
        if self.within is None:
            if not self.trailing and not any(header for _, header in self.starts):
                return None
            return stretches_of(self.starts, self.form.sample_bytes, self.trailing, size)
        begin, size = self.within.start, min(self.within.stop, size) - self.within.start
        found = stretches_of(self.starts, self.form.sample_bytes, self.trailing, size)
        return [range(begin + one.start, begin + one.stop) for one in found]


def to_json(datatype: str, rate: float, annotations: Sequence[Annotation]) -> str:
    """A metadata file.

    Args:
        datatype: one of `DATATYPES`.
        rate: samples a second.
        annotations: one for each frame, in any order.
    """
    ordered = sorted(annotations, key=lambda annotation: annotation.start)
    record = {
        "global": {
            "core:datatype": datatype,
            "core:sample_rate": rate,
            "core:version": VERSION,
            "core:num_channels": 1,
            "core:recorder": "semjscc",
            "core:extensions": [NAMESPACE],
        },
        "captures": [{"core:sample_start": 0}],
        "annotations": [
            {
                "core:sample_start": annotation.start,
                "core:sample_count": annotation.count,
                "core:label": annotation.label,
                **{f"jscc:{name}": value for name, value in annotation.fields.items()},
            }
            for annotation in ordered
        ],
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def is_archive(path: Path) -> bool:
    """Whether a path names an archive, by its ending."""
    return path.suffix.lower() == ARCHIVE


def data_path(path: Path) -> Path:
    """The data of a recording whose metadata, or data, is at ``path``."""
    return _file(path, DATA)


def meta_path(path: Path) -> Path:
    """The metadata of a recording whose data, or metadata, is at ``path``."""
    return _file(path, META)


def _file(path: Path, ending: str) -> Path:
    """The file with an ending, in capitals or not, whichever there is."""
    named = path.suffix.lower()
    if named == ending:
        return path
    stem = path.name[: -len(named)] if named in (META, DATA) else path.name
    endings = [ending, ending.upper()]
    if path.suffix.isupper():
        endings.reverse()
    first, second = (path.with_name(stem + each) for each in endings)
    return second if not _is_there(first) and _is_there(second) else first


def _is_there(path: Path) -> bool:
    """Whether anything has this name, also a link that leads nowhere."""
    try:
        return os.path.lexists(path)
    except ValueError:  # a name that no file can have
        return False


def read_meta(path: Path) -> Meta:
    """Read and check a metadata file, or the metadata in an archive.

    It may not send the reader anywhere: the data is the sibling of the same name, or nothing.

    Raises:
        UserError: no such file, not SigMF, or a recording of a kind that is not read here.
    """
    name = printable(str(path))
    archive = find_in_archive(path, META, DATA) if is_archive(path) else None
    sibling = archive.data_name if archive else data_path(path).name
    try:
        if not path.is_file():
            raise UserError(f"{name} does not exist: a SigMF recording is two files")
        size = len(archive.meta) if archive else path.stat().st_size
        if size > META_LIMIT:
            raise UserError(f"{name} is larger than {META_LIMIT // 2**20} MB: not SigMF metadata")
        with path.open("rb") as file:
            file.seek(archive.meta.start if archive else 0)
            text = file.read(size)
        if sum(text.count(each) for each in (b",", b"[", b"{")) > MOST_VALUES:
            raise UserError(f"{name} has more than {MOST_VALUES} values: not SigMF metadata")
        record = json.loads(text)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise UserError(f"{name} is not SigMF metadata: it is no JSON") from None
    head = record.get("global") if isinstance(record, dict) else None
    if not isinstance(head, dict) or "core:datatype" not in head:
        raise UserError(f"{name} is not SigMF metadata: it has no core:datatype")
    _check_dataset(head, sibling, name)
    datatype = head["core:datatype"]
    form = DATATYPES.get(datatype) if isinstance(datatype, str) else None
    if form is None:
        # Lists may be nested so deep that they have no text.
        said = printable(datatype) if isinstance(datatype, str) else "unknown"
        raise UserError(
            f"{name} holds {said} samples, which is no datatype of SigMF: convert to cf32_le"
        )
    rate = _rate(head.get("core:sample_rate"), name)
    captures = _captures(record)
    if any(_rate(one.get("core:sample_rate"), name) not in (None, rate) for one in captures):
        raise UserError(f"{name} has captures of several sample rates: record or convert one alone")
    offset = _count(head, "core:offset", name)
    starts = [
        (
            max(_count(one, "core:sample_start", name) - offset, 0),
            _count(one, "core:header_bytes", name),
        )
        for one in captures
    ]
    trailing = _count(head, "core:trailing_bytes", name)
    within = archive.data if archive else None
    return Meta(form, rate, tuple(sorted(starts)), trailing, _frequencies(captures), within)


def _check_dataset(head: dict[str, Any], sibling: str, name: str) -> None:
    if head.get("core:dataset", sibling) != sibling:
        raise UserError(f"{name} names another file as its data: only {printable(sibling)} is read")
    if head.get("core:metadata_only"):
        raise UserError(f"{name} says that it has no data")
    if head.get("core:num_channels", 1) != 1:
        raise UserError(f"{name} has several channels: record or convert one alone")


def _captures(record: dict[str, Any]) -> list[dict[str, Any]]:
    captures = record.get("captures", [])
    captures = captures if isinstance(captures, list) else []
    return [one for one in captures if isinstance(one, dict)]


def _count(fields: dict[str, Any], key: str, name: str) -> int:
    """A number of samples or bytes; 0 where it is missing.

    Raises:
        UserError: it is none.
    """
    value = fields.get(key) or 0
    if not isinstance(value, int) or value < 0:
        raise UserError(f"{name} has a {key} that is no whole number from 0 on")
    return value


def _frequencies(captures: Sequence[dict[str, Any]]) -> tuple[float, ...]:
    stated = (one.get("core:frequency") for one in captures)
    # Compared before they are converted, as sample rates are.
    return tuple(
        dict.fromkeys(
            float(one)
            for one in stated
            if isinstance(one, int | float) and -RATE_LIMIT <= one <= RATE_LIMIT
        )
    )


def _rate(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"{name} has a sample rate that is no number")
    # Compared before it is converted: JSON's whole numbers may have any length.
    if not 0 < value <= RATE_LIMIT or not math.isfinite(value):
        raise UserError(f"{name} has a sample rate that no recording has")
    return float(value)
