"""What strangers' files make programs say, kept from the terminal or made safe for it."""

import ctypes
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

from PIL import Image

_PRINTABLE_LENGTH = 120
_FILTERS = threading.Lock()


def printable(text: str) -> str:
    """``text`` made safe for a terminal: control characters become "?", the middle is cut.

    Paths and column names come from strangers' files; an escape sequence in one could rewrite
    the screen, and a newline could fake a second message.
    """
    if len(text) > _PRINTABLE_LENGTH:
        half = _PRINTABLE_LENGTH // 2
        text = f"{text[: half - 1]}…{text[-half:]}"
    return "".join(char if char.isprintable() else "?" for char in text)


@contextmanager
def without_warnings() -> Iterator[None]:
    """Nothing warns inside. One thread at a time: the filters belong to the whole process."""
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def hush_decoders() -> None:
    """Keep libtiff and Pillow's log from the terminal: what they say comes as exceptions too.

    libtiff writes to the standard error stream from C. Its handler is taken away through Pillow's
    own extension, to which the symbol belongs wherever libtiff is a shared library.
    """
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with suppress(AttributeError, OSError):
        handler = ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler
        handler.argtypes, handler.restype = [ctypes.c_void_p], ctypes.c_void_p
        handler(None)
