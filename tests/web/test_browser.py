"""The page in a real browser: what it shows, what it refuses, and that it talks to nobody else.

``SEMJSCC_SCREENSHOTS=docs/images`` keeps the pictures that the documentation shows.
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from accessibility import check_accessible, check_for_fingers, walk
from PIL import Image

from semjscc.perception.built_in import imagenet

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

BROWSER = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome", "chrome")
        if (path := shutil.which(name))
    ),
    None,
)
LACKING = [
    what
    for what, there in (
        ("pip install 'semjscc[web]'", find_spec("gradio")),
        ("pip install playwright", find_spec("playwright")),
        ("apt-get install --no-install-recommends chromium", BROWSER),
    )
    if not there
]
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"no browser test: {'; '.join(LACKING)}")

STARTED = """
import signal, sys
from semjscc.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
sys.exit(main(sys.argv[1:]))
"""
PATIENCE_MS = 120_000
"""A busy machine with two cores takes long; nothing here waits longer than it must."""
SOON_MS = 30_000

STATUS = "document.querySelector('.status')?.textContent.includes({!r})"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server as a user starts it; in the end its folder for uploads must be gone."""
    port, temporary = free_port(), tmp_path_factory.mktemp("temporary")
    log = temporary / "log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [sys.executable, "-c", STARTED, "web", "--port", str(port)],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": str(temporary)},
        )
    try:
        end = time.monotonic() + PATIENCE_MS / 1000
        while "open http" not in log.read_text():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        (uploads,) = temporary.glob("semjscc-web-*")
        assert uploads.stat().st_mode & 0o077 == 0
        yield f"http://127.0.0.1:{port}"
    finally:
        for _ in range(2):  # as somebody impatient does
            server.send_signal(signal.SIGINT)
            time.sleep(0.02)
        server.wait(30)
    assert not list(temporary.glob("semjscc-web-*"))
    assert log.read_text().count("\n") == 2, log.read_text()
    assert server.returncode == 130


