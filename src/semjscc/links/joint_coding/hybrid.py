"""`hybrid`: a coarse image as separate coding sends it, and its error as linear coding does.

    image ─► source coder ─► 5G code, QAM ─► the first symbols
      └─(−)◄── coarse image ◄─┘
         └───► `linear-adaptive` ─► the other symbols

Bits are the cheapest way to send what is strong; what is as weak as the noise is better sent as it
is, and gets better with the SNR (hybrid digital-analog coding: Skoglund, Phamdo and Alajaji, IEEE
Transactions on Information Theory 52, 3757, 2006). The error of a source coder is mostly texture
that it left out, and that is what a vision network misses. A sender may weigh the error of each
region by how much it matters.

Where nothing fits into the first symbols, all of them are linear.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from semjscc.allocation.sender import Allocation
from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge, undisturbed
from semjscc.codecs.bandwidth import channel_uses
from semjscc.images import quantise
from semjscc.linear.spectrum import mean_colour
from semjscc.links.base import (
    Control,
    Received,
    Situation,
    SymbolLink,
    Transmission,
    received_whole,
    senders_draws,
)
from semjscc.links.joint_coding.linear_adaptive import LOST as STRENGTHS_LOST
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink, tuned
from semjscc.links.separate_coding.separate import SeparateLink
from semjscc.links.separate_coding.source import SourceControl, SourceStage

COARSE_SHARE = 0.6
"""Of the symbols, for the coarse image."""
LOST = "its coarse image was lost: the rest is drawn on the mean training image"


class HybridLink(SymbolLink):
    """Separate coding, refined by linear coding.

    Args:
        name: what tables call it.
        stage: the source coder of the coarse image.
        allocation: a policy for the refinement, if any.
    """

    scheme = "hybrid"

    def __init__(self, name: str, stage: SourceStage, allocation: Allocation | None = None) -> None:
        self.name = name
        self._stage = stage
        self._coarse = SeparateLink(name, stage)
        self._fine = AdaptiveLinearLink()
        self._allocation = allocation

    def facts(self) -> dict[str, Any]:
        """Its name, what its source coder and its policy say, and the share of the coarse image."""
        own = self._allocation.facts() if self._allocation else {}
        return {"name": self.name, "coarse_share": COARSE_SHARE, **self._stage.facts(), **own}

    def sender_snr_db(self, situation: Situation, size: tuple[int, int]) -> float:
        """As of separate coding."""
        return self._coarse.sender_snr_db(situation, size)

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """The coarse images first."""
        uses = channel_uses(images.shape[-2], images.shape[-1], ratio)
        coarse = self._coarse.transmit_in(coarse_uses(uses), images, ratio, snr_db)
        arriving = self._coarse.receive(coarse.symbols, undisturbed(len(images)), coarse.control)
        known = _stand_in(arriving, coarse.control).to(images)
        symbols = coarse.symbols.new_zeros(len(images), uses)
        controls = list(coarse.control)
        for rows, first in _alike(coarse.control, coarse_uses(uses)):
            fine = self._refine(images[rows], known[rows], uses - first, ratio, snr_db)
            symbols[rows] = torch.cat([coarse.symbols[rows, :first], fine.symbols], dim=1)
            for row, own in zip(rows, fine.control, strict=True):
                told = replace(controls[row], codec=self.scheme)
                controls[row] = replace(told, level=own.level, announced=own.announced)
        return Transmission(symbols, controls)

    def _refine(
        self, images: Tensor, known: Tensor, uses: int, ratio: Fraction, snr_db: float
    ) -> Transmission:
        """What is known already is left out."""
        error = images - known + _grey(images)
        if self._allocation is None:
            return self._fine.transmit_in(uses, error, ratio, snr_db)

        def likely() -> Tensor:
            plain = self._fine.transmit_in(uses, error, ratio, snr_db)
            noisy, knowledge = awgn(plain.symbols, snr_db, senders_draws(len(images)))
            return quantise(self._refined(known, noisy, knowledge, plain.control)[0])

        weights, blind = self._allocation.weights(images, likely), self._allocation.policy.blind
        weighed = self._fine.transmit_in(uses, error, ratio, snr_db, weights, blind=blind)
        return tuned(weighed, images, snr_db, self._allocation, known - _grey(known))

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """Where a coarse image is lost, the rest is drawn on what stands for it."""
        uses = symbols.shape[1]
        first = coarse_uses(uses)
        coarse = self._coarse.receive(symbols[:, :first], _part(knowledge, 0, first), control)
        known = _stand_in(coarse, control)
        images, delivered = torch.empty_like(known), coarse.delivered.clone()
        notes: list[str | None] = [None] * len(symbols)
        for rows, start in _alike(control, first):
            part = _rows(_part(knowledge, start, uses), rows)
            own = [control[row] for row in rows]
            images[rows], whole = self._refined(known[rows], symbols[rows, start:], part, own)
            for row, intact in zip(rows, whole.tolist(), strict=True):
                delivered[row] |= start == 0
                notes[row] = LOST if not delivered[row] else None if intact else STRENGTHS_LOST
        received = received_whole(images, control, self.scheme, notes)
        return replace(received, delivered=delivered, payload_bits=coarse.payload_bits)

    def _refined(
        self, known: Tensor, symbols: Tensor, knowledge: ChannelKnowledge, told: Sequence[Control]
    ) -> tuple[Tensor, Tensor]:
        """Images (B, 3, H, W), not clamped, and whether the strengths of regions arrived (B,)."""
        error, whole = self._fine.estimate(symbols, knowledge, told)
        return known + error.to(known) - _grey(known), whole


def coarse_uses(uses: int) -> int:
    """How many of k symbols the coarse image has."""
    return max(1, int(COARSE_SHARE * uses))


def _alike(control: Sequence[Control], first: int) -> list[tuple[list[int], int]]:
    """Rows with a coarse image and rows without, and where the linear symbols of each begin."""
    coarse = [isinstance(one, SourceControl) and one.mode is not None for one in control]
    groups = [
        ([row for row, has in enumerate(coarse) if has], first),
        ([row for row, has in enumerate(coarse) if not has], 0),
    ]
    return [group for group in groups if group[0]]


def _stand_in(coarse: Received, control: Sequence[Control]) -> Tensor:
    """The coarse images (B, 3, H, W), and grey where there is none, as linear coding begins."""
    assert coarse.images is not None
    images = coarse.images.clone()
    for rows, start in _alike(control, 1):
        if start == 0:
            images[rows] = _grey(images).expand_as(images[rows])
    return images


def _grey(images: Tensor) -> Tensor:
    """The colour that linear coding takes images to have on average: (3, 1, 1)."""
    return mean_colour().to(images)[:, None, None]


def _part(knowledge: ChannelKnowledge, start: int, stop: int) -> ChannelKnowledge:
    """What is known of some of the symbols."""
    gain, noise = (
        values[:, start:stop] if values.ndim == 2 and values.shape[1] > 1 else values
        for values in (knowledge.gain, knowledge.noise_variance)
    )
    return ChannelKnowledge(gain, noise)


def _rows(knowledge: ChannelKnowledge, rows: Sequence[int]) -> ChannelKnowledge:
    """What is known of some of the images."""
    return ChannelKnowledge(knowledge.gain[rows], knowledge.noise_variance[rows])
