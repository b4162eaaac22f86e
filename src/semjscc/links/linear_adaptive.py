"""`linear-adaptive`: linear coding with a spectrum for each region of the picture.

    image ─► blocks, overview ─► the strongest coefficients · amplitudes ─────┐
      └────► strengths of regions ─► range coder ─► 5G code, QAM ─► symbols ◄─┘

`linear` gives every block the same room and the same amplitudes. Here the sender measures how
strong each region is and tells it; then room and power go where they matter, by water-filling over
all coefficients of the picture. The means of blocks are transformed once more, over the whole
picture. The sender takes the size of regions that promises the least error.

Where the block with the strengths is lost, the receiver has the overview alone: its spectrum is
fixed. Where no block is sent, since k is too small, the whole spectrum is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import channel_uses, latent_size
from semjscc.codecs.symbols import normalise_power
from semjscc.images import pad_to_multiple, quantise
from semjscc.linear.allocation import estimate
from semjscc.linear.description import describe, understand
from semjscc.linear.level import design_snr, from_words, to_words
from semjscc.linear.logs import (
    lost_logs,
    overview_gain,
    told_histogram,
    untold_histogram,
    untold_logs,
)
from semjscc.linear.overview import from_overview, to_overview
from semjscc.linear.regions import LAYOUTS, strengths
from semjscc.linear.repetition import gather, spread
from semjscc.linear.selection import Water, plan, promised_error, settle
from semjscc.linear.spectrum import variances
from semjscc.linear.transform import BLOCK, analyse, synthesise
from semjscc.links.base import Control, Received, SymbolLink, Transmission, equalise
from semjscc.links.linear import from_complex, to_complex
from semjscc.links.linear_control import LARGEST_SHARE, NO_BLOCK, AdaptiveControl, Block
from semjscc.links.side_block import block_for, likely_uses, receive_block, send_block

DRAFT = 0.95
"""The share of all symbols that is at first taken to be left for the picture itself."""

LOST = "its block of strengths was lost: only the overview, the means of blocks, arrived"

SMALLEST_GAIN = 2.0**-8
"""Of the overview of a picture whose blocks all have the mean colour of photographs."""


@dataclass(frozen=True)
class Draft:
    """One way to send a picture of gain 1.

    Attributes:
        error: the squared error that it promises.
        payload: what is told of the strengths, empty where nothing is.
        water: how high the water stands.
    """

    error: float
    payload: bytes
    water: Water


class AdaptiveLinearLink(SymbolLink):
    """Linear coding with the spectrum of each region, told within the k symbols."""

    name = "linear-adaptive"

    def __init__(self) -> None:
        self._spectrum = variances()  # so that results know when it changes

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """Each image in the way that promises the least error."""
        size = images.shape[-2], images.shape[-1]
        k = channel_uses(*size, ratio)
        design_db = design_snr(torch.tensor(snr_db))
        symbols, controls = [], []
        for blocks in analyse(pad_to_multiple(images, BLOCK)).cpu():
            unit = to_overview(blocks)
            gain = max(overview_gain(unit), SMALLEST_GAIN)
            unit /= gain
            draft, block = best_draft(unit, k, snr_db, _noise(design_db))
            sent, scale = _symbols(unit, draft, block, k, _noise(design_db))
            (word,) = to_words(torch.tensor([gain * scale]), design_db[None])
            told = AdaptiveControl(self.name, *size, ratio, draft.water, block, level=word)
            symbols.append(sent)
            controls.append(told)
        return Transmission(torch.stack(symbols).to(images.device), controls)

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """The strengths first; where they are lost the overview is a picture all the same."""
        images, whole = self.estimate(symbols, knowledge, control)
        return Received(
            quantise(images),
            None,
            torch.ones(len(images), dtype=torch.bool),
            channel_uses=symbols.shape[1],
            control_bits=control[0].to_bits(),
            codec=self.name,
            notes=[None if one else LOST for one in whole.tolist()],
        )

    @torch.inference_mode()
    def estimate(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> tuple[Tensor, Tensor]:
        """What `receive` makes of it before clamping and rounding.

        Returns:
            images (B, 3, H, W) float32, and whether the strengths arrived (B,) bool.
        """
        told = [one for one in control if isinstance(one, AdaptiveControl)]
        size = told[0].height, told[0].width
        equalised, variance = equalise(symbols, knowledge)
        variance = variance.expand(symbols.shape)
        found = [
            _coefficients(*one) for one in zip(equalised.cpu(), variance.cpu(), told, strict=True)
        ]
        blocks = torch.stack([from_overview(coefficients) for coefficients, _ in found])
        images = synthesise(blocks.to(symbols.device))[..., : size[0], : size[1]]
        return images, torch.tensor([whole for _, whole in found])


def drafts(unit: Tensor, k: int, snr_db: float, noise: float) -> list[Draft]:
    """The ways to send a picture of gain 1, the one that promises the least error first.

    Args:
        unit: its coefficients (768, h, w), the overview among them.
        k: symbols.
        snr_db: what the sender believes in, for the block of strengths.
        noise: N of each number, that the power is allotted for.
    """
    counts = untold_histogram(unit)
    water = settle(counts, 2 * k, noise)
    found = [Draft(promised_error(counts, water, 2 * k, noise), b"", water)]
    for layout in LAYOUTS:
        told = strengths(unit, layout)
        counts = told_histogram(told, layout, (unit.shape[1], unit.shape[2]))
        numbers = int(2 * k * DRAFT)
        # The second time for the room that there really is.
        for _ in range(2):
            water = settle(counts, numbers, noise)
            payload = describe(told, layout, water, noise)
            uses = likely_uses(payload, snr_db)
            numbers = 2 * (k - uses)
            if uses > LARGEST_SHARE * k:
                break
            found.append(Draft(promised_error(counts, water, numbers, noise), payload, water))
    return sorted(found, key=lambda draft: draft.error)


def best_draft(unit: Tensor, k: int, snr_db: float, noise: float) -> tuple[Draft, Block]:
    """The first of `drafts` whose payload finds a block, and that block."""
    for draft in drafts(unit, k, snr_db, noise):
        block = block_for(draft.payload, k, snr_db) if draft.payload else NO_BLOCK
        if block is not None:
            return draft, block
    raise AssertionError("a draft without payload needs no block")


def _symbols(
    unit: Tensor, draft: Draft, block: Block, k: int, noise: float
) -> tuple[Tensor, float]:
    """The symbols (k,) complex64 of power 1, and by how much the picture's numbers shrank."""
    size = unit.shape[1], unit.shape[2]
    logs, digital = untold_logs(size), torch.zeros(0, dtype=torch.complex64)
    if block != NO_BLOCK:
        logs = understand(draft.payload, draft.water, noise, size)
        digital = send_block(draft.payload, block, k)
    assert logs is not None, "a sender understands itself"
    numbers = torch.zeros(2 * (k - len(digital)))
    sending = plan(logs, draft.water, noise, len(numbers))
    sent = spread(sending.amplitudes * sending.pack(unit), sending.times)
    numbers[: len(sent)] = sent
    # The block's constellation has power 1 in the mean only; the picture takes what it leaves.
    power = (k - float(digital.abs().square().sum())) / (k - len(digital))
    analogue = normalise_power(to_complex(numbers)[None])[0] * power**0.5
    return torch.cat([digital, analogue]), float(numbers.square().mean().sqrt()) / power**0.5


