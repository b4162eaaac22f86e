"""``transmit --important``: boxes and masks as a user types them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from semjscc.cli import main
from semjscc.cli.important import mask_of, read_marks

LINK = ["--link", "linear-adaptive+importance-energy", "--snr", "10", "--ratio", "1/12"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (16, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((128, 64), Image.Resampling.BICUBIC).save(tmp_path / "image.png")
    half = np.zeros((32, 64), np.uint8)
    half[:, :32] = 255
    Image.fromarray(half).save(tmp_path / "left.png")
    Image.fromarray(half[:, :32]).save(tmp_path / "square.png")
    Image.fromarray(0 * half).save(tmp_path / "black.png")
    (tmp_path / "colours.png").write_bytes((tmp_path / "image.png").read_bytes())
    (tmp_path / "text.png").write_text("no image")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def errors_of_halves(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[float, float]:
    words = ["transmit", "image.png", *LINK, "--out", "out.png", *words]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["link"].endswith(":mask")
    sent, got = (np.asarray(Image.open(name), float) for name in ("image.png", "out.png"))
    squared = (sent - got) ** 2
    return float(squared[:, :64].mean()), float(squared[:, 64:].mean())


@pytest.mark.usefixtures("folder")
def test_a_box_and_the_mask_of_the_same_place_do_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    boxed = errors_of_halves(["--important", "0,0,64,64"], capsys)
    assert boxed[0] < 0.9 * boxed[1]
    right = errors_of_halves(["--important", "64,0,32,64", "--important", "96,0,32,64"], capsys)
    assert right[1] < 0.9 * right[0]
    drawn = errors_of_halves(["--important", "left.png"], capsys)
    assert drawn == pytest.approx(boxed, rel=0.05)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--important", "a,b,c,d"], "--important takes a box x,y,w,h of whole pixels"),
        (["--important", "1,2,3"], "--important takes a box x,y,w,h of whole pixels"),
        (["--important", "0,0,129,64"], "does not lie within the picture of 128 x 64 pixels"),
        (["--important", "-1,0,9,9"], "does not lie within the picture"),
        (["--important", "5,5,0,9"], "the box 5,5,0,9 is empty"),
        (["--important", "nothere.png"], "nothere.png does not exist"),
        (["--important", "square.png"], "the mask square.png has 32 x 32 pixels, which is another"),
        (["--important", "black.png"], "the mask is black all over"),
        (["--important", "colours.png"], "colours.png is no mask: it holds colours"),
        (["--important", "text.png"], "text.png is not an image in a known format"),
        (["--important", "left.png", "--out", "left.png"], "left.png is what is read"),
        (["--important", "0,0,9,9", "--link", "hybrid"], "--important needs a policy that weighs"),
        (["--important", "0,0,9,9", "--link", "semantic"], "--important needs a policy"),
        (["--important", "0,0,9,9", "--link", "hybrid+energy"], "hybrid+energy weighs nothing"),
        (["--important", "0,0,9,9", "--link", "hybrid+semantic"], "tunes symbols to a network"),
        (
            ["--important", "0,0,9,9", "--link", "hybrid+importance:saliency"],
            "takes its importance from saliency, and --important says it by hand",
        ),
    ],
)
def test_what_cannot_matter_is_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    named = [] if "--link" in words else LINK[:2]
    said = ["transmit", "image.png", *named, *LINK[2:], *words]
    assert main(said if "--out" in words else [*said, "--out", "out.png"]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_a_turned_photograph_is_measured_as_it_is_seen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Image.open(folder / "image.png") as image:
        exif = image.getexif()
        exif[0x0112] = 6  # on its side: 64 wide and 128 high when upright
        image.save(folder / "turned.jpg", exif=exif)
    words = ["transmit", "turned.jpg", *LINK, "--out", "out.png", "--important"]
    assert main([*words, "65,0,64,64"]) == 2
    assert "the picture of 64 x 128 pixels" in capsys.readouterr().err
    assert main([*words, "0,64,64,64"]) == 0


@pytest.mark.filterwarnings("default::semjscc.errors.UserNote")
@pytest.mark.parametrize("link", ["linear-adaptive", "hybrid", "separate-jpeg"])
def test_marks_on_a_picture_of_one_square_are_said_to_get_no_more(
    folder: Path, capsys: pytest.CaptureFixture[str], link: str
) -> None:
    with Image.open(folder / "image.png") as image:
        image.crop((0, 0, 64, 64)).save(folder / "small.png")
    words = ["transmit", "small.png", "--snr", "10", "--ratio", "1/12"]
    marks = ["--link", f"{link}+importance-energy", "--important", "0,0,24,64"]
    assert main([*words, *marks, "--out", "marked.png"]) == 0
    by_block = link == "separate-jpeg"
    error = capsys.readouterr().err
    assert ("what was marked gets no more than the rest: importance is told" in error) != by_block
    assert ("and an image of 64 x 64 is no more than one" in error) != by_block
    assert main([*words, "--link", link, "--out", "plain.png"]) == 0
    sent, marked, plain = (
        np.asarray(Image.open(name), float) for name in ("small.png", "marked.png", "plain.png")
    )
    gained = ((plain - sent)[:, :24] ** 2).mean() / ((marked - sent)[:, :24] ** 2).mean()
    assert gained > 1.2 if by_block else gained == pytest.approx(1, abs=0.05)


def test_a_mask_drawn_on_nothing_marks_itself_alone(folder: Path, tmp_path: Path) -> None:
    with Image.open(folder / "image.png") as image:
        size = image.size
    box = (10, 10, 40, 40)
    layer, grey = Image.new("RGBA", size, (0, 0, 0, 0)), Image.new("L", size)
    for drawn in (layer, grey):
        ImageDraw.Draw(drawn).rectangle(box, fill="white")
    found = []
    for name, drawn in (("layer.png", layer), ("grey.png", grey)):
        drawn.save(tmp_path / name)
        found.append(mask_of(read_marks([str(tmp_path / name)]), (size[1], size[0])))
    assert torch.equal(*found)
    assert found[0].mean() == pytest.approx(31 * 31 / (size[0] * size[1]))
