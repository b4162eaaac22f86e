"""Links that lose what they run on; the nodes of a test's Ray cluster import them from here."""

import os
import signal
import time
from fractions import Fraction
from pathlib import Path

from torch import Tensor

from semjscc.evaluation.grid import Grid
from semjscc.links import CodecLink, Received, Situation

GRID = Grid(ratios=(Fraction(1, 24), Fraction(1, 12)), snrs_db=(5.0,))
NODE = "SEMJSCC_TEST_NODE"
"""The environment variable by which a node knows that it is the one that is to be lost."""
PATIENCE = 60


class Lost(CodecLink):
    """Loses a worker, or a whole node, the first time that it is used on the second node.

    Attributes:
        mark: a file that is there afterwards; until then the first node waits.
        loses: "worker" or "node".
    """

    mark: Path
    loses: str

    def send(self, images: Tensor, situation: Situation) -> Received:
        until = time.monotonic() + PATIENCE
        while not self.mark.exists() and time.monotonic() < until:
            if NODE in os.environ:
                self.mark.touch()
                lost = os.getpid() if self.loses == "worker" else os.getppid()
                os.kill(lost, signal.SIGKILL)
            time.sleep(0.05)
        return super().send(images, situation)
