"""Sound files of any rate, depth and count of channels: the samples that the writer put in."""

import io
import runpy
import struct
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from semjscc.errors import UserError
from semjscc.radio.demodulator_input import Stated, open_recording
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.recordings.formats import IQ_FULL_SCALE, REAL_FULL_SCALE
from semjscc.radio.recordings.sound.sound_files import SoundFormat, open_sound
from semjscc.radio.recordings.sound.wav import MOST_CHANNELS
from semjscc.radio.sampling.passband import AUDIO_RATE, to_passband
from semjscc.radio.waveform.transmitter import modulate_image
from waveforms import control, latents, over_the_air

BENCHMARK = Path(__file__).parents[4] / "benchmarks" / "modem_damage.py"
made = SimpleNamespace(**runpy.run_path(str(BENCHMARK)))
RAMP = np.linspace(-1, 1, 4000, endpoint=False)


def refuse(line: str) -> None:
    raise AssertionError(line)


def samples_of(path: Path, tell: Callable[[str], object] = refuse) -> NDArray[np.float32]:
    """(N, channels), ±1 being the full scale."""
    _, chunks = open_sound(path, path.suffix[1:], "x", tell)
    return np.concatenate(list(chunks)) / REAL_FULL_SCALE


def write_wav(path: Path, frames: NDArray[np.float64], rate: int, bits: int, tag: int = 1) -> Path:
    """A WAV file of (N, channels) within ±1, put together from its definition."""
    channels = frames.shape[1]
    if tag == 3:
        data = frames.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = np.floor(frames * 128 + 128).astype("u1").tobytes()
    else:
        codes = np.floor(frames * 2 ** (bits - 1)).astype("<i8").view("u1").reshape(-1, 8)
        data = codes[:, : bits // 8].tobytes()
    align = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits)
    path.write_bytes(riff(chunk(b"fmt ", form), chunk(b"data", data)))
    return path


def chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize(
    ("bits", "tag"), [(8, 1), (16, 1), (24, 1), (32, 1), (32, 3), (64, 3)], ids=str
)
def test_every_depth_has_its_samples(tmp_path: Path, bits: int, tag: int, channels: int) -> None:
    frames = np.stack([np.roll(RAMP, 100 * place) for place in range(channels)], axis=1)
    found = samples_of(write_wav(tmp_path / "x.wav", frames, 44_100, bits, tag))
    assert found.shape == frames.shape
    step = 2.0 ** (1 - bits) if tag == 1 else 2.0**-24
    # 8 bits lie around 127.5 here, and around 128 for their writer.
    np.testing.assert_allclose(found, frames, rtol=0, atol=max(1.5 * step, 2.0**-23))


@pytest.mark.parametrize(("bits", "tag", "channels", "align"), [
    (12, 1, 1, 2), (64, 1, 1, 8), (16, 3, 1, 2), (16, 2, 1, 2), (8, 6, 1, 1),
    (24, 1, 1, 4), (16, 1, 0, 0), (16, 1, MOST_CHANNELS + 1, 2 * MOST_CHANNELS + 2),
])  # fmt: skip
def test_other_numbers_are_one_line(
    tmp_path: Path, bits: int, tag: int, channels: int, align: int
) -> None:
    form = struct.pack("<HHIIHH", tag, channels, 8000, 8000 * align, align, bits)
    (tmp_path / "x.wav").write_bytes(riff(chunk(b"fmt ", form), chunk(b"data", bytes(40))))
    said = rf"^x has {channels} channels, 8000 Hz, {bits} bit.*: convert it with `ffmpeg"
    with pytest.raises(UserError, match=said):
        samples_of(tmp_path / "x.wav")


def test_numbers_that_are_none_are_zero_and_said_once(tmp_path: Path) -> None:
    frames = np.stack([RAMP, RAMP], axis=1)
    frames[[7, 9], [0, 1]] = np.nan, np.inf
    told: list[str] = []
    found = samples_of(write_wav(tmp_path / "x.wav", frames, 8000, 32, tag=3), told.append)
    frames[[7, 9]] = 0
    np.testing.assert_allclose(found, frames, atol=1e-7)
    assert told == ["x has samples that are not finite numbers: taken as 0"]


def test_samples_may_stand_in_blocks_as_kiwisdr_writes_them(tmp_path: Path) -> None:
    codes = np.arange(-600, 600, dtype="<i2").reshape(6, 100, 2)
    form = struct.pack("<HHIIHH", 1, 2, 12_000, 48_000, 4, 16)
    blocks = [chunk(b"kiwi", bytes(10)) + chunk(b"data", block.tobytes()) for block in codes]
    path = tmp_path / "x.wav"
    path.write_bytes(riff(chunk(b"fmt ", form), *blocks, chunk(b"LIST", b"data of no sound")))
    recording = read_recording(path)
    assert (recording.rate, recording.told, recording.channels) == (12_000, 12_000, 1)
    found = np.concatenate(list(recording.chunks))
    axes = codes.reshape(-1, 2) * (IQ_FULL_SCALE / 2**15)
    np.testing.assert_allclose(found, axes[:, 0] + 1j * axes[:, 1], rtol=1e-6)


