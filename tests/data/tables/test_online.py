"""Names on the hub, which no test asks: what would load them is put in its place."""

import socket
import time
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pytest
from pictures import CLASSES, many, refusal

from semjscc.data.hub import load_hub


@pytest.fixture(autouse=True)
def hub_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda *_, **__: None)


def test_hub_names_go_through_load_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=CLASSES)}
    )
    rows, labels = many(40)
    train = datasets.Dataset.from_dict({"image": rows, "label": labels}, features=features)
    asked: dict[str, Any] = {}

    def load_dataset(name: str, **options: Any) -> dict[str, datasets.Dataset]:
        asked.update(options, name=name)
        return {"train": train, "validation": train.select(range(4)), "extra": train}

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    monkeypatch.setenv("SEMJSCC_CACHE", str(tmp_path))
    data = load_hub("owner/animals@abc123", "test")
    assert asked == {
        "name": "owner/animals",
        "revision": "abc123",
        "cache_dir": str(tmp_path / "huggingface"),
    }
    assert (data.name, data.revision, len(data)) == ("owner/animals", "abc123", 4)
    assert data.labels.tolist() == labels[:4]
    assert load_hub("owner/animals", "train").revision == ""
    assert len(load_hub("owner/animals", "train")) + len(load_hub("owner/animals", "val")) == 40


def test_what_the_hub_does_not_give_is_one_line(monkeypatch: pytest.MonkeyPatch):
    def unreachable(name: str, **_: Any) -> None:
        raise ConnectionError(f"Couldn't reach {name}\x1b\nsecond line")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    message = refusal("owner/animals")
    assert message.endswith("does not give it: Couldn't reach owner/animals?")

    def odd(_: str, **__: Any) -> dict[str, None]:
        return {"extra": None}

    monkeypatch.setattr(datasets, "load_dataset", odd)
    assert refusal("owner/animals").endswith("it has: extra")


def test_without_a_network_one_line_comes_at_once(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.undo()
    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    begun = time.monotonic()
    message = refusal("owner/animals-that-nobody-kept")
    assert message.endswith("the Hugging Face hub cannot be reached; is there a network?")
    assert time.monotonic() - begun < 10  # the libraries' own trials take 24 s
    assert capfd.readouterr() == ("", "")
    assert not datasets.config.HF_HUB_OFFLINE


def test_without_a_network_what_was_kept_is_taken(monkeypatch: pytest.MonkeyPatch):
    rows, labels = many(3)
    kept = datasets.Dataset.from_dict({"image": [one["bytes"] for one in rows], "label": labels})

    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError

    def load_dataset(*_: object, **__: object) -> dict[str, datasets.Dataset]:
        assert datasets.config.HF_HUB_OFFLINE
        assert huggingface_hub.constants.HF_HUB_OFFLINE
        return {"Testing": kept}

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", unreachable)
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert load_hub("owner/animals", "test").labels.tolist() == labels
