"""Several people at once: two are served, the others wait, and everybody gets their own image."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from serving import serving

from semjscc.web.models import OWN
from semjscc.web.updates import AS_IT_IS

pytestmark = pytest.mark.skipif(
    find_spec("gradio") is None, reason="no server: pip install 'semjscc[web]'"
)

PEOPLE = 4
SNRS_DB = (2, 9)
WISHES = 10
"""What the page asks a person for, the image included."""

SERVE = """
import sys, threading
from pathlib import Path
from semjscc.web import page
from semjscc.web.server import serve

lock, running, most, show = threading.Lock(), 0, 0, page.show

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

page.show = counted
serve(int(sys.argv[1]), folder=Path(sys.argv[3]))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Its address, and a file with how many it has ever served at the same time."""
    most, folder = tmp_path / "most", tmp_path / "uploads"
    folder.mkdir()
    with serving(SERVE, str(most), str(folder)) as address:
        yield address, most


class Person:
    """A browser's part of the conversation, without a browser."""

    def __init__(self, address: str, session: str) -> None:
        self._api, self._session = f"{address}/gradio_api", session
        with urlopen(f"{address}/config", timeout=60) as answer:
            config = json.load(answer)
        (image,) = (one["id"] for one in config["components"] if one["type"] == "image")
        events: list[dict[str, Any]] = config["dependencies"]
        # The one event that everything on the page leads to, and that of an upload.
        showing = (event for event in events if len(event["inputs"]) == WISHES)
        self._show = max(showing, key=lambda event: len(event["targets"]))["id"]
        (self._upload,) = (event["id"] for event in events if event["inputs"][:1] == [image])

    def bring(self, file: Path) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        content = head + file.read_bytes() + b"\r\n--x--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        with urlopen(Request(f"{self._api}/upload", content, kind), timeout=60) as answer:
            (path,) = json.load(answer)
        data = {"path": path, "meta": {"_type": "gradio.FileData"}}
        self._event(self._upload, [data, "signs", OWN, AS_IT_IS])

    def ask(self, snr_db: float) -> list[str]:
        """The HTML of all parts of the page in the end, without how long it took."""
        wish = [None, "signs", OWN, AS_IT_IS, "1/24", "awgn", snr_db, [], 0.5, ""]
        assert len(wish) == WISHES
        shown: dict[int, str] = {}
        for outputs in self._event(self._show, wish):
            shown |= {place: html for place, html in enumerate(outputs) if isinstance(html, str)}
        return [re.sub(r" in [\d.]+ s", "", html) for _, html in sorted(shown.items())]

    def _event(self, number: int, data: list[Any]) -> list[list[Any]]:
        """The outputs of an event, each time that there are some."""
        from gradio_client.utils import apply_diff

        wish = {"data": data, "fn_index": number, "session_hash": self._session}
        kind = {"Content-Type": "application/json"}
        join = Request(f"{self._api}/queue/join", json.dumps(wish).encode(), kind)
        with urlopen(join, timeout=60) as answer:
            answer.read()
        every: list[list[Any]] = []
        told = f"{self._api}/queue/data?session_hash={self._session}"
        with urlopen(told, timeout=240) as answer:
            for line in answer:
                message = json.loads(line[len("data:") :]) if line.strip() else {}
                outputs = message.get("output", {}).get("data")
                if message.get("msg") == "process_generating":
                    # After the first time only what has changed is told.
                    pairs = zip(every[-1], outputs, strict=True) if every else ()
                    every.append([apply_diff(*pair) for pair in pairs] or outputs)
                if message.get("msg") == "process_completed":
                    assert message["success"], message
                    return every
        raise AssertionError("the server said no more")


def pictures(html: str) -> list[NDArray[np.uint8]]:
    found = re.findall(r"data:image/png;base64,([\w+/=]+)", html)
    return [np.array(Image.open(BytesIO(base64.b64decode(data)))) for data in found]


def test_everybody_gets_their_own_image(server: tuple[str, Path], tmp_path: Path) -> None:
    address, most = server
    own = np.random.default_rng(0).integers(0, 256, (PEOPLE, 6, 8, 3), np.uint8).repeat(8, 1)
    own = own.repeat(8, 2)
    people = []
    for place, pixels in enumerate(own):
        file = tmp_path / f"{place}.png"
        Image.fromarray(pixels).save(file)
        people.append(Person(address, f"person{place}"))
        people[-1].bring(file)
    together = threading.Barrier(PEOPLE)

    def ask(person: Person) -> list[list[str]]:
        together.wait()
        return [person.ask(snr_db) for snr_db in SNRS_DB]

    with ThreadPoolExecutor(PEOPLE) as pool:
        answers = list(pool.map(ask, people))
    assert most.read_text() == "2"
    for person, pixels, answer in zip(people, own, answers, strict=True):
        for shown in answer:
            (original,) = (html for html in shown if "link original" in html)
            assert np.array_equal(pictures(original)[0], pixels)
        assert answer[0] != answer[1]
        assert [person.ask(snr_db) for snr_db in SNRS_DB] == answer
