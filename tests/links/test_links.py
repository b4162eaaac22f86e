"""Links: a transmitter, a receiver, and the channel between them."""

import math
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from semjscc import checkpoint
from semjscc.allocation.policy import Policy
from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge
from semjscc.checkpoint import MODEL, save_weights
from semjscc.codecs.adaptive import Adaptive, Attention
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.base import Codec, Encoded, Side
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.errors import UserError
from semjscc.images import quantise
from semjscc.links import (
    CodecLink,
    Control,
    NoChannel,
    Situation,
    Transmission,
    open_link,
    shipped_schemes,
    untrained_links,
)
from semjscc.links.catalogue import find_link, needs_family
from semjscc.links.check_sent import check_symbols
from semjscc.links.label import LabelLink
from semjscc.links.separate_coding.bounds import BOUNDS
from semjscc.perception.base import Perception
from semjscc.randomness import Draws
from semjscc.separation.names import CODER_NAMES
from semjscc.separation.sources import CODERS

RATIO = Fraction(1, 12)


class Spy(Adaptive):
    """Remembers what the sender and the receiver were told."""

    def encode(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Encoded:
        self.told_sender = snr_db
        return super().encode(images, snr_db, ratio)

    def decode(
        self,
        symbols: Tensor,
        noise_variance: Tensor,
        ratio: Fraction,
        size: tuple[int, int],
        side: Side | None = None,
    ) -> Tensor:
        self.told_receiver = noise_variance
        return super().decode(symbols, noise_variance, ratio, size, side)


@cache
def spy(seed: int = 0) -> Spy:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        codec = Spy(width=8)
        for module in codec.modules():
            if isinstance(module, Attention):
                nn.init.normal_(module.excite.weight)
            elif isinstance(module, nn.Conv2d) and not module.weight.any():
                nn.init.kaiming_normal_(module.weight)
    return codec


@pytest.fixture
def codec() -> Spy:
    return deepcopy(spy())  # which has been told nothing yet


@pytest.fixture
def link(codec: Spy) -> CodecLink:
    return CodecLink("tried", codec, {"recipe": {"name": "x"}})


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.rand(3, 3, 20, 27, generator=torch.Generator().manual_seed(0))


SITUATION = Situation(awgn, 5.0, RATIO, Draws(0, [4, 9, 2]))


def pictures(link: CodecLink, images: Tensor, situation: Situation) -> Tensor:
    received = link.send(images, situation).images
    assert received is not None
    return received


def test_without_a_channel_images_are_only_rounded_to_8_bits(images: Tensor) -> None:
    received = NoChannel().send(images * 1.2 - 0.1, SITUATION)
    assert received.images is not None
    assert torch.equal(received.images, quantise(images * 1.2 - 0.1))
    assert (received.images - images * 1.2 + 0.1).abs().max() > 0
    assert received.outputs is None
    assert received.delivered.tolist() == [True] * 3
    assert received.channel_uses == received.control_bits == 0
    assert NoChannel().facts() == {"name": "none"}


def test_sending_is_transmitting_the_channel_and_receiving(link: CodecLink, images: Tensor) -> None:
    sent = link.transmit(images, RATIO, 5.0)
    symbols, knowledge = awgn(sent.symbols, 5.0, SITUATION.draws)
    parts, whole = link.receive(symbols, knowledge, sent.control), link.send(images, SITUATION)
    assert parts.images is not None
    assert whole.images is not None
    assert torch.equal(parts.images, whole.images)
    assert replace(parts, images=None, delivered=whole.delivered) == replace(whole, images=None)
    assert not torch.equal(whole.images, NoChannel().send(images, SITUATION).images)  # pyright: ignore


def test_transmission_has_k_symbols_of_power_one_and_one_record_for_each_image(
    link: CodecLink, images: Tensor
) -> None:
    sent = link.transmit(images, RATIO, 5.0)
    assert sent.symbols.shape == (3, channel_uses(20, 27, RATIO)) == (3, 3 * 20 * 27 // 12)
    torch.testing.assert_close(sent.symbols.abs().square().mean(dim=1), torch.ones(3))
    assert sent.control == (Control("adaptive", 20, 27, RATIO),) * 3


def test_what_arrives_is_an_8_bit_image_with_its_cost(link: CodecLink, images: Tensor) -> None:
    received = link.send(images, SITUATION)
    assert received.images is not None
    assert received.images.shape == images.shape
    assert torch.equal(received.images, quantise(received.images))
    assert received.outputs is None
    assert received.delivered.tolist() == [True] * 3
    assert received.channel_uses == channel_uses(20, 27, RATIO)
    # Codec 8, height 15, width 15, numerator 6 and denominator 10.
    assert received.control_bits == 54


def shortened(symbols: Tensor, gain: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return symbols[:, 1:], gain, noise


def spoiled(symbols: Tensor, gain: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return symbols * torch.nan, gain, noise


def without_a_gain(symbols: Tensor, gain: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return symbols, gain[:0], noise


def negative(symbols: Tensor, gain: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return symbols, gain, -noise


def real(symbols: Tensor, gain: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return symbols.real, gain, noise


def complex_noise(symbols: Tensor, gain: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return symbols, gain, noise.to(torch.complex64)


def without_noise(symbols: Tensor, gain: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, None]:
    del noise
    return symbols, gain, None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (real, "returns real numbers: its symbols must be complex"),
        (complex_noise, "a noise variance that is complex"),
        (without_noise, "tells a noise variance as NoneType: it must be a tensor"),
        (shortened, "must return as many"),
        (spoiled, "is no number"),
        (without_a_gain, "tells a gain of shape"),
        (negative, "noise variance at least 0"),
    ],
)
def test_what_no_channel_gives_is_refused(
    link: CodecLink, images: Tensor, change: Callable[..., tuple[Tensor, ...]], said: str
) -> None:
    def own(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
        received, known = awgn(symbols, snr_db, draws)
        symbols, gain, noise = change(received, known.gain, known.noise_variance)
        return symbols, ChannelKnowledge(gain, noise)

    where = Situation(own, 5.0, link.default_ratio, Draws(0, range(len(images))))
    with pytest.raises(UserError, match=f"channel own .*{said}"):
        link.send(images, where)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_channel_returns_two_things(link: CodecLink, images: Tensor, count: int) -> None:
    def own(symbols: Tensor, snr_db: float, draws: Draws) -> Any:
        return (*awgn(symbols, snr_db, draws), None)[:count] or None

    where = Situation(own, 5.0, link.default_ratio, Draws(0, range(len(images))))
    with pytest.raises(UserError, match="own must return two things: symbols and a ChannelKnowl"):
        link.send(images, where)


def test_a_channel_may_use_numpy_and_plain_numbers(link: CodecLink, images: Tensor) -> None:
    def own(symbols: Tensor, snr_db: float, draws: Draws) -> Any:
        received, _ = awgn(symbols, snr_db, draws)
        return received.numpy().astype("complex128"), ChannelKnowledge(1.0, 10**-0.5)  # pyright: ignore[reportArgumentType]

    ours, theirs = (
        pictures(link, images, Situation(channel, 5.0, RATIO, Draws(0, range(3))))
        for channel in (awgn, own)
    )
    torch.testing.assert_close(theirs, ours, atol=1.01 / 255, rtol=0)


def test_both_ends_are_told_the_true_snr(link: CodecLink, codec: Spy, images: Tensor) -> None:
    link.send(images, SITUATION)
    assert codec.told_sender.tolist() == [5.0] * 3
    torch.testing.assert_close(codec.told_receiver.flatten(), torch.full((3,), 10**-0.5))


def test_both_ends_reckon_with_the_assumed_snr_and_the_noise_stays_true(
    link: CodecLink, codec: Spy, images: Tensor
) -> None:
    situation = replace(SITUATION, assumed_snr_db=15.0)
    assert situation.believed_snr_db == 15.0
    sent = link.transmit(images, RATIO, 15.0)
    received, knowledge = situation.pass_symbols(sent.symbols)
    torch.testing.assert_close(received, awgn(sent.symbols, 5.0, SITUATION.draws)[0])
    torch.testing.assert_close(knowledge.noise_variance, torch.full((3,), 10**-1.5))
    link.send(images, situation)
    assert codec.told_sender.tolist() == [15.0] * 3
    torch.testing.assert_close(codec.told_receiver.flatten(), torch.full((3,), 10**-1.5))


def test_assuming_the_truth_changes_nothing(link: CodecLink, images: Tensor) -> None:
    assumed = pictures(link, images, replace(SITUATION, assumed_snr_db=5.0))
    assert torch.equal(assumed, pictures(link, images, SITUATION))


def test_belief_keeps_the_differences_between_symbols() -> None:
    def unequal(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
        del snr_db, draws
        variance = torch.tensor([[0.1, 1.0, math.inf]])
        return symbols, ChannelKnowledge(torch.ones(1, dtype=torch.complex64), variance)

    situation = Situation(unequal, 10.0, RATIO, Draws(0, [0]), assumed_snr_db=20.0)
    _, knowledge = situation.pass_symbols(torch.ones(1, 3, dtype=torch.complex64))
    torch.testing.assert_close(knowledge.noise_variance, torch.tensor([[0.01, 0.1, math.inf]]))


class Faded:
    """Complex gains that the receiver knows; the noise keeps its power against the symbols."""

    def __init__(self, gain: Tensor) -> None:
        self.gain = gain

    def __call__(
        self, symbols: Tensor, snr_db: float, draws: Draws
    ) -> tuple[Tensor, ChannelKnowledge]:
        flat, knowledge = awgn(symbols, snr_db, draws)
        gain = self.gain if self.gain.ndim == 2 else self.gain[:, None]
        variance = knowledge.noise_variance[:, None] * gain.abs().square()
        return flat * gain, ChannelKnowledge(self.gain, variance)


@pytest.mark.parametrize("shape", [(3,), (3, 135)], ids=["block", "fast"])
def test_known_gain_is_undone_before_the_decoder(
    link: CodecLink, images: Tensor, shape: tuple[int, ...]
) -> None:
    gain = torch.randn(shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(1))
    received = pictures(link, images, replace(SITUATION, channel=Faded(gain)))
    # Decimals beyond the rounding to 8 bits may differ.
    torch.testing.assert_close(received, pictures(link, images, SITUATION), atol=1.01 / 255, rtol=0)
    assert (received == pictures(link, images, SITUATION)).float().mean() > 0.99


def test_known_gain_without_noise_gives_what_no_gain_gives(link: CodecLink, images: Tensor) -> None:
    def silent(gain: complex) -> Any:
        def channel(symbols: Tensor, snr_db: float, draws: Draws) -> Any:
            del snr_db, draws
            known = torch.full((len(symbols),), gain)
            return symbols * gain, ChannelKnowledge(known, torch.zeros(len(symbols)))

        return channel

    flat = pictures(link, images, replace(SITUATION, channel=silent(1 + 0j)))
    turned = pictures(link, images, replace(SITUATION, channel=silent(0.3 - 1.4j)))
    torch.testing.assert_close(turned, flat, atol=1.01 / 255, rtol=0)
    assert (turned == flat).float().mean() > 0.99


def test_receiver_is_told_the_noise_after_equalisation(
    link: CodecLink, codec: Spy, images: Tensor
) -> None:
    def weak(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
        del snr_db, draws
        gain = torch.full((3,), 0.5j)
        return symbols * 0.5j, ChannelKnowledge(gain, torch.full((3,), 0.1))

    link.send(images, replace(SITUATION, channel=weak))
    torch.testing.assert_close(codec.told_receiver.flatten(), torch.full((3,), 0.4))


def test_symbols_that_faded_away_or_were_erased_leave_an_image(
    link: CodecLink, images: Tensor
) -> None:
    gain = torch.ones(3, 135, dtype=torch.complex64)
    gain[:, ::3] = 0

    def gone(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
        received, knowledge = awgn(symbols, snr_db, draws)
        variance = knowledge.noise_variance[:, None].expand(3, 135).clone()
        variance[:, 1::3] = math.inf
        received[:, 1::3] = complex(math.nan, math.nan)
        return received * gain, ChannelKnowledge(gain, variance)

    decoded = pictures(link, images, replace(SITUATION, channel=gone))
    # Rounding to 8 bits turns nan to black, which would hide it.
    assert (decoded.flatten(1).std(dim=1) > 0).all()
    assert (decoded > 0).float().mean() > 0.5


def test_different_links_see_the_same_noise(images: Tensor) -> None:
    noises = []

    def recorded(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
        received, knowledge = awgn(symbols, snr_db, draws)
        noises.append((symbols, received - symbols))
        return received, knowledge

    situation = replace(SITUATION, channel=recorded, snr_db=10.0, ratio=Fraction(1, 6))
    for codec in (deepcopy(spy(0)), deepcopy(spy(1)), DeepJSCC("1/6", 10.0)):
        CodecLink("one", codec).send(images, situation)
    (sent, first), (other_sent, second), (_, third) = noises
    assert not torch.allclose(sent, other_sent, atol=0.1)
    torch.testing.assert_close(first, second, atol=1e-6, rtol=0)
    torch.testing.assert_close(first, third, atol=1e-6, rtol=0)


def test_image_meets_the_same_channel_in_any_batch(link: CodecLink, images: Tensor) -> None:
    together = pictures(link, images, SITUATION)
    alone = pictures(link, images[1:2], replace(SITUATION, draws=Draws(0, [9])))
    torch.testing.assert_close(together[1:2], alone, atol=1.01 / 255, rtol=0)
    other = pictures(link, images[1:2], replace(SITUATION, draws=Draws(0, [9], draw=1)))
    assert not torch.equal(other, alone)


def test_link_has_facts(link: CodecLink) -> None:
    assert link.facts() == {"name": "tried", "recipe": {"name": "x"}}


@pytest.mark.parametrize(
    ("codec", "ratio"),
    [
        (Adaptive(width=8), "1/24"),
        (Adaptive(ratios=("1/96", "1/48"), width=8), "1/48"),  # its largest
        (Adaptive(ratios=("1/6",), width=8), "1/24"),  # any up to its largest
        (DeepJSCC("1/24"), "1/24"),
        (DeepJSCC("1/6"), "1/6"),
    ],
)
def test_ratio_that_nobody_names_is_one_in_24_or_the_nearest(codec: Codec, ratio: str) -> None:
    assert CodecLink("one", codec).default_ratio == Fraction(ratio)
    assert NoChannel().default_ratio == Fraction(1, 24)


def test_codec_of_a_link_is_in_eval_mode(codec: Spy) -> None:
    assert not CodecLink("one", codec.train()).codec.training


def test_ratio_without_weights_is_refused(link: CodecLink, images: Tensor) -> None:
    with pytest.raises(
        UserError, match="no adaptive weights for ratio 1/3; there are those for 1/384 to 1/6"
    ):
        link.send(images, replace(SITUATION, ratio=Fraction(1, 3)))


# Opening


@cache
def untrained() -> dict[str, Tensor]:
    return Adaptive(width=8).state_dict()


def store(path: Path, **changes: Any) -> None:
    plain = {"kind": "codec", "codec": "adaptive", "options": {"width": 8}, "perception": "tiny"}
    save_weights(path, untrained(), plain | {"recipe": {"name": path.stem}} | changes)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two schemes and a perception network for signs, and one scheme for others."""
    folder, work = tmp_path / "weights", tmp_path / "work"
    work.mkdir()
    for name in ("signs-djscc", "signs-semantic", "photos-plain"):
        store(folder / f"{name}.safetensors")
    save_weights(folder / "signs-a.safetensors", {"w": torch.ones(1)}, {"kind": "perception"})
    monkeypatch.setattr(checkpoint, "WEIGHTS", folder)
    monkeypatch.chdir(work)
    return folder


@pytest.mark.usefixtures("shipped")
def test_schemes_of_a_family_are_its_codecs() -> None:
    assert shipped_schemes("signs") == ["djscc", "semantic"]
    assert shipped_schemes("photos") == ["plain"]
    assert shipped_schemes("none") == []


@pytest.mark.usefixtures("shipped")
def test_link_opens_by_the_name_of_its_scheme(images: Tensor) -> None:
    link = open_link("semantic", "signs")
    assert link.name == "semantic"
    assert link.facts()["recipe"] == {"name": "signs-semantic"}
    received = link.send(images, SITUATION).images
    assert received is not None
    assert received.shape == images.shape
    assert isinstance(open_link("none", "signs"), NoChannel)


@pytest.mark.usefixtures("shipped")
def test_link_opens_from_a_checkpoint_or_the_folder_of_its_run() -> None:
    store(Path("own.safetensors"), recipe={"name": "one"})
    store(Path("runs/seven") / MODEL, recipe={"name": "other"})
    one, other = open_link("own.safetensors", "signs"), open_link("runs/seven", "signs")
    assert (one.name, one.facts()["recipe"]) == ("own.safetensors", {"name": "one"})
    assert (other.name, other.facts()["recipe"]) == ("runs/seven", {"name": "other"})


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("name", ["plain", "a", "runs/none", "own.safetensors", "magic", "=x"])
def test_unknown_link_is_refused_with_those_that_exist(name: str) -> None:
    known = re.escape(f"no link '{name}' for signs: there are none, linear, linear-adaptive, ")
    with pytest.raises(UserError, match=known + ".*label, djscc, semantic, or a checkpoint"):
        open_link(name, "signs")


def test_link_of_another_family_is_named_with_it(shipped: Path) -> None:
    store(shipped / "cars-plain.safetensors")
    save_weights(shipped / "cars-a.safetensors", {"w": torch.ones(1)}, {"kind": "perception"})
    with pytest.raises(UserError, match=r"no link 'plain' for signs, .* for cars: --weights cars"):
        open_link("plain", "signs")


@pytest.mark.usefixtures("shipped")
def test_mistyped_link_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="no link 'Semantic' for signs: did you mean 'semantic'"):
        open_link("Semantic", "signs")
    with pytest.raises(
        UserError, match=r"no link 'hybird.energy' for signs: did you mean 'hybrid'"
    ):
        open_link("hybird+energy", "signs")
    with pytest.raises(UserError, match="no link 'x=semantc' for signs: did you mean 'semantic'"):
        open_link("x=semantc", "signs")


@pytest.mark.usefixtures("shipped")
def test_a_name_counts_before_a_path_of_the_same_spelling() -> None:
    for name in ("semantic", "none", "separate"):
        Path(name).mkdir()
    store(Path("djscc"), recipe={"name": "mine"})
    assert open_link("semantic", "signs").facts()["recipe"] == {"name": "signs-semantic"}
    assert open_link("djscc", "signs").facts()["recipe"] == {"name": "signs-djscc"}
    assert open_link("./djscc", "signs").facts()["recipe"] == {"name": "mine"}
    assert isinstance(open_link("none", ""), NoChannel)
    with pytest.raises(UserError, match=r"the folder \./semantic has no model\.safetensors"):
        open_link("./semantic", "signs")
    names = ["semantic", "./djscc", "none", "separate@3", "x=djscc", "runs/moved", "x=none"]
    assert list(filter(needs_family, names)) == ["semantic", "x=djscc"]


@pytest.mark.usefixtures("shipped")
def test_weights_have_a_name_of_their_own_where_one_is_given() -> None:
    store(Path("lr=0.1/run") / MODEL, recipe={"name": "mine"})
    assert open_link("plain=djscc", "signs").name == "plain"
    assert open_link("ours=lr=0.1/run", "").name == "ours"
    assert open_link("lr=0.1/run", "").name == "lr=0.1/run"
    assert open_link("signs-djscc", "").facts()["recipe"] == {"name": "signs-djscc"}
    said = "no link 'x=separate'.*: only weights and links of your own .* name: leave out x=$"
    with pytest.raises(UserError, match=said):
        open_link("x=separate", "signs")


@pytest.mark.usefixtures("shipped")
def test_behind_a_plus_stands_how_symbols_are_divided(tiny_perception: Perception) -> None:
    found = find_link("semantic+importance-energy@0.5", "signs")
    assert found.weights == find_link("semantic", "signs").weights
    assert found.policy == Policy("importance-energy", 0.5)
    named = find_link("x=semantic+importance-energy", "signs")
    assert (named.name, named.policy) == ("x", Policy("importance-energy"))
    store(Path("a+b") / MODEL, recipe={"name": "mine"})
    assert find_link("a+b", "").policy is None
    own = find_link("a+b+importance-energy", "")
    assert (own.scheme, own.policy) == ("a+b", Policy("importance-energy"))
    Path("semantic+energy").mkdir()  # a name counts before a path
    assert find_link("semantic+energy", "signs").policy == Policy("energy")
    smoothing = find_link("separate-hevc@10+importance-energy@0.5", "")
    assert (smoothing.scheme, smoothing.design_snr_db) == ("separate-hevc", 10.0)
    assert smoothing.policy == Policy("importance-energy", 0.5)
    assert find_link("separate-roi", "").policy == Policy("importance-energy")
    assert find_link("separate-roi@10", "").design_snr_db == 10.0
    tuned = find_link("separate-hevc@10+semantic", "")
    assert (tuned.scheme, tuned.design_snr_db) == ("separate-hevc", 10.0)
    assert tuned.policy == Policy("semantic")
    with pytest.raises(UserError, match="no link"):
        find_link("nothing+energy", "signs")
    with pytest.raises(UserError, match="did you mean 'energy'"):
        find_link("semantic+energi", "signs")
    with pytest.raises(UserError, match="the codec 'adaptive' spends alike on all regions"):
        open_link("semantic+importance-energy", "signs", tiny_perception)
    with pytest.raises(UserError, match="needs a network that looks at the sender"):
        open_link("linear-adaptive+importance-energy", "")


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    "base", ["semantic", "signs-semantic", "linear-adaptive", "hybrid", "separate@3", "a+b", "./a"]
)
@pytest.mark.parametrize("more", ["energy", "importance-energy@2", "semantic", "nothing"])
def test_a_link_has_one_policy(base: str, more: str) -> None:
    for folder in ("a+b", "a"):
        store(Path(folder) / MODEL, recipe={"name": "mine"})
    for name in (f"{base}+semantic+{more}", f"x={base}+semantic+{more}"):
        with pytest.raises(UserError, match="a link has one policy"):
            find_link(name, "signs")
    Path("b+semantic").mkdir()
    store(Path("b+semantic/c") / MODEL, recipe={"name": "mine"})
    assert find_link("b+semantic/c+energy", "").policy == Policy("energy")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(
            (f"{link}+{policy}", f"the link {link} takes no policy: linear-adaptive, hybrid, sep")
            for link in ("none", "label", "linear", "capacity", "finite")
            for policy in ("semantic", "energy", "nothing", "")
        ),
        ("separate@3+semantc", "there is no +semantc: did you mean 'semantic'"),
        ("separate+semantic@10", "a fixed MCS stands before it: separate@10+semantic"),
        ("separate@3+semantic@1", "the link separate@3 takes +semantic without an exponent"),
        ("separate-roi+semantic", "a link has one policy"),
    ],
)
def test_a_link_that_takes_no_such_policy_says_what_it_takes(name: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        find_link(name, "signs")


def test_names_are_those_of_the_parts() -> None:
    assert tuple(CODERS) == CODER_NAMES
    assert {NoChannel.name, LabelLink.name, *BOUNDS} <= set(untrained_links())


def test_checkpoint_of_another_kind_is_no_link(shipped: Path) -> None:
    with pytest.raises(UserError, match="holds no codec but a perception"):
        open_link(str(shipped / "signs-a.safetensors"), "signs")


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("recipe", [None, {}, [], "x", 3, {"name": "two\nlines \x1b[31m"}])
def test_link_from_a_checkpoint_has_the_users_name_whatever_its_recipe_says(recipe: object) -> None:
    store(Path("own.safetensors"), recipe=recipe)
    assert open_link("own.safetensors", "signs").name == "own.safetensors"


class Loud(CodecLink):
    """A codec's symbols, changed on their way to the channel."""

    def __init__(self, codec: Adaptive, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__("loud", codec)
        self.change = change

    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        sent = super().transmit(images, ratio, snr_db)
        return replace(sent, symbols=self.change(sent.symbols))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: torch.cat([x, x], dim=1), r"link loud .*\(2, 256\).*\(2, 128\) channel uses"),
        (lambda x: x[:, :100], r"\(2, 100\)"),
        (lambda x: x[:1], r"\(1, 128\)"),
        (lambda x: x.real, "link loud sends real numbers"),
        (lambda x: 2 * x, "mean power 4: all links have 1"),
        (lambda x: x * math.nan, "mean power nan"),
    ],
)
def test_symbols_that_no_other_link_may_send_are_refused(
    codec: Spy, change: Callable[[Tensor], Tensor], message: str
) -> None:
    images = torch.rand(2, 3, 16, 32, generator=torch.Generator().manual_seed(3))
    situation = Situation(awgn, 10.0, RATIO, Draws(0, [0, 1]))
    Loud(codec, lambda x: x).send(images, situation)
    Loud(codec, lambda x: 0 * x).send(images, situation)  # as where nothing fits
    with pytest.raises(UserError, match=message):
        Loud(codec, change).send(images, situation)


def test_a_constellation_has_power_one_on_average_alone() -> None:
    corner = torch.full((1, 64), 1 + 1j)  # of 16-QAM at random, now and then a little much
    sent = torch.cat([corner[:, :40], corner[:, :24] / 3], dim=1) * (9 / 10) ** 0.5
    assert float(sent.abs().square().mean()) == pytest.approx(1.2)
    check_symbols("qam", sent, 1, 64)
    with pytest.raises(UserError, match=r"power 1\.2"):
        check_symbols("qam", sent.expand(40, 64), 40, 64)