@pytest.fixture(scope="module")
def browser() -> Iterator["BrowserContext"]:
    """A window of its own, whose tab has all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot run as root, as which containers run tests.
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        arguments += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        browser = playwright.chromium.launch(executable_path=BROWSER, args=arguments)
        yield browser.new_context(reduced_motion="reduce")  # what moves is drawn again and again
        browser.close()


@pytest.fixture(scope="module")
def tab(browser: "BrowserContext", address: str) -> Iterator["Page"]:
    """One for all tests: in another the browser would read every script of the page anew."""
    tab = browser.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    outside: list[str] = []

    def note(url: str) -> None:
        if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:")):
            outside.append(url)

    tab.on("request", lambda request: note(request.url))
    tab.on("websocket", lambda socket: note(socket.url))
    tab.outside = outside  # pyright: ignore[reportAttributeAccessIssue]
    yield tab
    tab.close()


@pytest.fixture
def used(tab: "Page", address: str) -> Iterator["Page"]:
    """The page as the last test left it, for a test to which that makes no difference.

    A request to any other host fails the test.
    """
    if tab.url == "about:blank":
        load(tab, address)
    yield tab
    assert tab.outside == []  # pyright: ignore[reportAttributeAccessIssue]


@pytest.fixture
def page(tab: "Page", address: str) -> Iterator["Page"]:
    """The page as it comes up, which is far more work than what most tests do with it."""
    load(tab, address)
    yield tab
    assert tab.outside == []  # pyright: ignore[reportAttributeAccessIssue]


def load(tab: "Page", address: str, width: int = 1400, height: int = 1000) -> None:
    """The page from its beginning to the end of its first transmission."""
    tab.set_viewport_size({"width": width, "height": height})
    tab.goto(address)
    wait_for(tab, "5 dB: all 3 links")


def wait_until(page: "Page", what: str, patience_ms: int = PATIENCE_MS) -> None:
    """Until some JavaScript is true of the page, asked ten times a second and not at each frame."""
    page.wait_for_function(f"() => {what}", polling=100, timeout=patience_ms)


def wait_for(page: "Page", words: str, patience_ms: int = PATIENCE_MS) -> None:
    wait_until(page, STATUS.format(words), patience_ms)


def wait_for_another(page: "Page") -> None:
    """Until an image other than the first example, which has 64 x 64 pixels, has been sent."""
    shown = "document.querySelector('.link.semantic img')"
    whole = imagenet.missing() is None
    wait_until(page, f"{shown}?.naturalWidth != 64" if whole else "document.querySelector('.note')")
    wait_for(page, "all 3 links")


def keep(page: "Page", name: str, settle_ms: int = 600) -> None:
    if folder := os.environ.get("SEMJSCC_SCREENSHOTS"):
        page.evaluate("scrollTo(0, 0)")  # what sticks to the window's edge stands in its place
        page.wait_for_timeout(settle_ms)  # messages fade in
        page.screenshot(path=Path(folder) / f"web-{name}.png", full_page=True)


def test_the_slider_moves_everything(page: "Page") -> None:
    for link in ("semantic", "djscc", "separate"):
        card = page.locator(f".link.{link}")
        assert card.locator(".guesses li").count() == 3
        assert "channel uses" in card.inner_text()
        width = card.locator("img").evaluate("image => image.naturalWidth")
        assert width == 64
    assert page.locator(".symbols img").evaluate("image => image.naturalWidth") > 0
    keep(page, "page")
    before = {link: page.locator(f".link.{link}").inner_text() for link in ("semantic", "separate")}
    line = page.locator(".marker")
    assert line.evaluate("line => parseFloat(line.style.left)") > 30
    check_accessible(page)
    assert "semantic: stop, right" in page.locator("#said[aria-live=polite]").inner_text()
    with page.expect_download() as saved:
        page.locator(".link.semantic .save").click()
    with Image.open(saved.value.path()) as image:
        assert image.size == (64, 64)
    page.locator("#snr input[type=range]").press("Home")
    wait_for(page, "-5 dB: all 3 links")
    left = float(line.get_attribute("data-left") or "nan")
    assert line.evaluate("line => parseFloat(line.style.left)") == pytest.approx(left, abs=0.01)
    assert all(page.locator(f".link.{link}").inner_text() != was for link, was in before.items())
    assert "lost" in page.locator(".link.separate").inner_text()


def test_the_link_drops(used: "Page") -> None:
    page, separate = used, used.locator(".link.separate")
    page.locator("#snr input[type=range]").fill("3")  # from there it is not far to fall
    wait_for(page, "3 dB: all 3 links")
    assert "lost" not in separate.inner_text()
    page.locator("#drop").click()
    wait_until(page, "document.querySelector('.link.separate .lost')")
    keep(page, "drop", settle_ms=0)  # the semantic codec is not recognised for ever
    wait_for(page, "dropped from 3")
    # The line stays where the slider is.
    at = "document.querySelector('{}').getBoundingClientRect().left"
    assert page.evaluate(at.format(".fallen")) < page.evaluate(at.format(".marker")) - 20
    assert page.locator("#snr input[type=range]").input_value() == "3"
    assert "lost" in separate.inner_text()
    assert "lost" not in page.locator(".link.semantic").inner_text()


def test_a_typed_snr_is_that_of_the_pictures(used: "Page") -> None:
    """A number outside the range is its end, as its box shows in the end."""
    page, number = used, used.locator("#snr input[type=number]")
    number.fill("-77")
    wait_for(page, "-5 dB: all 3 links")
    number.press("Tab")
    assert number.input_value() == "-5"
    number.fill("")
    wait_for(page, "0 dB: all 3 links")
    number.press("Tab")
    assert number.input_value() == "0"
    assert page.locator(".toast-body").count() == 0


def test_the_keyboard_reaches_everything_and_is_seen(used: "Page") -> None:
    page, asked = used, list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#snr input[type=number]").focus()
    assert walk(page, 3)[1:] == ["range slider for SNR (dB)", "drop the link"]
    page.locator("#examples button").last.focus()
    assert walk(page, 10)[1:6:2] == ["bandwidth ratio k/n", "weights", "image size"]
    assert not any("queue/join" in url for url in asked)  # nothing has been chosen
    lists = page.locator("#channel input")
    lists.focus()
    lists.press("ArrowDown")
    lists.press("Enter")
    wait_until(page, "document.querySelector('.curve') === null")  # published over AWGN alone
    wait_for(page, "all 3 links")


def test_the_slider_ends_a_drop(used: "Page") -> None:
    from playwright.sync_api import TimeoutError as TooLate

    page = used
    slider = page.locator("#snr input[type=range]")
    slider.press("End")
    wait_for(page, "20 dB: all 3 links")
    page.locator("#drop").click()
    wait_for(page, "the link drops: 1")
    slider.press("ArrowLeft")
    try:
        wait_for(page, "19.5 dB: all 3 links", SOON_MS)
    except TooLate:  # a step that was under way came in last, as it may on a busy machine
        slider.press("ArrowLeft")
        wait_for(page, "19 dB: all 3 links")
    # Such a step may still come in late, but none after it.
    page.wait_for_timeout(2000)
    said = page.locator(".status").inner_text()
    page.wait_for_timeout(2000)
    assert page.locator(".status").inner_text() == said
    assert "dropped from" not in said


def test_an_example_is_sent_once(used: "Page") -> None:
    page, asked = used, list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#example-1").click()
    page.wait_for_function(f"() => {STATUS.format('…')}")  # at each frame: it is soon over
    wait_for(page, "all 3 links")
    page.wait_for_timeout(1000)
    # One to choose it, one to send it.
    assert sum("queue/join" in url for url in asked) == 2


def test_a_broken_file_is_one_line_on_the_page(used: "Page", tmp_path: Path) -> None:
    page, file = used, tmp_path / "broken.png"
    file.write_bytes(b"this is no image")
    page.locator("#upload input[type=file]").set_input_files(file)
    toast = page.locator(".toast-body")
    toast.wait_for()
    assert "the file is not an image in a known format" in toast.inner_text()
    assert "semjscc-web" not in toast.inner_text()
    keep(page, "broken")


def test_an_own_image(page: "Page", tmp_path: Path) -> None:
    file = tmp_path / "own.png"
    Image.linear_gradient("L").resize((300, 200)).convert("RGB").save(file)
    page.locator("#upload input[type=file]").set_input_files(file)
    wait_for_another(page)
    # A photograph is sent whole where a network for photographs is there to look at it.
    whole = imagenet.missing() is None
    assert ("300 × 200" if whole else "64 × 64") in page.locator(".link.original").inner_text()
    notes = page.locator("#notes").inner_text()
    assert ("unlike" in notes) != whole
    assert ("only the middle square" in notes) != whole
    keep(page, "own")


def middle(page: "Page") -> list[int]:
    """Red, green and blue in the middle of the original that the page shows."""
    return page.locator(".link.original img").first.evaluate(
        """image => {
          const context = document.createElement("canvas").getContext("2d");
          context.drawImage(image, 0, 0);
          const [x, y] = [image.naturalWidth >> 1, image.naturalHeight >> 1];
          return [...context.getImageData(x, y, 1, 1).data].slice(0, 3);
        }"""
    )


def test_a_pasted_image(page: "Page") -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    content = BytesIO()
    Image.new("RGB", (120, 80), (200, 30, 60)).save(content, "PNG")
    page.evaluate(
        """async data => {
          const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
          const blob = new Blob([bytes], {type: "image/png"});
          await navigator.clipboard.write([new ClipboardItem({"image/png": blob})]);
        }""",
        base64.b64encode(content.getvalue()).decode(),
    )
    assert middle(page) != [200, 30, 60]
    page.get_by_label("Paste from clipboard").click()
    wait_for_another(page)
    assert middle(page) == [200, 30, 60]
    assert page.locator(".toast-body").count() == 0


def test_a_photograph_by_the_webcam(page: "Page") -> None:
    page.context.grant_permissions(["camera"])
    page.get_by_label("Capture from camera").click()
    page.get_by_text("Click to Access Webcam").click()
    # Before the first frame there is nothing to take.
    wait_until(page, "document.querySelector('#upload video')?.videoWidth > 0")
    page.get_by_label("capture photo").click()
    wait_for_another(page)
    assert page.locator("#upload img").first.evaluate("image => image.naturalWidth") > 64
    assert page.locator(".toast-body").count() == 0


BOXED = "{}document.querySelector('.link.original .box')"


def test_two_clicks_say_what_matters(page: "Page") -> None:
    written = page.locator("#box input, #box textarea").first
    original = page.locator(".link.original [data-width]")
    assert not written.is_visible()
    original.click()
    assert page.locator(".dot").count() == 0  # nothing to mark as long as nobody asks for it
    page.locator("#more").get_by_text("importance").click()
    wait_for(page, "5 dB: all 4 links")
    assert page.locator(".link.importance img").count() == 2

    seen = original.bounding_box()
    assert seen is not None
    pixel = seen["width"] / 64
    for x, y in ((40.5, 30.5), (20.5, 10.5)):
        original.click(position={"x": x * pixel, "y": y * pixel})
        page.wait_for_timeout(100)
    wait_until(page, BOXED.format(""))
    wait_for(page, "5 dB: all 4 links")
    found = [int(number) for number in written.input_value().split(",")]
    assert found == pytest.approx([20, 10, 21, 21], abs=1)
    page.locator("#box-forget").click()
    wait_until(page, BOXED.format("!"))
    assert written.input_value() == ""

    written.fill("0,0,65,1")
    written.press("Enter")
    toast = page.locator(".toast-body")
    toast.wait_for()
    assert "does not lie within the picture of 64 x 64 pixels" in toast.inner_text()
    written.fill("0,0,9,9")
    written.press("Enter")
    wait_until(page, BOXED.format(""))
    # Of another image, another place would be meant.
    page.locator("#example-1").click()
    wait_until(page, BOXED.format("!"))
    assert written.input_value() == ""


def test_on_a_telephone(used: "Page", address: str) -> None:
    page = used
    load(page, address, 390, 844)
    keep(page, "phone")
    check_for_fingers(page)
    settings = page.locator("#settings > button")
    assert not page.locator("#channel").is_visible()
    page.locator(".link.separate").scroll_into_view_if_needed()
    assert page.locator("#snr").evaluate("bar => bar.getBoundingClientRect().top") >= 0
    settings.click()
    page.locator("#channel").wait_for()
    check_for_fingers(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    # No text of a card reaches beyond it, not even that of an image of full size.
    for number in ("numbers (n)", "channel uses (k)"):
        page.get_by_text(number).first.locator("+ dd").evaluate("cell => cell.append('9,999')")
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('.link')].flatMap(card =>
          [...card.querySelectorAll('dt, dd, p, h3, li')].filter(part =>
            part.getBoundingClientRect().right > card.getBoundingClientRect().right + 1
            || part.scrollWidth > part.clientWidth + 1).map(part => part.textContent))"""
    )
    assert beyond == []
