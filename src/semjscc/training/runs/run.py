"""A run: a folder in which one recipe is trained, stopped, resumed and finished.

runs/NAME/recipe.yaml         what is trained
          inputs.json         what it is trained from: images, other weights, own code
          resume.ckpt         the latest state, written atomically
          before-decay.ckpt   the state before a constant rate began to fall
          log/, tensorboard/  the loss by step, a file for each start
          model.safetensors   the result
"""

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch.utils.data import DataLoader, Dataset

from semjscc.checkpoint import MODEL
from semjscc.errors import Stopped, UserError, printable
from semjscc.paths import keep_apart
from semjscc.runtime.devices import AUTO, check_device
from semjscc.training.modules import StepTraining
from semjscc.training.optimisation.averaging import AverageWeights
from semjscc.training.recipe import Recipe, load_recipe, save_recipe
from semjscc.training.runs.bar import TrainingBar, TrainingLines
from semjscc.training.runs.longer import is_longer, make_longer, state_to_go_on_from
from semjscc.training.runs.nodes import tells_lost_nodes
from semjscc.training.runs.several import Watch
from semjscc.training.runs.state import BEFORE_DECAY, RESUME, AtomicCheckpointIO, Ear, KeepState

RECIPE = "recipe.yaml"
ELSEWHERE = "move it away, or choose another folder (train --out, reproduce --runs)"
"""What helps where a run's folder belongs to another training."""


def open_run(recipe: Recipe, folder: Path) -> None:
    """Check that a run's folder is new, or holds this recipe, perhaps with fewer steps.

    Raises:
        UserError: the folder belongs to another recipe, or to one that cannot be made longer, or
            holds weights of which no recipe tells.
    """
    if not (folder / RECIPE).is_file():
        for name in (MODEL, RESUME, BEFORE_DECAY):
            if (folder / name).exists():
                raise UserError(
                    f"{printable(str(folder / name))} would be written over, and no {RECIPE} "
                    f"beside it tells of it: {ELSEWHERE}"
                )
    begun = _begun(recipe, folder)
    if begun is not None:
        state_to_go_on_from(recipe, begun, folder)


def spare_recipe(read: Path, folder: Path) -> None:
    """Refuse to replace the recipe that is read by a changed one, unless a run wrote it.

    Raises:
        UserError: so it is.
    """
    if not any((folder / name).is_file() for name in (RESUME, MODEL)):
        keep_apart([read], [folder / RECIPE])


def is_done(recipe: Recipe, folder: Path) -> bool:
    """Whether a run has come to the end of this recipe.

    Raises:
        UserError: as of `open_run`.
    """
    open_run(recipe, folder)
    made = all((folder / name).is_file() for name in (RECIPE, MODEL))
    return made and _begun(recipe, folder) is None


def _begun(recipe: Recipe, folder: Path) -> Recipe | None:
    """The shorter recipe that a run was begun with; None where it is new, or this very one.

    Raises:
        UserError: the folder belongs to another recipe.
    """
    file = folder / RECIPE
    if not file.is_file() or (begun := load_recipe(file)) == recipe:
        return None
    if not is_longer(recipe, begun):
        raise UserError(f"{folder} holds a run of another recipe: {ELSEWHERE}")
    return begun


@dataclass(frozen=True)
class Schedule:
    """How a run is carried out; none of this changes its weights.

    Attributes:
        processes: how many processes (or GPUs) of each node share each batch.
        save_seconds: how often the resumable state is written.
        progress: show a bar with the time left; or else a line a minute.
        card_images: the model card is measured on so many images of val at most; None for as
            many as a card takes.
        device: ``auto`` for a GPU where there is one, ``cpu``, ``cuda`` or ``mps``.
        nodes: how many machines share it, on each of which the command runs; torchrun or SLURM
            starts it there, or a person who sets MASTER_ADDR, MASTER_PORT and NODE_RANK.

    Raises:
        UserError: there is no such schedule.
    """

    processes: int = 1
    save_seconds: float = 60.0
    progress: bool = True
    card_images: int | None = None
    device: str = AUTO
    nodes: int = 1

    def __post_init__(self) -> None:
        if self.processes < 1:
            raise UserError(f"there must be at least 1 process, not {self.processes}")
        check_device(self.device)
        if self.nodes < 1:
            raise UserError(f"there must be at least 1 node, not {self.nodes}")
        if not self.save_seconds >= 0:
            raise UserError(f"seconds to save after are 0 or more, not {self.save_seconds}")


def fit(module: StepTraining, folder: Path, schedule: Schedule, resume: bool) -> bool:
    """Train to the recipe's last step, from the saved state where there is one.

    Returns:
        whether this is the process that goes on to write results.

    Raises:
        UserError: the batch cannot be shared evenly, the saved state cannot be resumed, or the
            folder cannot be written.
        Stopped: a signal came; what was trained until then is kept.
    """
    optimiser, processes = module.recipe.optimiser, schedule.processes * schedule.nodes
    if min(optimiser.batch, len(module.train_set)) % processes:
        raise UserError(f"a batch of {optimiser.batch} cannot be shared by {processes} processes")
    # Only now, so that a mistake found before leaves no run that the right recipe does not fit.
    begun = _begun(module.recipe, folder)
    if begun is not None:
        make_longer(module.recipe, begun, folder)
    if begun is not None or not (folder / RECIPE).is_file():
        save_recipe(module.recipe, folder / RECIPE)
    ear = Ear()
    keeper = KeepState(folder, schedule.save_seconds, ear, optimiser.decay_from)
    average = AverageWeights(optimiser.ema) if optimiser.ema else None
    # The average comes before what saves, so that both are of the same step.
    callbacks: list[Callback] = [keeper] if average is None else [average, keeper]
    name = printable(module.recipe.name)
    callbacks.append(TrainingBar() if schedule.progress else TrainingLines(name, optimiser.steps))
    watch = Watch(folder) if processes > 1 else None
    if watch is not None:
        callbacks.append(watch)
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # A loader that only counts needs neither workers nor a state; the last is Lightning's own.
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*your dataloader is not resumable.*")
        warnings.filterwarnings("ignore", ".*LeafSpec.*is deprecated.*")
        trainer = L.Trainer(
            accelerator=schedule.device,
            devices=schedule.processes,
            num_nodes=schedule.nodes,
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
        watched = nullcontext() if watch is None else watch.over(trainer)
        linked = tells_lost_nodes(folder) if schedule.nodes > 1 else nullcontext()
        with _stops_like_any_command(trainer), _fails_in_one_line(folder), ear, linked, watched:
            trainer.fit(module, counter, ckpt_path=str(folder / RESUME) if resume else None)
    if keeper.left is not None:
        if not trainer.is_global_zero:  # one of several processes is enough to say it
            raise SystemExit(128 + keeper.left)
        done = f"{trainer.global_step} of {optimiser.steps} steps are kept in {folder}"
        raise Stopped(f"{done}; the same command goes on from there", keeper.left)
    if average is not None:
        average.put_into(module)
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

    They come into play before the first step, and at the second signal.

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
