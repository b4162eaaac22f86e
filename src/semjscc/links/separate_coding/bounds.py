"""What separate coding could reach with an ideal channel code, and the same source coder.

``capacity``: log2(1 + SNR) bits a symbol without error, however short the block (Shannon 1948).
``finite``: the normal approximation for k symbols and 1 % block errors (Polyanskiy 2010), which
then do happen; at k ≤ 512 it is far below capacity, and no real code comes much closer to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError
from semjscc.links.base import Control, Link, Received, Situation
from semjscc.links.catalogue import CAPACITY, FINITE
from semjscc.links.separate_coding.source import SourceStage, describe
from semjscc.randomness import generator
from semjscc.separation.bounds import ERROR_RATE, capacity_bits, finite_bits


@dataclass(frozen=True)
class Bound:
    """An ideal channel code.

    Attributes:
        bits: payload for k symbols at an SNR in dB.
        block_error: the share of blocks it loses at that payload.
    """

    bits: Callable[[int, float], int]
    block_error: float


BOUNDS = {CAPACITY: Bound(capacity_bits, 0.0), FINITE: Bound(finite_bits, ERROR_RATE)}


class BoundLink(Link):
    """A source coder over an ideal channel code; more than the SNR carries is lost."""

    def __init__(self, name: str, stage: SourceStage) -> None:
        self.name = name
        self._bound = BOUNDS[name]
        self._stage = stage

    def facts(self) -> dict[str, Any]:
        """Its name and what its source coder says."""
        return {"name": self.name, **self._stage.facts()}

    @torch.inference_mode()
    def send(self, images: Tensor, situation: Situation) -> Received:
        """Images through the source coder at the ideal rate.

        Raises:
            UserError: the channel is not AWGN, the only one these bounds are for.
        """
        if situation.channel is not awgn:
            raise UserError(f"the link '{self.name}' is a bound for awgn only")
        size = images.shape[-2], images.shape[-1]
        uses = channel_uses(*size, situation.ratio)
        believed = situation.believed_snr_db
        budget = self._bound.bits(uses, believed) // 8
        coders = self._stage.coders(situation.ratio, believed, size)
        payloads = self._stage.encode_or_small(images, budget, coders)
        control = describe(Control(self.name, *size, situation.ratio), payloads, coders[0], None)
        carried = self._bound.bits(uses, situation.snr_db)
        arrived = [
            None
            if payload is None or 8 * len(payload.encoded.payload) > carried or lost
            else payload.encoded.payload
            for payload, lost in zip(payloads, self._lost(situation), strict=True)
        ]
        return self._stage.receive(arrived, control, uses, images.device)

    def _lost(self, situation: Situation) -> list[bool]:
        """Which blocks the code fails on."""
        draws = situation.draws
        return [
            generator(draws.seed, "block error", index, draws.draw).random()
            < self._bound.block_error
            for index in draws.indices
        ]
