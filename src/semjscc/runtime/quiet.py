"""What strangers' files make programs say, kept from the terminal."""

import ctypes
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

from PIL import Image

_FILTERS = threading.Lock()


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


@cache
def hush_libav() -> None:
    """Keep FFmpeg's libraries from the terminal: what is wrong with a file comes as exceptions."""
    import av.logging

    av.logging.set_level(None)
