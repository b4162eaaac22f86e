"""One table of all points: CSV that reads back, LaTeX that compiles."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

from records import NO_CHANNEL, RECORD
from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.report.point_table import COLUMNS, chosen_columns, table_text
from semjscc.results.records import Results, save_results

META = {"data": {"name": "signs", "split": "val", "images": 1000, "fingerprint": "f"}}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "results.json"
    odd = replace(RECORD, link="my_50%&#1\x1b[2J", ratio="1/48", snr_db=-5.0)
    save_results(Results(META, [NO_CHANNEL, RECORD, odd]), path)
    return path


def test_csv_has_every_column_and_all_digits(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(results), "--table", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [row["link"] for row in rows] == ["none", "semantic", "my_50%&#1?[2J"]
    assert (rows[0]["ratio"], rows[0]["snr_db"]) == ("", "")
    assert (rows[2]["ratio"], float(rows[2]["snr_db"])) == ("1/48", -5.0)
    assert float(rows[1]["ratio_measured"]) == RECORD.ratio_measured
    assert float(rows[1]["value"]) == RECORD.value


def test_latex_has_the_rules_of_booktabs_and_escaped_names(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.tex"
    names = "link,ratio,snr_db,value,ci_low,psnr_db"
    words = ["report", str(results.parent), "--table", "latex", "--columns", names]
    assert main([*words, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"3 points are in {out}\n"
    assert (
        out.read_text()
        == r"""% \usepackage{booktabs}
\begin{tabular}{llrrrr}
\toprule
link & $k/n$ & SNR (dB) & value & 95\,\% from & PSNR (dB) \\
\midrule
none & -- & -- & 1.000 & 0.996 & -- \\
semantic & 1/24 & 10 & 0.873 & 0.853 & 21.25 \\
my\_50\%\&\#1?[2J & 1/48 & $-5$ & 0.873 & 0.853 & 21.25 \\
\bottomrule
\end{tabular}
"""
    )


def test_latex_of_any_name_has_as_many_cells_as_columns() -> None:
    name = "".join(map(chr, range(32, 127)))
    text = table_text([replace(RECORD, link=name, channel_uses=512.25)], "latex")
    row = text.splitlines()[5]
    assert len(re.findall(r"(?<!\\)&", row)) == len(COLUMNS) - 1
    assert row.startswith("".join(_written(sign) for sign in name))
    assert " & 512.25 & " in row
    # No sign that TeX takes for its own is left but those of commands and groups that are closed.
    bare = re.sub(r"\\(text\w+\{\}|[&%$#_{}\\])", "", row)
    assert not set(bare) & set("\\%$#_{}~^")


def _written(sign: str) -> str:
    if sign in "&%$#_{}":
        return f"\\{sign}"
    words = {"\\": "backslash", "~": "asciitilde", "^": "asciicircum", "<": "less", ">": "greater"}
    words |= {"|": "bar", '"': "quotedbl"}
    return f"\\text{words[sign]}{{}}" if sign in words else sign


def test_columns_are_those_asked_for_in_that_order() -> None:
    assert chosen_columns(None) == COLUMNS
    assert chosen_columns(["value", "link", "value"]) == ("value", "link")
    with pytest.raises(UserError, match="no column 'valu': did you mean 'value'"):
        chosen_columns(["valu"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name a folder for the report with --out, or print a table with --table"),
        (["--table", "csv", "--json"], "leave out --json"),
        (["--table", "csv", "--against", "djscc"], "leave out --against"),
        (["--table", "csv", "--columns", "links"], "did you mean 'link'"),
        (["--out", "out", "--columns", "link"], "--columns are of a --table"),
        (["--table", "csv", "--out", "run"], "run is a folder: name a file in it"),
        (["--table", "csv", "--out", "run/results.json"], "run/results.json"),
    ],
)
def test_what_does_not_go_together_is_one_line(
    words: list[str],
    message: str,
    results: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(results.parents[1])
    before = results.read_bytes()
    assert main(["report", str(results), *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert results.read_bytes() == before
