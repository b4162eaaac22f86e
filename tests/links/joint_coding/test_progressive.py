"""Links whose symbols are in order: the same images, and any beginning of them a picture."""

import math
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semjscc.channels import channel_named
from semjscc.channels.base import ChannelKnowledge, undisturbed
from semjscc.channels.units import noise_variance
from semjscc.checkpoint import MODEL, locate, save_weights
from semjscc.codecs.deep import Deep
from semjscc.data.drawn.backdrops import backdrop
from semjscc.errors import UserError
from semjscc.links import CodecLink, Situation, SymbolLink, open_link
from semjscc.links.catalogue import find_link
from semjscc.links.descriptions import cards_of
from semjscc.links.endings import NO_ENDINGS, split_endings
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.links.joint_coding.progressive import ProgressiveLink
from semjscc.randomness import Draws

RATIO = Fraction(1, 24)


@cache
def photograph(height: int, width: int) -> Tensor:
    """(1, 3, H, W), of one of scikit-image's photographs."""
    pixels = backdrop(np.random.default_rng(3), "test", max(height, width))
    return torch.from_numpy(pixels[:height, :width]).permute(2, 0, 1)[None] / 255


@cache
def inner(kind: str) -> SymbolLink:
    if kind == "linear-adaptive":
        return AdaptiveLinearLink()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CodecLink("deep", Deep(width=4))


@pytest.mark.parametrize("kind", ["linear-adaptive", "deep"])
@given(
    st.integers(16, 130),
    st.integers(16, 130),
    st.sampled_from([Fraction(1, n) for n in (384, 48, 12)]),
    st.sampled_from([-5.0, 5.0, 20.0]),
)
@settings(max_examples=4)
def test_what_arrives_whole_is_the_image_of_the_other_link(
    kind: str, height: int, width: int, ratio: Fraction, snr_db: float
) -> None:
    images = photograph(130, 130)[..., :height, :width]
    plain = inner(kind)
    ordered = ProgressiveLink("ours", plain)
    sent, moved = (one.transmit(images, ratio, snr_db) for one in (plain, ordered))
    assert [replace(told, in_order=True) for told in sent.control] == moved.control
    first, second = (one.symbols[0].abs().sort().values for one in (sent, moved))
    assert torch.equal(first, second)
    found = [
        link.receive(one.symbols, undisturbed(1), one.control).images
        for link, one in ((plain, sent), (ordered, moved))
    ]
    assert torch.equal(*found)  # pyright: ignore[reportArgumentType]


def error(link: SymbolLink, channel: str, snr_db: float = 10.0) -> float:
    images = photograph(256, 256)
    where = Situation(channel_named(channel), snr_db, RATIO, Draws(0, [0]))
    received = link.send(images, where).images
    assert received is not None
    return float((received - images).square().mean())


def test_a_longer_beginning_is_a_better_picture_and_better_than_another_part() -> None:
    plain = inner("linear-adaptive")
    ordered = ProgressiveLink("ours", plain)
    shares = ("0.06", "0.12", "0.25", "0.5", "1")
    errors = [error(ordered, f"cut@{share}") for share in shares]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < error(plain, "cut@0.25")
    assert errors[4] == pytest.approx(error(plain, "awgn"), rel=0.05)


