"""SigMF archives: a tar file of a recording's metadata and samples, read where it lies."""

import tarfile
from dataclasses import dataclass
from pathlib import Path

from semjscc.errors import UserError, printable

MOST_MEMBERS = 100
"""Files and folders; a recording is two, or three with its folder."""


@dataclass(frozen=True)
class Archive:
    """One recording in an archive.

    Attributes:
        meta: bytes of the archive that are its metadata.
        data: likewise its samples.
        data_name: of the file of samples, without folders.
    """

    meta: range
    data: range
    data_name: str


def find_in_archive(path: Path, meta_ending: str, data_ending: str) -> Archive:
    """Find the recording in an archive.

    Args:
        path: of the archive; nothing of it is unpacked.
        meta_ending: of the names of metadata.
        data_ending: of those of samples.

    Raises:
        UserError: it cannot be read, or does not hold one recording.
    """
    name = printable(str(path))
    found: dict[str, list[tarfile.TarInfo]] = {meta_ending: [], data_ending: []}
    try:
        # "r:" is a plain tar file: a compressed one would have to be unpacked.
        with tarfile.open(path, "r:") as archive:
            for count, member in enumerate(archive):
                if count >= MOST_MEMBERS:
                    raise UserError(f"{name} holds more than {MOST_MEMBERS} files: unpack it")
                ending = Path(member.name).suffix.lower()
                # A hole has no bytes to point at.
                if ending in found and member.isreg() and member.sparse is None:
                    found[ending].append(member)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from None
    except (tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError):
        raise UserError(f"{name} is no SigMF archive, which is a plain tar file") from None
    counts = [len(members) for members in found.values()]
    if counts != [1, 1]:
        raise UserError(
            f"{name} holds {counts[0]} files {meta_ending} and {counts[1]} files {data_ending}: "
            "one recording is read from an archive, others once they are unpacked"
        )
    ((meta,), (data,)) = found.values()
    if Path(meta.name).stem != Path(data.name).stem:
        raise UserError(f"{name} holds samples of another recording than its metadata")
    return Archive(_bytes_of(meta), _bytes_of(data), Path(data.name).name)


def _bytes_of(member: tarfile.TarInfo) -> range:
    return range(member.offset_data, member.offset_data + max(member.size, 0))
