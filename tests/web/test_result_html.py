"""What the page shows, as HTML, without a server."""

import re

from semjscc.tasks.base import Seen
from semjscc.web.result_html import _guesses


def marks(html: str) -> list[str]:
    """What stands before each class, for eyes that see no colour and for screen readers."""
    rows = re.findall(r"<li.*?</li>", html)
    found = [re.search(r'aria-label="(\w+):">(.)<', row) for row in rows]
    return ["".join(one.groups()) if one else "" for one in found]


def test_right_and_wrong_are_told_without_colour() -> None:
    seen = [Seen("stop", 0.6), Seen("yield", 0.3), Seen("no entry", 0.1)]
    assert marks(_guesses("sees", seen, {"stop"})) == ["right✓", "", ""]
    assert marks(_guesses("sees", seen, {"yield"})) == ["wrong✗", "right✓", ""]
    assert marks(_guesses("sees", seen, {"stop", "no entry"})) == ["right✓", "", "right✓"]