@pytest.mark.parametrize(("rate", "note", "stated", "is_iq"), [
    (48_000, b"LIST", None, False), (48_000, b"auxi", None, True), (250_000, b"LIST", None, True),
    (48_000, b"LIST", True, True), (250_000, b"LIST", False, False),
])  # fmt: skip
def test_two_channels_are_iq_where_a_receiver_wrote_them(
    tmp_path: Path, rate: int, note: bytes, stated: bool | None, is_iq: bool
) -> None:
    form = struct.pack("<HHIIHH", 1, 2, rate, 4 * rate, 4, 16)
    path = tmp_path / "x.wav"
    path.write_bytes(riff(chunk(b"fmt ", form), chunk(note, b"1234"), chunk(b"data", bytes(4000))))
    recording = read_recording(path, is_iq=stated)
    assert recording.rate == (rate if is_iq else AUDIO_RATE)
    assert recording.channels == (1 if is_iq else 2)
    if is_iq:
        assert sum(map(len, recording.chunks)) == 1000


def test_one_channel_is_never_iq(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav", RAMP[:, None], 250_000, 16)
    assert read_recording(path, is_iq=True).rate == AUDIO_RATE
    with pytest.raises(UserError, match=r"has 1 channels, and none of number 2$"):
        read_recording(path, channel=1)


@pytest.mark.parametrize("kind", ["flac", "ogg"])
def test_compressed_sound_is_what_was_compressed(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 / 48_000 * np.arange(48_000))
    path = made.write_compressed(tmp_path / f"x.{kind}", tone, 48_000)
    sound, _ = open_sound(path, kind, "x", refuse)
    assert sound == SoundFormat(48_000, 1, False, sound.frame_bytes)
    (found,) = samples_of(path).T
    if kind == "flac":  # without loss
        np.testing.assert_allclose(found, tone, rtol=0, atol=2.0**-16)
    else:
        assert np.square(found[: len(tone)] - tone).mean() < 0.01 * np.square(tone).mean()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    piped = read_recording("-", kind=kind)
    assert (piped.kind, piped.most) == (kind, None)
    filed = np.concatenate(list(read_recording(path).chunks))
    np.testing.assert_array_equal(np.concatenate(list(piped.chunks)), filed)
    with pytest.raises(UserError, match=f"{kind.upper()} is read, not written: take .wav$"):
        write_recording(path, [], AUDIO_RATE)


@pytest.mark.parametrize("kind", ["flac", "ogg"])
@pytest.mark.parametrize("content", [b"", b"nothing of the kind" * 99, b"fLaC", b"OggS" * 40])
def test_what_is_no_compressed_sound_is_one_line(tmp_path: Path, kind: str, content: bytes) -> None:
    (tmp_path / f"x.{kind}").write_bytes(content)
    with pytest.raises(UserError, match=r"^x (is no|holds no|does not tell)[^\n]*$"):
        samples_of(tmp_path / f"x.{kind}")


def test_a_damaged_title_leaves_the_sound(tmp_path: Path) -> None:
    tone = np.sin(np.arange(24_000) / 10) / 2
    path = made.write_compressed(tmp_path / "x.flac", tone, 48_000)
    content = path.read_bytes()
    place = content.index(b"encoder=Lavf") + len(b"encoder=Lavf6")
    path.write_bytes(content[:place] + b"\xb1" + content[place + 1 :])  # no text in UTF-8
    np.testing.assert_allclose(samples_of(path)[:, 0], tone, rtol=0, atol=2.0**-16)


def test_a_damaged_part_is_left_out_and_said(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 48_000)
    path = made.write_compressed(tmp_path / "x.flac", noise, 48_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 6000] = bytes(6000)
    path.write_bytes(bytes(data))
    told: list[str] = []
    found = samples_of(path, told.append)
    assert 20_000 < len(found) < 48_000
    np.testing.assert_allclose(found[:10_000, 0], noise[:10_000], rtol=0, atol=2.0**-16)
    assert told == ["x has damaged parts: they are left out"]


@pytest.mark.parametrize("rate", [8000, 11_025, 48_000])
def test_the_waveform_comes_out_at_any_rate(tmp_path: Path, rate: int) -> None:
    rng = np.random.default_rng(2)
    slow = np.fft.ifft(np.fft.fft(rng.normal(size=(8000, 2)).view(complex)[:, 0]) * _band())
    real = np.concatenate(list(to_passband([slow.astype(np.complex64)])))
    spectrum = np.fft.rfft(real)
    at_rate = np.fft.irfft(np.pad(spectrum, (0, rate // 2 + 1 - len(spectrum))), rate)
    path = write_wav(tmp_path / "x.wav", at_rate[:, None] * rate / 8000 / 8, rate, 32)
    found = np.concatenate(list(read_recording(path).chunks))
    inside = slice(300, 7700)  # the filters reach beyond the ends
    error = np.square(np.abs(found[: len(slow)] - slow)[inside]).mean()
    assert error < 1e-5 * np.square(np.abs(slow[inside])).mean()


def _band() -> NDArray[np.bool_]:
    """Frequencies of the waveform's carriers, of 8000 in a second."""
    return np.abs(np.fft.fftfreq(8000, 1 / 8000)) < 1200


def test_of_several_channels_the_one_with_the_signal_is_read(tmp_path: Path) -> None:
    told_of = control(32)
    burst = modulate_image(latents(told_of), told_of, made.AUDIO, image=9)
    path = made.write_sound(tmp_path, "stereo", over_the_air(burst, made.AUDIO, 15.0))
    told: list[str] = []
    opened = open_recording(str(path), Stated(), told.append)
    assert told == [f"{path} has 2 channels: number 2 is read"]
    (frame,) = made.receive(opened.chunks, opened.profile, most_symbols=opened.room)
    assert frame.control == told_of
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 3)
