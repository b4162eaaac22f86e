"""What is around the server: where it cannot start, what it leaves, what it says of a failure."""

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.web.server import _listen, _run, in_one_line, serve
from semjscc.web.uploads.folder import private_folder


def test_a_missing_extra_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRADIO_TEMP_DIR", "GRADIO_SHARE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(UserError, match=r"pip install 'semjscc\[web\]'"):
        serve(0, folder=tmp_path)


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_absurd_ports_are_one_line(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["web", "--port", port]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_folder_is_private_and_goes() -> None:
    with private_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "upload.png").write_bytes(b"x")
    assert not folder.exists()


def test_what_was_broken_off_goes_too() -> None:
    with private_folder((0.05, 0.2)) as folder:
        file = folder / "parts" / "upload.part"
        file.parent.mkdir()
        file.write_bytes(b"x")
        assert file.exists()
        end = time.monotonic() + 30
        while file.exists():
            assert time.monotonic() < end
            time.sleep(0.02)


WAIT = """
import signal, time
from semjscc.web.uploads.folder import private_folder
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup ignores, and then we do
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
with private_folder() as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_folder_goes_by_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAIT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as waiting:
        assert waiting.stdout is not None
        folder = Path(waiting.stdout.readline().strip())
        assert folder.is_dir()
        waiting.send_signal(number)
        assert waiting.wait(30) != 0
    assert not folder.exists()


def test_a_second_signal_leaves_nothing_of_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes while the folder is being removed."""
    remove = tempfile.TemporaryDirectory.cleanup

    def interrupted(folder: tempfile.TemporaryDirectory[str]) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        remove(folder)

    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", interrupted)
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with private_folder() as folder:
        pass
    assert not folder.exists()
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_ctrl_c_twice_ends_the_server_as_once_does(
    times: int, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("uvicorn")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    heard: list[str] = []

    def interrupt() -> None:
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        while "lifespan.shutdown" not in heard:
            heard.append((await receive())["type"])
            await send({"type": f"{heard[-1]}.complete"})
            if len(heard) == 1:
                asyncio.get_running_loop().call_later(0.01, interrupt)

    try:
        with _listen("127.0.0.1", 0) as listener, pytest.raises(KeyboardInterrupt):
            _run(application, listener)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == ["lifespan.startup", "lifespan.shutdown"]
    assert capfd.readouterr() == ("", "")


def asked(*before: dict[str, Any], kind: str = "http") -> list[dict[str, Any]]:
    """What is sent of an application that says something and then fails."""

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        for message in before:
            await send(message)
        raise KeyError(-1)

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(in_one_line(application)({"type": kind}, None, send))
    return sent


BEGUN = {"type": "http.response.start", "status": 200, "headers": []}
MORE = {"type": "http.response.body", "body": b"x", "more_body": True}
DONE = {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    ("before", "after"),
    [([], [{**BEGUN, "status": 500}, DONE]), ([BEGUN], [DONE]), ([BEGUN, MORE], [DONE])],
)
def test_a_request_that_nobody_foresaw_is_one_line_of_the_log(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert asked(*before) == [*before, *after]
    assert capsys.readouterr().err == "semjscc: warning: a request failed: KeyError: -1\n"
    assert asked(BEGUN, DONE) == [BEGUN, DONE]


def test_a_server_that_cannot_start_says_so_itself() -> None:
    with pytest.raises(KeyError):
        asked(kind="lifespan")


@pytest.mark.parametrize("host", ["::1:::", "a..b", "192.0.2.1"])
def test_an_address_that_is_not_this_machines_is_told_as_such(host: str) -> None:
    """No number, no name, another machine's: the port is not what is wrong."""
    with pytest.raises(UserError, match=r"cannot listen on .*: take another --host, such as 127"):
        _listen(host, 7860)
