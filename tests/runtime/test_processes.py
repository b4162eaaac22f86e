"""Work of several processes: all of it is done, and nothing outlives a signal or an error."""

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from semjscc.errors import UserError, UserNote
from semjscc.runtime.notes import notes_in_one_line
from semjscc.runtime.processes import Workers, tell

NAMES = "a process of the test", "use fewer"
PATIENCE = 60


def half(number: int) -> int:
    tell(number)
    if number % 2:
        raise UserError(f"{number} is odd")
    return number // 2


def vanish() -> None:
    os._exit(9)


def set_mark(mark: str) -> None:
    os.environ["SEMJSCC_TEST_MARK"] = mark


def test_every_task_is_done_once_and_told() -> None:
    told: list[int] = []
    with Workers(2, *NAMES) as workers:
        for _ in range(2):  # they are used again
            found = dict(workers.map(half, [(2 * n,) for n in range(5)], told.append))
            assert found == {n: n for n in range(5)}
        assert sorted(told) == sorted([0, 2, 4, 6, 8] * 2)
        assert list(workers.map(half, [])) == []


def test_workers_begin_before_their_first_task() -> None:
    with Workers(1, *NAMES, (set_mark, ("m",))) as workers:
        assert list(workers.map(os.getenv, [("SEMJSCC_TEST_MARK",)])) == [(0, "m")]


def test_an_error_is_the_workers_own_and_ends_them_all() -> None:
    workers = Workers(2, *NAMES)
    processes = [worker.process for worker in workers._workers]
    with pytest.raises(UserError, match="3 is odd"):
        list(workers.map(half, [(2,), (3,), (4,)]))
    assert all(process.exitcode is not None for process in processes)


def test_a_worker_that_died_is_told_in_one_line() -> None:
    with (
        Workers(2, *NAMES) as workers,
        pytest.raises(UserError, match=r"a process of the test died, .* memory: use fewer"),
    ):
        list(workers.map(vanish, [()]))


def complain(category: str) -> None:
    kinds: dict[str, type[Warning]] = {"note": UserNote, "library": UserWarning}
    kind = kinds[category]
    warnings.warn_explicit(f"a {category}", kind, warnings.__file__, 1)
    print("heard", file=sys.stderr, flush=True)


def test_workers_warn_as_their_command_does(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(), notes_in_one_line(), Workers(1, *NAMES) as workers:
        list(workers.map(complain, [("note",), ("library",)]))
    assert capfd.readouterr().err == "semjscc: warning: a note\nheard\nheard\n"
    with Workers(1, *NAMES) as workers:
        list(workers.map(complain, [("library",)]))
    assert "UserWarning: a library" in capfd.readouterr().err


def test_who_wants_no_more_ends_them() -> None:
    workers = Workers(1, *NAMES)
    (process,) = [worker.process for worker in workers._workers]
    found = workers.map(half, [(0,), (2,)])
    assert next(found) == (0, 0)
    found.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert process.exitcode is not None


SLOW = """
import time
from semjscc.cli import links, main
from semjscc.runtime.processes import Workers

def work(_):
    workers = Workers(4, "a process", "use fewer")
    print("started", flush=True)
    list(workers.map(time.sleep, [(60,)] * 9))

links._links = work
raise SystemExit(main(["links"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_s", [0.0, 0.1, 1.0])
def test_a_signal_to_all_ends_a_command_with_one_line(number: int, after_s: float) -> None:
    # In the workers' first moments, and at work.
    restored = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    words = [sys.executable, "-c", restored + SLOW]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        time.sleep(after_s)
        os.killpg(process.pid, number)
        # The workers hold the pipes: they end when the last one has.
        _, complaints = process.communicate(timeout=PATIENCE)
    assert complaints.decode() == "semjscc: stopped; what was finished is kept\n"
    assert process.returncode == 128 + number


def run_script(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """From standard input, unless words say where it lies."""
    return subprocess.run(
        [sys.executable, *(words or ["-"])],
        input=script, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


UNGUARDED = """
import os
from semjscc.runtime.processes import Workers
print("once")
print(len(dict(Workers(2, "a process", "use fewer").map(os.getcwd, [(), ()]))))
"""

OWN = """
from semjscc.errors import UserError
from semjscc.runtime.processes import Workers
def own(): pass
try:
    list(Workers(1, "a process", "use fewer", script=True).map(own, [()]))
except UserError as error:
    print(error)
"""


def test_a_script_that_no_process_can_read_again_is_not_read_again(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    for done in (run_script(UNGUARDED), run_script("", str(script))):
        assert (done.stdout, done.stderr) == ("once\n2\n", "")


def test_what_a_script_defines_needs_a_file_and_a_guard(tmp_path: Path) -> None:
    done = run_script(OWN)
    assert "put it into a file, or use fewer" in done.stdout
    script = tmp_path / "unguarded.py"
    script.write_text(OWN)
    done = run_script("", str(script))
    assert 'below if __name__ == "__main__", or use fewer' in done.stdout
    assert done.stderr == ""