def _coefficients(
    symbols: Tensor, variance: Tensor, control: AdaptiveControl
) -> tuple[Tensor, bool]:
    """What one image's symbols (k,) tell: its coefficients (768, h, w), and whether of all."""
    k, size = len(symbols), latent_size(control.height, control.width, BLOCK)
    gain, design_db = from_words([control.level or 0])
    noise, uses = _noise(design_db), control.block.uses(k)
    logs: Tensor | None = untold_logs(size)
    if control.block != NO_BLOCK:
        # Better than the sender believed no symbol of the block need be taken to be: where a
        # transmitter clips, a few are far worse than the receiver knows.
        doubt = variance[:uses].clamp_min(noise)
        payload = receive_block(symbols[:uses], doubt, control.block, k)
        logs = None if payload is None else understand(payload, control.water, noise, size)
    known = lost_logs(size) if logs is None else logs
    sending = plan(known, control.water, noise, 2 * (k - uses))
    count = int(sending.times.sum())
    found, left = gather(
        from_complex(symbols[uses:])[:count],
        variance[uses:].repeat_interleave(2)[:count],
        sending.times,
    )
    guesses = estimate(found, sending.amplitudes, sending.variances, left)
    return gain * sending.unpack(guesses), logs is not None


def _noise(design_db: Tensor) -> float:
    return float(noise_variance(design_db))
