"""The state of a training on disk: when it is written, and what a signal does.

SIGINT (Ctrl-C) and SIGTERM let the step that is being made come to its end; its state is saved, and
then the training is left. A second signal leaves at once.
"""

import io
import signal
import threading
import time
from pathlib import Path
from typing import Any, Self

import lightning as L
import torch
from lightning.fabric.plugins.io import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback

from semjscc.checkpoint import write_atomically
from semjscc.errors import UserError

RESUME = "resume.ckpt"
BEFORE_DECAY = "before-decay.ckpt"
_STOPS = (signal.SIGINT, signal.SIGTERM)
_STATE = {"state_dict", "optimizer_states", "lr_schedulers", "loops", "epoch", "global_step"}
"""What Lightning writes and asks for."""
_WITHOUT = "move it away to go on without it"


def read_state(path: Path, map_location: Any = "cpu") -> dict[str, Any]:
    """A training's state, read without unpickling code.

    Raises:
        UserError: it cannot be read, or is none.
    """
    try:
        state = torch.load(path, map_location=map_location, weights_only=True)
    except OSError as error:
        raise UserError(f"{path} cannot be resumed: {error.strerror or error}") from error
    except Exception as error:  # what torch says of a damaged file is of any kind, and long
        raise UserError(f"{path} cannot be resumed: it is damaged; {_WITHOUT}") from error
    if not isinstance(state, dict) or not state.keys() >= _STATE:
        raise UserError(f"{path} cannot be resumed: it holds no state of a training; {_WITHOUT}")
    return state


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoints, put in place in one step and read without unpickling code."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write the state; a full disk or a kill keeps the previous one."""
        del storage_options
        # By way of memory: what torch.save raises on a full disk does not say that it is full.
        state = io.BytesIO()
        torch.save(checkpoint, state)
        write_atomically(Path(path), lambda temporary: temporary.write_bytes(state.getbuffer()))

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a state back with ``weights_only``."""
        del weights_only
        return read_state(Path(path), map_location or "cpu")


class Ear:
    """Hears the signals that ask a training to stop; on leaving, they do what they did before.

    Attributes:
        heard: the last signal's number; None where there was none.
    """

    def __init__(self) -> None:
        self.heard: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Another thread than the main one can set no handler, and gets no signal.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.getsignal(number) for number in _STOPS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def listen(self) -> None:
        """From now on note the signals; a background job that is deaf to Ctrl-C stays so."""
        for number, before in self._before.items():
            if before is not signal.SIG_IGN:
                signal.signal(number, self._hear)

    def _hear(self, number: int, _frame: object) -> None:
        self.heard = number
        signal.signal(number, self._before[number])


class KeepState(Callback):
    """Saves the whole training state every so many seconds, when told to stop, and at the end.

    Args:
        folder: the run's.
        seconds: between two states.
        ear: which hears the signals to stop.
        decay_from: the step at which the rate begins to fall, whose state is kept besides, so that
            the run can be made longer; None where there is no such step.

    Attributes:
        left: the signal for which the training was left.
    """

    def __init__(self, folder: Path, seconds: float, ear: Ear, decay_from: int | None) -> None:
        self._folder = folder
        self._seconds = seconds
        self._ear = ear
        self._decay_from = decay_from
        self._saved_at = time.monotonic()
        self.left: int | None = None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Listen; Lightning has set its own handlers by now."""
        del trainer, pl_module
        self._ear.listen()

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Save when the time has come; the first process decides for all."""
        del pl_module, outputs, batch, batch_idx
        due = time.monotonic() - self._saved_at >= self._seconds
        due, self.left = trainer.strategy.broadcast((due, self._ear.heard))
        if trainer.global_step == self._decay_from:
            trainer.save_checkpoint(self._folder / BEFORE_DECAY, weights_only=False)
        # Not in on_train_end, where the counting is over: such a state could not go on.
        if due or self.left or trainer.global_step == trainer.max_steps:
            trainer.save_checkpoint(self._folder / RESUME, weights_only=False)
            self._saved_at = time.monotonic()
        if self.left:
            trainer.should_stop = True
