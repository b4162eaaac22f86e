"""`linear-adaptive`: linear coding with a spectrum for each region of the picture.

    image ─► blocks, overview ─► the strongest coefficients · amplitudes ─────┐
      └────► strengths of regions ─► range coder ─► 5G code, QAM ─► symbols ◄─┘

`linear` gives every block the same room and the same amplitudes. Here the sender measures how
strong each region is and tells it; then room and power go where they matter, by water-filling over
all coefficients of the picture. The means of blocks are transformed once more, over the whole
picture. The sender takes the size of regions that promises the least error. It may weigh the error
of each region by how much it matters (`semjscc.allocation`), and tells the weights as well.

Where the block with the strengths is lost, the receiver has the overview alone: its spectrum is
fixed. Where no block is sent, since k is too small, the whole spectrum is.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import torch
from torch import Tensor

from semjscc.allocation.sender import Allocation
from semjscc.allocation.tuning import tune
from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import channel_uses, latent_size
from semjscc.images import pad_to_multiple
from semjscc.linear.allocation import estimate
from semjscc.linear.level import design_snr, from_words, to_words
from semjscc.linear.overview import from_overview, mean_places, to_overview
from semjscc.linear.planning.announcement import Announcement
from semjscc.linear.planning.logs import overview_gain
from semjscc.linear.planning.plans import (
    Plan,
    from_channel,
    plan_received,
    plan_to_send,
    plan_without_block,
    to_channel,
)
from semjscc.linear.spectrum import variances
from semjscc.linear.transform import BLOCK, analyse, synthesise
from semjscc.links.base import (
    Control,
    Received,
    SymbolLink,
    Transmission,
    likely_received,
    received_whole,
)

LOST = "its block of strengths was lost: only the overview, the means of blocks, arrived"


class AdaptiveLinearLink(SymbolLink):
    """Linear coding with the spectrum of each region, told within the k symbols."""

    scheme = "linear-adaptive"

    def __init__(self, name: str = scheme, allocation: Allocation | None = None) -> None:
        self.name = name
        self._allocation = allocation
        self._spectrum = variances()  # so that results know when it changes

    def facts(self) -> dict[str, Any]:
        """Its name, and what its sender's policy says."""
        return {"name": self.name, **(self._allocation.facts() if self._allocation else {})}

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """Each image in the way that promises the least error."""
        weights, blind = None, False
        if self._allocation is not None:
            likely = partial(likely_received, AdaptiveLinearLink(), images, ratio, snr_db)
            weights = self._allocation.weights(images, likely)
            blind = self._allocation.policy.blind
        uses = channel_uses(images.shape[-2], images.shape[-1], ratio)
        sent = self.transmit_in(uses, images, ratio, snr_db, weights, blind=blind)
        return tuned(sent, images, snr_db, self._allocation)

    @torch.inference_mode()
    def transmit_in(
        self,
        k: int,
        images: Tensor,
        ratio: Fraction,
        snr_db: float,
        weights: Tensor | None = None,
        *,
        blind: bool = False,
    ) -> Transmission:
        """The same in k symbols, which may be a part of those of the ratio.

        Args:
            k: complex symbols.
            images: (B, 3, H, W), float32; of any range, such as what another link left over.
            ratio: for the control record.
            snr_db: the mean SNR that the sender believes in, in dB.
            weights: how much each block's error counts, (B, h, w) ≥ 0; None where all count alike.
            blind: see `semjscc.linear.planning.plans.plan_to_send`.
        """
        size = images.shape[-2], images.shape[-1]
        design_db = design_snr(torch.tensor(snr_db))
        symbols, controls = [], []
        counting = [None] * len(images) if weights is None else list(weights.cpu())
        pictures = analyse(pad_to_multiple(images, BLOCK)).cpu()
        for blocks, weight in zip(pictures, counting, strict=True):
            gain = overview_gain(blocks)
            unit = to_overview(blocks) / gain
            plan, announced, block = plan_to_send(
                unit, k, snr_db, _noise(design_db), weight, blind=blind
            )
            sent, scale = to_channel(plan.sending.amplitudes * plan.sending.pack(unit), plan, block)
            (word,) = to_words((gain * scale)[None], design_db[None])
            symbols.append(sent)
            controls.append(Control(self.scheme, *size, ratio, level=word, announced=announced))
        return Transmission(torch.stack(symbols).to(images.device), controls)

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """The strengths first; where they are lost the overview is a picture all the same."""
        images, whole = self.estimate(symbols, knowledge, control)
        notes = [None if one else LOST for one in whole.tolist()]
        return received_whole(images, control, self.scheme, notes)

    @torch.inference_mode()
    def estimate(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> tuple[Tensor, Tensor]:
        """What `receive` makes of it before clamping and rounding.

        Returns:
            images (B, 3, H, W) float32, and whether the strengths arrived (B,) bool.
        """
        size = control[0].height, control[0].width
        equalised, variance = equalise(symbols, knowledge)
        variance = variance.expand(symbols.shape)
        each = list(zip(equalised.cpu(), variance.cpu(), control, strict=True))
        plans = [told_plan(*one) for one in each]
        blocks = [_blocks(*one, plan) for one, plan in zip(each, plans, strict=True)]
        images = synthesise(torch.stack(blocks).to(symbols.device))[..., : size[0], : size[1]]
        return images, torch.tensor([plan.whole for plan in plans])


def tuned(
    sent: Transmission,
    images: Tensor,
    snr_db: float,
    allocation: Allocation | None,
    beside: Tensor | None = None,
) -> Transmission:
    """The same with the numbers of each image tuned, if its sender's policy says so.

    Args:
        sent: by `AdaptiveLinearLink.transmit_in`.
        images: (B, 3, H, W) in [0, 1], as they are wanted.
        snr_db: the mean SNR that the sender believes in, in dB.
        allocation: the sender's.
        beside: (B, 3, H, W), what a receiver adds to its estimate; None for nothing.
    """
    network, rows = None if allocation is None else allocation.tuned_to, []
    if network is None:
        return sent
    with torch.inference_mode(False):  # gradients will pass what is made here
        added = torch.zeros_like(images) if beside is None else beside.clone()
        # One by one: a sum over a batch has other last bits, which many steps make large.
        for image, symbols, control, own in zip(
            images, sent.symbols.cpu(), sent.control, added, strict=True
        ):
            first, reconstruct = _receiver(symbols.clone(), snr_db, control, own)
            rows.append(tune(network, image[None], symbols, first, snr_db, reconstruct))
    return Transmission(torch.stack(rows).to(images.device), sent.control)


def symbols_of_blocks(symbols: Tensor, control: Control) -> Tensor:
    """How many of an image's symbols each block has to itself.

    Those of the overview, and of what tells of regions, belong to the whole picture.

    Args:
        symbols: (k,) complex64, as they were sent.
        control: the image's record.

    Returns:
        (h, w) float32 ≥ 0; a block's numbers go two to a symbol.
    """
    sending = told_plan(symbols.cpu(), torch.zeros(len(symbols)), control).sending
    numbers = sending.unpack(sending.times.float())
    numbers[mean_places()] = 0
    return numbers.sum(dim=0) / 2


def _receiver(
    symbols: Tensor, snr_db: float, control: Control, added: Tensor
) -> tuple[int, Callable[[Tensor], Tensor]]:
    """Where the numbers among one image's symbols (k,) begin, and what is made of noisy ones."""
    variance = noise_variance(torch.tensor(snr_db)).expand(len(symbols))
    plan = told_plan(symbols, variance, control)

    def reconstruct(noisy: Tensor) -> Tensor:
        blocks = _blocks(noisy, variance, control, plan)
        drawn = synthesise(blocks[None].to(added.device))
        return added + drawn[..., : control.height, : control.width]

    return plan.uses, reconstruct


def told_plan(symbols: Tensor, variance: Tensor, control: Control) -> Plan:
    """What one image's symbols were planned by, as far as its receiver can tell.

    It is the same for every link whose record announces a plan.

    Args:
        symbols: (k,) complex64, equalised.
        variance: N0 of each, (k,); infinite where it is erased.
        control: the image's record.
    """
    announced, size, noise = _told(control)
    return plan_received(symbols, variance, announced, size, noise)


def early_plan(k: int, control: Control) -> Plan:
    """The same before any of its k symbols has arrived."""
    return plan_without_block(k, *_told(control))


def _told(control: Control) -> tuple[Announcement, tuple[int, int], float]:
    """What is announced, h x w, and the noise that the sender believes in."""
    _, design_db = from_words([control.level or 0])
    assert control.announced is not None, "every record of such a link announces a plan"
    size = latent_size(control.height, control.width, BLOCK)
    return control.announced, size, _noise(design_db)


def _blocks(symbols: Tensor, variance: Tensor, control: Control, plan: Plan) -> Tensor:
    """What they tell of its blocks: (768, h, w)."""
    gain, _ = from_words([control.level or 0])
    found, noise = from_channel(symbols, variance, plan)
    guesses = estimate(found, plan.sending.amplitudes, plan.sending.variances, noise)
    return from_overview(gain * plan.sending.unpack(guesses))


def _noise(design_db: Tensor) -> float:
    return float(noise_variance(design_db))
