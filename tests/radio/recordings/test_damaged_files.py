"""Damaged files of every format: the image that was sent, none, or one clear line."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.radio.recordings import sigmf
from semjscc.radio.waveform.profiles import PROFILES
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.randomness import generator
from waveforms import control, latents, over_the_air

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "modem_damage.py"
made = SimpleNamespace(**runpy.run_path(str(BENCHMARK)))
TOLD = control(32)
SENT = made.Sent(TOLD, 9)
SEEDS = 30


@pytest.fixture(scope="module")
def recordings() -> dict[str, np.ndarray]:
    return {
        profile.name: over_the_air(
            modulate_image(latents(TOLD), TOLD, profile, image=9), profile, 15.0
        )
        for profile in PROFILES.values()
    }


def sound(folder: Path, kind: str, recordings: dict[str, np.ndarray]) -> Path:
    folder.mkdir(exist_ok=True)
    return made.write_sound(folder, kind, recordings[made.profile_of_kind(kind).name])


@pytest.mark.parametrize("kind", made.KINDS)
def test_random_wounds(tmp_path: Path, kind: str, recordings: dict[str, np.ndarray]) -> None:
    assert made.judge(sound(tmp_path / "sound", kind, recordings), SENT) == "image"
    ends: dict[str, list[int]] = {}
    slow = kind in made.SOUND[1:]  # of other rates, and compressed
    for seed in range(SEEDS // 3 if slow else SEEDS):
        path = sound(tmp_path / str(seed), kind, recordings)
        made.damage(path, generator(seed, f"damaged {kind}", 0))
        ends.setdefault(made.judge(path, SENT), []).append(seed)
    wanted = {"image", "refused"} if slow else set(made.ENDS)
    assert wanted <= set(ends) <= set(made.ENDS), ends  # each at least once, and nothing else


def test_small_files_that_claim_much(tmp_path: Path) -> None:
    ends = {name: made.judge(path, SENT) for name, path in made.bombs(tmp_path)}
    assert len(ends) == 11
    assert set(ends.values()) <= {"none", "refused"}, ends
    assert {ends[name] for name in ("very many lists", "deep lists", "4 GB of notes")} == {
        "refused"
    }


def test_metadata_of_many_frames_is_read(tmp_path: Path) -> None:
    fields = {"codec": "signs-semantic", "width": 64, "height": 64, "ratio": "1/48", "bursts": 1}
    frames = [sigmf.Annotation(n, 1, "image", fields) for n in range(15_000)]
    path = tmp_path / "x.sigmf-meta"
    path.write_text(sigmf.to_json("ci8", 2e6, frames))
    assert sigmf.read_meta(path).rate == 2e6


@pytest.mark.parametrize("depth", [300, 900, 960])
def test_a_datatype_of_nested_lists_is_one_line(tmp_path: Path, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    (tmp_path / "x.sigmf-meta").write_text(f'{{"global": {{"core:datatype": {nested}}}}}')
    with pytest.raises(UserError, match=r"holds unknown samples|is no JSON"):
        sigmf.read_meta(tmp_path / "x.sigmf-meta")


@pytest.mark.parametrize("kind", made.KINDS)
@pytest.mark.parametrize("wrong", ["folder", "loop", "unreadable", "empty", "missing"])
def test_the_command_says_it_in_a_line(
    tmp_path: Path,
    kind: str,
    wrong: str,
    recordings: dict[str, np.ndarray],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = sound(tmp_path, kind, recordings)
    victim = sigmf.data_path(path) if kind == "sigmf" else path
    victim.unlink()
    if wrong == "folder":
        victim.mkdir()
    elif wrong == "loop":
        victim.symlink_to(victim.name)
    elif wrong == "unreadable" and made.UNREADABLE.exists():
        victim.symlink_to(made.UNREADABLE)
    elif wrong == "empty":
        victim.touch()
    assert main(["demodulate", str(path), "--out", str(tmp_path / "out")]) == 2
    line = capsys.readouterr().err
    assert line.startswith("semjscc: ")
    assert line.count("\n") == 1
    assert victim.name in line


def test_the_judge_sees_what_is_wrong(
    tmp_path: Path, recordings: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sound(tmp_path, "cf32", recordings)
    assert "another image" in made.judge(path, made.Sent(TOLD, 8))
    scope = made.judge.__globals__
    monkeypatch.setitem(scope, "MOST_MEMORY", 1000)
    monkeypatch.setitem(scope, "MEMORY_A_BYTE", 0)
    assert "MB, then image" in made.judge(path, SENT)
    monkeypatch.undo()
    monkeypatch.setitem(scope, "MOST_SECONDS", 0.01)
    assert "still at it after 0.01 s" in made.judge(path, SENT)
    monkeypatch.undo()
    monkeypatch.setitem(scope, "receive", lambda *_, **__: 1 / 0)
    assert "ZeroDivisionError" in made.judge(path, SENT)
