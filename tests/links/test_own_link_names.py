"""What a link of the user's own is called."""

from pathlib import Path

import pytest

from semjscc.errors import UserError
from semjscc.links import open_link

LINKS = """
from dataclasses import dataclass
from semjscc.links import NoChannel

SHARED = NoChannel()

def weak():
    return SHARED

def strong():
    return SHARED

@dataclass(frozen=True)
class Frozen(NoChannel):
    level: float = 1.0
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "named_links.py").write_text(LINKS)
    monkeypatch.syspath_prepend(tmp_path)


def test_one_object_under_two_names_is_two_links() -> None:
    links = [open_link(f"named_links:{name}", "") for name in ("weak", "strong")]
    assert [link.name for link in links] == ["named_links:weak", "named_links:strong"]
    assert open_link("ours=named_links:weak", "").name == "ours"


def test_a_link_whose_name_cannot_be_set_is_one_line() -> None:
    with pytest.raises(UserError, match="the link named_links:Frozen cannot be called") as refused:
        open_link("named_links:Frozen", "")
    assert "\n" not in str(refused.value)
