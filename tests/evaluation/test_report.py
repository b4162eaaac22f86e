from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from records import RECORD

from semjscc.errors import UserError
from semjscc.evaluation.report import differences, write_report
from semjscc.evaluation.results import Record, Results

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


def test_differences_in_points_and_relative_are_two_numbers() -> None:
    (found,) = differences([POINT, BETTER])
    assert found.points == pytest.approx(10)  # 50 % - 40 %
    assert found.relative == pytest.approx(25)  # 10 / 40
    (found,) = differences([replace(POINT, value=0.0), BETTER])
    assert found.points == pytest.approx(50)
    assert found.relative is None


@pytest.mark.parametrize(
    "change",
    [
        {"snr_db": 4.0},
        {"ratio": "1/12"},
        {"channel": "rayleigh"},
        {"assumed_snr_db": 7.0},
        {"seed": 1},
    ],
)
def test_only_equal_conditions_are_compared(change: dict[str, object]) -> None:
    assert differences([POINT, replace(BETTER, **change)]) == []


def test_report_holds_all_numbers(tmp_path: Path) -> None:
    _, reader = report(tmp_path, [NO_CHANNEL, BETTER, POINT], strip=png())
    assert ["1/24", "1", "1", "40.0", "50.0", "+10.0", "+25.0"] in reader.rows
    assert [
        *("djscc", "deepjscc", "awgn", "1/24", "1", "1", "40.0 (37.0 to 43.0)", "21.50", "0.712"),
        *("0.0417", "512", "48", "–", "97.5"),
    ] in reader.rows
    assert "semjscc evaluate --data signs" in reader.text
    assert "bandwidth ratio R = k/n" in reader.text
    assert "Es/N0" in reader.text


def test_report_needs_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "strip.png"
    file.write_bytes(png())
    text, reader = report(tmp_path, [POINT], strip=file, other=png())
    assert len(reader.sources) == 4  # accuracy, PSNR and the two pictures
    assert all(source.startswith("data:image/png;base64,") for source in reader.sources)
    assert "script" not in reader.tags
    assert "link" not in reader.tags
    assert "http://" not in text
    assert "https://" not in text


def test_texts_from_files_are_escaped(tmp_path: Path) -> None:
    evil = "<script>alert('&')</script>"
    meta = {"command": evil, "data": {"name": evil, "revision": evil}, "perception": evil}
    records = [replace(POINT, link=evil, codec=evil, data=evil, channel=evil, perception=evil)]
    path = tmp_path / "report.html"
    write_report(Results(meta, records), {evil: png()}, path)
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert Reader(text).rows[-1][:3] == [evil, evil, evil]


def test_report_without_images_or_meta(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    records = [NO_CHANNEL, replace(POINT, link="label", psnr_db=None, ssim=None)]
    write_report(Results({}, records), {}, path)
    reader = Reader(path.read_text(encoding="utf-8"))
    assert len(reader.sources) == 1
    assert reader.rows[-1][7:9] == ["–", "–"]
    assert "semantic against djscc" not in reader.text


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
