"""Every way to store a sample, against values that numpy wrote and closed forms."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from semjscc.errors import UserError
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.recordings.formats import DATATYPES
from semjscc.radio.recordings.kinds import COMPRESSED, FORMATS, KINDS, canonical, kind_of

SCALES = {"i8": 128, "u8": 128, "i16": 2**15, "u16": 2**15, "i32": 2**31, "u32": 2**31}
"""Steps from the middle of an integer's range to its end."""


def read(path: Path, rate: float = 8000.0, kind: str | None = None) -> np.ndarray:
    return np.concatenate(list(read_recording(path, rate, kind).chunks))


@pytest.mark.parametrize(
    ("endings", "numbers", "scale"),
    [
        (["cf32", "fc32", "cfile", "complex"], np.array([1, -0.5, 3e8, 1e-20], "<f4"), 1),
        (["cf64", "fc64"], np.array([1, -1 / 3, 3e8, 1e-20], "<f8"), 1),
        (["ci16", "cs16", "sc16", "c16"], np.array([32767, -32768, 1, -256], "<i2"), 4 / 32768),
        (["ci8", "cs8", "sc8", "c8"], np.array([127, -128, 1, -2], "i1"), 4 / 128),
    ],
)
def test_raw_files_hold_numbers_over_their_full_scale(
    tmp_path: Path, endings: list[str], numbers: np.ndarray, scale: float
) -> None:
    expected = (numbers.astype(np.float64) * scale).reshape(2, 2) @ [1, 1j]
    for ending in [*endings, endings[0].upper()]:
        path = tmp_path / f"x.{ending}"
        numbers.tofile(path)
        np.testing.assert_array_equal(read(path), expected.astype(np.complex64))


@pytest.mark.parametrize("ending", ["cu8", "uc8", "CU8", "complex16u"])
def test_unsigned_bytes_lie_around_the_middle_of_their_range(tmp_path: Path, ending: str) -> None:
    numbers = np.array([0, 255, 127, 128, 200, 55], np.uint8)
    numbers.tofile(tmp_path / f"x.{ending}")
    expected = (numbers - 127.5) * 4 / 128
    np.testing.assert_array_equal(read(tmp_path / f"x.{ending}").view(np.float32), expected)


def test_every_datatype_of_sigmf_is_known() -> None:
    wide = [f"{kind}_{order}" for kind in ("f32", "f64", "i32", "i16", "u32", "u16")
            for order in ("le", "be")]  # fmt: skip
    assert set(DATATYPES) == {axes + one for axes in "cr" for one in [*wide, "i8", "u8"]}


@pytest.mark.parametrize("datatype", [name for name in DATATYPES if name.startswith("c")])
def test_sigmf_of_every_complex_datatype_is_read(tmp_path: Path, datatype: str) -> None:
    kind, _, order = datatype[1:].partition("_")
    code = {"f32": "f", "f64": "d", "i32": "i", "i16": "h", "u32": "I", "u16": "H", "i8": "b",
            "u8": "B"}[kind]  # fmt: skip
    scale = SCALES.get(kind)
    values = [1.0, -0.5, 3.5, 0.25]
    numbers = values
    if scale is not None:
        middle = scale if kind[0] == "u" else 0
        numbers = [int(value * scale / 4) + middle for value in values]
    data = struct.pack((">" if order == "be" else "<") + 4 * code, *numbers)
    (tmp_path / "x.sigmf-data").write_bytes(data)
    head = {"core:datatype": datatype, "core:version": "1.2.0", "core:sample_rate": 8000}
    (tmp_path / "x.sigmf-meta").write_text(json.dumps({"global": head}))
    # An unsigned integer lies half a step off, since its middle is none.
    half = 2 / scale if scale is not None and kind[0] == "u" else 0
    expected = np.array(values, np.float32) + half
    received = read(tmp_path / "x.sigmf-meta").view(np.float32)
    np.testing.assert_allclose(received, expected, atol=1e-7)


@pytest.mark.parametrize("datatype", ["ri16_be", "rf64_le", "ru8"])
@pytest.mark.parametrize("rate", [8000, 48_000])
def test_real_sigmf_is_audio_as_a_wav_file_is(tmp_path: Path, datatype: str, rate: int) -> None:
    seconds = np.arange(2 * rate) / rate
    sound = np.cos(2 * np.pi * 1810 * seconds)
    form = DATATYPES[datatype]
    stored = sound.astype(form.number)
    if form.number.kind != "f":
        stored = np.rint(sound * form.steps / 8 + form.middle).astype(form.number)
    stored.tofile(tmp_path / "x.sigmf-data")
    head = {"core:datatype": datatype, "core:version": "1.2.0", "core:sample_rate": rate}
    (tmp_path / "x.sigmf-meta").write_text(json.dumps({"global": head}))
    recording = read_recording(tmp_path / "x.sigmf-meta")
    assert (recording.rate, recording.told) == (8000, rate)
    received = np.concatenate(list(recording.chunks))
    assert len(received) == 16_000
    expected = 0.5**0.5 * np.exp(2j * np.pi * 310 * np.arange(16_000) / 8000)
    error = np.abs(received - expected)[200:-200].max()
    assert error < (0.04 if datatype == "ru8" else 2e-3)


def test_floats_that_no_float32_holds_are_damage(tmp_path: Path) -> None:
    np.array([1e300, 0, 1, 2, np.nan, 3, -np.inf, 1], "<f8").tofile(tmp_path / "x.cf64")
    np.testing.assert_array_equal(read(tmp_path / "x.cf64"), [0, 1 + 2j, 0, 0])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ci16", np.array([8192, -16384, 32767, -32768], "<i2")),
        ("ci8", np.array([32, -64, 127, -128], "i1")),
        ("cu8", np.array([160, 64, 255, 0], "u1")),
        ("cf64", np.array([1, -2, 5, -4.5], "<f8")),
    ],
)
def test_kinds_are_written_as_they_are_read(
    tmp_path: Path, kind: str, expected: np.ndarray
) -> None:
    path = tmp_path / f"x.{kind}"
    write_recording(path, [np.array([1 - 2j, 5 - 4.5j], np.complex64)], 1.0)
    assert path.read_bytes() == expected.tobytes()


@pytest.mark.parametrize("kind", ["ci16", "ci8", "cu8"])
def test_integers_come_back_within_half_a_step(tmp_path: Path, kind: str) -> None:
    axes = np.random.default_rng(0).uniform(-3.9, 3.9, 20_000).astype(np.float32)
    write_recording(tmp_path / f"x.{kind}", [axes.view(np.complex64)], 1.0)
    error = np.abs(read(tmp_path / f"x.{kind}").view(np.float32) - axes).max()
    step = 4 / 2**15 if kind == "ci16" else 4 / 128
    assert 0.45 * step < error <= 0.501 * step


def test_a_kind_has_one_name_and_several_spellings() -> None:
    for spelling, kind in {"cs16": "ci16", "CS8": "ci8", "sc16": "ci16", "cu8": "cu8"}.items():
        assert canonical(spelling) == kind
        assert kind_of(f"x.{spelling}", None) == kind
    assert canonical("mp3") == "mp3"
    assert set(KINDS.values()) == {*FORMATS, *COMPRESSED, "sigmf"}
    with pytest.raises(UserError, match=r"x\.iq is no recording of a known kind.*stated --format$"):
        kind_of("x.iq", None)
    assert kind_of("x.iq", "cu8") == "cu8"
