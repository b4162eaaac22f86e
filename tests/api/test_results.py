"""Results to work on: as a table, and in files."""

import io
import sys
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd
import pytest

import semjscc
from records import NO_CHANNEL, RECORD
from semjscc.report.point_table import table_text
from semjscc.results.records import KIND, Record

FILES = sorted((Path(__file__).parents[2] / "results").glob("*.json"))


def test_a_row_for_each_record_with_all_but_what_is_of_each_image(tmp_path: Path) -> None:
    records = [NO_CHANNEL, replace(RECORD, payload_bits=8, snr_db=-5.0)]
    results = semjscc.Results({"seed": 0}, records)
    table = results.to_pandas()
    kept = {field.name for field in fields(Record)} - {"right", "fingerprint", "evidence"}
    assert set(table.columns) == kept
    for name in kept:
        for found, record in zip(table[name], records, strict=True):
            value = getattr(record, name)
            assert pd.isna(found) if value is None else found == value
    assert table["snr_db"].dtype == table["payload_bits"].dtype == "float64"
    assert table["images"].dtype == "int64"
    results.save(tmp_path / "run" / "results.json")
    for path in (tmp_path / "run", str(tmp_path / "run" / "results.json")):
        assert semjscc.Results.load(path) == results
    # The same numbers as CSV says, to the last digit, with as many rows where there are none.
    read = pd.read_csv(io.StringIO(table_text(records, "csv")), keep_default_na=False, na_values="")
    pd.testing.assert_frame_equal(read, table, check_dtype=False, check_exact=True)
    assert list(semjscc.Results({}, []).to_pandas().columns) == list(table.columns)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_of_an_evaluation_opens(file: Path) -> None:
    if f'"kind": "{KIND}"' not in file.read_text()[:200]:
        with pytest.raises(semjscc.UserError, match="holds no results of semjscc"):
            semjscc.Results.load(file)
        return
    results = semjscc.Results.load(file)
    table = results.to_pandas()
    assert len(table) == len(results.records) > 0
    assert table["value"].between(table["ci_low"], table["ci_high"]).all()
    assert table["link"].tolist() == [record.link for record in results.records]


def test_in_a_notebook_it_is_one_line() -> None:
    results = semjscc.Results({}, [NO_CHANNEL, RECORD, RECORD])
    assert repr(results) == "<Results: 3 records of none, semantic>"
    assert repr(semjscc.Results({}, [])) == "<Results: 0 records of nothing>"


def test_without_pandas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(semjscc.UserError, match="pip install pandas"):
        semjscc.Results({}, [RECORD]).to_pandas()


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(semjscc.UserError, match=r"cannot read .*results\.json: No such file"):
        semjscc.Results.load(tmp_path)