def test_a_lost_block_leaves_the_overview() -> None:
    images, ordered = photograph(256, 256), ProgressiveLink("ours", inner("linear-adaptive"))
    sent = ordered.transmit(images, RATIO, 10.0)
    announced = sent.control[0].announced
    assert announced is not None
    k = sent.symbols.shape[1]
    symbols = sent.symbols.clone()
    block = announced.block.uses(k)
    assert block
    early = AdaptiveLinearLink().receive(
        torch.zeros_like(symbols),
        ChannelKnowledge(torch.ones(1), torch.full((1,), math.inf)),
        sent.control,
    )
    variance = noise_variance(torch.tensor(10.0)).expand(symbols.shape).clone()
    variance[:, k // 10 :] = math.inf
    received = ordered.receive(symbols, ChannelKnowledge(torch.ones(1), variance), sent.control)
    assert received.note is not None
    assert received.images is not None
    assert early.images is not None
    overview = float((received.images - images).square().mean())
    assert overview < 0.5 * float((early.images - images).square().mean())


def test_names() -> None:
    name = "linear-adaptive+energy+progressive"
    link = open_link(name, "")
    assert isinstance(link, ProgressiveLink)
    assert link.name == link.facts()["name"] == name
    assert link.inner.name == "linear-adaptive+energy"
    mine = open_link("linear-adaptive+importance-energy:saliency+progressive", "photo")
    assert isinstance(mine, ProgressiveLink)
    assert find_link("semantic+progressive", "photo").endings.progressive
    assert split_endings("runs/a+progressive/b")[0] == "runs/a+progressive/b"


@pytest.mark.parametrize(
    ("name", "family", "message"),
    [
        ("linear+progressive", "", "linear has no plan that says what each symbol is worth"),
        ("hybrid+progressive", "photo", "hybrid has no plan"),
        ("separate+progressive", "photo", "separate has no plan"),
        ("semantic+progressive", "signs", "adaptive has no plan"),
        ("linear-adaptive+progressive+energy", "", "progressive stands last"),
        ("linear-adaptive+repeat@0.1+progressive", "", "progressive stands last"),
        ("linear-adaptive+progressive+progressive", "", r"\+progressive stands once: keep one"),
        ("linear-adaptive+progressive@0.5", "", r"\+progressive takes no share: leave out"),
        *(
            (f"linear-adaptive+{more}+repeat@0.2", "", r"\+repeat or \+repeat-any stands once")
            for more in ("repeat@0.3", "repeat-any@0.3", "repeat@0.3+progressive")
        ),
        *(
            (f"{link}+{slip}", "photo", rf"there is no \+{slip}: did you mean 'progressive'")
            for link in ("linear-adaptive", "linear-adaptive+energy", "semantic", "linear")
            for slip in ("progresive", "Progressive")
        ),
        (
            "linear-adaptive+xyz",
            "",
            "no .xyz: there are uniform, .*, progressive, repeat, repeat-a",
        ),
        ("linear-adaptive+", "", r"link linear-adaptive\+: nothing stands behind its plus: leave"),
        ("linear-adaptve+progressive", "", "did you mean 'linear-adaptive'"),
    ],
)
def test_a_link_without_a_plan_is_refused_in_one_line(name: str, family: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        open_link(name, family)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of runs in the working folder, some of which are called as links are."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "a+progressive", "a+repeat@2", "b+progressive+v2", "semantic+progressive"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MODEL).symlink_to(locate("photo-djscc"))


@pytest.mark.usefixtures("runs")
def test_a_path_that_there_is_comes_before_the_meaning_of_its_ending() -> None:
    for name in (
        "a+progressive",
        "./a+repeat@2",
        "mine=b+progressive+v2",
        "./semantic+progressive",
    ):
        place = find_link(name, "photo")
        assert place.endings == NO_ENDINGS
        assert place.weights == Path(name.partition("=")[2] or name) / MODEL
        assert find_link(name, "").endings == NO_ENDINGS
    assert find_link("a+energy+progressive", "photo").endings.progressive
    assert find_link("semantic+progressive", "photo").endings.progressive  # a name comes first
    assert "endings" not in cards_of("a+progressive")[0]
    assert cards_of("a+energy+progressive")[0]["endings"] == "+progressive"


@pytest.mark.usefixtures("runs")
def test_a_label_before_a_path_keeps_what_stands_last() -> None:
    for label in ("ours", "mine+repeat@0.1", "mine+progressive+repeat@0.1"):
        place = find_link(f"{label}=a+energy+progressive+repeat@0.1", "")
        assert place.name == label
        assert place.endings.progressive
        assert place.endings.repeat == Fraction(1, 10)


def test_what_a_file_says_of_itself_is_no_ending(tmp_path: Path) -> None:
    file = tmp_path / "evil.safetensors"
    for more in ({"endings": "+x"}, {"policy": 5}):
        save_weights(file, {"w": torch.zeros(1)}, {"kind": "codec", "codec": "deep", **more})
        assert all(key not in cards_of(str(file))[0] for key in more)
