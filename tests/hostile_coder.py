"""A coder that does what a payload says; apart, since every decoder process imports it."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import ClassVar

import numpy as np

from semjscc.separation.sources.base import Pixels
from toy_coder import Toy


class Hostile(Toy):
    """Does what the payload says."""

    name: ClassVar[str] = "hostile"

    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        match file:
            case b"sleep":
                time.sleep(1000)
            case b"spin":
                while True:
                    pass
            case b"memory":
                # Never touched: without a limit on addresses this would succeed.
                np.empty(100 * 2**30, np.uint8)
            case b"kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case b"exit":
                sys.exit(0)
            case b"size":
                return np.zeros((7, 7, 3), np.uint8)
            case b"type":
                return np.zeros((*size, 3), np.float64)  # pyright: ignore[reportReturnType]
            case b"print":
                os.write(1, b"pixels?" * 100)
                print("pixels?", flush=True)
            case b"raise":
                raise OSError("broken")
            case b"file":
                Path(os.devnull + "-semjscc").write_bytes(b"x")
            case _:
                pass
        return np.full((*size, 3), len(file), np.uint8)
