"""A run: a folder in which one recipe is trained, stopped, resumed and finished.

runs/NAME/recipe.yaml         what is trained
          inputs.json         what it is trained from: images and other weights
          resume.ckpt         the latest state, written atomically
          log/, tensorboard/  the loss by step, a file for each start
          model.safetensors   the result
"""

import io
import logging
import os
import pickle
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins.io import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch.utils.data import DataLoader, Dataset

from semjscc.checkpoint import write_atomically
from semjscc.errors import UserError
from semjscc.training.modules import StepTraining
from semjscc.training.recipe import Recipe, load_recipe, save_recipe

RECIPE = "recipe.yaml"
RESUME = "resume.ckpt"
_STATE = {"state_dict", "optimizer_states", "lr_schedulers", "loops", "epoch", "global_step"}
"""What Lightning writes and asks for."""
ELSEWHERE = "move it away, or choose another folder (train --out, reproduce --runs)"
"""What helps where a run's folder belongs to another training."""


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
        try:
            state = torch.load(path, map_location=map_location or "cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise UserError(f"{path} cannot be resumed: {reason}") from error
        if not isinstance(state, dict) or not state.keys() >= _STATE:
            raise UserError(f"{path} cannot be resumed: it holds no state of a training")
        return state


class KeepState(Callback):
    """Saves the whole training state every so many seconds, and at the end."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._path = folder / RESUME
        self._seconds = seconds
        self._saved_at = time.monotonic()

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
        if trainer.strategy.broadcast(due):
            trainer.save_checkpoint(self._path, weights_only=False)
            self._saved_at = time.monotonic()

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Keep the last state, so that what follows the training can be repeated."""
        del pl_module
        trainer.save_checkpoint(self._path, weights_only=False)


class LeaveAtOnce(Callback):
    """Ends all the processes of a training on SIGTERM; the last state that was saved is kept.

    Lightning would first tell the others, and waits forever where they are in the middle of
    exchanging something else.
    """

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Take over from Lightning, which has set its own handler by now."""
        del pl_module

        def leave(*_: object) -> None:
            if trainer.strategy.launcher is not None:
                trainer.strategy.launcher.kill(signal.SIGKILL)
            os._exit(128 + signal.SIGTERM)

        signal.signal(signal.SIGTERM, leave)


def open_run(recipe: Recipe, folder: Path) -> bool:
    """Check that a run's folder is new, or holds this very recipe.

    Returns:
        whether there is a state to resume from.

    Raises:
        UserError: the folder belongs to another recipe.
    """
    file = folder / RECIPE
    if file.is_file() and load_recipe(file) != recipe:
        raise UserError(f"{folder} holds a run of another recipe: {ELSEWHERE}")
    return (folder / RESUME).is_file()


@dataclass(frozen=True)
class Schedule:
    """How a run is carried out; none of this changes its result.

    Attributes:
        processes: how many processes (or GPUs) share each batch.
        save_seconds: how often the resumable state is written.
        progress: show a bar with the time left.

    Raises:
        UserError: there is no such schedule.
    """

    processes: int = 1
    save_seconds: float = 60.0
    progress: bool = True

    def __post_init__(self) -> None:
        if self.processes < 1:
            raise UserError(f"there must be at least 1 process, not {self.processes}")
        if not self.save_seconds >= 0:
            raise UserError(f"seconds to save after are 0 or more, not {self.save_seconds}")


def fit(module: StepTraining, folder: Path, schedule: Schedule, resume: bool) -> bool:
    """Train to the recipe's last step, from the saved state where there is one.

    Returns:
        whether this is the process that goes on to write results.

    Raises:
        UserError: the batch cannot be shared evenly, the saved state cannot be resumed, or the
            folder cannot be written.
        KeyboardInterrupt: it was stopped by Ctrl-C; the last state that was saved is kept.
    """
    optimiser, processes = module.recipe.optimiser, schedule.processes
    if min(optimiser.batch, len(module.train_set)) % processes:
        raise UserError(f"a batch of {optimiser.batch} cannot be shared by {processes} processes")
    # Only now, so that a mistake found before leaves no run that the right recipe does not fit.
    if not (folder / RECIPE).is_file():
        save_recipe(module.recipe, folder / RECIPE)
    callbacks: list[Callback] = [KeepState(folder, schedule.save_seconds)]
    if processes > 1:
        callbacks.append(LeaveAtOnce())
    if schedule.progress:
        callbacks.append(RichProgressBar())
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # A loader that only counts needs neither workers nor a state; the last is Lightning's own.
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*your dataloader is not resumable.*")
        warnings.filterwarnings("ignore", ".*LeafSpec.*is deprecated.*")
        trainer = L.Trainer(
            accelerator="auto",
            devices=processes,
            strategy="ddp" if processes > 1 else "auto",
            precision=optimiser.precision,
            max_steps=optimiser.steps,
            max_epochs=1,
            logger=[CSVLogger(folder, name="log"), TensorBoardLogger(folder, name="tensorboard")],
            log_every_n_steps=max(1, min(50, optimiser.steps // 20)),
            callbacks=callbacks,
            plugins=[AtomicCheckpointIO()],
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=schedule.progress,
            use_distributed_sampler=False,
            gradient_clip_val=optimiser.clip_gradient,
        )
        counter = DataLoader(_Counter(optimiser.steps), batch_size=None)
        with _stops_like_any_command(trainer), _fails_in_one_line(folder):
            trainer.fit(module, counter, ckpt_path=str(folder / RESUME) if resume else None)
    return trainer.is_global_zero


@contextmanager
def _fails_in_one_line(folder: Path) -> Iterator[None]:
    """A full disk strikes the logs as well as the state."""
    others = threading.excepthook

    def print_others(failed: threading.ExceptHookArgs) -> None:
        # TensorBoard writes from a thread of its own, which hands its error on to this one.
        if not issubclass(failed.exc_type, OSError):
            others(failed)

    threading.excepthook = print_others
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"cannot train in {folder}: {reason}") from error
    finally:
        threading.excepthook = others


@contextmanager
def _stops_like_any_command(trainer: L.Trainer) -> Iterator[None]:
    """Turn Lightning's own ways to leave on a signal into those of every other command.

    It would exit with 1 after Ctrl-C, ignore the next one, and exit with 0 after SIGTERM.
    """
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as stop:
        if isinstance(stop, SIGTERMException):
            raise SystemExit(128 + signal.SIGTERM) from None
        # One of several processes is enough to say that all have stopped.
        if not isinstance(stop.__context__, KeyboardInterrupt) or not trainer.is_global_zero:
            raise
        signal.signal(signal.SIGINT, on_interrupt)
        raise KeyboardInterrupt from None


class _Counter(Dataset[int]):
    """The numbers from 0: what a step sees follows from its number, not from a loader."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> int:
        return index
