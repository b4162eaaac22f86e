"""How far a training is: a bar in one line of any terminal, or lines in a file."""

from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, RichProgressBar
from rich import get_console

from semjscc.runtime.progress_lines import ProgressLines

_WIDE, _HAS_LOSS = 100, 60
"""Columns of a terminal from which all is shown, and from which the loss is."""


class TrainingBar(RichProgressBar):
    """Lightning's bar; a narrow terminal has steps and times, and the loss where there is room.

    It would break every word into a line of its own.
    """

    def configure_columns(self, trainer: L.Trainer) -> list[Any]:
        """What stands in the line before the loss."""
        columns = super().configure_columns(trainer)
        _, _, steps, times, *_ = columns
        return columns if get_console().width >= _WIDE else [steps, times]

    def get_metrics(
        self, trainer: L.Trainer, pl_module: L.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """What stands behind."""
        known, width = super().get_metrics(trainer, pl_module), get_console().width
        if width >= _WIDE:
            return known
        return {name: known[name] for name in known if name == "loss" and width >= _HAS_LOSS}


class TrainingLines(Callback):
    """A line a minute in place of the bar.

    Args:
        name: of the recipe.
        steps: at the end.
    """

    def __init__(self, name: str, steps: int) -> None:
        self._name, self._steps = name, steps
        self._lines: ProgressLines | None = None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin to count, from the saved step where the run goes on."""
        del pl_module
        if trainer.is_global_zero:
            self._lines = ProgressLines(self._name, self._steps, "steps", trainer.global_step)

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Say a line, if it is time for one."""
        del pl_module, outputs, batch, batch_idx
        if self._lines is not None:
            self._lines.reached(trainer.global_step)
