"""Separate coding that knows importance: what matters has more of the same bytes."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from semjscc.allocation.background import TRIED, with_smooth_background
from semjscc.allocation.policy import Policy
from semjscc.allocation.sender import Allocation
from semjscc.allocation.smoothing import chosen_strength, smooth
from semjscc.allocation.tuning import loss_over_views
from semjscc.channels.awgn import awgn
from semjscc.channels.base import undisturbed
from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError
from semjscc.links import Situation, open_link
from semjscc.links.separate_coding.separate import SeparateLink
from semjscc.links.separate_coding.source import SourceControl, SourceStage
from semjscc.perception.base import Perception
from semjscc.perception.gradients import NoGradientError
from semjscc.randomness import Draws
from semjscc.results.fingerprint import link_fingerprint

RATIO, SNR_DB = Fraction(1, 16), 15.0
SIDE = 96


class Texture(nn.Module):
    """Edges where red is above blue."""

    def forward(self, images: Tensor) -> Tensor:
        red, _, blue = images.split(1, dim=1)
        grey = images.mean(dim=1, keepdim=True)
        edges = grey - nn.functional.avg_pool2d(grey, 3, 1, 1)
        return edges * (red - blue > 0.1)


class Red(nn.Module):
    """Two classes, by the texture of what is red."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = Texture()

    def forward(self, images: Tensor) -> Tensor:
        found = 10 * self.seen(images).square().mean(dim=(2, 3))
        return 20 * torch.cat([found, 0.3 - found], dim=1)


@pytest.fixture(scope="module")
def red() -> Perception:
    return Perception(Red(), layers=("seen",), class_names=["a", "b"], name="red")


