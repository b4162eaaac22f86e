"""The bar of a training: one line on terminals of any width."""

from typing import Any

import lightning as L
from lightning.pytorch.callbacks import RichProgressBar
from rich import get_console

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
