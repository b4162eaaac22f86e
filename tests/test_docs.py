"""The documentation builds without a warning, needs no other host, and says what is so."""

import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from semjscc.cli import _parser
from semjscc.errors import UserError

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "results" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

FETCHED = {
    "script": ("src",), "link": ("href",), "img": ("src", "srcset"), "source": ("src", "srcset"),
    "iframe": ("src",), "embed": ("src",), "object": ("data",), "video": ("src", "poster"),
    "audio": ("src",), "track": ("src",), "image": ("href", "xlink:href"), "use": ("href",),
    "input": ("src",),
}  # fmt: skip
"""What a browser fetches by itself; a link to click on is not among it."""

ELSEWHERE = re.compile(r"(?:^|[\s,])(?:https?:)?//", re.IGNORECASE)
CSS_FETCH = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)


class Fetches(HTMLParser):
    """Collects what a page makes a browser fetch from other hosts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if name in FETCHED.get(tag, ()) and value and ELSEWHERE.search(value):
                self.found.append(f"<{tag} {name}={value}>")
            if name == "style" and value:
                self.found += CSS_FETCH.findall(value)

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += CSS_FETCH.findall(data)


def fetches(text: str, kind: str) -> list[str]:
    """What an ``.html`` or ``.css`` file makes a browser fetch from other hosts."""
    if kind == ".css":
        return CSS_FETCH.findall(text)
    page = Fetches()
    page.feed(text)
    return page.found


MKDOCS = """
import sys
sys.modules["ruff"] = None  # it would lay out signatures, each in a process of its own
from mkdocs.__main__ import cli
cli()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built documentation: ``SEMJSCC_SITE`` where `make docs` has just built it, or our own."""
    if built_before := os.environ.get("SEMJSCC_SITE"):
        return ROOT / built_before
    folder = tmp_path_factory.mktemp("site")
    words = ["build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(
        [sys.executable, "-c", MKDOCS, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_site_has_every_page_and_its_pictures(site: Path) -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert (site / page.with_suffix(".html").name).is_file()
    api = (site / "api" / "links.html").read_text()
    assert 'id="semjscc.links.base.SymbolLink.transmit"' in api
    formulas = (site / "how-it-works.html").read_text()
    assert formulas.count("<math ") == (ROOT / "docs" / "how-it-works.md").read_text().count(
        "```math"
    )


def test_site_fetches_nothing_from_other_hosts(site: Path) -> None:
    files = [file for file in site.rglob("*") if file.suffix in (".html", ".css", ".svg")]
    assert len(files) > 20
    kinds = {".svg": ".html"}
    found = {
        file.name: away
        for file in files
        if (away := fetches(file.read_text(), kinds.get(file.suffix, file.suffix)))
    }
    assert found == {}
    # The theme's script would load its diagram tool from elsewhere for a page with a diagram.
    assert not any('class="mermaid"' in file.read_text() for file in files)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('<script src="https://cdn.example/a.js"></script>', ".html"),
        ('<link rel="stylesheet" href="//fonts.example/css">', ".html"),
        ('<img srcset="a.png 1x, https://img.example/b.png 2x">', ".html"),
        ("<style>@import 'https://a.example/b.css';</style>", ".html"),
        ('<p style="background: url(http://a.example/b.png)">', ".html"),
        ("@font-face { src: url('https://a.example/f.woff2') }", ".css"),
    ],
)
def test_scan_finds_what_is_fetched_elsewhere(text: str, kind: str) -> None:
    assert len(fetches(text, kind)) == 1


def test_scan_lets_links_and_local_files_be() -> None:
    page = '<a href="https://arxiv.org/abs/2302.02287">x</a><img src="images/a.png">'
    assert fetches(page + "<style>p { background: url(a.png) }</style>", ".html") == []


@pytest.fixture(scope="module")
def fill() -> Callable[[str], str]:
    """The tool's, which reads a file of results once for all pages."""
    return runpy.run_path(str(ROOT / "tools" / "fill_tables.py"))["fill"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_tables_say_what_the_results_say(page: Path, fill: Callable[[str], str]) -> None:
    text = page.read_text()
    assert fill(text) == text, f"stale: python tools/fill_tables.py {page.relative_to(ROOT)}"


def test_facts_name_every_metric_but_accuracy(fill: Callable[[str], str]) -> None:
    text = fill("<!-- facts -->\n<!-- end -->\n")
    assert re.search(r"^\| `scenes-detector-a` .* \| map50 93\.5% \|$", text, re.MULTILINE)
    assert re.search(r"^\| `signs-a` .* \| 99\.3% \|$", text, re.MULTILINE)


def commands() -> list[tuple[str, list[str]]]:
    """Page and words of every command in a code block."""
    blocks = re.compile(r"^```(?:sh)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [
        (page.name, shlex.split(re.split(r"\s[<>|]", line)[0], comments=True))
        for page in PAGES
        for block in blocks.findall(page.read_text())
        for line in block.replace("\\\n", " ").splitlines()
        if re.match(r"(\.venv/bin/)?(semjscc|make|python)\s", line)
    ]


def test_commands_are_found() -> None:
    programs = {words[0] for _, words in commands()}
    assert {"semjscc", ".venv/bin/semjscc", "make", "python"} <= programs


@pytest.mark.parametrize(
    ("page", "words"), commands(), ids=lambda value: value if isinstance(value, str) else value[-1]
)
def test_command_of_a_page_exists(page: str, words: list[str]) -> None:
    program, *rest = words
    if program == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert rest[0] in targets
    elif program == "python":
        folder = ROOT / "examples" / "own-model" if page == "own-model.md" else ROOT
        assert (folder / rest[0]).is_file()
    elif not set(rest) & {"--help", "--version"}:
        try:
            _parser().parse_args(rest)
        except UserError as error:
            pytest.fail(f"{page}: {' '.join(words)}: {error}")


def test_pictures_are_those_that_the_tool_draws(tmp_path: Path) -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "doc_pictures.py"))
    drawn = {tool["file_of"](name) for name in tool["PICTURES"]}
    assert {path.name for path in (ROOT / "docs" / "images").glob("how-*")} == drawn
    text = "".join(page.read_text() for page in PAGES)
    assert {name for name in drawn if f"images/{name}" not in text} == set()
    tool["main"](["importance"], tmp_path)
    assert (tmp_path / "how-importance.png").stat().st_size > 10_000


def test_the_animation_is_small_and_has_a_frame_for_each_snr(tmp_path: Path) -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "doc_pictures.py"))
    shown = ROOT / "docs" / "images" / tool["file_of"]("drop")
    assert shown.stat().st_size < 400_000
    with Image.open(shown) as image:
        assert getattr(image, "n_frames", 1) == len(tool["FRAMES_DB"])
    figures = [Figure((1, 1), facecolor=colour) for colour in ("white", "black")]
    tool["save_animation"](figures, tmp_path / "two.webp")
    with Image.open(tmp_path / "two.webp") as image:
        assert (getattr(image, "n_frames", 1), image.size) == (2, (100, 100))
