"""What the page's pure half makes of an image, without Gradio."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semjscc.channels import CHANNELS
from semjscc.errors import UserError
from semjscc.images import MINIMUM_SIDE
from semjscc.links import Situation, open_link
from semjscc.links.separate_coding.source import SourceStage
from semjscc.metrics import psnr
from semjscc.randomness import Draws
from semjscc.separation.sources import usable_coders
from semjscc.separation.sources.search.search import LARGE_PIXELS
from semjscc.transmission import transmit
from semjscc.web.coding import PageStage
from semjscc.web.compare import compare, deliver, look, send
from semjscc.web.examples import examples
from semjscc.web.models import MORE, OWN, Senders, load_judge, load_senders
from semjscc.web.result_html import link_card
from semjscc.web.updates import AS_IT_IS, AS_TRAINED, ask, drop, falling, show
from semjscc.web.uploads.reading import LARGEST_PIXELS, Picture, read_upload, shrink

RATIO = Fraction(1, 24)


@pytest.fixture(scope="module")
def senders() -> Senders:
    return load_senders("signs")


@pytest.fixture(scope="module")
def sign() -> Picture:
    return examples()[0].picture


def situation(snr_db: float) -> Situation:
    return Situation(CHANNELS["awgn"], snr_db, RATIO, Draws(0, [0]))


def test_compare_agrees_with_the_transmit_command(senders: Senders, sign: Picture) -> None:
    judge = load_judge("signs-a")
    links = [*senders.codecs, senders.separate]
    for link, one in zip(links, compare(sign.pixels, links, judge, situation(10)), strict=True):
        image, report = transmit(sign.pixels, link, judge, situation(10))
        assert torch.equal(one.image, image)
        assert (one.link, one.psnr_db) == (link.name, report.psnr_db)
        assert one.channel_uses == report.channel_uses == len(one.sent) == len(one.received)
        assert (one.payload_bits, one.control_bits) == (report.payload_bits, report.control_bits)
        assert one.guesses[0].label == report.after.label
        assert [guess.confidence for guess in one.guesses] == sorted(
            (guess.confidence for guess in one.guesses), reverse=True
        )


def test_a_transmission_for_a_good_link_is_lost_on_a_bad_one(
    senders: Senders, sign: Picture
) -> None:
    judge, link = load_judge("signs-a"), senders.separate
    sent = send(sign.pixels, link, situation(15))
    assert deliver(sign.pixels, link, sent, judge, situation(15)).delivered
    assert not deliver(sign.pixels, link, sent, judge, situation(0)).delivered


@pytest.mark.parametrize("budget", [150, 400, 1500])
def test_large_images_are_coded_as_in_evaluations(budget: int) -> None:
    photograph = next(one.picture for one in examples() if not one.is_sign)
    image = photograph.pixels[None, :, 80:224, 100:292] / 255  # large, if only just
    assert image.shape[-2] * image.shape[-1] > LARGE_PIXELS
    found = PageStage("signs").encode(image, budget, ("avif",))
    assert found == SourceStage("signs", "avif").encode(image, budget, ("avif",))
    assert found[0] is not None
    assert len(found[0].encoded.payload) <= budget


def test_all_coders_at_once_find_what_they_find_alone(sign: Picture) -> None:
    image = sign.pixels[None] / 255
    coders = usable_coders()
    (found,) = PageStage("signs").encode(image, 120, coders)
    (alone,) = SourceStage("signs", None).encode(image, 120, coders)
    assert found is not None
    assert found == alone


def test_falling_ends_at_the_bottom() -> None:
    assert falling(-3.5, (64, 64)) == [-3.5, -4.5, -5]
    assert falling(10, (512, 768)) == [10, 7, 4, 1, -2, -5]


def test_show_brings_every_part(sign: Picture) -> None:
    updates = list(show(ask(sign, "signs", OWN, AS_TRAINED, "1/24", "block-rayleigh", 3)))
    final: dict[str, str] = {}
    for update in updates:
        final |= update
    parts = {
        "status",
        "notes",
        "original",
        "semantic",
        "djscc",
        "separate",
        "symbols",
        "curve",
        "said",
    }
    assert set(final) == {*parts, *MORE}
    assert {final.pop(name) for name in MORE} == {""}
    assert all("waiting" not in html for html in final.values())
    assert "http" not in "".join(final.values())


def test_links_without_training_are_shown_to_whom_asks_for_them(sign: Picture) -> None:
    final: dict[str, str] = {}
    for update in show(ask(sign, "signs", OWN, AS_TRAINED, "1/24", "awgn", 10, MORE[::-1])):
        final |= update
    for name in MORE:
        assert f'class="link {name}"' in final[name]
        assert "analogue" in final[name]
    assert "all 7 links" in final["status"]
    assert final["symbols"].index("linear-adaptive") < final["symbols"].index("separate")
    for update in drop(ask(sign, "signs", OWN, AS_TRAINED, "1/24", "awgn", -4, MORE[:1])):
        final |= update
    assert "<b>linear</b>" in final["symbols"]
    assert "linear-adaptive" not in final["symbols"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"picture": None}, "choose an image"),
        ({"family": "../../etc"}, "no shipped weights"),
        ({"judge": "/etc/passwd"}, "no such network"),
        ({"ratio": "1/3"}, "ratio 1/3; there are those for 1/384 to 1/6"),
        ({"ratio": ["1/24"]}, "bandwidth ratio"),
        ({"ratio": "1e999999"}, "bandwidth ratio"),
        ({"channel": "smoke"}, "no such channel"),
        ({"snr_db": 1e6}, "between"),
        ({"snr_db": float("nan")}, "number of dB"),
        (
            {"more": ["/etc/passwd"]},
            "no such link: there are linear, linear-adaptive, hybrid, importance",
        ),
        ({"alpha": 1.25}, "between 0 and 1"),
        ({"alpha": "much"}, "α is a number"),
        ({"box": "1,2,3"}, "a box x,y,w,h"),
        ({"box": 7}, "a box x,y,w,h"),
        ({"snr_db": 21}, "between -5 and 20"),
        ({"snr_db": "loud"}, "number of dB"),
    ],
)
def test_absurd_wishes_are_one_line(sign: Picture, changes: dict[str, object], words: str) -> None:
    wish = {
        "picture": sign, "family": "signs", "judge": OWN, "size": AS_IT_IS, "ratio": "1/24",
        "channel": "awgn", "snr_db": 3.0,
    }  # fmt: skip
    with pytest.raises(UserError, match=words) as caught:
        ask(**(wish | changes))  # pyright: ignore[reportArgumentType]
    assert "\n" not in str(caught.value)


def test_any_ratio_that_the_codecs_take_may_be_typed(sign: Picture) -> None:
    request = ask(sign, "signs", OWN, AS_IT_IS, "0.03", "awgn", 3.0)
    assert request.ratio == Fraction(3, 100)


def test_uploads_are_shrunk_and_say_so(tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    Image.fromarray(np.zeros((1000, 3000, 3), np.uint8)).save(file)
    picture = read_upload(str(file), tmp_path)
    height, width = picture.size
    assert height * width <= LARGEST_PIXELS
    assert width / height == pytest.approx(3, rel=0.01)
    assert "3000 × 1000" in picture.note
    assert shrink(torch.zeros(3, 40, 40, dtype=torch.uint8)).note == ""


@pytest.mark.parametrize("size", [(16, 2000), (100_000, 16)])
def test_thin_strips_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match="cut it"):
        shrink(torch.zeros(3, *size, dtype=torch.uint8))


def test_the_longest_image_keeps_a_side_that_codecs_take() -> None:
    picture = shrink(torch.zeros(3, 32 * 1000, 1000, dtype=torch.uint8))
    assert min(picture.size) >= MINIMUM_SIDE
    assert picture.size[0] * picture.size[1] <= LARGEST_PIXELS


def test_no_file_is_read_but_uploads(tmp_path: Path) -> None:
    folder, secret = tmp_path / "uploads", tmp_path / "secret.png"
    folder.mkdir()
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(secret)
    (folder / "link.png").symlink_to(secret)
    (folder / "inside").mkdir()
    names = ("link.png", "../secret.png", "inside", "", "nothing.png", "x" * 300, "\0")
    for path in (str(secret), *(f"{folder}/{name}" for name in names)):
        with pytest.raises(UserError, match=r"choose the file again$"):
            read_upload(path, folder)
    secret.rename(folder / "own.png")
    assert read_upload(f"{folder}/inside/../own.png", folder).size == (32, 32)


@pytest.mark.parametrize("data", [b"", b"no image at all", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_broken_files_are_one_line(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "broken.png"
    file.write_bytes(data)
    with pytest.raises(UserError) as caught:
        read_upload(str(file), tmp_path)
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_same_pixels_are_the_same_picture(sign: Picture) -> None:
    assert Picture(sign.pixels.clone()) == sign
    assert hash(Picture(sign.pixels.clone())) == hash(sign)
    assert Picture(sign.pixels.flip(-1)) != sign


def test_quality_is_against_what_was_sent(senders: Senders, sign: Picture) -> None:
    (one,) = compare(sign.pixels, senders.codecs[:1], load_judge("signs-a"), situation(5))
    expected = float(psnr(sign.pixels[None] / 255, one.image[None])[0])
    assert one.psnr_db == pytest.approx(expected)


def test_hybrid_on_the_page_is_that_of_evaluations(sign: Picture) -> None:
    judge, hybrid = load_judge("signs-a"), load_senders("signs").hybrid
    (here,) = compare(sign.pixels, [hybrid], judge, situation(10))
    image, report = transmit(sign.pixels, open_link("hybrid", "signs"), judge, situation(10))
    assert torch.equal(here.image, image)
    assert here.payload_bits == report.payload_bits
    assert f"{here.payload_bits:,} bits, then analogue" in link_card(
        here, "", look(image[None], judge)
    )
