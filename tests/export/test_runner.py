"""The runner makes the symbols and the images that the package makes."""

import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from exported import Exported
from PIL import Image
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.symbols import from_symbols, to_symbols, weigh
from semjscc.export import runner

CLOSE = 1e-4
POINTS = [
    ((24, 20), Fraction(1, 6), 10.0),  # all of the latent
    ((17, 30), Fraction(1, 12), 3.0),  # sides that 4 does not divide
    ((33, 16), Fraction(1, 100), -20.0),  # a part of one pair of channels, an SNR beyond
    ((21, 22), Fraction(1, 384), 40.0),
    ((270, 17), Fraction(1, 24), 0.0),  # more than one tile
]


def picture(height: int, width: int) -> Tensor:
    """(1, 3, H, W), smooth and with noise."""
    place = torch.linspace(0, 3, height)[:, None] + torch.linspace(0, 2, width)
    noise = torch.rand(3, height, width, generator=torch.Generator().manual_seed(height))
    return (0.5 + 0.3 * torch.sin(place) + 0.1 * noise)[None]


def sent_by(codec: Any, image: Tensor, snr_db: float, ratio: Fraction) -> Tensor:
    with torch.inference_mode():
        return codec.encode(image, torch.tensor([snr_db]), ratio).symbols


def largest_difference(one: Any, other: Tensor) -> float:
    assert one.shape == tuple(other.shape)
    return float(np.abs(one - other.numpy()).max())


@pytest.mark.parametrize(("size", "ratio", "snr_db"), POINTS)
def test_adaptive_is_the_same_at_every_size_ratio_and_snr(
    adaptive: Exported, size: tuple[int, int], ratio: Fraction, snr_db: float
) -> None:
    codec, folder = adaptive
    image = picture(*size)
    right = sent_by(codec, image, snr_db, ratio)
    encoder, decoder = (runner.load(folder / name) for name in ("encoder.onnx", "decoder.onnx"))
    symbols = runner.encode(encoder, image[0].numpy(), ratio, snr_db)
    assert symbols.dtype == np.complex64
    assert len(symbols) == channel_uses(*size, ratio)
    assert largest_difference(symbols, right[0]) < CLOSE
    noise = 10 ** (-snr_db / 10)
    with torch.inference_mode():
        decoded = codec.decode(right, torch.tensor([noise], dtype=torch.float32), ratio, size)
    drawn = runner.decode(decoder, symbols, noise, ratio, size)
    assert drawn.dtype == np.float32
    assert largest_difference(drawn, decoded[0]) < CLOSE


def test_deepjscc_is_the_same_at_its_ratio_and_snr(deepjscc: Exported) -> None:
    codec, folder = deepjscc
    image, ratio = picture(18, 25), Fraction(1, 12)
    right = sent_by(codec, image, 7.0, ratio)
    encoder, decoder = (runner.load(folder / name) for name in ("encoder.onnx", "decoder.onnx"))
    assert [one.name for one in encoder.get_inputs()] == ["image"]
    symbols = runner.encode(encoder, image[0].numpy(), ratio, 7.0)
    assert largest_difference(symbols, right[0]) < CLOSE
    with torch.inference_mode():
        decoded = codec.decode(right, torch.tensor([0.3]), ratio, (18, 25))
    assert largest_difference(runner.decode(decoder, symbols, 0.3, ratio, (18, 25)), decoded[0]) < (
        CLOSE
    )
    with pytest.raises(ValueError, match="SNR 8 dB: this network is for 7 dB alone"):
        runner.encode(encoder, image[0].numpy(), ratio, 8.0)
    with pytest.raises(ValueError, match="ratio 1/6: it must be at least 1/12 and at most 1/12"):
        runner.encode(encoder, image[0].numpy(), Fraction(1, 6), 7.0)


class Given:
    """A session in place of a network: gives what it was made with, and keeps what it was given."""

    def __init__(self, made: Any, depth: int) -> None:
        self.made, self.given = made, {}
        told = {"stride": "4", "depth": str(depth), "ratios": "1/384 1/6", "snr_range_db": "0 9"}
        self.meta = SimpleNamespace(custom_metadata_map=told)

    def get_modelmeta(self) -> Any:
        return self.meta

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in ("values", "snr_db", "ratio")]

    def run(self, _: None, feeds: dict[str, Any]) -> list[Any]:
        self.given = feeds
        return [self.made]


@pytest.mark.parametrize("scale", [1.0, 1e-30, 0.0])
def test_pairs_and_power_are_those_of_the_package(scale: float) -> None:
    latent = scale * torch.randn(1, 16, 5, 6, generator=torch.Generator().manual_seed(1))
    for ratio in (Fraction(1, 6), Fraction(1, 13), Fraction(1, 384)):
        image = np.zeros((3, 18, 23), np.float32)
        symbols = runner.encode(Given(latent.numpy(), 16), image, ratio, 3.0)
        right = to_symbols(latent, channel_uses(18, 23, ratio))[0]
        assert largest_difference(symbols, right) < 1e-5
        assert math.isclose(float(np.mean(np.abs(symbols) ** 2)), 1, rel_tol=1e-5)


def test_padding_repeats_the_last_row_and_column() -> None:
    network = Given(np.ones((1, 16, 5, 6), np.float32), 16)
    image = picture(18, 23)[0].numpy()
    runner.encode(network, image, Fraction(1, 24), 3.0)
    taken = network.given["values"][0]
    assert taken.shape == (3, 20, 24)
    assert np.array_equal(taken[:, :18, :23], image)
    assert np.array_equal(taken[:, 19, :23], image[:, 17])
    assert np.array_equal(taken[:, :, 23], taken[:, :, 22])


