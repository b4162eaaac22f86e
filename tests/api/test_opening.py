"""Links, images and networks by the words of the command line."""

from fractions import Fraction

import numpy as np
import pytest
import torch

import semjscc
from semjscc.checkpoint import locate
from semjscc.data.drawn.signs import load_signs
from semjscc.families import family_for
from semjscc.images import to_float
from semjscc.links import SymbolLink
from semjscc.links.loading import open_link
from semjscc.perception.base import Perception


def test_a_link_is_that_of_its_family() -> None:
    ours = semjscc.open_link("djscc", weights="signs")
    assert ours.facts() == open_link("djscc", "signs").facts()
    usual = family_for(480, 640)
    assert semjscc.open_link("hybrid").facts() == open_link("hybrid", usual).facts()


def test_with_a_network_of_ones_own_no_family_counts(coarse_perception: Perception) -> None:
    name = "linear-adaptive+importance-energy"
    sign = to_float(torch.as_tensor(semjscc.load_data("signs", limit=1).images))
    image = torch.cat([sign, sign.roll(9, dims=2).flip(1) / 2, sign.mean() + sign / 9], dim=3)
    ours = semjscc.open_link(name, perception=coarse_perception)
    meant = open_link(name, "", coarse_perception)
    other = semjscc.open_link(name, weights="signs", perception=coarse_perception)
    assert isinstance(ours, SymbolLink)
    assert isinstance(meant, SymbolLink)
    assert isinstance(other, SymbolLink)
    sent = [one.transmit(image, Fraction(1, 24), 5.0).symbols for one in (ours, meant, other)]
    assert torch.equal(sent[0], sent[1])
    assert not torch.equal(sent[0], sent[2])  # weighed by the family's network


def test_what_is_important_may_be_an_array() -> None:
    mask = np.zeros((64, 128))
    mask[:, :64] = 1
    link = semjscc.open_link("linear-adaptive+importance-energy", important=mask)
    assert link.name == "linear-adaptive+importance-energy:mask"
    with pytest.raises(semjscc.UserError, match="linear"):
        semjscc.open_link("linear", important=mask)


def test_a_link_that_is_not_there_is_one_line() -> None:
    with pytest.raises(semjscc.UserError, match="did you mean 'semantic'"):
        semjscc.open_link("semantik", weights="signs")
    with pytest.raises(semjscc.UserError, match="no shipped weights 'sings'"):
        semjscc.open_link("semantic", weights="sings")


def test_data_are_those_of_the_command() -> None:
    ours, meant = semjscc.load_data("signs", limit=3), load_signs("test", 3, 64)
    assert torch.equal(torch.as_tensor(ours.images), torch.as_tensor(meant.images))
    assert (ours.split, ours.class_names) == ("test", meant.class_names)
    scenes = semjscc.load_data("scenes", "val", limit=1, targets=("boxes", "mask"))
    assert scenes.boxes is not None
    with pytest.raises(semjscc.UserError, match="signs has labels alone"):
        semjscc.load_data("signs", targets=("mask",))
    with pytest.raises(semjscc.UserError, match="limit must be at least 1, not 0"):
        semjscc.load_data("signs", limit=0)


def test_a_network_by_name_or_path_with_layers_of_ones_choice() -> None:
    path = str(locate("signs-a"))
    named, found = semjscc.open_perception("signs-a"), semjscc.open_perception(path)
    image = torch.rand(1, 3, 64, 64)
    assert torch.equal(named(image), found(image))
    assert named.layers == ("stage1", "stage2", "stage3")
    assert semjscc.open_perception("signs-a", layers=["stage2"]).layers == ("stage2",)
    with pytest.raises(semjscc.UserError, match="no layer 'stage9'"):
        semjscc.open_perception("signs-a", layers=["stage9"])
