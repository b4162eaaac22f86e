"""The bar of a training, on terminals of any width."""

from types import SimpleNamespace
from typing import Any

import pytest
from lightning.pytorch.callbacks import RichProgressBar

from semjscc.training.runs import bar

METRICS = {"v_num": 0, "mse": 0.05, "loss": 0.06}


@pytest.mark.parametrize(
    ("width", "columns", "metrics"),
    [(40, 2, []), (59, 2, []), (60, 2, ["loss"]), (99, 2, ["loss"]), (100, 5, list(METRICS))],
)
def test_a_narrow_terminal_has_what_fits_into_a_line(
    width: int, columns: int, metrics: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bar, "get_console", lambda: SimpleNamespace(width=width))
    monkeypatch.setattr(RichProgressBar, "get_metrics", lambda *_: METRICS)
    nobody: Any = None
    shown = bar.TrainingBar().configure_columns(nobody)
    assert len(shown) == columns
    kinds = [type(one).__name__ for one in shown]
    assert {"BatchesProcessedColumn", "CustomTimeColumn"} <= set(kinds)
    assert list(bar.TrainingBar().get_metrics(nobody, nobody)) == metrics
