"""What is empty, given twice, or only looks like an option is refused for every command alike."""

import argparse

import pytest

from semjscc.cli import _parser
from semjscc.cli.parser import Parser
from semjscc.errors import UserError

COMMANDS = _parser()._subparsers._group_actions[0].choices  # pyright: ignore


def takers() -> list[tuple[str, argparse.Action]]:
    """Each command with each of its options that takes a value."""
    return [
        (name, action)
        for name, command in COMMANDS.items()
        for action in command._actions
        if action.option_strings and action.nargs is None
    ]


@pytest.mark.parametrize(("command", "action"), takers(), ids=lambda one: getattr(one, "dest", one))
def test_every_option_refuses_empty_text(command: str, action: argparse.Action) -> None:
    option = action.option_strings[-1]
    for words in ([option, ""], [f"{option}="]):
        with pytest.raises(UserError, match=f"argument {option}: (this is empty|invalid)") as found:
            COMMANDS[command].parse_args(words)
        assert "\n" not in str(found.value)


@pytest.mark.parametrize(("command", "action"), takers(), ids=lambda one: getattr(one, "dest", one))
def test_every_option_stands_once(command: str, action: argparse.Action) -> None:
    option = action.option_strings[-1]
    value = "1" if action.choices is None else next(iter(action.choices))
    words = [option, value, f"{option}={value}", "--"]
    if isinstance(action.default, list):  # as many as wanted
        assert (command, option) == ("demodulate", "--codec") or option == "--important"
        return
    with pytest.raises(UserError, match=f"{option} is given twice: leave one out"):
        COMMANDS[command].parse_args(words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["transmit", "", "--snr", "3"], "argument IMAGE: this is empty"),
        (["modulate", "x.png", "", "--out", "y"], "argument IMAGE: this is empty"),
        (["report", "", "--out", "y"], "argument RESULTS.json: this is empty"),
        (
            ["demodulate", "x", "--out", "y", "--codec", "a", "--codec", ""],
            "argument --codec: this",
        ),
        (["links", ""], "argument NAME: this is empty"),
        (["transmit", "x.png", "--sn", "5", "--snr=6"], "--snr is given twice"),
        (["train", "x", "--loss.weight", "3", "--loss.weight=5"], "--loss.weight is given twice"),
        (["transmit", "x.png", "--nope", "5", "--nope", "6"], "unknown words: --nope 5 --nope 6"),
        (["transmit", "-dash.png", "--snr", "3"], "file of that name is written ./-dash.png"),
        (["transmit", "x", "--snr", "3", "--out", "-d.png"], "file of that name is written ./-d"),
        (["train", "-dash.yaml", "--seed", "-3"], "file of that name is written ./-dash.yaml"),
    ],
)
def test_what_is_wrong_is_named(words: list[str], message: str) -> None:
    with pytest.raises(UserError) as found:
        _parser().parse_args(words)
    assert message in str(found.value)


def test_what_looks_alike_is_taken() -> None:
    parse = _parser().parse_args
    assert parse(["transmit", "--snr", "3", "--", "-dash.png"]).image == "-dash.png"
    assert parse(["modulate", "x.png", "--out", "-"]).out == "-"
    assert parse(["train", "x", "--name", "-3", "--start", ""]).rest == [
        "--name",
        "-3",
        "--start",
        "",
    ]
    heard = parse(["demodulate", "-", "--out", "y", "--codec", "a", "--codec", "b"])
    assert (heard.file, heard.codec) == ("-", ["a", "b"])


def test_a_parser_reads_more_than_once() -> None:
    parser = Parser(prog="semjscc")
    parser.add_argument("--snr")
    for snr in ("3", "4"):
        assert parser.parse_args(["--snr", snr]).snr == snr
