"""Symbols in order of what they are worth, over the modem: the first packets are a picture."""

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from torch import Tensor

from semjscc.errors import UserError
from semjscc.images import read_image, to_float
from semjscc.links.base import Control
from semjscc.links.catalogue import find_link
from semjscc.metrics import psnr
from semjscc.radio.demodulation import listen
from semjscc.radio.frame_decoding import Heard, Listener
from semjscc.radio.live_display import View
from semjscc.radio.modulation import Sender, open_sender, send_images
from semjscc.radio.receiver.receiver import EARLY_PARTS, Frame, receive
from semjscc.radio.reception_log import LOG, Logbook
from semjscc.radio.supported_links import check_carried
from semjscc.radio.waveform.codec_numbers import CODECS
from semjscc.radio.waveform.header import Header, header_bits, parse_header
from semjscc.radio.waveform.layout import burst_count, burst_samples
from semjscc.radio.waveform.limits import MOST_SYMBOLS
from semjscc.radio.waveform.profiles import AUDIO, SDR, Profile
from semjscc.radio.waveform.sequences import order_on_air
from semjscc.radio.weights import Receivers

ADAPTIVE = "linear-adaptive"
RATIO = Fraction(1, 6)
SNR_DB = 10.0


@cache
def image() -> Tensor:
    """(3, 256, 320) uint8, a rocket before the sky."""
    pixels = read_image(Path(skimage.__file__).parent / "data" / "rocket.jpg")
    return pixels[:, 60:316, 160:480].contiguous()


@cache
def sender(name: str) -> Sender:
    return open_sender(name, "photo")


@cache
def recording(name: str, profile: Profile = SDR, clip_db: float | None = None) -> np.ndarray:
    """One image, with half a packet of silence on both sides."""
    pieces = send_images(
        [("rocket", image())], sender(name), profile, ratio=RATIO, snr_db=SNR_DB,
        gap_s=2000 / profile.sample_rate, tell=lambda _: None, clip_db=clip_db,
    )  # fmt: skip
    return np.concatenate(list(pieces))


@cache
def listener() -> Listener:
    return Listener(Receivers(), None, "signs")


def quality(heard: Heard) -> float:
    """PSNR in dB."""
    assert heard.image is not None
    return float(psnr(heard.image[None], to_float(image())[None]))


@pytest.mark.parametrize("profile", [SDR, AUDIO])
@pytest.mark.parametrize("name", [ADAPTIVE, "semantic", "semantic+importance-energy@0.5"])
def test_without_noise_the_order_changes_nothing(name: str, profile: Profile) -> None:
    pictures = []
    for one in (name, f"{name}+progressive"):
        if "importance" in one:
            one = one.replace("@0.5", "@0.5:saliency")
        (frame,) = receive([recording(one, profile)], profile)
        assert frame.control.in_order == ("progressive" in one)
        assert (frame.packets_lost, frame.damaged_share) == (0, 0)
        heard = listener().hear(frame)
        assert heard.image is not None
        pictures.append(heard.image)
    # The level of 8 bits may be another one where a float's last bit decides.
    assert float((pictures[0] - pictures[1]).abs().max()) <= 1.001 / 255


def test_packets_hold_what_is_worth_most_first() -> None:
    k = 3 * SDR.burst_capacity - 100
    order = order_on_air(SDR, k, in_order=True)
    assert sorted(order) == list(range(k))
    assert [int(order[:most].max()) + 1 for most in (SDR.burst_capacity, k)] == [
        SDR.burst_capacity,
        k,
    ]
    assert int(order_on_air(SDR, k, in_order=False)[: SDR.burst_capacity].max()) > k - 100


def test_a_header_says_the_order_of_planned_links_alone() -> None:
    (told,) = sender(f"{ADAPTIVE}+progressive").link.transmit(
        to_float(image())[None], RATIO, SNR_DB
    ).control  # fmt: skip
    for control in (told, replace(told, in_order=False)):
        bits = header_bits(Header(control, 3, 1))
        assert parse_header(bits, SDR, MOST_SYMBOLS) == Header(control, 3, 1)
    for codec in CODECS:
        plain = Control(codec, 64, 64, RATIO, in_order=True)
        parsed = parse_header(header_bits(Header(plain, 0, 0)), SDR, MOST_SYMBOLS)
        assert parsed is None  # since none of them announces a plan, or a level


