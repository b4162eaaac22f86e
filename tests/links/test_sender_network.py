"""Which network a sender looks with: that of its weights, known by what it holds."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from semjscc.checkpoint import MODEL, save_weights
from semjscc.codecs.adaptive import Adaptive
from semjscc.errors import UserError
from semjscc.links import CodecLink, open_link
from semjscc.links.sender_network import Wanted, of_weights, sender_network
from semjscc.perception.base import Perception, Preprocess
from semjscc.perception.built_in.networks import build_network
from semjscc.perception.identity import network_print
from semjscc.perception.store import describe, open_perception

NAMES = ("disc", "square", "cross")


def trained(run: str, seed: int) -> str:
    """A run with a network of its name, whose random weights follow from the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build_network("plainconv", len(NAMES), {"width": 4})
    told = describe("plainconv", {"width": 4}, ("stage1", "stage2"), NAMES, Preprocess())
    metadata: dict[str, Any] = {**told, "recipe": {"name": Path(run).name}, "facts": {}}
    save_weights(Path(run) / MODEL, network.state_dict(), metadata)
    return run


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def wanted(run: str) -> Wanted:
    return Wanted(run, network_print(open_perception(run)))


def test_it_is_opened_by_the_name_that_the_recipe_gave_it() -> None:
    own = wanted(trained("runs/mine", 1))
    other = open_perception(trained("elsewhere/mine", 2))
    for judge in (None, other):  # which has the same name, and other numbers
        found = sender_network("ours", own, judge)
        assert found is not judge
        assert found.opened_as == "runs/mine"
        assert network_print(found) == own.content
    shutil.move("runs/mine", "moved")
    judge = open_perception("moved")
    assert sender_network("ours", own, judge) is judge  # the same, wherever it lies


def test_a_user_s_network_is_not_the_one_that_ships_under_its_name() -> None:
    own = wanted(trained("runs/signs-a", 1))
    shipped = open_perception("signs-a")
    assert network_print(sender_network("ours", own, shipped)) == own.content
    # And what ships is not the user's: the sender looks with network A of the weights' family.
    judge = open_perception("runs/signs-a")
    found = sender_network("linear-adaptive", Wanted("signs-a"), judge)
    assert network_print(found) == network_print(shipped)
    assert sender_network("linear-adaptive", Wanted("signs-a"), shipped) is shipped


def test_another_network_at_its_place_is_refused() -> None:
    own = wanted(trained("runs/mine", 1))
    shutil.copytree("runs", "kept")
    other = open_perception(trained("runs/mine", 2))
    said = "link ours was trained for the network runs/mine, and what has this name here is another"
    with pytest.raises(UserError, match=f"^{said} one: give it with --perception$"):
        sender_network("ours", own, other)
    with pytest.raises(UserError, match=f"^{said} one$"):  # where there is no such option
        sender_network("ours", own, None)
    right = open_perception("kept/mine")
    assert sender_network("ours", own, right) is right


def test_one_that_is_not_there_is_named() -> None:
    other = open_perception(trained("runs/other", 2))
    with pytest.raises(
        UserError,
        match=r"^link ours was trained for the network runs/mine, which cannot be had here: give "
        r"it with --perception \(no checkpoint at runs/mine\)$",
    ):
        sender_network("ours", Wanted("runs/mine", "0" * 32), other)


def test_weights_of_earlier_versions_say_the_name_alone() -> None:
    judge = open_perception(trained("runs/mine", 1))
    assert of_weights({"perception": "mine"}) == Wanted("mine")
    assert sender_network("ours", Wanted("mine"), judge) is judge
    with pytest.raises(UserError, match="no checkpoint at other"):
        sender_network("ours", Wanted("other"), judge)


@pytest.mark.parametrize("told", [None, "mine", [], {}, {"network": 3, "print": "0"}])
def test_a_damaged_description_names_no_network(told: object) -> None:
    assert of_weights({"receiver": told}) is None
    assert of_weights({"receiver": told, "perception": 3}) is None
    assert of_weights({"receiver": {"network": "a", "print": "b"}}) == Wanted("a", "b")


def test_a_codec_sends_with_the_network_that_it_was_trained_for() -> None:
    own = wanted(trained("runs/mine", 1))
    told = {"kind": "codec", "codec": "adaptive", "options": {"width": 8}, "perception": "mine"}
    told |= {"recipe": {"name": "ours"}, "receiver": {"network": own.name, "print": own.content}}
    save_weights(Path("runs/ours") / MODEL, Adaptive(width=8).state_dict(), told)
    for judge in (None, open_perception(trained("elsewhere/mine", 2))):
        link = open_link("runs/ours+semantic", "", judge)
        assert isinstance(link, CodecLink)
        assert link._allocation is not None
        assert link._allocation.perception is not None
        assert network_print(link._allocation.perception) == own.content


def made(**changes: Any) -> Perception:
    parts: dict[str, Any] = {"class_names": NAMES, "layers": (), "name": "one"} | changes
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = parts.pop("network", None) or build_network("plainconv", 3, {"width": 4})
    return Perception(network, **parts)


def test_a_network_is_known_by_what_decides_its_results() -> None:
    first = network_print(made())
    assert network_print(made(name="two", layers=("stage1",))) == first
    renamed = torch.nn.Sequential(made().network)  # its layers have other names
    assert network_print(made(network=renamed)) == first
    others = [
        made(class_names=NAMES[::-1]),
        made(preprocess=Preprocess(32)),
        made(network=build_network("plainconv", 3, {"width": 4})),
        made(network=torch.nn.Flatten()),
        made(network=torch.nn.Flatten(2)),
    ]
    prints = [first, *map(network_print, others)]
    assert len(set(prints)) == len(prints)
