import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from records import RECORD
from semjscc.errors import UserError
from semjscc.report.figures import gallery
from semjscc.report.figures.inline_svg import inline_svg
from semjscc.report.figures.metric_curves import accuracy_figure
from semjscc.report.report import publish, write_report
from semjscc.results.outcomes import pack
from semjscc.results.records import Record, Results

POINT = replace(
    RECORD,
    link="djscc",
    codec="deepjscc",
    snr_db=1.0,
    draws=2,
    seed=3,
    delivered=0.975,
    value=0.4,
    ci_low=0.37,
    ci_high=0.43,
    psnr_db=21.5,
    ssim=0.712,
    perception="network",
)
NO_CHANNEL = replace(
    POINT, link="none", channel="none", snr_db=None, ratio=None, ratio_measured=None, psnr_db=None
)
BETTER = replace(POINT, link="semantic", value=0.5)
META = {
    "command": "semjscc evaluate --data signs",
    "seed": 3,
    "data": {"name": "signs", "split": "val", "images": 1000, "fingerprint": "abc"},
    "perception": "network",
}


class Reader(HTMLParser):
    """Collects what a browser would see; complains of tags that do not match."""

    EMPTY = ("meta", "img")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def png() -> bytes:
    stream = BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "PNG")
    return stream.getvalue()


def report(tmp_path: Path, records: list[Record], **pictures: bytes | Path) -> tuple[str, Reader]:
    path = tmp_path / "report.html"
    write_report(Results(META, records), pictures, path)
    text = path.read_text(encoding="utf-8")
    return text, Reader(text)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Reader]:
    """A report with all that one can hold of one setting."""
    folder = tmp_path_factory.mktemp("report")
    file = folder / "strip.png"
    file.write_bytes(png())
    return report(folder, [NO_CHANNEL, BETTER, POINT], strip=file, other=png())


def test_report_holds_all_numbers(whole: tuple[str, Reader]) -> None:
    _, reader = whole
    assert [
        *("1/24", "1", "1", "40.0", "50.0", "+10.0", "–", "+25.0", "–", "–", "–", "97.5", "1000")
    ] in reader.rows
    assert [
        *("djscc", "deepjscc", "awgn", "network", "accuracy", "1/24", "1", "1"),
        *(
            "40.0 (37.0 to 43.0)",
            "21.50",
            "0",
            "0.712",
            "0.0417",
            "512",
            "54",
            "–",
            "97.5",
            "1000",
            "2",
            "3",
        ),
    ] in reader.rows
    best = ["+10.0", "+25.0", "R = 1/24, 1 dB"]
    assert ["djscc", *best, *best, "1", "–", "–", "–"] in reader.rows
    assert "semjscc evaluate --data signs" in reader.text
    assert "bandwidth ratio R = k/n" in reader.text
    assert "Es/N0" in reader.text
    assert "nothing is tested" in reader.text


@pytest.mark.usefixtures("undrawn")
def test_report_says_how_sure_it_is(tmp_path: Path) -> None:
    right = np.arange(1000)[:, None] < 400
    more = np.arange(1000)[:, None] < 500
    one, other = (replace(r, draws=1, right=pack(b)) for r, b in ((POINT, right), (BETTER, more)))
    _, reader = report(tmp_path, [one, other])
    (row,) = [row for row in reader.rows if row[:1] == ["1/24"] and "better" in row]
    assert row[5:11] == ["+10.0", "+8.1 to +11.9", "+25.0", "2e-30", "2e-30", "better"]
    assert "nothing is tested" not in reader.text


@pytest.mark.usefixtures("undrawn")
def test_links_of_unlike_channel_uses_are_not_compared_in_silence(tmp_path: Path) -> None:
    k_over_n = POINT.ratio_measured or 0
    at_5 = [replace(one, snr_db=5.0) for one in (POINT, BETTER)]
    longer = replace(BETTER, ratio_measured=1.29 * k_over_n)
    _, reader = report(tmp_path, [*at_5, POINT, longer])
    (head,) = [row for row in reader.rows if "channel uses" in row]
    assert head.index("channel uses") == 3
    cells = {row[1]: row[3] for row in reader.rows if row[:1] == ["1/24"] and len(row) == len(head)}
    assert cells == {f"{POINT.snr_db:g}": "29 % more", "5": "equal"}
    (short,) = [row for row in reader.rows if row[:1] == ["djscc"] and "1/24" in row[3]]
    assert short[3] in ("R = 1/24, 5 dB", f"R = 1/24, {POINT.snr_db:g} dB, 29 % more channel uses")
    said = (
        "Not at equal channel uses: semantic has 29 % more of them (measured k/n) than djscc at 1"
    )
    assert reader.text.count(said) == 2  # in short, and below the points
    _, reader = report(tmp_path, [POINT, BETTER])
    assert not any("channel uses" in row for row in reader.rows)
    assert "equal channel uses" not in reader.text


