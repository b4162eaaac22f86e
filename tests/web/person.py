"""A person at the page, without a browser."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from semjscc.web.models import OWN
from semjscc.web.updates import AS_IT_IS

WISHES = 10
"""What the page asks a person for, the image included."""


def upload(address: str, content: bytes) -> str:
    """Where the server has put an upload."""
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    request = Request(
        f"{address}/gradio_api/upload",
        head + content + b"\r\n--x--\r\n",
        {"Content-Type": "multipart/form-data; boundary=x"},
    )
    with urlopen(request, timeout=60) as answer:
        return json.load(answer)[0]


class Person:
    """A browser's part of the conversation, without a browser."""

    def __init__(self, address: str, session: str) -> None:
        self._address, self._session = address, session
        self._api = f"{address}/gradio_api"
        with urlopen(f"{address}/config", timeout=60) as answer:
            config = json.load(answer)
        (image,) = (one["id"] for one in config["components"] if one["type"] == "image")
        events: list[dict[str, Any]] = config["dependencies"]
        # The one event that everything on the page leads to, and that of an upload.
        showing = (event for event in events if len(event["inputs"]) == WISHES)
        self._show = max(showing, key=lambda event: len(event["targets"]))["id"]
        (self._upload,) = (event["id"] for event in events if event["inputs"][:1] == [image])

    def bring(self, file: Path) -> None:
        path = upload(self._address, file.read_bytes())
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
