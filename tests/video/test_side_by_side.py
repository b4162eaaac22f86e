"""Links side by side, and what is seen in each frame as lines of JSON."""

import io
import json
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from semjscc.images import to_uint8
from semjscc.tasks.base import Seen
from semjscc.transmission import Sight
from semjscc.video.seen import Tally, write_seen
from semjscc.video.side_by_side import Panel, panels_of, side_by_side
from semjscc.video.transmission import Arrived, SentFrame

CAT, DOG = Seen("cat", 0.75), Seen("dog", 0.5)


def arrived(link: str, image: Tensor, seen: Seen, psnr_db: float | None = 20.0) -> Arrived:
    return Arrived(link, image, Sight((seen,), seen.confidence), True, psnr_db, 0, None, 89)


def sent(number: int = 3) -> SentFrame:
    image = torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(number))
    lost = Arrived("lost", image, Sight((DOG,), 0.5), False, 10.0, 7, 96, 40)
    return SentFrame(
        number,
        Fraction(number, 25),
        image,
        Sight((CAT, DOG), 0.75),
        (arrived("good", image, CAT, None), arrived("bad", 1 - image, DOG), lost),
    )


@pytest.mark.parametrize(("size", "factor"), [((40, 60), 6), ((330, 100), 1)])
def test_every_panel_holds_its_image_below_its_title(size: tuple[int, int], factor: int) -> None:
    images = torch.rand(3, 3, *size)
    picture = side_by_side(
        [Panel(name, image, "") for name, image in zip("abc", images, strict=True)]
    )
    height, width = factor * size[0], factor * size[1]
    line = (picture.shape[0] - height) // 2
    assert picture.shape == (height + 2 * line, 3 * width, 3)
    assert 0 < line < height / 5
    for place, image in enumerate(images):
        large = to_uint8(image).permute(1, 2, 0).numpy().repeat(factor, 0).repeat(factor, 1)
        panel = picture[line : line + height, place * width : (place + 1) * width]
        assert np.array_equal(panel, large)
        title = picture[:line, place * width : (place + 1) * width]
        assert (title.max(axis=(1, 2)) > 200).any()
    assert picture[line + height :].max() < 50  # no caption


def test_text_that_is_too_long_stays_within_its_panel() -> None:
    image = torch.zeros(3, 64, 64)
    long = "a name that no panel of this size has room for"
    alone = side_by_side([Panel(long, image, long), Panel("", image, "")])
    assert alone[:, 320:].max() < 50
    assert np.array_equal(
        alone, side_by_side([Panel(long + "!", image, long + "!"), alone_panel()])
    )


def alone_panel() -> Panel:
    return Panel("", torch.zeros(3, 64, 64), "")


def test_what_is_seen_stands_below_and_what_differs_in_another_colour() -> None:
    panels = panels_of(sent())
    assert [one.title for one in panels] == ["original", "good", "bad", "lost"]
    assert [one.caption for one in panels] == ["cat 75%", "cat 75%", "dog 50%", "not decoded"]
    assert [one.differs for one in panels] == [False, False, True, True]
    picture = side_by_side(panels)
    bottom = picture[-20:].astype(int)
    redder = bottom[..., 0] - bottom[..., 2] > 60
    assert redder[:, :720].sum() == 0 < redder[:, 720:].sum()


def test_lines_of_json_say_what_was_seen_in_each_frame() -> None:
    stream = io.StringIO()
    for number in (3, 4):
        write_seen(sent(number), stream)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(one["frame"], one["time"], one["link"]) for one in lines] == [
        (number, number / 25, link) for number in (3, 4) for link in ("good", "bad", "lost")
    ]
    cat, dog = ({"label": one.label, "confidence": one.confidence} for one in (CAT, DOG))
    assert lines[1] == {
        "frame": 3, "time": 0.12, "link": "bad", "delivered": True, "psnr_db": 20.0,
        "before": [cat, dog], "after": [dog],
    }  # fmt: skip
    assert (lines[0]["psnr_db"], lines[2]["delivered"]) == (None, False)


def test_a_tally_is_of_all_frames() -> None:
    tallies = [Tally("good"), Tally("bad"), Tally("lost")]
    for tally, place in zip(tallies, range(3), strict=True):
        assert tally.to_dict()["agreement"] is None
        for number in range(4):
            tally.add(sent(number), sent(number).arrived[place])
    good, bad, lost = (tally.to_dict() for tally in tallies)
    assert (good["frames"], good["agreement"], good["psnr_db"]) == (4, 1.0, None)
    assert (bad["agreement"], bad["psnr_db"], bad["payload_bits"]) == (0.0, 20.0, None)
    assert (lost["not_delivered"], lost["repeated"], lost["payload_bits"]) == (4, 28, 384)
    assert (bad["control_bits"], lost["control_bits"]) == (89, 40)
