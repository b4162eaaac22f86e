"""The terminal's table: what stands where, and what a stranger's names cannot do to it."""

import re
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from records import NO_CHANNEL, RECORD
from semjscc.report.rows import RECORD_HEAD, record_row
from semjscc.report.tables import comparison_tables, tables
from semjscc.results.records import Record, Results
from semjscc.statistics.comparison import compare

SNRS = (-5.0, 0.0, 2.5, 5.0, 10.0, 15.0, 20.0)
RECORD = replace(RECORD, ratio_measured=0.0419)
CLEAN = replace(NO_CHANNEL, ci_low=0.98, ci_high=1.02)


def show(*records: Record, room: int = 100) -> str:
    out = StringIO()
    Console(file=out, width=room).print(*tables(Results({}, list(records)), room))
    return out.getvalue()


def test_seven_snrs_fit_in_a_hundred_columns() -> None:
    grid = [
        replace(RECORD, link=link, ratio=ratio, snr_db=snr_db)
        for link in ("djscc", "semantic")
        for ratio in ("1/48", "1/24")
        for snr_db in SNRS
    ]
    text = show(CLEAN, *grid)
    assert "…" not in text
    assert text.count("87.3±2.0") == text.count("21.25") == len(grid)
    assert text.count("100.0±2.0") == len(SNRS)
    assert all(f"{snr_db:g} dB" in text for snr_db in SNRS)
    # Links of one ratio stand together, the measured ratio beside the nominal one.
    first = [line.split()[:2] for line in text.splitlines() if "87.3" in line]
    assert first == [[r, link] for r in ("1/48", "1/24") for link in ("djscc", "semantic")]
    assert text.count("0.0419") == 4


@pytest.mark.parametrize("room", [40, 60, 80])
def test_where_there_is_less_room_a_further_table_takes_some_snrs(room: int) -> None:
    names = ["none of all", "linear-adaptive+importance-energy"]
    grid = [replace(RECORD, link=link, snr_db=snr_db) for link in names for snr_db in SNRS]
    text = show(replace(CLEAN, value=1.0), *grid, room=room)
    assert max(map(len, text.splitlines())) <= room
    assert text.count("87.3±2.0") == text.count("21.25") == len(grid)
    assert text.count("100.0±2.0") == len(SNRS)
    assert all(f" {snr_db:g} dB" in text for snr_db in SNRS)
    # Every table says which links its rows are of, over as many lines as it takes.
    parts = re.split(r"ratio +link", text)[1:]
    assert len(parts) > 1
    for part in parts:
        links = "".join(line[9:].partition("  ")[0].strip() for line in part.splitlines())
        assert names[1] in links
    assert text.count("signs/val") == text.count("half the 95") == 1


@pytest.mark.parametrize("room", [40, 60, 80, 100])
def test_a_comparison_breaks_no_word_and_cuts_none(room: int) -> None:
    ours, theirs = (replace(RECORD, link=link, value=v) for link, v in (("a", 0.8), ("b", 0.7)))
    one = replace(compare([ours, theirs], "a", "b")[0], interval=(8.1, 12.3))
    out = StringIO()
    found = comparison_tables([one], "semantic", "hybrid", room)
    Console(file=out, width=room).print(*found)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= room
    words = "hybrid semantic points interval relative change (Holm) verdict delivers +8.1…+12.3"
    assert set(words.split()) <= set(text.split())
    assert text.count("1/24") == len(re.findall("^ ─+ *$", text, re.MULTILINE))


@pytest.mark.parametrize("room", [60, 100])
def test_a_comparison_at_unlike_channel_uses_says_so(room: int) -> None:
    ours, theirs = (replace(RECORD, link=link) for link in ("a", "b"))
    equal = compare([ours, theirs], "a", "b")
    longer = replace(ours, ratio_measured=1.29 * (RECORD.ratio_measured or 0))
    more = compare([longer, theirs], "a", "b")
    shown = []
    for found in (equal, more):
        out = StringIO()
        Console(file=out, width=room).print(*comparison_tables(found, "a", "b", room))
        shown.append(" ".join(out.getvalue().split()))
    assert "channel" not in shown[0]
    assert "29 % more" in shown[1]
    assert "not at equal channel uses: a has 29 % more of them (measured k/n) than b" in shown[1]


def test_each_network_has_a_table_of_its_own() -> None:
    text = show(RECORD, replace(RECORD, perception="another", value=0.25))
    one, other = text.split("another")
    assert ("87.3" in one, "25.0" in one) == (True, False)
    assert ("87.3" in other, "25.0" in other) == (False, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exact": 0}, ["21.25"]),
        ({"exact": 12}, ["21.25", "12 exact"]),
        ({"exact": 1000, "psnr_db": None}, ["exact"]),
        ({"exact": None, "psnr_db": None, "ssim": None}, ["no image"]),
        ({"exact": None, "psnr_db": None, "ssim": 0.9}, ["–"]),  # of an earlier version
    ],
)
def test_tables_tell_exact_images_and_none_apart(changes: dict[str, Any], said: list[str]) -> None:
    record = replace(RECORD, **changes)
    words = " ".join(show(record).split())
    assert all(word in words for word in said)
    assert ("exact" in words.replace("exact images", "")) == ("exact" in " ".join(said))
    row = dict(zip(RECORD_HEAD, record_row(record), strict=True))
    assert row["PSNR dB"] == said[0]
    assert row["exact"] == ("–" if record.exact is None else str(record.exact))


def test_a_grid_with_a_hole_and_the_link_without_channel_alone() -> None:
    text = show(RECORD, replace(RECORD, link="djscc", snr_db=0.0))
    assert text.count("87.3±2.0") == 2
    assert "any SNR" in show(CLEAN)
    assert "no results" in show()


@pytest.mark.parametrize(
    ("assumed", "said"),
    [
        ((3.0, 8.0), "SNR believed 3 dB too high"),
        ((-2.0, 3.0), "SNR believed 2 dB too low"),
        ((5.0, 5.0), "SNR believed to be 5 dB"),
        ((3.0, None), "SNR believed 3 dB too high"),
        ((None, None), ""),
    ],
)
def test_the_title_says_what_was_assumed(assumed: tuple[float | None, ...], said: str) -> None:
    points = [
        replace(RECORD, snr_db=snr_db, assumed_snr_db=believed)
        for snr_db, believed in zip((0.0, 5.0), assumed, strict=True)
    ]
    title = " ".join(show(CLEAN, *points).split())
    assert "signs/val" in title
    assert "awgn" in title
    assert said in title
    assert ("believed" in title) == bool(said)


def test_a_belief_that_is_true_at_one_snr_is_one_belief() -> None:
    believed = [
        replace(RECORD, snr_db=snr_db, assumed_snr_db=None if snr_db == 5 else 5.0)
        for snr_db in (0.0, 5.0, 10.0)
    ]
    assert "SNR believed to be 5 dB" in " ".join(show(*believed).split())


def test_names_bring_neither_control_characters_nor_markup() -> None:
    text = show(replace(RECORD, link="[red]a\x1b[2J", data="d\x1b\nx"))
    assert "\x1b" not in text
    assert "[red]a?" in text
    assert "d??x" in text
