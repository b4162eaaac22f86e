"""Every script in examples/ runs on small inputs, and so do the pages own-model and extend."""

import math
import re
import runpy
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from PIL import Image

from semjscc.channels import channel_named
from semjscc.checkpoint import load_weights, locate
from semjscc.cli import main
from semjscc.data.drawn.signs import render
from semjscc.images import read_image
from semjscc.importance.gradient import ImportanceForm
from semjscc.links import Situation, open_link
from semjscc.losses import reference
from semjscc.perception.base import Perception, predict
from semjscc.perception.store import load_perception
from semjscc.randomness import Draws

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"

Run = Callable[..., list[str]]
"""Path of a script and its words -> the lines it prints."""


@pytest.fixture
def sign(tmp_path: Path) -> Path:
    path = tmp_path / "sign.png"
    Image.fromarray(render("test", 5).image).save(path)
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a script as a program; gives its lines."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run_script(path: Path, *words: object) -> list[str]:
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, words)])
        monkeypatch.syspath_prepend(str(path.parent))
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out.splitlines()

    yield run_script
    sys.modules.pop("my_model", None)


def numbers(line: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+\.\d+", line)]


def test_every_script_has_a_test() -> None:
    elsewhere = ("gnuradio_channel", "counting")  # tests/radio, test_own_task.py
    scripts = {path.stem for path in EXAMPLES.rglob("*.py") if path.stem not in elsewhere}
    tests = Path(__file__).read_text()
    assert {name for name in scripts if not re.search(rf'["=]{name}', tests)} == set()


def test_transmit_image_writes_what_arrived(run: Run, sign: Path, tmp_path: Path) -> None:
    received = tmp_path / "received.png"
    lines = run(EXAMPLES / "transmit_image.py", sign, received, "--snr", 10)
    assert lines[0] == "512 channel uses, R = 1/24, 10 dB"
    sent, arrived = (read_image(path).float() for path in (sign, received))
    psnr_db = 10 * math.log10(255**2 / float((sent - arrived).square().mean()))
    assert numbers(lines[1]) == [pytest.approx(psnr_db, abs=0.06)]


def test_sweep_has_a_line_for_each_link_and_snr(run: Run) -> None:
    title, *lines = run(EXAMPLES / "sweep_snr.py", "--images", 4)
    assert title.split() == ["link", "SNR", "accuracy", "PSNR"]
    assert [line.split()[:2] for line in lines] == [
        [link, snr] for link in ("semantic", "djscc") for snr in ("-5", "0", "5", "10")
    ]
    quality = [float(line.split()[3]) for line in lines]
    assert quality[:4] == sorted(quality[:4])


def test_importance_picture_is_the_image_and_its_map(run: Run, sign: Path, tmp_path: Path) -> None:
    picture = tmp_path / "importance.png"
    (line,) = run(EXAMPLES / "importance_of_image.py", sign, picture, "--layer", "stage1")
    assert "stem, stage1, stage2, stage3" in line
    image, shown = read_image(sign), read_image(picture)
    assert shown.shape == (3, image.shape[1], 2 * image.shape[2])
    assert shown[..., : image.shape[2]].equal(image)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Goes to a copy of an example's folder, as if nothing of it had been imported yet."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def enter(folder: str) -> Path:
        place = tmp_path / folder
        shutil.copytree(EXAMPLES / folder, place)
        monkeypatch.chdir(place)
        return place

    yield enter
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def test_jammer_erases_one_stretch_of_a_quarter(own: Callable[[str], Path]) -> None:
    own("own-channel")
    symbols = torch.ones(3, 400, dtype=torch.complex64)
    _, knowledge = channel_named("jammer:jammer")(symbols, 10.0, Draws(0, [0, 1, 2]))
    erased = knowledge.noise_variance.isinf()
    assert erased.sum(dim=1).tolist() == [100, 100, 100]
    assert (erased.roll(1, dims=1) & ~erased).sum(dim=1).tolist() == [1, 1, 1]


def test_thumbnail_without_noise_gives_grey_images_back(own: Callable[[str], Path]) -> None:
    own("own-link")
    images = torch.full((2, 3, 64, 64), 0.75)
    images[1] = 0.25
    link = open_link("grey=thumbnail:Thumbnail", "")
    situation = Situation(channel_named("awgn"), 90.0, Fraction(1, 48), Draws(0, [0, 1]))
    received = link.send(images, situation)
    assert link.name == "grey"
    assert received.control_bits == 70
    assert received.images is not None
    assert (received.images - images).abs().max() < 0.01


def test_contribution_has_mean_one_and_none_where_a_feature_is_zero(
    own: Callable[[str], Path], tiny_perception: Perception, tiny_images: torch.Tensor
) -> None:
    own("own-importance")
    form = ImportanceForm(function="contribution:contribution")
    clean = reference(tiny_perception, tiny_images, form)
    assert clean.weights is not None
    for layer, weights in clean.weights.items():
        assert torch.allclose(
            weights.flatten(1).mean(dim=1), torch.ones(len(tiny_images)), atol=1e-5
        )
        assert (weights[clean.features[layer] == 0] == 0.5).all()


SHORT = ["--optimiser.steps", "2", "--optimiser.batch", "4", "--data.limit", "8"]


def shortened(words: list[str]) -> list[str]:
    """A reader's command on a few images."""
    if words[0] == "train":
        return [*words, *SHORT]
    place = words.index("--limit") + 1
    return [*words[:place], "4", *words[place + 1 :]]


@pytest.mark.parametrize("folder", ["own-channel", "own-link", "own-codec", "own-importance"])
def test_page_extend_works_word_for_word(
    folder: str, own: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = page_commands("extend.md")
    begin = commands.index(["cd", f"examples/{folder}"])
    place = own(folder)
    monkeypatch.setattr("semjscc.data.COUNTS", {"train": 8, "val": 4, "test": 4})
    monkeypatch.setattr("semjscc.experiments.evaluation.draw", lambda *_: None)
    for program, *words in commands[begin + 1 :]:
        if program == "cd":  # the next section; own-task is run by test_own_task.py
            break
        assert program == "semjscc"
        assert main(shortened(words)) == 0
    said = {
        "own-channel": "jammer:jammer",
        "own-link": "thumbnail:Thumbnail",
        "own-codec": "patches:Patches",
        "own-importance": "runs/contribution",
    }
    assert said[folder] in (place / "out" / "results.json").read_text()


def page_commands(page: str) -> list[list[str]]:
    """The commands in a page's ``sh`` blocks, in order, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.M | re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.fixture
def own_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own-model"
    shutil.copytree(EXAMPLES / "own-model", folder)
    text = (folder / "make_images.py").read_text()
    assert '("train", 400), ("test", 50)' in text
    smaller = text.replace('("train", 400), ("test", 50)', '("train", 30), ("test", 4)')
    (folder / "make_images.py").write_text(smaller)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.usefixtures("one_kind_of_figure")
def test_page_own_model_works_word_for_word(
    run: Run, own_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = page_commands("own-model.md")
    assert commands[:2] == [[".", ".venv/bin/activate"], ["cd", "examples/own-model"]]
    done, before = [], None
    for program, *words in commands[2:]:
        if any(word.startswith("hf:") for word in words):
            continue  # fetched from a hub: tests/perception/test_huggingface.py
        if words == ["register.py", "my_model.pt"]:
            # The reader's own training, of which there is a file: here the one from before.
            trained = load_weights(Path("runs/my-model/model.safetensors"))[0]
            torch.save(trained, "my_model.pt")
            before = load_perception(locate("runs/my-model"), own_class="my_model:MyModel")
            shutil.rmtree("runs/my-model")
        if program == "python":
            print("\n".join(run(own_model / words[0], *words[1:])))
        else:
            few = ["--optimiser.steps", "3", "--optimiser.batch", "8"]
            short = {"train": few, "evaluate": ["--limit", "4"]}
            assert main([*words, *short.get(words[0], [])]) == 0
        done.append(words[0])
    assert done == [
        "make_images.py", "train", "register.py", "train", "train", "evaluate", "transmit"
    ]  # fmt: skip
    registered = load_perception(locate("runs/my-model"), own_class="my_model:MyModel")
    images = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert before is not None
    assert predict(registered, images).equal(predict(before, images))
    assert (own_model / "out" / "results.json").is_file()
    assert "my-model" in capsys.readouterr().out
