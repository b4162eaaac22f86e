"""Parquet files: one alone, or those of a folder, whose names say which split they are of."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from semjscc.data.sources import (
    ROWS_AT_ONCE,
    PartName,
    Source,
    part_of,
    part_of_file,
    source_name,
)
from semjscc.data.tables.rows import Table, read_parts
from semjscc.errors import UserError, UserNote, first_line
from semjscc.images import printable
from semjscc.paths import special_kind
from semjscc.runtime.extras import check_extra


def is_parquet(path: Path) -> bool:
    """Whether a file is named as parquet, in small letters or capitals."""
    return path.suffix.casefold() == ".parquet" and not path.name.startswith(".")


def parquet_files(folder: Path) -> list[Path]:
    """The parquet files of a folder: its own, or else those in ``data`` and in folders of splits.

    A folder may be called as a file, with the pieces of it inside.

    Raises:
        OSError: a folder cannot be read.
    """
    entries = sorted(folder.iterdir())
    files = [entry for entry in entries if is_parquet(entry) and not entry.is_dir()]
    if files:
        return files
    inner = [
        entry
        for entry in entries
        if (entry.name.casefold() == "data" or part_of(entry.name) or is_parquet(entry))
    ]
    return [file for entry in inner if entry.is_dir() for file in parquet_files(entry)]


def open_parquet_file(path: Path) -> Source:
    """One file, which is all ``test``.

    Raises:
        UserError: it is damaged.
    """
    return _open({"all": [path]}, path)


def open_parquet_folder(folder: Path, files: Sequence[Path]) -> Source:
    """The ``files`` of a folder; hub exports cut a split into ``train-00000-of-00002.parquet`` etc.

    Raises:
        UserError: one is damaged, or none says which split it is of.
    """
    name = printable(str(folder))
    found: dict[PartName, list[Path]] = {}
    others = []
    for file in files:
        part = part_of_file(file.stem) or part_of(file.parent.stem)
        if part is None:
            others.append(file.name)
        else:
            found.setdefault(part, []).append(file)
    if not found:
        raise UserError(
            f"{name} has no file named train*.parquet, val*.parquet or test*.parquet;"
            " name its files so, or give one of them by its path"
        )
    if others:
        text = f"{name}: files that name no split are left out: {printable(', '.join(others))}"
        warnings.warn(text, UserNote, stacklevel=2)
    return _open(found, folder)


def _open(files: Mapping[PartName, Sequence[Path]], path: Path) -> Source:
    name = source_name(path)
    tables: dict[PartName, Callable[[], Table]] = {
        part: partial(_table, some) for part, some in files.items()
    }
    return Source(name, "", *read_parts(tables, name))


def _table(files: Sequence[Path]) -> Table:
    check_extra("data", f"the parquet file {printable(str(files[0]))}")
    # Through Arrow directly: ``load_dataset`` would copy the files into its cache, take brackets
    # in a path for a pattern, and report the use even of local files to the hub.
    from datasets import Features
    from pyarrow import schema, types
    from pyarrow.parquet import read_schema

    for file in files:
        if kind := special_kind(file):  # which might never end, or never begin
            raise UserError(f"{printable(str(file))} is {kind}, not a parquet file")
    try:
        found = read_schema(files[0])
        # Words that repeat may be stored as a dictionary; they are read as words all the same.
        fields = [
            field.with_type(field.type.value_type) if types.is_dictionary(field.type) else field
            for field in found
        ]
        features = Features.from_arrow_schema(schema(fields, found.metadata))
    except Exception as error:  # damaged files and unknown column types raise many kinds
        path = printable(str(files[0]))
        raise UserError(f"{path} cannot be read as parquet: {first_line(error)}") from None
    return Table(features, partial(_read, files))


def _read(files: Sequence[Path], column: str) -> Iterator[Any]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    for file in files:
        try:
            with ParquetFile(file) as table:
                if column not in table.schema_arrow.names:
                    raise UserError(f"{printable(str(file))} has no column {printable(column)!r}")
                for batch in table.iter_batches(ROWS_AT_ONCE, columns=[column]):
                    yield from batch.column(0).to_pylist()
        except (ArrowException, OSError, ValueError) as error:
            raise UserError(f"{printable(str(file))} cannot be read: {first_line(error)}") from None