@pytest.mark.parametrize("fading", [False, True])
def test_gain_noise_and_losses_are_those_of_the_package(fading: bool) -> None:
    size, ratio = (18, 23), Fraction(1, 17)
    k, draw = channel_uses(*size, ratio), torch.Generator().manual_seed(2)
    symbols = torch.randn(1, k, dtype=torch.complex64, generator=draw)
    gain = torch.randn(1, k if fading else 1, dtype=torch.complex64, generator=draw)
    noise = 0.1 + torch.rand(1, k, generator=draw)
    noise[0, 3:9] = math.inf
    symbols[0, 4] = complex(math.nan, 0)  # what was lost is not looked at
    if fading:
        gain[0, 11] = 0
    equalised, variance = equalise(symbols, ChannelKnowledge(gain, noise))
    right = from_symbols(weigh(equalised, variance), 16, 5, 6)
    snr_db = 10 * torch.log10((1 / variance).mean())
    network = Given(np.zeros((1, 3, 20, 24), np.float32), 16)
    with np.errstate(invalid="ignore"):
        image = runner.decode(network, symbols[0], noise[0], ratio, size, gain[0])
    assert image.shape == (3, 18, 23)
    assert largest_difference(network.given["values"], right) < CLOSE
    assert float(network.given["snr_db"][0]) == pytest.approx(float(snr_db), abs=1e-4)


def test_symbols_without_any_noise_are_decoded(adaptive: Exported) -> None:
    codec, folder = adaptive
    image, ratio = picture(20, 20), Fraction(1, 12)
    symbols = sent_by(codec, image, 20.0, ratio)
    drawn = runner.decode(runner.load(folder / "decoder.onnx"), symbols[0], 0.0, ratio, (20, 20))
    with torch.inference_mode():
        right = codec.decode(symbols, torch.zeros(1), ratio, (20, 20))
    assert largest_difference(drawn, right[0]) < CLOSE


def test_symbols_of_another_size_are_refused(adaptive: Exported) -> None:
    decoder = runner.load(adaptive.folder / "decoder.onnx")
    with pytest.raises(ValueError, match="9 symbols: an image of this size and ratio has 100"):
        runner.decode(decoder, np.ones(9), 0.1, Fraction(1, 12), (20, 20))


def test_networks_take_several_images_at_once(adaptive: Exported) -> None:
    session = onnxruntime.InferenceSession(str(adaptive.folder / "encoder.onnx"))
    images = torch.cat([picture(16, 24), picture(16, 24).flip(-1)]).numpy()
    snrs_db, ratios = np.array([0, 12], "f"), np.array([1 / 12, 1 / 48], "f")
    (both,) = session.run(None, {"image": images, "snr_db": snrs_db, "ratio": ratios})
    for row in range(2):
        feeds = {"image": images[row : row + 1], "snr_db": snrs_db[row : row + 1]}
        (one,) = session.run(None, {**feeds, "ratio": ratios[row : row + 1]})
        assert np.abs(one[0] - both[row]).max() < CLOSE


WITHOUT = """
import runpy, sys
for name in ("torch", "semjscc"):
    sys.modules[name] = None
script, *sys.argv = sys.argv[1:2] + sys.argv[1:]
runpy.run_path(script, run_name="__main__")
assert not any(name.startswith(("torch.", "semjscc.")) for name in sys.modules)
"""


def run_script(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """The runner's command line where torch and semjscc cannot be imported."""
    command = [sys.executable, "-c", WITHOUT, str(folder / "runner.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_command_line_needs_neither_torch_nor_semjscc(adaptive: Exported, tmp_path: Path) -> None:
    codec, folder = adaptive
    pixels = (picture(21, 26)[0] * 255).round().byte()
    source, symbols, out = (tmp_path / name for name in ("a.png", "symbols.npy", "b.bmp"))
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(source)
    words = ["--ratio", "1/12", "--snr", "8"]
    told = run_script(folder, "encode", source, symbols, *words)
    assert (told.stderr, told.stdout) == ("", "136 symbols; to decode: --size 26x21\n")
    image, ratio = pixels[None].float() / 255, Fraction(1, 12)
    right = sent_by(codec, image, 8.0, ratio)
    assert largest_difference(np.load(symbols), right[0]) < CLOSE
    assert run_script(folder, "decode", symbols, out, *words, "--size", "26x21").stderr == ""
    with torch.inference_mode():
        noise = torch.tensor([10**-0.8])
        drawn = (codec.decode(right, noise, ratio, (21, 26))[0].clamp(0, 1) * 255).round()
    found = np.asarray(Image.open(out), float).transpose(2, 0, 1)
    assert np.abs(found - drawn.numpy()).max() <= 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.bmp", "symbols.npy"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["decode", "x.npy", "b.png"], "decode needs --size WIDTHxHEIGHT"),
        (["encode", "nothere.png", "x.npy"], "No such file or directory"),
        (["encode", "README.md", "x.npy"], "cannot identify image file"),
        (["encode", "x.png", "x.npy", "--ratio", "1/0"], "Fraction(1, 0)"),
        (["encode", "x.png", "x.npy", "--snr", "nan"], "--snr is a number of dB"),
    ],
)
def test_mistakes_of_the_command_line_are_one_line(
    adaptive: Exported, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(adaptive.folder)
    monkeypatch.setattr(runner, "__file__", str(adaptive.folder / "runner.py"))
    monkeypatch.setattr(sys, "argv", ["runner.py", "--ratio", "1/12", "--snr", "8", *words])
    with pytest.raises(SystemExit) as stop:
        runner.main()
    line = capsys.readouterr().err
    assert stop.value.code == 2
    assert line.startswith("runner.py: ")
    assert line.count("\n") == 1
    assert said in line
