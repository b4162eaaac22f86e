"""One image by Python is the image by ``semjscc transmit``."""

import json
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import semjscc
from semjscc.cli import main
from semjscc.data.drawn.signs import render


@pytest.fixture
def sign(tmp_path: Path) -> Path:
    path = tmp_path / "sign.png"
    Image.fromarray(render("test", 0).image).save(path)
    return path


def test_same_seed_same_image_and_report_as_the_command(
    sign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "received.png"
    words = ["--link", "semantic", "--snr", "3", "--ratio", "1/48", "--seed", "5"]
    words += ["--channel", "fast-rayleigh", "--assumed-snr", "2", "--out", str(out), "--json"]
    assert main(["transmit", str(sign), *words]) == 0
    printed = json.loads(capsys.readouterr().out)
    meant: dict[str, Any] = {"channel": "fast-rayleigh", "assumed_snr_db": 2, "seed": 5}
    got = semjscc.transmit(sign, "semantic", ratio="1/48", snr_db=3, **meant)
    assert np.array_equal(got.image, np.asarray(Image.open(out)))
    facts = json.loads(json.dumps(got.report.to_dict()))
    assert facts == {name: printed[name] for name in facts}
    assert got.after.label == printed["after"]["label"]
    # The same from an array, by a link that is open and a ratio in another spelling.
    link = semjscc.open_link("semantic", weights="signs")
    array = np.asarray(Image.open(sign))
    again = semjscc.transmit(array, link, ratio=Fraction(1, 48), snr_db=3.0, **meant)
    assert np.array_equal(again.image, got.image)
    assert np.array_equal(again.sent, array)
    meant["seed"] = 6
    other = semjscc.transmit(array, link, ratio=1 / 48, snr_db=3, **meant)
    assert not np.array_equal(other.image, got.image)


def test_psnr_is_that_of_the_arrays_and_none_of_an_exact_image() -> None:
    tensor = semjscc.load_data("signs", limit=1).images[0]
    got = semjscc.transmit(tensor, "djscc", ratio="1/24", snr_db=10, perception="signs-a")
    assert (got.image.dtype, got.image.shape) == (np.uint8, (64, 64, 3))
    error = np.mean((got.image.astype(float) - got.sent) ** 2)
    assert got.psnr_db == pytest.approx(10 * np.log10(255**2 / error), abs=1e-4)
    exact = semjscc.transmit(tensor, "none", snr_db=0, perception="signs-a")
    assert exact.psnr_db is None
    assert np.array_equal(exact.image, exact.sent)
    assert exact.before == exact.after


@pytest.mark.parametrize(
    "image",
    [np.zeros((64, 64, 3)), np.zeros((64, 64), np.uint8), torch.zeros(64, 64, 3), None],
)
def test_what_is_no_image_is_told_what_is_one(image: Any) -> None:
    with pytest.raises(semjscc.UserError, match=r"an array \(H, W, 3\) of uint8 or a tensor"):
        semjscc.transmit(image, "none", snr_db=0)


def test_bad_words_are_one_line(sign: Path) -> None:
    small = np.zeros((8, 64, 3), np.uint8)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"image": small}, "both sides must have at least 16 pixels"),
        ({"image": "nothere.png"}, "nothere.png does not exist"),
        ({"snr_db": float("nan")}, "SNR must be a number"),
        ({"ratio": 2}, "between 0 and 1"),
        ({"channel": "wire"}, "no channel 'wire'"),
        ({"link": "label"}, "brings no image: compare it with evaluate"),
    ]
    for words, message in cases:
        usual: dict[str, Any] = {"image": sign, "link": "none", "snr_db": 0}
        with pytest.raises(semjscc.UserError, match=message) as caught:
            semjscc.transmit(**(usual | words))
        assert "\n" not in str(caught.value)


def test_a_ratio_that_a_link_does_not_have_is_noted(
    sign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = semjscc.open_link("none", weights="signs")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        semjscc.transmit(sign, link, snr_db=0)
    monkeypatch.setattr(type(link), "default_ratio", Fraction(1, 6))
    with pytest.warns(UserWarning, match="none has no ratio 1/24: the nearest, 1/6, counts"):
        semjscc.transmit(sign, link, snr_db=0)
