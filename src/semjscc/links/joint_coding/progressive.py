"""A link whose symbols are sent in order of what they are worth.

    image ─► link ─► k symbols ─► in order ─► channel ─► back ─► link ─► image'

The first symbols are those without which there is no picture, and the others follow by what each
adds: any part from the beginning is nearly the best picture that so many symbols of this
transmission make, and a lost tail costs the least. The power falls from the beginning to the end,
since what is worth more has more of it; over all k symbols its mean is 1.

The order follows from the plan, see `semjscc.linear.planning.order`, and nothing more is told.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.linear.planning.order import order_of
from semjscc.linear.planning.plans import Plan
from semjscc.links.base import Control, Received, Situation, SymbolLink, Transmission
from semjscc.links.joint_coding.linear_adaptive import early_plan, told_plan


class ProgressiveLink(SymbolLink):
    """Another link with its symbols in order.

    Args:
        name: what tables call it.
        inner: the other link; every control record of it must announce a plan.
    """

    def __init__(self, name: str, inner: SymbolLink) -> None:
        self.name = name
        self.inner = inner

    @property
    def default_ratio(self) -> Fraction:
        """That of the other link."""
        return self.inner.default_ratio

    def facts(self) -> dict[str, Any]:
        """What the other link says, by its own name."""
        return {**self.inner.facts(), "name": self.name, "progressive": True}

    def sender_snr_db(self, situation: Situation, size: tuple[int, int]) -> float:
        """As of the other link."""
        return self.inner.sender_snr_db(situation, size)

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """The symbols of the other link, the ones that are worth most first."""
        sent = self.inner.transmit(images, ratio, snr_db)
        rows = [
            symbols[order_of(told_plan(symbols.cpu(), torch.zeros(len(symbols)), control))]
            for symbols, control in zip(sent.symbols, sent.control, strict=True)
        ]
        told = [replace(control, in_order=True) for control in sent.control]
        return Transmission(torch.stack(rows), told)

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """What the other link makes of them once they stand where it put them."""
        equalised, variance = equalise(symbols, knowledge)
        variance = variance.expand(symbols.shape)
        each = zip(equalised.cpu(), variance.cpu(), control, strict=True)
        back = torch.stack([plan_in_order(*one)[1].argsort() for one in each]).to(symbols.device)
        gain, noise = (
            values.gather(1, back) if values.shape == symbols.shape else values
            for values in (knowledge.gain, knowledge.noise_variance)
        )
        return self.inner.receive(symbols.gather(1, back), ChannelKnowledge(gain, noise), control)


def plan_in_order(symbols: Tensor, variance: Tensor, control: Control) -> tuple[Plan, Tensor]:
    """The plan of an image and the order of its symbols, as a receiver finds them out.

    Args:
        symbols: (k,) complex64, equalised, as `ProgressiveLink` sent them.
        variance: N0 of each, (k,); infinite where it is erased.
        control: the image's record.

    Returns:
        the plan, and which of the other link's symbols was sent at each place, (k,) int64.
    """
    plan = early_plan(len(symbols), control)
    order = order_of(plan)
    if not plan.whole:
        # As far as the block's end the order is that of the whole plan.
        back = order.argsort()
        plan = told_plan(symbols[back], variance[back], control)
        order = order_of(plan)
    return plan, order
