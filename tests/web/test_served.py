"""The page as its server serves it: who may ask it what, and how many at once."""

import base64
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from numpy.typing import NDArray
from person import Person, upload
from PIL import Image
from serving import serving

from semjscc.web.models import OWN
from semjscc.web.updates import AS_TRAINED
from semjscc.web.uploads.reading import LARGEST_FILE

pytestmark = pytest.mark.skipif(
    find_spec("gradio") is None, reason="no server: pip install 'semjscc[web]'"
)

PEOPLE = 3
SNRS_DB = (2, 9)

SERVE = """
import sys, threading
from pathlib import Path
from semjscc.web import updates
from semjscc.web.server import serve

lock, running, most, show = threading.Lock(), 0, 0, updates.show

def counted(request):
    global running, most
    with lock:
        running += 1
        most = max(most, running)
        Path(sys.argv[2]).write_text(str(most))
    try:
        yield from show(request)
    finally:
        with lock:
            running -= 1

updates.show = counted
sys.stderr = open(sys.argv[4], "w", buffering=1)
serve(int(sys.argv[1]), folder=Path(sys.argv[3]), file_seconds=(1, 20))
"""


class Server(NamedTuple):
    """Its address and folder, and what it says.

    Attributes:
        most: a file with how many it has ever served at the same time.
        terminal: a file with what it would say on the terminal.
        upload: a file that it was given as soon as it served, and keeps for twenty seconds.
    """

    address: str
    folder: Path
    most: Path
    terminal: Path
    upload: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all: it takes longer to start than all that it is asked for here."""
    place = tmp_path_factory.mktemp("server")
    most, folder, terminal = (place / name for name in ("most", "uploads", "terminal"))
    folder.mkdir()
    with serving(SERVE, str(most), str(folder), str(terminal)) as address:
        uploaded = Path(upload(address, b"some pixels"))
        assert folder in uploaded.parents
        assert uploaded.exists()
        yield Server(address, folder, most, terminal, uploaded)


def test_large_uploads_are_refused(server: Server) -> None:
    with pytest.raises(HTTPError) as caught:
        upload(server.address, bytes(LARGEST_FILE + 1))
    assert caught.value.code == 413
    caught.value.close()


def test_files_of_the_machine_stay_there(server: Server) -> None:
    with (
        pytest.raises(HTTPError) as caught,
        urlopen(f"{server.address}/gradio_api/file=/etc/passwd"),
    ):
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


@pytest.mark.parametrize("place", [0, 1])
def test_no_file_is_read_but_uploads(server: Server, tmp_path: Path, place: int) -> None:
    """Whatever component it is said to be for."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (32, 32)).save(secret)
    for path in (secret, tmp_path):
        data: list[Any] = [None, "signs", OWN, AS_TRAINED]
        data[place] = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        assert refusal(server.address, READ, data).endswith("choose the file again")
    assert not list(server.folder.rglob(secret.name))
    assert server.terminal.read_text() == ""


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (6, "nan"),
        (1, "snow"),
        (1, ["signs"]),
        (4, None),
        (5, 3),
        (7, ["tea"]),
        (7, 1),
        (8, "0.5"),
        (9, None),
        (9, 5),
        (9, ["0,0,9,9"]),
        (9, {"x": 1}),
    ],
)
def test_what_the_page_never_sends_is_one_line(server: Server, place: int, value: object) -> None:
    said = refusal(server.address, SHOW, [*WISH[:place], value, *WISH[place + 1 :]])
    assert "no such choice" in said
    assert "\n" not in said
    assert server.terminal.read_text() == ""


def test_a_taken_port_is_one_line(server: Server, tmp_path: Path) -> None:
    port = int(server.address.rpartition(":")[2])
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


def pictures(html: str) -> list[NDArray[np.uint8]]:
    found = re.findall(r"data:image/png;base64,([\w+/=]+)", html)
    return [np.array(Image.open(BytesIO(base64.b64decode(data)))) for data in found]


def test_everybody_gets_their_own_image(server: Server, tmp_path: Path) -> None:
    own = np.random.default_rng(0).integers(0, 256, (PEOPLE, 6, 8, 3), np.uint8).repeat(8, 1)
    own = own.repeat(8, 2)
    people = []
    for place, pixels in enumerate(own):
        file = tmp_path / f"{place}.png"
        Image.fromarray(pixels).save(file)
        people.append(Person(server.address, f"person{place}"))
        people[-1].bring(file)
    together = threading.Barrier(PEOPLE)

    def ask(person: Person) -> list[list[str]]:
        together.wait()
        return [person.ask(snr_db) for snr_db in SNRS_DB]

    with ThreadPoolExecutor(PEOPLE) as pool:
        answers = list(pool.map(ask, people))
    assert server.most.read_text() == "2"
    for person, pixels, answer in zip(people, own, answers, strict=True):
        for shown in answer:
            (original,) = (html for html in shown if "link original" in html)
            assert np.array_equal(pictures(original)[0], pixels)
        assert answer[0] != answer[1]
        assert [person.ask(snr_db) for snr_db in SNRS_DB] == answer


def test_a_program_may_ask_what_a_person_does(server: Server, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file
    from gradio_client.exceptions import AppError

    file = tmp_path / "program.png"
    Image.new("RGB", (64, 64), (180, 20, 20)).save(file)
    client = Client(server.address, verbose=False, analytics_enabled=False)
    wish = ("signs", OWN, AS_TRAINED, "1/24", "awgn", 5)
    told = client.predict(handle_file(file), *wish, api_name="/transmit")
    assert set(told) == {"semantic", "djscc", "separate"}
    assert told["semantic"]["channel_uses"] == 512
    assert pictures(told["semantic"]["image"])[0].shape == (64, 64, 3)
    # A file of the machine is not read, whether it is called an upload or not.
    for image in ({"path": str(file), "meta": {"_type": "file"}}, str(file)):
        with pytest.raises(AppError, match=r"choose the file again|is an uploaded file"):
            client.predict(image, *wish, api_name="/transmit")
    assert server.terminal.read_text() == ""


def test_uploads_are_deleted(server: Server) -> None:
    end = time.monotonic() + 120
    while server.upload.exists():
        assert time.monotonic() < end
        time.sleep(0.1)
