"""Playing: at the recording's speed, in bounded memory, dropping whole frames and counting them."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from semjscc.errors import UserError
from semjscc.radio.demodulation import watch
from semjscc.radio.frame_decoding import Heard, Listener
from semjscc.radio.live_display import SHOWN, Screening, View, thumbnail
from semjscc.radio.realtime import Player
from semjscc.radio.receiver.receiver import receive
from semjscc.radio.reception_log import Logbook
from semjscc.radio.waveform.limits import MOST_SYMBOLS
from semjscc.radio.waveform.profiles import SDR
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.radio.weights import Receivers
from waveforms import control, latents

SMALL = control(40)


def recording(images: int) -> Iterator[np.ndarray]:
    for image in range(images):
        yield np.zeros(2000, np.complex64)
        yield modulate_image(latents(SMALL, image), SMALL, SDR, image=image)
    yield np.zeros(4000, np.complex64)


def test_a_player_with_room_changes_nothing() -> None:
    whole = np.concatenate(list(recording(2)))
    played = np.concatenate(list(Player(recording(2), float("inf"))))
    np.testing.assert_array_equal(played, whole)


def test_it_plays_at_its_own_speed() -> None:
    start = time.monotonic()
    count = sum(len(chunk) for chunk in Player([np.zeros(3000, np.complex64)], 10_000.0))
    assert count == 3000
    assert time.monotonic() - start >= 0.29


def test_what_finds_no_room_reads_as_silence() -> None:
    def chunks() -> Iterator[np.ndarray]:
        for _ in range(20):
            yield np.ones(100, np.complex64)

    player = Player(chunks(), float("inf"), room=450)
    listening = iter(player)
    first = next(listening)
    # Everything has been played before the slow receiver asks for more.
    for _ in range(1000):
        if player.played == 2000:
            break
        time.sleep(0.005)
    rest = np.concatenate([first, *listening])
    assert len(rest) == 2000
    lost = int((rest == 0).sum())
    assert lost == player.lost > 0
    assert player.buffered == 0
    holes = np.flatnonzero(rest == 0)
    assert sum(player.holes(0, 2000)) == lost
    assert player.holes(int(holes[-1]), int(holes[-1]) + 1) == [1]
    assert player.holes(2000, 3000) == []


def test_an_error_of_the_reader_reaches_the_listener() -> None:
    def broken() -> Iterator[np.ndarray]:
        yield np.ones(10, np.complex64)
        raise UserError("the cable is out")

    with pytest.raises(UserError, match="the cable is out"):
        list(Player(broken(), float("inf")))


class Holes:
    """Stands for a player that lost samples at known places."""

    def __init__(self, *holes: tuple[int, int]) -> None:
        self.lost = holes

    def holes(self, start: int, stop: int) -> list[int]:
        parts = [min(high, stop) - max(low, start) for low, high in self.lost]
        return [part for part in parts if part > 0]


def test_whole_frames_are_dropped_and_counted() -> None:
    samples = np.concatenate(list(recording(5)))
    frames = list(receive([samples], SDR))
    starts = [round(frame.time_s * SDR.sample_rate) for frame in frames]
    # From within image 1 into the preamble of image 3: nobody hears of image 2.
    hole = (starts[1] + 5000, starts[3] + 500)
    samples[slice(*hole)] = 0
    heard = list(receive([samples], SDR))
    screening = Screening(Holes(hole), SDR)  # pyright: ignore[reportArgumentType]
    passed = [frame.image for frame in heard if screening.passes(frame)]
    assert passed in ([0, 4], [0, 3, 4])
    assert len(passed) + screening.dropped == 5


def test_a_sender_that_begins_anew_drops_no_more_than_the_hole_can_hold() -> None:
    again = [*recording(3), *recording(2)]
    frames = list(receive([np.concatenate(again)], SDR))
    assert [frame.image for frame in frames] == [0, 1, 2, 0, 1]
    # A hole of 100 samples in the silence before the sender's second beginning.
    start = round(frames[3].time_s * SDR.sample_rate)
    screening = Screening(Holes((start - 1000, start - 900)), SDR)  # pyright: ignore[reportArgumentType]
    assert all(screening.passes(frame) for frame in frames)
    assert screening.dropped <= 2


def test_the_view_shows_what_was_heard(tmp_path: Path) -> None:
    console = Console(width=120, record=True, file=(tmp_path / "screen").open("w"))
    listener = Listener(Receivers(), None, "signs")
    with console.file, Logbook(tmp_path / "out", {}) as book:
        heard = list(watch(recording(3), SDR, listener, book, MOST_SYMBOLS, print, console))
    shown = console.export_text()
    assert "3 frames, 0 dropped" in shown
    assert shown.count("1 of 1") == 3
    assert all(isinstance(one, Heard) and one.image is None for one in heard)


def test_the_view_keeps_the_last_frames_and_the_last_image() -> None:
    (frame,) = receive(recording(1), SDR)
    view, player = View(SDR), Player([], SDR.sample_rate)
    image = torch.zeros(3, 40, 40)
    for number in range(SHOWN + 3):
        received = replace(frame, image=100 + number)
        view.add(Heard(received, None if number else image, None, None if number else "a problem"))
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(view.render(player, dropped=5))
    shown = console.export_text()
    assert f"{SHOWN + 3} frames, 5 dropped" in shown
    numbers = [number for number in range(100, 120) if str(number) in shown.split()]
    assert numbers == list(range(103, 103 + SHOWN))
    assert "a problem" not in shown
    assert shown.count("▀") == 40 * 20


def test_a_thumbnail_has_two_pixels_a_character() -> None:
    image = torch.zeros(3, 8, 16)
    image[0, ::2] = 1.0
    text = thumbnail(image)
    assert text.plain == ("▀" * 16 + "\n") * 4
    assert {str(span.style) for span in text.spans} == {"rgb(255,0,0) on rgb(0,0,0)"}
