"""Strangers' payloads are decoded in a process of their own, which may die.

    this process ── pickled coder and payloads ──► decoder process, limited in memory and time
                 ◄── one byte, then raw pixels ──

What comes back is read as pixels and nothing else: a decoder that a payload has taken over can
send a wrong picture, but not run anything here.
"""

import os
import pickle
import resource
import selectors
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from semjscc.separation.sources.base import Accounting, Pixels, Setting, SourceCoder
from semjscc.separation.sources.search.scaling import reconstruct

_READY, _IMAGE, _REFUSED = b"\x01", b"\x02", b"\x03"
_LENGTH = struct.Struct("<Q")
_START_S = 120.0
"""For a new process to import the coders; a machine short of memory may take most of a minute."""

_BATCH_BYTES = 2**24
"""Of payloads in one message, so that the time for the first does not pass in copying."""

_COMMAND = "from semjscc.separation.sources.sandbox import serve; serve()"


class Sandbox:
    """A decoder process, started when first needed; to be closed in the end.

    It answers in order, one caller at a time; others wait.

    Args:
        seconds: of processor time for one image; twice as many may pass on the clock.
        memory_bytes: what decoding may take beyond what the process has after its start.
    """

    def __init__(self, seconds: float = 20.0, memory_bytes: int = 2**31) -> None:
        self._seconds = seconds
        self._clock_s = 2 * seconds
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def reconstruct_all(
        self,
        coder: SourceCoder,
        payloads: Sequence[tuple[bytes, Setting]],
        size: tuple[int, int],
        accounting: Accounting,
    ) -> list[Pixels | None]:
        """What `scaling.reconstruct` gives for each payload.

        Args:
            coder: the one that made them, or is said to.
            payloads: strangers' bytes, each with its setting.
            size: (H, W) of every image.
            accounting: what a payload is.

        Returns:
            None where the payload is no image of this size, or where decoding it took too much
            time or memory or brought the process down.

        Raises:
            RuntimeError: the decoder process does not start.
        """
        images: list[Pixels | None] = []
        with self._turn:
            while len(images) < len(payloads):
                batch = _first_batch(payloads[len(images) :])
                images += self._some(coder, batch, size, accounting)
        return images

    def _some(
        self,
        coder: SourceCoder,
        batch: Sequence[tuple[bytes, Setting]],
        size: tuple[int, int],
        accounting: Accounting,
    ) -> list[Pixels | None]:
        """The images of a batch, up to and with the first one that brings the process down."""
        process = self._send(pickle.dumps((coder, batch, size, accounting)))
        images: list[Pixels | None] = []
        for _ in batch:
            try:
                images.append(_read_image(process, size, self._clock_s))
            except EOFError:
                self.close()
                return [*images, None]
        return images

    def _send(self, message: bytes) -> subprocess.Popen[bytes]:
        """Hand a batch to a decoder process that has shown that it can read it."""
        # The old process may die of the last batch only now; a new one has no excuse.
        for process in (self._process, None):
            if process is None:
                self.close()
                process = self._process = _start(self._seconds, self._memory_bytes)
            assert process.stdin is not None
            with suppress(OSError, EOFError):
                process.stdin.write(_LENGTH.pack(len(message)) + message)
                process.stdin.flush()
                if _read(process, 1, _START_S) == _READY:
                    return process
        self.close()
        raise RuntimeError("the process that decodes images does not start")

    def close(self) -> None:
        """End the process; the next payload starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        # communicate() would wait for what a killed process can no longer say.
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):  # a batch was still on its way
                if stream is not None:
                    stream.close()
        process.wait()


def _start(seconds: float, memory_bytes: int) -> subprocess.Popen[bytes]:
    # Not multiprocessing, which would import the caller's main module, torch and all.
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _COMMAND, str(seconds), str(memory_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        # Ctrl-C is for the parent, which then ends this process.
        start_new_session=True,
    )


def _first_batch(payloads: Sequence[tuple[bytes, Setting]]) -> Sequence[tuple[bytes, Setting]]:
    total = 0
    for count, (payload, _) in enumerate(payloads):
        total += len(payload)
        if count and total > _BATCH_BYTES:
            return payloads[:count]
    return payloads


def _read_image(
    process: subprocess.Popen[bytes], size: tuple[int, int], seconds: float
) -> Pixels | None:
    kind = _read(process, 1, seconds)
    if kind == _REFUSED:
        return None
    if kind != _IMAGE:
        raise EOFError
    pixels = _read(process, size[0] * size[1] * 3, seconds)
    return np.frombuffer(pixels, np.uint8).reshape(*size, 3)


def _read(process: subprocess.Popen[bytes], count: int, seconds: float) -> bytearray:
    """Exactly ``count`` bytes.

    Raises:
        EOFError: they did not come in time, or the process has ended.
    """
    assert process.stdout is not None
    place = process.stdout.fileno()
    end = time.monotonic() + seconds
    found = bytearray()
    with selectors.DefaultSelector() as waiting:  # `select` takes no number above 1,023
        waiting.register(place, selectors.EVENT_READ)
        while len(found) < count:
            left = end - time.monotonic()
            if left <= 0 or not waiting.select(left):
                raise EOFError
            # Not through the buffered file, whose reads wait without end.
            piece = os.read(place, min(count - len(found), 2**20))
            if not piece:
                raise EOFError
            found += piece
    return found


def serve() -> None:
    """The life of a decoder process: batches from standard input, images to standard output."""
    seconds, memory_bytes = float(sys.argv[1]), int(sys.argv[2])
    # A library that prints must not print into the pixels.
    output = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    limited = False
    while header := sys.stdin.buffer.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(header)
        coder, batch, size, accounting = pickle.loads(sys.stdin.buffer.read(length))
        if not limited:
            _limit(memory_bytes)
            limited = True
        output.write(_READY)
        output.flush()
        for payload, setting in batch:
            _allow(seconds)
            output.write(_answer(coder, payload, setting, size, accounting))
            output.flush()


def _answer(
    coder: SourceCoder,
    payload: bytes,
    setting: Setting,
    size: tuple[int, int],
    accounting: Accounting,
) -> bytes:
    try:
        image = reconstruct(coder, payload, setting, size, accounting)
    except (Exception, SystemExit):  # of any kind: the payload made the coder fail
        return _REFUSED
    return _IMAGE + image.tobytes()


def _limit(memory_bytes: int) -> None:
    """No more memory than now plus ``memory_bytes``, no files written, no core dump."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    try:
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:  # no Linux; the limit then counts from nothing
        now = 0
    _lower(resource.RLIMIT_AS, now + memory_bytes)


def _allow(seconds: float) -> None:
    """So much more processor time, to the next whole second, before the system ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + 1)


def _lower(kind: int, limit: int) -> None:
    """Set the soft limit, as far as the hard one lets it."""
    _, hard = resource.getrlimit(kind)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    # macOS refuses RLIMIT_AS; the clock still limits.
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (limit, hard))
