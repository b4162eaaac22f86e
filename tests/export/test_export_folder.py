"""What an exported folder holds, and what stands in its place before."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from exported import Exported, smooth

from semjscc.channels.awgn import awgn
from semjscc.codecs.adaptive import Adaptive
from semjscc.errors import UserError
from semjscc.export import folder as room
from semjscc.export import runner
from semjscc.export.folder import export
from semjscc.export.names import FILES, FLOAT_FILES, INT8_FILES
from semjscc.export.networks import ends_of
from semjscc.export.onnx_files import check_same
from semjscc.export.readme import TITLE
from semjscc.randomness import Draws

RATIO = Fraction(1, 6)


def test_folder_holds_these_files_and_the_runner_as_it_is(
    adaptive: Exported, deepjscc: Exported
) -> None:
    assert {path.name for path in adaptive.folder.iterdir()} == set(FILES)
    assert {path.name for path in deepjscc.folder.iterdir()} == set(FILES) - set(INT8_FILES)
    for folder in (adaptive.folder, deepjscc.folder):
        assert (folder / "runner.py").read_text() == Path(runner.__file__).read_text()
        assert not list(folder.parent.glob(".*"))


@pytest.mark.parametrize("name", ["adaptive", "deepjscc", "planned"])
def test_readme_names_every_input_and_output(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name).folder
    text = (folder / "README.md").read_text()
    assert text.startswith(TITLE)
    for file in FLOAT_FILES:
        session = runner.load(folder / file)
        (section,) = re.findall(rf"`{file}`(?: and `\S+`)?:\n(.*?)\n\n(?=`|All)", text, re.DOTALL)
        told = re.findall(r"^\| (input|output) \| `(\w+)`", section, re.MULTILINE)
        there = [("input", one.name) for one in session.get_inputs()]
        assert told == [*there, *(("output", one.name) for one in session.get_outputs())]
    assert ("networks of 8 bits" in text) == (name == "adaptive")
    (ratio,) = re.findall(r"encode photo.png symbols.npy --ratio (\S+) ", text)
    assert ratio == ("1/20" if name == "planned" else "1/12")


def test_8_bits_cost_little_and_are_8_bits(adaptive: Exported) -> None:
    """0.3 dB, at the largest ratio, where the channel is best; most weights take a byte."""
    images = smooth(4, seed=7)
    psnrs = []
    for files in (FLOAT_FILES, INT8_FILES):
        encoder, decoder = (runner.load(adaptive.folder / name) for name in files)
        errors = []
        for place, image in enumerate(images):
            pixels = image.numpy().astype(np.float32) / 255
            sent = torch.from_numpy(runner.encode(encoder, pixels, RATIO, 20.0))[None]
            arrived, _ = awgn(sent, 20.0, Draws(1, [place]))
            drawn = runner.decode(decoder, arrived[0].numpy(), 0.01, RATIO, (32, 28))
            errors.append(np.mean((np.clip(drawn, 0, 1) - pixels) ** 2))
        psnrs.append(float(np.mean(-10 * np.log10(errors))))
    assert 0 < abs(psnrs[0] - psnrs[1]) < 0.3
    for name, plain in zip(INT8_FILES, FLOAT_FILES, strict=True):
        before, after = (onnx.load(adaptive.folder / one) for one in (plain, name))
        count = sum(node.op_type == "Conv" for node in before.graph.node)
        weights = [one for one in after.graph.initializer if one.data_type == onnx.TensorProto.INT8]
        assert sum(len(one.dims) == 4 for one in weights) == count - 3  # linear, first, last


def test_another_network_is_found_out(adaptive: Exported) -> None:
    other = ends_of(Adaptive(width=4)).encoder
    with pytest.raises(UserError, match="writes another network to ONNX than it runs"):
        check_same(other, runner.load(adaptive.folder / "encoder.onnx"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No networks, only a README that says how often it was written."""
    times = iter("123")

    def fill(place: Path, *_: object) -> dict[str, int]:
        (place / "README.md").write_text(f"{TITLE}\n{next(times)}")
        return {}

    monkeypatch.setattr(room, "_fill", fill)


@pytest.mark.usefixtures("quick")
def test_an_earlier_export_is_replaced_whole(tmp_path: Path) -> None:
    out, codec = tmp_path / "deep" / "board", Adaptive(width=4)
    export(codec, out, "", None)
    (out / "encoder-int8.onnx").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(out)
    export(codec, link, "", None)
    assert link.is_symlink()
    assert {path.name for path in out.iterdir()} == {"README.md"}
    assert (out / "README.md").read_text() == f"{TITLE}\n2"
    assert [path.name for path in out.parent.iterdir()] == ["board"]
    empty = tmp_path / "empty"
    empty.mkdir()
    export(codec, empty, "", None)
    assert (empty / "README.md").is_file()


@pytest.mark.parametrize("name", ["notes.txt", "README.md", "encoder.onnx"])
@pytest.mark.usefixtures("quick")
def test_what_is_not_ours_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match=re.escape(f"something else ({name}): take another --out")):
        export(Adaptive(width=4), tmp_path, "", None)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_fails_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "board"
    out.mkdir()
    (out / "README.md").write_text(TITLE)

    def stopped(place: Path, *_: object) -> dict[str, int]:
        (place / "encoder.onnx").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "_fill", stopped)
    with pytest.raises(KeyboardInterrupt):
        export(Adaptive(width=4), out, "", None)
    assert [path.name for path in tmp_path.rglob("*")] == ["board", "README.md"]
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written: Not a directory"):
        export(Adaptive(width=4), tmp_path / "file" / "board", "", None)