@pytest.mark.usefixtures("undrawn")
def test_training_seeds_have_columns_of_their_own(tmp_path: Path) -> None:
    repeats = [replace(BETTER, link=f"semantic#{n}", value=0.5 + n / 100) for n in (1, 2)]
    _, reader = report(tmp_path, [POINT, BETTER, *repeats])
    (head,) = [row for row in reader.rows if "spread (s.d.)" in row]
    (row,) = [row for row in reader.rows if row[:1] == ["1/24"] and len(row) == len(head)]
    assert row[-4:] == ["3", "+11.0", "1.00", "+8.5 to +13.5"]
    assert "not of the method" in reader.text


def test_report_needs_nothing_beside_it(whole: tuple[str, Reader]) -> None:
    text, reader = whole
    pictures = [source for source in reader.sources if not source.startswith("#")]
    assert reader.tags.count("img") == 2
    assert all(source.startswith("data:image/png;base64,") for source in pictures)
    # Accuracy, PSNR and gain, each for a screen and for a phone.
    assert reader.tags.count("svg") == 6
    assert "script" not in reader.tags
    assert "link" not in reader.tags
    assert "http://" not in text
    assert "https://" not in text


def test_identifiers_are_unique_and_all_that_is_used_is_there(whole: tuple[str, Reader]) -> None:
    text, reader = whole
    found = re.findall(r'\bid="([^"]+)"', text)
    assert len(found) == len(set(found))
    used = {source[1:] for source in reader.sources if source.startswith("#")}
    used |= set(re.findall(r"url\(#([^)]+)\)", text))
    assert used
    assert used <= set(found)


def test_drawings_take_the_colours_of_the_page() -> None:
    text = inline_svg(accuracy_figure(Results({}, [POINT, NO_CHANNEL])), "a")
    assert text.startswith("<svg")
    assert "currentColor" in text
    assert "var(--grid)" in text
    assert "#000000" not in text
    assert "#ffffff" not in text.lower()
    assert "#e69f00" in text.lower()  # djscc keeps its own
    assert ">Accuracy (%)</text>" in text


def test_every_figure_comes_in_three_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semjscc.report.report.drawing", lambda *_: "")  # in the page, drawn twice
    wide = [replace(one, ratio="1/12") for one in (POINT, BETTER)]
    analysis = publish(Results(META, [NO_CHANNEL, POINT, BETTER, *wide]), tmp_path)
    names = ("accuracy", "accuracy-by-ratio", "psnr", "gain")
    files = {f"{name}.{kind}" for name in names for kind in ("svg", "pdf", "png")}
    assert {path.name for path in tmp_path.iterdir()} == files | {"report.html"}
    assert len(analysis.families["djscc"]) == 2


def test_settings_have_figures_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.report.report.KINDS", ("svg",))
    monkeypatch.setattr(gallery, "FIGURES", {"gain": gallery.FIGURES["gain"]})
    judged = [replace(one, perception="c") for one in (POINT, BETTER)]
    publish(Results(META, [POINT, BETTER, *judged]), tmp_path)
    assert (tmp_path / "gain-judged-by-c.svg").is_file()
    assert (tmp_path / "gain-judged-by-network.svg").is_file()
    reader = Reader((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "signs, val, judged by c, awgn" in reader.text


def test_texts_from_files_are_escaped(tmp_path: Path) -> None:
    evil = "<script>alert('&')</script>"
    meta = {"command": evil, "data": {"name": evil, "revision": evil}, "perception": evil}
    records = [replace(POINT, link=evil, codec=evil, data=evil, channel=evil, perception=evil)]
    path = tmp_path / "report.html"
    write_report(Results(meta, records), {evil: png()}, path)
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert Reader(text).rows[-1][:4] == [evil, evil, evil, evil]


def test_report_without_images_or_meta(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    records = [NO_CHANNEL, replace(POINT, link="label", psnr_db=None, ssim=None, exact=None)]
    write_report(Results({}, records), {}, path)
    reader = Reader(path.read_text(encoding="utf-8"))
    assert reader.tags.count("svg") == 2
    assert reader.rows[-1][9:12] == ["no image", "–", "–"]
    assert "semantic against djscc" not in reader.text


@pytest.mark.usefixtures("undrawn")
def test_bytes_that_are_no_text_do_not_stop_the_report(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(Results({"command": "semjscc \udcff"}, [POINT]), {}, path)
    assert "semjscc ?" in path.read_text(encoding="utf-8")


def test_pictures_must_be_there_and_png(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        report(tmp_path, [POINT], strip=tmp_path / "missing.png")
    with pytest.raises(UserError, match="not a PNG"):
        report(tmp_path, [POINT], strip=b"GIF89a")
    assert list(tmp_path.iterdir()) == []
