"""The page about the results file names every field as the code has it, and nothing else."""

import json
import re
import types
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import torch

from records import NO_CHANNEL, RECORD
from semjscc.data.base import ImageSet
from semjscc.links import NoChannel
from semjscc.perception.base import Perception
from semjscc.results.outcomes import pack
from semjscc.results.ranges import _RANGES
from semjscc.results.records import KIND, OPTIONAL, Record, Results, make_meta, save_results

PAGE = (Path(__file__).parents[2] / "docs" / "results-file.md").read_text()
WORDS = {str: "text", int: "whole number", float: "number"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table after a line, without its head."""
    lines = f"\n{PAGE}".split(f"\n{heading}\n", 1)[1].splitlines()
    table = re.search(r"(?:^\|.*\n?)+", "\n".join(lines), re.M)
    assert table is not None
    _, _, *body = table[0].strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


def fields(heading: str) -> dict[str, list[str]]:
    return {cells[0].strip("` "): cells[1:] for cells in rows(heading)}


def type_of(hint: Any) -> str:
    kinds = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    widest = float if float in kinds else next(kind for kind in kinds if kind is not types.NoneType)
    return WORDS[widest] + (" or null" if types.NoneType in kinds else "")


def test_every_field_of_a_record_stands_on_the_page() -> None:
    hints = get_type_hints(Record)
    described = fields("## Record")
    assert list(described) == list(hints)
    assert {name: cells[0] for name, cells in described.items()} == {
        name: type_of(hint) for name, hint in hints.items()
    }
    assert {name for name, cells in described.items() if cells[3] != "never"} == {
        name for name, cells in described.items() if cells[0].endswith("null")
    }
    assert list(described)[-len(OPTIONAL) :] == [name for name in hints if name in OPTIONAL]
    shares = {name for name, cells in described.items() if cells[1] == "0 to 1"}
    assert shares == {name for name, limits in _RANGES.items() if limits == (0, 1)}
    units = {name for name, cells in described.items() if cells[1].startswith("dB")}
    assert units == {name for name in hints if name.endswith("_db")}


def test_every_field_of_meta_stands_on_the_page(tiny_perception: Perception) -> None:
    images, labels = torch.zeros(2, 3, 16, 16, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64)
    sent = ImageSet("toy", "val", images, labels, ("a",), "r1", "f1", names=("0.png", "1.png"))
    meta = make_meta(
        links=[NoChannel()], data=sent, perceptions=[tiny_perception], command="x", seed=3
    )
    described, data = fields("## Meta"), fields("`data` holds:")
    assert list(described) == [*meta, "earlier"]
    assert list(data) == list(meta["data"])
    kinds = WORDS | {dict: "object", list: "list of objects"}
    for table, found in ((described, meta), (data, meta["data"])):
        for name, value in found.items():
            if name == "names":
                assert table[name][0] == "list of text"
            elif value is not None:
                assert table[name][0] == kinds[type(value)]
    nullable = {n for n, cells in (described | data).items() if cells[-1] != "never"}
    assert nullable == {"commit"}


def test_the_file_has_the_keys_of_the_page_and_is_read_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = np.array([[True, False], [True, True], [False, False], [True, True], [False, True]])
    point = replace(RECORD, images=5, draws=2, value=0.6, right=pack(right))
    save_results(Results({"seed": 0}, [NO_CHANNEL, point]), tmp_path / "results.json")
    content = json.loads((tmp_path / "results.json").read_text())
    assert [cells[0].strip("`") for cells in rows("# The results file")] == list(content)
    assert f"always `{KIND}`" in PAGE
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    names: dict[str, Any] = {}
    exec(block, names)
    assert np.array_equal(names["right"], right)
