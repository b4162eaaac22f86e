"""Two clicks on the original, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import serving
from test_browser import BROWSER, LACKING, PATIENCE_MS, wait_for

pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"no browser test: {'; '.join(LACKING)}")

SERVE = """
import sys
from pathlib import Path
from semjscc.web.server import serve
serve(int(sys.argv[1]), folder=Path(sys.argv[2]))
"""
BOXED = "() => {}document.querySelector('.link.original .box')"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(SERVE, str(tmp_path)) as address:
        yield address


def test_two_clicks_say_what_matters(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        wait_for(page, "5 dB: all 3 links")
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
        page.wait_for_function(BOXED.format(""))
        wait_for(page, "5 dB: all 4 links")
        found = [int(number) for number in written.input_value().split(",")]
        assert found == pytest.approx([20, 10, 21, 21], abs=1)
        page.locator("#box-forget").click()
        page.wait_for_function(BOXED.format("!"))
        assert written.input_value() == ""

        written.fill("0,0,65,1")
        written.press("Enter")
        toast = page.locator(".toast-body")
        toast.wait_for()
        assert "does not lie within the picture of 64 x 64 pixels" in toast.inner_text()
        written.fill("0,0,9,9")
        written.press("Enter")
        page.wait_for_function(BOXED.format(""))
        # Of another image, another place would be meant.
        page.locator("#example-1").click()
        page.wait_for_function(BOXED.format("!"))
        assert written.input_value() == ""
        browser.close()
