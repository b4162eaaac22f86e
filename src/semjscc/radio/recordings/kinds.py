"""Kinds of recordings by name: of a path by its ending, or as they are stated with it.

Of names for the same samples, that of SigMF counts; others are those of GNU Radio, UHD, URH,
inspectrum, rtl_433 and others.
"""

from pathlib import Path

from semjscc.errors import UserError, printable

PIPE = "-"
RAW = ("cf32", "cf64", "ci16", "ci8", "cu8")
"""Kinds that hold samples and nothing else: I and Q in turn, little-endian."""
FORMATS = (*RAW, "wav")
"""Kinds that may be stated, and written."""
COMPRESSED = ("flac", "ogg")
"""Kinds of sound that are read alone."""
SPELLINGS = {
    "fc32": "cf32", "cfile": "cf32", "complex": "cf32",
    "fc64": "cf64",
    "cs16": "ci16", "sc16": "ci16", "c16": "ci16", "complex32s": "ci16",
    "cs8": "ci8", "sc8": "ci8", "c8": "ci8", "complex16s": "ci8",
    "uc8": "cu8", "complex16u": "cu8",
}  # fmt: skip
"""What others call them; URH counts the bits of I and Q together."""
KINDS = {
    ".sigmf-meta": "sigmf",
    ".sigmf-data": "sigmf",
    ".sigmf": "sigmf",
    **{f".{kind}": kind for kind in FORMATS},
    **{f".{spelling}": kind for spelling, kind in SPELLINGS.items()},
    **{f".{kind}": kind for kind in COMPRESSED},
    ".oga": "ogg",
    ".opus": "ogg",
}
"""Kinds by the end of the path."""


def canonical(name: str) -> str:
    """A kind by any of its names, in capitals or not; what is none stays as it is."""
    return SPELLINGS.get(name.lower(), name.lower())


def kind_of(path: str | Path, kind: str | None) -> str:
    """What a path holds: by its ending, or else of the stated kind.

    Raises:
        UserError: neither says.
    """
    kind = KINDS.get(Path(path).suffix.lower()) or kind
    if kind is None or kind not in KINDS.values():
        known = ", ".join([".sigmf-meta", ".sigmf-data", *(f".{kind}" for kind in FORMATS)])
        raise UserError(
            f"{printable(str(path))} is no recording of a known kind: {known}, or of a "
            "stated --format"
        )
    return kind


def check_kind(stated: str | None, *paths: str | Path) -> None:
    """Refuse paths of no kind, and a stated one that counts for none of them, before any work.

    Raises:
        UserError: so it is; a pipe is of some kind in any case.
    """
    files = [path for path in paths if str(path) != PIPE]
    kinds = [kind_of(path, stated) for path in files]
    if stated is not None and len(files) == len(paths) and stated not in kinds:
        raise UserError(
            f"{printable(str(paths[0]))} is of the kind {kinds[0]}, by its ending: a format is "
            "stated of a pipe, or where the ending says nothing"
        )
