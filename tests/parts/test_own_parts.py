"""Parts of the user's own by name, from a recipe to results: channel, link and codec together."""

import json
import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from semjscc import checkpoint
from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.evaluation.grid import Point
from semjscc.images import read_image, write_png
from semjscc.links import CodecLink, open_link
from semjscc.links.catalogue import find_link
from semjscc.radio.supported_links import check_carried
from small_evaluation import measured, no_pictures

__all__ = ["measured", "no_pictures"]  # fixtures

ROOT = Path(__file__).parents[2]
MINE = """
from torch import nn
from semjscc.channels.awgn import awgn
from semjscc.codecs.bandwidth import latent_depth, parse_ratio
from semjscc.codecs.grid import GridCodec
from semjscc.links import CodecLink, Link

LOSS = 1.0

def fading(symbols, snr_db, draws):
    received, knowledge = awgn(symbols * LOSS, snr_db, draws)
    return received, knowledge

class Codec(GridCodec):
    def __init__(self, stride=8):
        super().__init__()
        self.stride = stride
        self.ratios, self.snr_range_db = (parse_ratio("1/24"),), (-5.0, 20.0)
        self.depth = latent_depth(self.ratios[0], stride)
        self.encoder = nn.Conv2d(3, self.depth, stride, stride)
        self.decoder = nn.ConvTranspose2d(self.depth, 3, stride, stride)
    def _latent(self, images, snr_db, ratio):
        return self.encoder(images)
    def _image(self, latent, snr_db, ratio):
        return self.decoder(latent)

class Nothing(Codec):
    def __init__(self):
        super().__init__()
        self.ratios = ()

def untrained():
    return CodecLink("untrained", Codec(16))

class Failing(Link):
    def send(self, images, situation):
        return {}[situation.snr_db]

def broken(symbols, snr_db, draws):
    raise ValueError("no gain")

def importance(gradient, features):
    return gradient.size("all")

class Worn(Codec):
    def _image(self, latent, snr_db, ratio):
        raise IndexError("worn out")

def worn():
    return CodecLink("worn", Worn(16))

class Tired(nn.Linear):
    def __init__(self, classes):
        super().__init__(12288, classes)
        self.looks = 0
    def forward(self, images):
        self.looks += 1
        if self.looks > 2:
            raise AttributeError("too often")
        return super().forward(images.flatten(1))
"""
RECIPE = """
name: squares
data: {source: signs}
codec: {codec: "users_mine:Codec", options: {stride: 8}, channel: "users_mine:fading"}
optimiser: {steps: 2, batch: 4, precision: 32-true}
"""
NETWORK = """
name: tired
data: {source: signs}
perception: {network: "users_mine:Tired", layers: [input]}
optimiser: {steps: 4, batch: 4, precision: 32-true}
"""
PLAN = """
name: experiment
data: signs
trainings: [{recipe: squares.yaml}]
evaluations:
- name: all
  links: [squares, "plain=users_mine:untrained"]
  perception: signs-a
  channel: users_mine:fading
  ratios: [1/24]
  snrs: [10]
  limit: 2
"""
GRID = ["--data", "signs", "--ratio", "1/24", "--snr", "10", "--limit", "2", "--out", "out"]


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working folder in which a codec of the user's own is trained."""
    place = tmp_path_factory.mktemp("own-parts")
    for name, text in {"users_mine.py": MINE, "squares.yaml": RECIPE, "plan.yaml": PLAN}.items():
        (place / name).write_text(text)
    os.utime(place / "users_mine.py", (1e9, 1e9))  # else it may have changed since it was imported
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semjscc.data.COUNTS", {"train": 8, "val": 4, "test": 4})
        patch.setattr("semjscc.report.report.draw_part", lambda _: {})
        patch.setattr(sys, "path", list(sys.path))
        patch.chdir(place)
        assert main(["train", "squares.yaml"]) == 0
        yield place
        sys.modules.pop("users_mine", None)