def textured(height: int = SIDE, width: int = SIDE, images: int = 1) -> Tensor:
    """The same kind of texture everywhere, red in the left half and blue in the right."""
    noise = torch.rand(images, 1, height, width, generator=torch.Generator().manual_seed(6))
    grey = nn.functional.avg_pool2d(noise, 3, 1, 1).mul(1.5).sub(0.25).clamp(0.2, 0.8)
    tint = 0.2 * torch.where(torch.arange(width) < width // 2, 1.0, -1.0).expand(height, -1)
    return grey + torch.stack([tint, torch.zeros_like(tint), -tint])


def roi(network: Perception, strength: float | None = None, exponent: float = 1.0) -> SeparateLink:
    allocation = Allocation(Policy("importance-energy", exponent), network)
    return SeparateLink("roi", SourceStage("", "jpeg"), None, allocation, strength)


@pytest.fixture(scope="module")
def plain() -> SeparateLink:
    return SeparateLink("plain", SourceStage("", "jpeg"))


@pytest.mark.parametrize(("strength", "exponent"), [(0.0, 1.0), (None, 0.0)])
def test_without_strength_or_exponent_it_is_separate(
    plain: SeparateLink, red: Perception, strength: float | None, exponent: float
) -> None:
    images = textured(images=2)
    sent = [link.transmit(images, RATIO, SNR_DB) for link in (plain, roi(red, strength, exponent))]
    assert torch.equal(sent[0].symbols, sent[1].symbols)
    assert sent[0].control == sent[1].control


@pytest.mark.parametrize(("height", "width"), [(SIDE, SIDE), (61, 83), (16, 47)])
def test_k_symbols_of_a_constellation_and_no_word_to_the_receiver(
    plain: SeparateLink, red: Perception, height: int, width: int
) -> None:
    images = textured(height, width, 2)
    sent = roi(red, 4.0).transmit(images, RATIO, SNR_DB)
    assert sent.symbols.shape == (2, channel_uses(height, width, RATIO))
    power = sent.symbols.abs().square().mean(dim=1)
    torch.testing.assert_close(power, torch.ones(2), atol=0.15, rtol=0)
    arriving = plain.receive(sent.symbols, undisturbed(2), sent.control)
    assert arriving.images is not None
    assert arriving.images.shape == images.shape
    assert arriving.delivered.all()
    assert all(isinstance(one, SourceControl) and one.to_bits() == 89 for one in sent.control)


def halves(images: Tensor, received: Tensor) -> tuple[float, float]:
    """The mean squared errors of the left half and of the right, without the seam."""
    error = (received - images).square()
    return float(error[..., : SIDE // 2 - 8].mean()), float(error[..., SIDE // 2 + 8 :].mean())


@pytest.mark.parametrize("coder", ["jpeg", "hevc"])
def test_what_matters_arrives_better_and_the_rest_worse_in_the_same_bits(
    coder: str, red: Perception
) -> None:
    link, images = SeparateLink("plain", SourceStage("", coder)), textured()
    arrives = partial(link.read_back, channel_uses(SIDE, SIDE, RATIO), RATIO, SNR_DB)
    before = arrives(images)
    weights = Allocation(Policy("importance-energy"), red).weights(images, lambda: before)
    assert weights is not None
    important, rest = zip(
        halves(images, before),
        halves(images, arrives(smooth(images, weights, 4.0))),
        strict=True,
    )
    assert important[1] < 0.8 * important[0]
    assert rest[1] > 1.5 * rest[0]


def test_its_network_is_misled_less_than_by_separate(plain: SeparateLink, red: Perception) -> None:
    images = textured()
    arrived = [
        link.send(images, Situation(awgn, SNR_DB, RATIO, Draws(0, [0]))).images
        for link in (plain, roi(red, 4.0))
    ]
    loss = loss_over_views(red, images)
    before, after = (float(loss(one)) for one in arrived if one is not None)
    assert after < before


def test_the_sender_keeps_what_has_the_least_loss(red: Perception) -> None:
    allocation = Allocation(Policy("importance-energy"), red)
    images = textured(images=3)
    tried: list[Tensor] = []

    def arrives(coded: Tensor) -> Tensor:
        """The first image where it is as it was, the second after the second smoothing."""
        tried.append(coded)
        good = torch.tensor([len(tried) == 1, len(tried) == 3, False])
        return torch.where(good[:, None, None, None], images, torch.full_like(images, 0.5))

    found = with_smooth_background(allocation, images, [1.0, 3.0, 5.0], arrives)
    assert len(tried) == 4
    assert torch.equal(found[0], images[0])
    assert torch.equal(found[1], tried[2][1])
    assert not torch.equal(found[1], images[1])
    assert torch.equal(found[2], images[2])  # all alike: as it is


def test_an_image_is_coded_alone_as_among_others(red: Perception) -> None:
    images = textured(images=2) * torch.tensor([1.0, 0.6])[:, None, None, None]
    link = roi(red, 4.0)
    together, alone = (link.transmit(some, RATIO, SNR_DB) for some in (images, images[1:]))
    assert torch.equal(together.symbols[1], alone.symbols[0])


def test_where_nothing_fits_nothing_is_sent(red: Perception) -> None:
    assert not roi(red, 4.0).transmit(textured(), RATIO, -25.0).symbols.any()


class Judge(Red):
    passes_gradients = False


def test_a_network_without_gradients_is_refused_in_one_line() -> None:
    judge = Perception(Judge(), layers=("seen",), class_names=["a", "b"], name="judge")
    for name in ("separate-roi", "separate+importance-energy"):
        with pytest.raises(NoGradientError, match="the policy importance-energy needs") as refused:
            open_link(name, "", judge)
        assert "\n" not in str(refused.value)


def test_a_mask_says_what_matters_without_a_network(plain: SeparateLink) -> None:
    images = textured()
    mask = (torch.arange(SIDE) < SIDE // 2).float().expand(SIDE, -1)
    link = open_link("separate-jpeg+importance-energy", "", important=mask)
    assert link.facts()["importance"] == "mask"
    assert link.facts()["smoothing"] == [chosen_strength()]
    situation = Situation(awgn, SNR_DB, RATIO, Draws(0, [0]))
    before, after = (one.send(images, situation).images for one in (plain, link))
    assert before is not None
    assert after is not None
    important, rest = zip(halves(images, before), halves(images, after), strict=True)
    assert important[1] < important[0]
    assert rest[1] > rest[0]


def test_saliency_needs_no_network_and_blind_policies_are_no_image_coders() -> None:
    link = open_link("separate-jpeg+importance-energy:saliency", "")
    assert link.facts()["importance"] == "saliency"
    for name in ("separate+importance", "separate-hevc+uniform"):
        with pytest.raises(UserError, match=r"spends bytes by energy: it takes .importance-energy"):
            open_link(name, "")


@pytest.mark.parametrize(
    ("name", "exponent", "design_snr_db"),
    [
        ("separate-roi", 1.0, None),
        ("separate-roi@10", 1.0, 10.0),
        ("separate+importance-energy@0.5", 0.5, None),
        ("separate-jpeg@7+importance-energy@2", 2.0, 7.0),
    ],
)
def test_results_know_its_settings(
    name: str, exponent: float, design_snr_db: float | None, red: Perception
) -> None:
    facts = open_link(name, "", red).facts()
    assert facts["name"] == name
    assert facts["exponent"] == exponent
    assert facts["smoothing"] == [chosen_strength() * share for share in TRIED]
    assert facts.get("design_snr_db") == design_snr_db


def test_fingerprints_tell_settings_apart(plain: SeparateLink, red: Perception) -> None:
    links: Sequence[SeparateLink] = (plain, roi(red, 2.0), roi(red, 3.0), roi(red, 2.0, 0.5))
    prints = {link_fingerprint(link) for link in links}
    assert len(prints) == len(links)
    assert None not in prints
    assert link_fingerprint(roi(red, 2.0)) == link_fingerprint(roi(red, 2.0))


def test_the_policy_energy_is_what_separate_does(plain: SeparateLink) -> None:
    energy = open_link("separate-jpeg+energy", "")
    assert isinstance(energy, SeparateLink)
    sent = [link.transmit(textured(), RATIO, SNR_DB) for link in (plain, energy)]
    assert torch.equal(sent[0].symbols, sent[1].symbols)
    assert energy.facts() == {"name": "separate-jpeg+energy"}
