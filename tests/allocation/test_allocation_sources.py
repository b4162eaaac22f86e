"""Where importance comes from, by name behind a policy."""

import re

import pytest

from semjscc.allocation.policy import Policy
from semjscc.allocation.sources import allocation_text, check_takes_mask, parse_allocation
from semjscc.errors import UserError


@pytest.mark.parametrize(
    ("text", "policy", "source"),
    [
        ("uniform", Policy("uniform"), "network"),
        ("importance", Policy("importance"), "network"),
        ("importance-energy:network", Policy("importance-energy"), "network"),
        ("importance-energy:saliency", Policy("importance-energy"), "saliency"),
        ("importance-energy@0.5:predicted", Policy("importance-energy", 0.5), "predicted"),
        ("importance@0.5:saliency", Policy("importance", 0.5), "saliency"),
        ("semantic:network", Policy("semantic"), "network"),
    ],
)
def test_a_policy_is_found_with_its_source(text: str, policy: Policy, source: str) -> None:
    assert parse_allocation(text) == (policy, source)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("importance-energy@.5:predicted", "importance-energy@0.5:predicted"),
        ("importance-energy@5e-1", "importance-energy@0.5"),
        ("importance@2.0:saliency", "importance@2:saliency"),
        ("importance@-0", "importance@0"),
        ("semantic@1.0:network", "semantic"),
        ("energy", "energy"),
    ],
)
def test_a_policy_with_its_source_has_one_spelling(text: str, spelled: str) -> None:
    assert allocation_text(*parse_allocation(text)) == spelled
    assert parse_allocation(spelled) == parse_allocation(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("importance-energy:", "no importance ''"),
        ("importance-energy:salience", "no importance 'salience': did you mean 'saliency'"),
        ("importance-energy:xyz", "no importance 'xyz': there are network, predicted, saliency"),
        ("importance-energy:mask", "belongs to one picture: semjscc transmit and modulate say"),
        ("importance-energy:saliency@0.5", "before the colon: importance-energy@0.5:saliency"),
        ("semantic@1:network@0.5", "before the colon: semantic@0.5:network"),
        ("importance:xyz@0.5", "no importance 'xyz@0.5': there are"),
        ("importance-energy@5:saliency", "an exponent from 0 to 4"),
        ("importence:saliency", "did you mean 'importance'"),
        ("semantic:saliency", "semantic tunes symbols to a network, which is its only source"),
        ("energy:saliency", "energy weighs nothing, so that nothing can say what matters"),
        ("uniform:saliency", "uniform weighs nothing"),
        ("importance@0:saliency", "importance@0 weighs nothing"),
    ],
)
def test_names_that_make_no_sense_are_one_line(text: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        parse_allocation(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("policy", "source", "message"),
    [
        (None, "network", "--important needs a policy that weighs, and x has none"),
        (Policy("uniform"), "network", "x weighs nothing"),
        (Policy("energy"), "network", "x weighs nothing"),
        (Policy("importance-energy", 0), "network", "x weighs nothing"),
        (Policy("semantic"), "network", "x tunes symbols to a network"),
        (Policy("importance"), "saliency", "x takes its importance from saliency, and --important"),
    ],
)
def test_a_mask_needs_a_policy_that_it_can_say_something_to(
    policy: Policy | None, source: str, message: str
) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        check_takes_mask(policy, source, "x")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["importance", "importance-energy"])
def test_where_it_can_nothing_is_said(name: str) -> None:
    check_takes_mask(Policy(name), "network", "x")