def test_a_checkpoint_alone_never_makes_code_run(capsys: pytest.CaptureFixture[str]) -> None:
    imported = sys.modules.pop("users_mine")
    try:
        for link, said in (
            (
                "runs/squares",
                "name it before an @: users_mine:Codec@runs/squares/model",
            ),
            ("no_such:Codec@runs/squares", "holds no no_such:Codec but the codec users_mine:Codec"),
        ):
            assert main(["evaluate", "--links", link, *GRID]) == 2
            error = capsys.readouterr().err
            assert said in error
            assert error.count("\n") == 1
            assert "users_mine" not in sys.modules
    finally:
        sys.modules["users_mine"] = imported


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("users_mine:Codec", "is a codec, and needs its weights: users_mine:Codec@runs/NAME"),
        (
            "users_mine:Codec@runs/nothing",
            "no weights 'runs/nothing' of the codec",
        ),
        ("users_mine:untrained@runs/squares", "holds no users_mine:untrained but"),
        ("users_mine:Missing", "has no Missing"),
        ("users_mine:fading", "cannot make the link users_mine:fading"),
        ("users_mine:untrained+energy", "takes no policy"),
        ("users_mine:Codec@runs/squares+importance-energy", "spends alike on all regions"),
    ],
)
def test_links_that_there_are_not(link: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        open_link(link, "signs")
    assert str(raised.value).isprintable()


def test_a_codec_without_ratios_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--codec.codec", "users_mine:Nothing", "--codec.options", "{}", "--out", "runs/other"]
    assert main(["train", "squares.yaml", *words]) == 2
    assert "users_mine:Nothing must set self.ratios" in capsys.readouterr().err


def test_links_have_the_names_by_which_they_are_called() -> None:
    codec = open_link("ours=users_mine:Codec@runs/squares", "")
    assert isinstance(codec, CodecLink)
    assert (codec.name, codec.codec.name) == ("ours", "users_mine:Codec")
    assert open_link("users_mine:untrained", "").name == "users_mine:untrained"
    tuned = find_link("ours=users_mine:Codec@runs/squares+semantic", "")
    assert (tuned.name, tuned.policy is None, tuned.part) == ("ours", False, "users_mine:Codec")
    with pytest.raises(UserError, match="the modem's header has no number for your own"):
        check_carried(tuned)


def test_all_are_evaluated_once_until_their_code_changes(
    folder: Path, measured: list[Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    links = ["--links", "ours=users_mine:Codec@runs/squares,users_mine:untrained"]
    words = ["evaluate", *links, *GRID, "--channel", "users_mine:fading"]
    torch.manual_seed(0)
    assert main(words) == 0
    assert len(measured) == 2
    records = json.loads((folder / "out" / "results.json").read_text())["records"]
    assert [one["link"] for one in records] == ["ours", "users_mine:untrained"]
    assert records[0]["codec"] == "users_mine:Codec"
    assert {one["channel"] for one in records} == {"users_mine:fading"}
    measured.clear()
    torch.manual_seed(0)
    assert main(words) == 0
    assert not measured
    file = folder / "users_mine.py"
    file.write_text(MINE.replace("LOSS = 1.0", "LOSS = 0.5"))
    os.utime(file, (1e9, 1e9))
    monkeypatch.delitem(sys.modules, "users_mine")
    torch.manual_seed(0)
    assert main(words) == 0
    assert len(measured) == 2
    file.write_text(MINE)
    os.utime(file, (1e9, 1e9))


def test_transmit_takes_them_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    Image.new("RGB", (61, 37), (90, 120, 200)).save(folder / "odd.png")
    words = ["transmit", "odd.png", "--link", "users_mine:Codec@runs/squares", "--snr", "10"]
    assert main([*words, "--channel", "users_mine:fading", "--perception", "signs-a"]) == 0
    assert "users_mine:Codec@runs/squares, SNR 10 dB" in capsys.readouterr().out
    assert read_image(folder / "received.png").shape == (3, 37, 61)
    assert main([*words, "--channel", "users_mine:Codec"]) == 2
    assert "it must be a function of (symbols, snr_db, draws)" in capsys.readouterr().err


TRAIN = ["train", "squares.yaml", "--out", "runs/failing"]
SENT = ["transmit", "sign.png", "--snr", "10", "--perception", "signs-a"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*SENT, "--link", "users_mine:Failing"], "Failing.send failed: KeyError: 10.0"),
        ([*SENT, "--link", "users_mine:worn"], "Worn._image failed: IndexError: worn out"),
        ([*SENT, "--link", "linear", "--channel", "users_mine:broken"], "broken failed: ValueE"),
        (["evaluate", "--links", "users_mine:Failing", *GRID], "Failing.send failed: KeyError"),
        ([*TRAIN, "--codec.channel", "users_mine:broken"], "broken failed: ValueError: no gain"),
        (
            [*TRAIN, "--loss.weight", "1", "--codec.perception", "signs-a",
             "--loss.importance.function", "users_mine:importance"],
            "importance failed: TypeError: size()",
        ),
        (["train", "network.yaml"], "Tired.forward failed: AttributeError: too often"),
    ],
)  # fmt: skip
def test_what_fails_in_them_is_one_line(
    words: list[str],
    said: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_png(torch.zeros(3, 64, 64), folder / "sign.png")
    (folder / "network.yaml").write_text(NETWORK)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("semjscc: users_mine:")
    assert said in error
    assert "(users_mine.py, line " in error
    assert error.count("\n") == 1


def test_a_plan_trains_and_evaluates_them(folder: Path) -> None:
    assert main(["reproduce", "plan.yaml", "--out", "planned"]) == 0
    records = json.loads((folder / "planned" / "all" / "results.json").read_text())["records"]
    assert [one["link"] for one in records] == ["squares", "plain"]
    assert {one["channel"] for one in records} == {"users_mine:fading"}


def test_it_ships_as_ours_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "WEIGHTS", folder / "weights")
    tool = runpy.run_path(str(ROOT / "tools" / "ship.py"))
    card = tool["write_card"](tool["ship"](Path("runs/squares"))).read_text()
    assert "- use: `--links users_mine:Codec@squares`, whose code does not ship with it" in card
    assert "- trained through the channel users_mine:fading" in card
    link = open_link("users_mine:Codec@squares", "")
    assert isinstance(link, CodecLink)
    assert link.codec.ratios == open_link("users_mine:Codec@runs/squares", "").codec.ratios  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(UserError, match="name it before an @"):
        open_link("squares", "")
