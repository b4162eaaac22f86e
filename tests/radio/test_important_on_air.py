"""``modulate --important``: a recording of which a marked part of the picture arrives better."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semjscc.cli import main

LINK = ["--link", "linear-adaptive+importance-energy", "--ratio", "1/24"]
BOX = 32, 16, 64, 32


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawn = np.random.default_rng(0).integers(0, 256, (16, 32, 3), dtype=np.uint8)
    image = Image.fromarray(drawn).resize((192, 96), Image.Resampling.BICUBIC)
    image.save(tmp_path / "image.png")
    image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "mirrored.png")
    image.crop((0, 0, 96, 96)).save(tmp_path / "square.png")
    mask = Image.new("L", image.size)
    mask.paste(255, (BOX[0], BOX[1], BOX[0] + BOX[2], BOX[1] + BOX[3]))
    mask.save(tmp_path / "mask.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def errors(words: list[str], image: str = "image.png") -> tuple[int, float, float]:
    """Samples of a recording, and the squared error in the box and beside it once demodulated."""
    link = LINK if words else ["--link", "linear-adaptive", *LINK[2:]]
    assert main(["modulate", image, *link, "--out", "tx.cf32", *words]) == 0
    assert main(["demodulate", "tx.cf32", "--out", "out"]) == 0
    (frame,) = json.loads(Path("out/log.json").read_text())["frames"]
    assert (frame["codec"], frame["delivered"]) == ("linear-adaptive", True)
    sent, got = (np.asarray(Image.open(name), float) for name in (image, f"out/{frame['file']}"))
    squared, (left, top, width, height) = (sent - got) ** 2, BOX
    inside = np.zeros(squared.shape[:2], bool)
    inside[top : top + height, left : left + width] = True
    size = Path("tx.cf32").stat().st_size
    return size, float(squared[inside].mean()), float(squared[~inside].mean())


@pytest.mark.usefixtures("folder")
def test_what_is_marked_arrives_better_and_the_rest_worse() -> None:
    plain = errors([])
    boxed = errors(["--important", ",".join(map(str, BOX))])
    assert boxed[0] == plain[0]
    assert boxed[1] < 0.8 * plain[1]
    assert boxed[2] > 1.05 * plain[2]
    assert errors(["--important", "mask.png"]) == boxed
    left, top, width, height = BOX
    halves = [f"{left + side},{top},{width // 2},{height}" for side in (0, width // 2)]
    assert errors(["--important", halves[0], "--important", halves[1]]) == boxed


@pytest.mark.usefixtures("folder")
def test_several_images_of_one_size_share_the_mark(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["modulate", "image.png", "mirrored.png", *LINK, "--out", "tx.cf32"]
    assert main([*words, "--important", "mask.png", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["images"]) == 2


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["image.png", "--important", "1,2,3"], "--important takes a box x,y,w,h"),
        (["image.png", "--important", "0,0,193,9"], "within the picture of 192 x 96 pixels"),
        (["square.png", "--important", "mask.png"], "mask.png has 192 x 96 pixels, which is"),
        (
            ["image.png", "square.png", "--important", "0,0,9,9"],
            "image.png has 192 x 96 pixels, square.png 96 x 96",
        ),
        (["image.png", "--important", "0,0,9,9", "--link", "linear"], "needs a policy that weighs"),
        (["image.png", "--important", "0,0,9,9", "--link", "semantic"], "needs a policy that"),
        (
            ["image.png", "--important", "0,0,9,9", "--link", "linear-adaptive+energy"],
            "linear-adaptive+energy weighs nothing",
        ),
        (
            ["image.png", "--important", "0,0,9,9", "--link", f"{LINK[1]}:saliency"],
            "takes its importance from saliency",
        ),
        (
            ["image.png", "--important", "mask.png", "--out", "mask.png", "--format", "cf32"],
            "would be written over",
        ),
    ],
)
def test_what_cannot_matter_is_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    link = [] if "--link" in words else LINK
    out = [] if "--out" in words else ["--out", "tx.cf32"]
    assert main(["modulate", *words, *link, *out]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before
