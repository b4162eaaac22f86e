"""A receiver that asks once more for what it lost and what matters most.

    sender ─► k symbols ─► channel ─► receiver
       ▲                                  │ which packets, without error
       └──────────────────────────────────┘
       └─► those once more, of power 1 at most ─► channel ─► receiver ─► image'

This is one round of hybrid automatic repeat request (HARQ), in simulation: the way back carries
which packets are asked for, takes no time, makes no error and is not counted. What it brings is
counted: the symbols that are sent again stand in the results beside the k. They pass the same
channel with noise and losses of their own, and what is lost again stays lost. Only erased symbols
are asked for, so that none arrives twice.

What a packet is worth the receiver concludes from the plan: by how much the weighted error would
fall, given all that has arrived. While the block that tells of regions is lost, it is asked for
first; what the other packets hold is then not known, and the earlier ones go first.
"""

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.channels.erasures import PACKET
from semjscc.linear.planning.order import worths
from semjscc.linear.planning.plans import from_channel
from semjscc.links.base import Control, Link, Received, Situation, SymbolLink, sent_by
from semjscc.links.joint_coding.linear_adaptive import told_plan
from semjscc.links.joint_coding.progressive import ProgressiveLink, plan_in_order
from semjscc.randomness import Draws, generator

SCALE_BITS, STEPS_AN_OCTAVE = 8, 8
"""Of the amplitude by which repeated symbols are scaled to power 1, or up to 0.75 dB less; the
receiver is told."""
_NOTHING = torch.zeros(0, dtype=torch.int64)
AGAIN = 1 << 19
"""Added to the number of a draw: the second transmission meets a channel of its own."""


class RepeatingLink(Link):
    """Another link whose receiver may ask once more.

    Args:
        name: what tables call it.
        inner: the other link; every control record of it must announce a plan.
        share: how many symbols may be sent again at most, as a share of k.
        by_chance: ask in random order, to see what choosing is worth.
    """

    def __init__(
        self, name: str, inner: SymbolLink, share: Fraction, *, by_chance: bool = False
    ) -> None:
        self.name = name
        self.inner = inner
        self.share = share
        self.by_chance = by_chance

    @property
    def default_ratio(self) -> Fraction:
        """That of the other link."""
        return self.inner.default_ratio

    def facts(self) -> dict[str, Any]:
        """What the other link says, by its own name, and how much may be sent again."""
        chosen = "by chance" if self.by_chance else "by worth"
        own = {"name": self.name, "repeat": str(self.share), "asks": chosen}
        return {**self.inner.facts(), **own}

    @torch.inference_mode()
    def send(self, images: Tensor, situation: Situation) -> Received:
        """Transmit, ask, transmit that again, receive.

        Raises:
            UserError: as of `sent_by`.
        """
        size = images.shape[-2], images.shape[-1]
        snr_db = self.inner.sender_snr_db(situation, size)
        sent = sent_by(self.inner, images, situation.ratio, snr_db)
        symbols, variance = equalise(*situation.pass_symbols(sent.symbols))
        symbols, variance = symbols.clone(), variance.expand(symbols.shape).clone()
        repeated = torch.zeros(len(images), dtype=torch.int64)
        for row, control in enumerate(sent.control):
            own = replace(situation.draws, indices=[situation.draws.indices[row]])
            places = self._asked_for(symbols[row].cpu(), variance[row].cpu(), control, own)
            if len(places):
                again = replace(situation, draws=replace(own, draw=AGAIN + own.draw))
                symbols[row, places], variance[row, places] = _once_more(
                    sent.symbols[row, places], again
                )
                repeated[row] = len(places)
        knowledge = ChannelKnowledge(symbols.new_ones(len(symbols)), variance)
        received = self.inner.receive(symbols, knowledge, sent.control)
        bits = received.control_bits + SCALE_BITS
        return replace(received, control_bits=bits, repeated=repeated)

    def _asked_for(
        self, symbols: Tensor, variance: Tensor, control: Control, draws: Draws
    ) -> Tensor:
        """The places (m,) of one image's symbols (k,) that its receiver asks for."""
        lost = variance.isinf()
        if not lost.any():
            return _NOTHING
        packets = lost.nonzero()[:, 0].split_with_sizes(_sizes(lost))
        if self.by_chance:
            rng = generator(draws.seed, "repeat", draws.indices[0], draws.draw)
            wanted = [packets[int(place)] for place in rng.permutation(len(packets))]
        else:
            worth, known = self._worths(symbols, variance, control)
            means = torch.stack([worth[places].mean() for places in packets])
            ranked = means.argsort(descending=True, stable=True).tolist()
            wanted = [packets[place] for place in ranked if means[place] > 0 or not known]
        # Of the last packet as much as there is room for.
        return torch.cat([*wanted, _NOTHING])[: math.floor(self.share * len(symbols))]

    def _worths(self, symbols: Tensor, variance: Tensor, control: Control) -> tuple[Tensor, bool]:
        """What each of one image's symbols (k,) would add, and whether the plan is known."""
        if isinstance(self.inner, ProgressiveLink):
            plan, order = plan_in_order(symbols, variance, control)
        else:
            plan = told_plan(symbols, variance, control)
            order = torch.arange(len(symbols))
        back = order.argsort()
        _, noise = from_channel(symbols[back], variance[back], plan)
        found = worths(plan, noise)
        if not plan.whole:
            found[: plan.uses] = math.inf
        return found[order], plan.whole


def _sizes(lost: Tensor) -> list[int]:
    """How many symbols each packet has lost, where it has: (k,) bool."""
    counts = [int(part.sum()) for part in lost.split(PACKET)]
    return [count for count in counts if count]


def _once_more(symbols: Tensor, situation: Situation) -> tuple[Tensor, Tensor]:
    """Symbols (m,) through the channel with power 1 at most: as they arrive, and their N0."""
    power = float(symbols.abs().square().mean())
    octaves = -math.log2(max(power, 1e-12)) / 2
    word = math.floor(octaves * STEPS_AN_OCTAVE)
    scale = 2.0 ** (min(word, (1 << (SCALE_BITS - 1)) - 1) / STEPS_AN_OCTAVE)
    heard, variance = equalise(*situation.pass_symbols(scale * symbols[None]))
    return heard[0] / scale, (variance / scale**2).expand(heard.shape)[0]
