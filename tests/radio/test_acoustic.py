"""From a loudspeaker to a microphone across a room; `benchmarks/acoustic.py` has the rooms."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[2] / "benchmarks/acoustic.py")))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, _ = made.modulate_signs(1, tmp_path_factory.mktemp("played"), "--ratio", "1/12")
    return path


def test_a_room_is_what_it_is_called() -> None:
    for room in made.ROOMS:
        echo = room.response(seed=3)
        assert echo[0] == 1
        assert not echo[1 : int(made.FIRST_ECHO_S * made.RATE)].any()
        energy = np.square(echo[1:])
        assert 10 * np.log10(energy.sum()) == pytest.approx(-room.direct_db)
        # Schroeder's integral: the energy still to come falls by 60 dB in the decay time.
        left = 10 * np.log10(energy[::-1].cumsum()[::-1] / energy.sum())
        half = len(left) // 2
        assert left[half] == pytest.approx(-30, abs=1.5)


def test_an_image_crosses_a_desk(played: Path, tmp_path: Path) -> None:
    (frame,) = made.frames_through(made.ROOMS[1], played, tmp_path, seed=0)
    assert frame["delivered"]
    assert frame["clock_ppm"] == pytest.approx(made.CLOCK_PPM, abs=10)
    assert 4 < frame["snr_db"] < made.SNR_DB
    assert frame["width"] == 64


def test_echoes_louder_than_the_sound_bring_no_false_image(played: Path, tmp_path: Path) -> None:
    frames = made.frames_through(made.Room("a hall", 2.0, -12.0), played, tmp_path, seed=0)
    assert all(frame["width"] == 64 for frame in frames)
