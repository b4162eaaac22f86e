"""The server: who may talk to it, what it says where something is missing, what it leaves."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from PIL import Image
from serving import serving

from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.web.models import OWN
from semjscc.web.server import _listen, in_one_line, serve
from semjscc.web.updates import AS_TRAINED
from semjscc.web.uploads.folder import private_folder
from semjscc.web.uploads.reading import LARGEST_FILE

needs_gradio = pytest.mark.skipif(
    find_spec("gradio") is None, reason="no server: pip install 'semjscc[web]'"
)


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


SERVE = """
import sys
from pathlib import Path
from semjscc.web.server import serve
sys.stderr = open(sys.argv[3], "w", buffering=1)
serve(int(sys.argv[1]), folder=Path(sys.argv[2]), file_seconds=(1, 1))
"""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server would say on the terminal."""
    return tmp_path_factory.mktemp("terminal") / "stderr"


@pytest.fixture(scope="module")
def server(terminal: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address and folder of a server that keeps uploads for a second."""
    folder = tmp_path_factory.mktemp("uploads")
    with serving(SERVE, str(folder), str(terminal)) as address:
        yield address, folder


def upload(address: str, content: bytes) -> Path:
    """Where the server has put an upload."""
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    request = Request(
        f"{address}/gradio_api/upload",
        head + content + b"\r\n--x--\r\n",
        {"Content-Type": "multipart/form-data; boundary=x"},
    )
    with urlopen(request, timeout=60) as answer:
        return Path(json.load(answer)[0])


@needs_gradio
def test_uploads_are_deleted(server: tuple[str, Path]) -> None:
    address, folder = server
    file = upload(address, b"some pixels")
    assert folder in file.parents
    end = time.monotonic() + 60
    while file.exists():
        assert time.monotonic() < end
        time.sleep(0.1)


@needs_gradio
def test_large_uploads_are_refused(server: tuple[str, Path]) -> None:
    with pytest.raises(HTTPError) as caught:
        upload(server[0], bytes(LARGEST_FILE + 1))
    assert caught.value.code == 413
    caught.value.close()


@needs_gradio
def test_files_of_the_machine_stay_there(server: tuple[str, Path]) -> None:
    with pytest.raises(HTTPError) as caught, urlopen(f"{server[0]}/gradio_api/file=/etc/passwd"):
        pass
    assert caught.value.code in (403, 404)
    caught.value.close()


def refusal(address: str, targets: int, data: list[Any]) -> str:
    """What the server says to the event with so many targets, which must not succeed."""
    with urlopen(f"{address}/config", timeout=60) as answer:
        events: list[dict[str, Any]] = json.load(answer)["dependencies"]
    fitting = (event for event in events if len(event["inputs"]) == len(data))
    number = next(event["id"] for event in fitting if len(event["targets"]) == targets)
    wish = json.dumps({"data": data, "fn_index": number, "session_hash": "us"}).encode()
    kind = {"Content-Type": "application/json"}
    with urlopen(Request(f"{address}/gradio_api/queue/join", wish, kind), timeout=60) as answer:
        answer.read()
    told = f"{address}/gradio_api/queue/data?session_hash=us"
    with urlopen(told, timeout=60) as answer:
        for line in answer:
            message = json.loads(line[len("data:") :]) if line.strip() else {}
            if message.get("msg") == "process_completed":
                assert not message["success"]
                return message["output"]["error"]
    raise AssertionError("the server said no more")


READ, SHOW = 1, 7
"""How many components lead to the event: an upload, and whatever a person moves."""
WISH = [None, "signs", OWN, AS_TRAINED, "1/24", "awgn", 5, [], 0.5, ""]


@needs_gradio
@pytest.mark.parametrize("place", [0, 1])
def test_no_file_is_read_but_uploads(
    server: tuple[str, Path], terminal: Path, tmp_path: Path, place: int
) -> None:
    """Whatever component it is said to be for."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (32, 32)).save(secret)
    for path in (secret, tmp_path):
        data: list[Any] = [None, "signs", OWN, AS_TRAINED]
        data[place] = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        assert refusal(server[0], READ, data).endswith("choose the file again")
    assert not list(server[1].rglob(secret.name))
    assert terminal.read_text() == ""


@needs_gradio
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (6, None),
        (6, "nan"),
        (1, "snow"),
        (1, ["signs"]),
        (4, None),
        (5, 3),
        (7, ["tea"]),
        (7, 1),
        (8, None),
        (8, "0.5"),
        (8, 2),
        (9, None),
        (9, 5),
        (9, ["0,0,9,9"]),
        (9, {"x": 1}),
    ],
)
def test_what_the_page_never_sends_is_one_line(
    server: tuple[str, Path], terminal: Path, place: int, value: object
) -> None:
    said = refusal(server[0], SHOW, [*WISH[:place], value, *WISH[place + 1 :]])
    assert "no such choice" in said
    assert "\n" not in said
    assert terminal.read_text() == ""


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


@needs_gradio
def test_a_taken_port_is_one_line(server: tuple[str, Path], tmp_path: Path) -> None:
    port = int(server[0].rpartition(":")[2])
    done = subprocess.run(
        [sys.executable, "-m", "semjscc", "web", "--port", str(port)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "take another --port" in done.stderr


@pytest.mark.parametrize("host", ["::1:::", "a..b", "192.0.2.1"])
def test_an_address_that_is_not_this_machines_is_told_as_such(host: str) -> None:
    """No number, no name, another machine's: the port is not what is wrong."""
    with pytest.raises(UserError, match=r"cannot listen on .*: take another --host, such as 127"):
        _listen(host, 7860)
