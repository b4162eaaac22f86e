"""Policies by name, and the weights that they make of importance."""

import pytest
import torch

from semjscc.allocation.policy import LEAST_IMPORTANCE, POLICIES, Policy, parse_policy
from semjscc.errors import UserError


def test_policies_are_found_by_name() -> None:
    assert parse_policy("energy") == Policy("energy")
    assert parse_policy("importance-energy") == Policy("importance-energy", 1.0)
    assert parse_policy("semantic") == Policy("semantic", 1.0)
    assert parse_policy("uniform") == Policy("uniform")
    assert parse_policy("importance@2") == Policy("importance", 2.0)
    assert parse_policy("importance-energy@0.5") == Policy("importance-energy", 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("importance-energi", "did you mean 'importance-energy'"),
        ("", "no allocation ''"),
        ("importance-energy@", "an exponent from 0 to 4"),
        ("importance-energy@x", "an exponent from 0 to 4"),
        ("importance-energy@nan", "an exponent from 0 to 4"),
        ("importance-energy@-1", "an exponent from 0 to 4"),
        ("energy@1", "an exponent from 0 to 4"),
        ("uniform@1", "an exponent from 0 to 4"),
        ("uniforn", "did you mean 'uniform'"),
    ],
)
def test_other_names_are_one_line(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        parse_policy(text)
    assert "\n" not in str(caught.value)


def test_weights_are_powers_of_importance_over_its_mean() -> None:
    importance = torch.tensor([[[1.0, 3.0], [0.0, 4.0]], [[10.0, 30.0], [0.0, 40.0]]])
    weights = Policy("importance-energy", 0.5).weights(importance)
    torch.testing.assert_close(weights[0], weights[1])
    expected = torch.tensor([[0.5, 1.5], [LEAST_IMPORTANCE, 2.0]]).sqrt()
    torch.testing.assert_close(weights[0], expected)
    assert (Policy("importance-energy", 0).weights(importance) == 1).all()


def test_what_a_policy_looks_at() -> None:
    told = {name: parse_policy(name) for name in POLICIES}
    weighing = [name for name, policy in told.items() if policy.weighs]
    assert weighing == ["importance", "importance-energy", "semantic"]
    assert [name for name, policy in told.items() if policy.blind] == ["uniform", "importance"]
    assert [name for name, policy in told.items() if policy.tunes] == ["semantic"]
    assert not Policy("importance-energy", 0).weighs


def test_where_nothing_matters_all_weighs_the_same() -> None:
    weights = Policy("importance-energy").weights(torch.zeros(1, 3, 4))
    assert len(weights.unique()) == 1