@pytest.mark.parametrize("clip_db", [None, 6.0])
def test_early_pictures_get_better(clip_db: float | None) -> None:
    samples = recording(f"{ADAPTIVE}+progressive", SDR, clip_db)
    frames = list(receive([samples], SDR, early=True))
    *early, whole = [listener().hear(frame) for frame in frames]
    count = frames[0].packets
    parts = {-(-count // part) for part in EARLY_PARTS}
    assert [one.frame.packets_heard for one in early] == sorted(parts)
    assert all(one.is_early and one.is_of(whole) for one in early)
    assert not whole.is_early
    assert all(one.frame.packets_lost == 0 for one in [*early, whole])
    qualities = [quality(one) for one in [*early, whole]]
    assert qualities == sorted(qualities)
    assert qualities[0] > 20
    assert [one.to_dict()["packets_to_come"] for one in [*early, whole]] == [
        *(count - passed for passed in sorted(parts)),
        0,
    ]


def test_no_chunking_changes_what_comes_early() -> None:
    samples = recording(f"{ADAPTIVE}+progressive")
    once = list(receive([samples], SDR, early=True))
    pieces = list(receive(np.array_split(samples, 37), SDR, early=True))
    assert len(once) == len(pieces)
    for one, other in zip(once, pieces, strict=True):
        np.testing.assert_array_equal(one.symbols, other.symbols)
        assert one.packets_to_come == other.packets_to_come


def test_other_images_never_come_early() -> None:
    (frame,) = receive([recording(ADAPTIVE)], SDR, early=True)
    assert frame.packets_to_come == 0


def cut(name: str, packets: int) -> Frame:
    """What arrives where the recording ends behind so many packets."""
    samples = recording(name)
    (frame,) = receive([samples[: 2000 + packets * burst_samples(SDR, SDR.burst_capacity)]], SDR)
    assert (frame.packets_heard, frame.packets_to_come) == (packets, 0)
    return frame


def test_a_lost_tail_costs_the_least() -> None:
    ordered, mixed = (
        listener().hear(cut(name, 2)) for name in (f"{ADAPTIVE}+progressive", ADAPTIVE)
    )
    assert ordered.frame.packets_lost == mixed.frame.packets_lost == ordered.frame.packets - 2
    assert quality(ordered) > quality(mixed) + 3


def test_one_packet_of_many_is_enough_in_order_only() -> None:
    ordered = cut(f"{ADAPTIVE}+progressive", 1)
    few = replace(ordered, packets=16, packets_lost=15)
    assert listener().hear(few).image is not None
    fewer = replace(ordered, packets=17, packets_lost=16)
    assert listener().hear(fewer).problem == "too little of it arrived: 1 of 17 packets"
    other = replace(cut(ADAPTIVE, 1), packets=5, packets_lost=4)
    assert listener().hear(other).problem == "too little of it arrived: 1 of 5 packets"


def test_the_log_has_each_image_once_and_is_whole_at_any_time(tmp_path: Path) -> None:
    samples = recording(f"{ADAPTIVE}+progressive")
    two = np.concatenate([samples, samples])
    view, lengths = View(SDR), []
    with Logbook(tmp_path, {"file": "x"}) as book:
        for heard in listen([two], SDR, listener(), book, MOST_SYMBOLS, print, early=True):
            view.add(heard)
            content = (tmp_path / LOG).read_text()
            lengths.append(len(content))
            frames = json.loads(content)["frames"]
            assert frames[-1]["headers"] == heard.to_dict()["headers"]
            named = [frame["file"] for frame in frames]
            assert named == sorted(path.name for path in tmp_path.glob("*.png"))
            written = to_float(read_image(tmp_path / named[-1]))
            assert heard.image is not None
            torch.testing.assert_close(written, heard.image, rtol=0, atol=1e-6)
    log = json.loads((tmp_path / LOG).read_text())
    assert [frame["packets_to_come"] for frame in log["frames"]] == [0, 0]
    assert view.frames == 2
    assert len(lengths) > 4


def test_an_early_image_that_comes_to_nothing_goes_from_folder_and_log(tmp_path: Path) -> None:
    frames = list(receive([recording(f"{ADAPTIVE}+progressive")], SDR, early=True))
    with Logbook(tmp_path, {}) as book:
        book.add(listener().hear(frames[0]))
        assert len(list(tmp_path.glob("*.png"))) == 1
        book.add(Heard(frames[-1], None, None, "the weights went away"))
        book.close({"dropped": 0})
    assert list(tmp_path.glob("*.png")) == []
    (told,) = json.loads((tmp_path / LOG).read_text())["frames"]
    assert (told["file"], told["problem"]) == (None, "the weights went away")


def test_who_may_ask_again_needs_a_way_back() -> None:
    check_carried(find_link(f"{ADAPTIVE}+progressive", "photo"))
    for name in (f"{ADAPTIVE}+repeat@0.1", f"{ADAPTIVE}+progressive+repeat-any@0.1"):
        with pytest.raises(UserError, match="no way back"):
            check_carried(find_link(name, "photo"))


def test_bursts_of_an_image_are_several() -> None:
    # All of the above would mean nothing otherwise.
    (frame,) = receive([recording(ADAPTIVE)], SDR)
    assert frame.packets == burst_count(SDR, len(frame.symbols)) == 7
