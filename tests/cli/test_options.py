"""How words of the command line become values, and how what is printed fits its reader."""

import argparse
import sys
from pathlib import Path

import pytest

from semjscc.channels import CHANNELS, LOSSY
from semjscc.cli import _parser
from semjscc.cli.options import (
    add_situation,
    check_network,
    columns,
    console,
    existing_file,
    folder,
)
from semjscc.cli.parser import Parser
from semjscc.errors import UserError


def parse(words: list[str], *, overrides: bool = False) -> argparse.Namespace:
    parser = Parser(prog="semjscc")
    parser.takes_overrides = overrides
    parser.add_argument("file")
    parser.add_argument("--snr", required=True)
    parser.add_argument("--save-seconds", type=float)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


@pytest.mark.parametrize("snr", ["-5", "-5,0", "-.5", "-1e1", "-inf", "-nan", "-5,-10,3", "-5dB"])
def test_negative_numbers_and_lists_are_values(snr: str) -> None:
    assert parse(["x", "--snr", snr]).snr == snr
    assert parse([f"--snr={snr}", "x"]).snr == snr


def test_negative_numbers_are_taken_wherever_a_number_is_asked() -> None:
    channel = ["channel", "a", "b", "--snr", "-5", "--cfo", "-1e3", "--gain", "-20", "--sro", "-.5"]
    asked = _parser().parse_args(channel)
    assert (asked.snr, asked.cfo_hz, asked.gain_db, asked.sro_ppm) == ("-5", -1000, -20, -0.5)
    grid = ["evaluate", "--links", "none", "--ratio", "1/24", "--snr", "-5,0", "--out", "out"]
    asked = _parser().parse_args([*grid, "--seed", "-1", "--assumed-error", "-3"])
    assert (asked.snr, asked.seed, asked.assumed_error) == ("-5,0", -1, "-3")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x", "--srn", "3"], "unknown words: --srn 3: did you mean '--snr'?"),
        (["x", "--snr", "3", "--jso"], None),  # short for --json
        (["x", "--snr", "3", "--yaml"], "unknown words: --yaml"),
        (["x", "y", "--snr", "3"], "unknown words: y"),
        (["x"], "required: --snr"),
        (["x", "--snr"], "expected one argument"),
        (["--snr", "3", "--", "--odd.png"], None),
        (["x", "--snr", "3", "--save-seconds", "soon"], "invalid float value: 'soon'"),
    ],
)
def test_mistyped_words_are_one_line(words: list[str], message: str | None) -> None:
    if message is None:
        assert parse(words).snr == "3"
        return
    with pytest.raises(UserError) as caught:
        parse(words)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        ["x", "--snr", "3", "--optimiser.rate", "-1e-3", "--loss.weight=0"],
        ["--optimiser.rate", "-1e-3", "x", "--loss.weight=0", "--snr", "3"],
        ["--optimiser.rate", "-1e-3", "--snr", "3", "--loss.weight=0", "--", "x"],
    ],
)
def test_overrides_may_stand_anywhere(words: list[str]) -> None:
    found = parse(words, overrides=True)
    assert (found.file, found.snr) == ("x", "3")
    assert found.rest == ["--optimiser.rate", "-1e-3", "--loss.weight=0"]


def test_overrides_without_a_value_take_no_other_word() -> None:
    found = parse(["x", "--name", "--snr", "3", "--save", "9"], overrides=True)
    assert (found.file, found.rest, found.save_seconds) == ("x", ["--name"], 9)


def test_files_are_looked_for_before_anything_is_imported(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    assert existing_file(str(tmp_path / "there")) == tmp_path / "there"
    for missing in ("nothere", "~nosuchuser/x", "a\nb"):
        with pytest.raises(UserError) as caught:
            existing_file(missing)
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="it is a file"):
        folder(str(tmp_path / "there"))
    assert folder(str(tmp_path / "new")) == tmp_path / "new"
    with pytest.raises(UserError, match="no checkpoint at"):
        check_network(str(tmp_path / "none.safetensors"))
    with pytest.raises(UserError, match="did you mean 'efficientnet-lite0'"):
        check_network("efficientnet-lite")
    for name in ("signs-a", "efficientnet-lite0"):
        check_network(name)
    with pytest.raises(UserError, match="no weights at"):
        check_network(f"mobilenet-v2={tmp_path / 'none.safetensors'}")
    check_network(f"mobilenet-v2={tmp_path / 'there'}")


def test_what_is_in_a_table_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table

    table = Table("link")
    table.add_row("ours[/v1] :smile: [red]")
    console().print(table)
    assert "ours[/v1] :smile: [red]" in capsys.readouterr().out


def test_nothing_is_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table

    name = "a-name-of-its-own-" * 20
    table = Table("link", "what")
    table.add_row(name, "x " * 100)
    console().print(table)
    print(columns([("  short", ""), (name, "word " * 50)]))
    lines = capsys.readouterr().out.splitlines()
    assert sum(name in line for line in lines) == 2
    assert ("x " * 100).strip() in lines[3]
    assert lines[-1] == f"{name}  {'word ' * 50}".rstrip()


def test_columns_are_folded_on_a_terminal_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    folded = columns([("codecs", ", ".join(f"deepjscc-{n}" for n in range(9))), ("b", "")])
    assert all(len(line) <= 40 for line in folded.splitlines())
    assert folded.split() == ["codecs", *(f"deepjscc-{n}{',' * (n < 8)}" for n in range(9)), "b"]


def test_help_names_every_channel() -> None:
    parser = Parser()
    add_situation(parser)
    (said,) = [action.help for action in parser._actions if action.dest == "channel"]
    named = [word.partition("@")[0] for word in str(said).split(", ")]
    assert named[:-1] == [*CHANNELS, *LOSSY]
