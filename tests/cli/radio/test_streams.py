"""Closed, full and ASCII-only standard streams; without torch, so that a process costs little."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = f"{sys.executable} -m semjscc"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of a command; ``semjscc`` is this one."""
    return subprocess.run(
        ["bash", "-c", command.replace("semjscc", PYTHON)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "code", "printed", "complained"),
    [
        ("semjscc links >&-", 0, "", ""),
        ("semjscc links <&- >&- 2>&-", 0, "", ""),
        ("semjscc --help >&-", 0, "", ""),
        ("semjscc links nothere 2>&-", 2, "", ""),
        ("semjscc modulate /dev/null --out - >&-", 2, "", "standard output is closed"),
        ("semjscc demodulate - --out /tmp/none <&-", 2, "", "standard input is closed"),
        ("semjscc links --json | head -c 1; exit ${PIPESTATUS[0]}", 0, "[", ""),
        ("semjscc --help | head -c 1; exit ${PIPESTATUS[0]}", 0, "u", ""),
        ("semjscc links >/dev/full", 2, "", "No space left on device"),
    ],
)
def test_streams_that_take_nothing(command: str, code: int, printed: str, complained: str) -> None:
    done = shell(command)
    assert (done.returncode, done.stdout) == (code, printed)
    assert complained in done.stderr
    assert done.stderr.count("\n") == bool(complained)


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import os\nfrom semjscc.cli.radio.streams import settle\nsettle()\n"
        "os.write(9, b'%d' % os.open(os.devnull, os.O_RDONLY))\n"
    )
    done = shell(f"{sys.executable} {tmp_path / 'program.py'} 9>&1 <&- >&- 2>&-")
    assert int(done.stdout) > 2


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}]
)
def test_letters_that_a_terminal_lacks_are_question_marks(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(
        "from semjscc.cli.radio.streams import settle\nsettle()\nprint('5 \\u2013 7', '\\udcff')\n"
    )
    command = f"{sys.executable} {tmp_path / 'program.py'}"
    done = shell(command, PYTHONCOERCECLOCALE="0", **environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5 ? 7 ?\n", "")
