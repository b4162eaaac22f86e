"""The notebook runs from its first cell to its last, and is kept without outputs."""

import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "first_steps.ipynb"


@pytest.fixture(scope="module")
def book() -> dict[str, Any]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))


def test_it_is_a_notebook_of_format_4_without_outputs(book: dict[str, Any]) -> None:
    assert set(book) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", one) for one in ids)
    every = {"cell_type", "id", "metadata", "source"}
    for cell in book["cells"]:
        of_code = {"outputs", "execution_count"} if cell["cell_type"] == "code" else set()
        assert set(cell) == every | of_code
        assert cell["cell_type"] in ("code", "markdown")
        assert cell["source"]
        assert all(isinstance(line, str) for line in cell["source"])
        assert not any("\n" in line[:-1] for line in cell["source"])
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_its_cells_do_what_they_say(
    book: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mpl.use("agg")
    from matplotlib import pyplot as plt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("semjscc.data.COUNTS", {"train": 64, "val": 8, "test": 8})
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert sum("steps=100," in "".join(cell["source"]) for cell in cells) == 1
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        for cell in cells:
            text = "".join(cell["source"]).replace("steps=100,", "steps=30,")
            exec(compile(text, cell["id"], "exec"), names)
        assert len(plt.get_fignums()) == 3
    finally:
        plt.close("all")
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["djscc", "256"],
        ["semantic", "256"],
    ]
    table, both = names["table"], names["both"].to_pandas()
    assert isinstance(table, pd.DataFrame)
    assert table["link"].tolist() == ["none", *["djscc"] * 3, *["semantic"] * 3]
    assert table["images"].tolist() == [8] * 7
    log = names["log"]["loss"]
    assert float(log[-8:].mean()) < float(log[:3].mean())  # it has learned something
    assert both["link"].tolist() == ["ours", "djscc"]
    assert (tmp_path / "runs" / "first-steps" / "model.safetensors").is_file()
