"""The one spelling of a link's name, by which results of one link are found to be of one."""

import pytest

from semjscc.links import open_link
from semjscc.links.catalogue import find_link
from semjscc.links.spelling import link_text


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("linear-adaptive+repeat@1/2", "linear-adaptive+repeat@0.5"),
        (
            "linear-adaptive+progressive+repeat-any@.10",
            "linear-adaptive+progressive+repeat-any@0.1",
        ),
        (
            "linear-adaptive+importance@.5:saliency+repeat@1/3",
            "linear-adaptive+importance@0.5:saliency+repeat@1/3",
        ),
        ("separate@10.0", "separate@10"),
        ("separate-jpeg@1e1+importance-energy@0.50", "separate-jpeg@10+importance-energy@0.5"),
        ("separate-roi@-3.0", "separate-roi@-3"),
        ("linear", "linear"),
    ],
)
def test_a_link_has_one_name(written: str, name: str) -> None:
    assert find_link(written, "").name == name == link_text(written) == link_text(name)
    assert find_link(written, "") == find_link(name, "")


def test_a_link_that_is_opened_has_that_name() -> None:
    link = open_link("linear-adaptive+energy+progressive+repeat@1/2", "")
    assert link.name == link.facts()["name"] == "linear-adaptive+energy+progressive+repeat@0.5"


@pytest.mark.parametrize("name", ["a+b", "runs/x@1", "separate@x", "x+repeat@2", "mine#2", ""])
def test_what_is_no_such_name_stays(name: str) -> None:
    assert link_text(name) == name


def test_a_name_of_ones_own_stays() -> None:
    named = find_link("mine+repeat@1/2=photo-semantic+repeat@1/2", "")
    assert (named.name, named.endings.text) == ("mine+repeat@1/2", "+repeat@0.5")
