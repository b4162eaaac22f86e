"""The codec for photographs with its plan as a constant, beside the package with +uniform."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from exported import Exported, smooth
from torch import Tensor

from semjscc.codecs.base import Encoded, Side
from semjscc.codecs.deep import Deep
from semjscc.export import runner
from semjscc.export.planned import settled_plan
from semjscc.linear.level import from_words, to_words
from semjscc.linear.planning.announcement import NO_BLOCK, Announcement

SIZE, RATIO, SNR_DB = (37, 50), Fraction(1, 20), 8.0


@pytest.fixture(scope="module")
def image() -> Tensor:
    picture = smooth(1, seed=4).float() / 255
    wide = torch.nn.functional.interpolate(picture, SIZE, mode="bilinear")
    noise = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))
    return (wide + 0.05 * noise).clamp(0, 1)


def encoded(codec: object, image: Tensor) -> Encoded:
    assert isinstance(codec, Deep)
    with torch.inference_mode():
        return codec.encode(image, torch.tensor([SNR_DB]), RATIO, blind=True)


def test_plan_is_what_a_sender_makes_of_any_image(planned: Exported, image: Tensor) -> None:
    plan = settled_plan(SIZE, RATIO, SNR_DB)
    for picture in (image, torch.zeros_like(image)):
        side = encoded(planned.codec, picture).side
        assert side is not None
        assert side.told == (Announcement(plan.water, NO_BLOCK),)


def test_symbols_and_level_are_those_of_the_package(planned: Exported, image: Tensor) -> None:
    right = encoded(planned.codec, image)
    assert right.side is not None
    told, _ = from_words(to_words(right.side.gain, right.side.snr_db))
    encoder = runner.load(planned.folder / "encoder.onnx")
    symbols, level = runner.encode_with_level(encoder, image[0].numpy(), RATIO, SNR_DB)
    assert np.abs(symbols - right.symbols[0].numpy()).max() < 1e-4
    assert level == pytest.approx(float(told), rel=1e-6)


@pytest.mark.parametrize("losses", [False, True])
def test_image_is_that_of_the_package(planned: Exported, image: Tensor, losses: bool) -> None:
    codec, sent = planned.codec, encoded(planned.codec, image)
    assert sent.side is not None
    noise = torch.full(sent.symbols.shape, 10 ** (-SNR_DB / 10))
    if losses:
        noise = noise * (1 + torch.rand(noise.shape, generator=torch.Generator().manual_seed(2)))
        noise[0, 2:9] = math.inf
    shift = torch.randn(noise.shape, generator=torch.Generator().manual_seed(3))
    arrived = sent.symbols + 0.2 * shift
    gain, snr_db = from_words(to_words(sent.side.gain, sent.side.snr_db))
    with torch.inference_mode():
        right = codec.decode(arrived, noise, RATIO, SIZE, Side(gain, snr_db, sent.side.told))
    drawn = runner.decode(
        *(runner.load(planned.folder / "decoder.onnx"), arrived[0].numpy(), noise[0].numpy()),
        *(RATIO, SIZE),
        level=float(gain),
    )
    assert drawn.shape == (3, *SIZE)
    assert np.abs(drawn - right[0].numpy()).max() < 1e-4


def test_flat_image_is_sent_and_comes_back(planned: Exported) -> None:
    encoder, decoder = (
        runner.load(planned.folder / name) for name in ("encoder.onnx", "decoder.onnx")
    )
    black = np.zeros((3, *SIZE), np.float32)
    symbols, level = runner.encode_with_level(encoder, black, RATIO, SNR_DB)
    right = encoded(planned.codec, torch.zeros(1, 3, *SIZE))
    assert np.abs(symbols - right.symbols[0].numpy()).max() < 1e-4
    drawn = runner.decode(decoder, symbols, 0.0, RATIO, SIZE, level=level)
    assert np.isfinite(drawn).all()


def test_other_sizes_and_no_level_are_refused(
    planned: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    encoder = runner.load(planned.folder / "encoder.onnx")
    with pytest.raises(ValueError, match="image of 20x30: this network is for 50x37 alone"):
        runner.encode(encoder, np.zeros((3, 30, 20), np.float32), RATIO, SNR_DB)
    symbols = tmp_path / "symbols.npy"
    np.save(symbols, np.ones(277, np.complex64))
    words = ["runner.py", "decode", str(symbols), "x.png", "--ratio", "1/20", "--snr", "8"]
    monkeypatch.setattr(runner, "__file__", str(planned.folder / "runner.py"))
    monkeypatch.setattr("sys.argv", [*words, "--size", "50x37"])
    with pytest.raises(SystemExit):
        runner.main()
    assert capsys.readouterr().err == "runner.py: decode needs the --level that encode has said\n"
