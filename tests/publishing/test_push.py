"""Weights to the hub and back: a folder laid out as the hub's cache stands in for it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from semjscc import checkpoint, model_hub
from semjscc.checkpoint import load_weights, save_weights, shipped
from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.links import CodecLink, open_link
from semjscc.links.catalogue import find_link
from semjscc.model_hub import DIGEST_FILE, WEIGHTS_FILE, hub_weights
from semjscc.perception.store import open_perception
from semjscc.publishing.push import for_others

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "somebody/signs"


class Hub:
    """What the library says and keeps, without a network."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.private: bool | None = None
        self.error: Exception = ConnectionError("no route")
        self.reached = False

    def create_repo(self, repository: str, *, private: bool, exist_ok: bool) -> None:
        assert (repository, exist_ok) == (REPOSITORY, True)
        if not self.reached:
            raise self.error
        self.private = private

    def create_commit(
        self, repository: str, operations: Sequence[CommitOperationAdd], *, commit_message: str
    ) -> SimpleNamespace:
        assert commit_message == "Weights of signs-semantic"
        self.keep({one.path_in_repo: one.as_file for one in operations})
        return SimpleNamespace(oid=COMMIT, commit_url=f"https://hub/{repository}/commit/{COMMIT}")

    def keep(self, files: dict[str, Callable[[], Any]]) -> None:
        """As huggingface_hub keeps what it has fetched."""
        folder = self.cache / "huggingface" / f"models--{REPOSITORY.replace('/', '--')}"
        (folder / "refs").mkdir(parents=True)
        (folder / "refs" / "main").write_text(COMMIT)
        snapshot = folder / "snapshots" / COMMIT
        snapshot.mkdir(parents=True)
        for name, opened in files.items():
            with opened() as stream:
                (snapshot / name).write_bytes(stream.read())

    def model_info(self, *_: object, **__: object) -> None:
        raise self.error


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("SEMJSCC_CACHE", str(tmp_path))
    stands_in = Hub(tmp_path)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: stands_in)
    model_hub._fetched.cache_clear()
    return stands_in


def pushed(hub: Hub, capsys: pytest.CaptureFixture[str], run: str = "signs-semantic") -> dict:
    hub.reached = True
    assert main(["push", run, REPOSITORY, "--private", "--json"]) == 0
    hub.reached = False
    return json.loads(capsys.readouterr().out)


def test_what_is_pushed_is_a_link(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    told = pushed(hub, capsys)
    assert hub.private
    assert told["name"] == f"hub:{REPOSITORY}@{COMMIT}"
    file = hub_weights(f"hub:{REPOSITORY}")
    assert model_hub.digest_of(file) == told["sha256"]
    # As `sha256sum --check` reads it.
    assert (file.parent / DIGEST_FILE).read_text() == f"{told['sha256']}  {WEIGHTS_FILE}\n"
    card = (file.parent / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: semjscc\n")
    assert f"`--link hub:{REPOSITORY}`" in card
    assert "| 1/48 | 99.4% | 23.18 dB |" in card  # as the card beside the weights that ship
    images = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
    for name in (f"hub:{REPOSITORY}", told["name"]):
        link, ours = open_link(name, "signs"), open_link("semantic", "signs")
        assert isinstance(link, CodecLink)
        assert isinstance(ours, CodecLink)
        assert link.name == name
        torch.testing.assert_close(link.codec.state_dict(), ours.codec.state_dict(), rtol=0, atol=0)
        sent, expected = (one.transmit(images, ours.default_ratio, 10.0) for one in (link, ours))
        torch.testing.assert_close(sent.symbols, expected.symbols)
    named = find_link(f"theirs=hub:{REPOSITORY}", "signs")
    assert (named.name, named.weights) == ("theirs", file)


def test_a_network_may_come_from_the_hub(hub: Hub) -> None:
    weights = shipped("signs-a")
    assert weights is not None
    hub.keep({WEIGHTS_FILE: lambda: weights.open("rb")})
    perception = open_perception(f"hub:{REPOSITORY}")
    assert perception.class_names == open_perception("signs-a").class_names
    assert perception.name == "signs-a"


@pytest.mark.parametrize("name", ["hub:", "hub:name", "hub:a/b/c", "hub:a/b@", "hub:../b@x y"])
def test_what_is_no_name_is_one_line(name: str) -> None:
    with pytest.raises(UserError, match=r"^weights on the Hugging Face hub are hub:OWNER/NAME or"):
        hub_weights(name)
    assert main(["transmit", "x.png", "--link", name]) == 2


def test_other_weights_than_were_pushed_are_refused(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    pushed(hub, capsys)
    file = hub_weights(f"hub:{REPOSITORY}")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    model_hub._fetched.cache_clear()
    with pytest.raises(UserError, match=r"is not what was pushed to somebody/signs: .*delete it"):
        hub_weights(f"hub:{REPOSITORY}")


@pytest.mark.usefixtures("hub")
def test_without_a_network_what_is_not_kept_is_one_line() -> None:
    said = r"^hub:some/thing@v1 is not kept on this machine, and .*; is there a network\?$"
    with pytest.raises(UserError, match=said):
        hub_weights("hub:some/thing@v1")


def http_error(status: int) -> HfHubHTTPError:
    response = SimpleNamespace(status_code=status, headers={}, request=None)
    return HfHubHTTPError("Repository Not Found", response=response)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (http_error(401), r"refuses somebody/signs: it is private, or not yours; log in with"),
        (http_error(404), r"refuses somebody/signs: Repository Not Found"),
        (HFValidationError("bad name"), "refuses somebody/signs: bad name"),
    ],
)
def test_what_the_hub_refuses_is_one_line(
    hub: Hub, error: Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.error = error
    with pytest.raises(UserError, match=said):
        hub_weights(f"hub:{REPOSITORY}")
    assert main(["push", "signs-semantic", REPOSITORY]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "refuses somebody/signs" in printed


def test_a_hub_that_is_not_there_is_one_line(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert hub.private is None
    assert main(["push", "signs-semantic", REPOSITORY]) == 2
    said = "cannot be pushed: the Hugging Face hub cannot be reached (ConnectionError)"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["signs-semantic", "name"], "a repository of the hub is OWNER/NAME, not name"),
        (["nothere", "a/b"], "no checkpoint at nothere"),
        (["hub:a/b", "a/b"], "hub:a/b is on the hub already"),
    ],
)
def test_mistakes_cost_no_request(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["push", *words]) == 2
    assert said in capsys.readouterr().err


def test_folders_of_the_machine_stay_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = shipped("signs-semantic")
    assert weights is not None
    tensors, metadata = load_weights(weights)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    secret = str(tmp_path / "secret project" / "photos")
    metadata["recipe"]["data"]["source"] = secret
    metadata["recipe"]["codec"]["perception"] = "runs/mine"
    metadata["receiver"] = {"network": "runs/mine", "print": "x"}
    save_weights(tmp_path / "x.safetensors", tensors, metadata)
    told = for_others(checkpoint.read_metadata(tmp_path / "x.safetensors"))
    assert told["recipe"]["data"]["source"] == "photos"
    assert told["recipe"]["codec"]["perception"] == "mine"
    assert told["recipe"]["codec"]["ratios" if "ratios" in told["recipe"]["codec"] else "codec"]
    assert "receiver" not in told
    assert str(tmp_path) not in json.dumps(told)
    metadata["receiver"] = {"network": "signs-a", "print": "x"}
    assert for_others(metadata)["receiver"] == metadata["receiver"]
