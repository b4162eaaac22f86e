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

from collections.abc import Iterator, Sequence
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
from semjscc.linear.level import design_snr, from_words, to_words
from semjscc.linear.overview import from_overview, to_overview
from semjscc.linear.regions import LAYOUTS, overview_gain
from semjscc.linear.selection import FLOOR_BITS, WATER_BITS, Sending, Tide
from semjscc.linear.spectrum import variances
from semjscc.linear.told import Told, fixed, understand
from semjscc.linear.transform import BLOCK, analyse, synthesise
from semjscc.links.base import Control, Received, SymbolLink, Transmission, equalise
from semjscc.links.linear import from_complex, to_complex
from semjscc.links.side_block import (
    LENGTH_BITS,
    NO_BLOCK,
    Block,
    block_for,
    receive_block,
    send_block,
)
from semjscc.links.source import MODE_BITS


@dataclass(frozen=True)
class AdaptiveControl(Control):
    """What the receiver must be told of an image before it can read anything.

    Attributes:
        tide: how high the water stands.
        block: how the strengths are sent.
    """

    tide: Tide
    block: Block

    def to_bits(self) -> int:
        """Its length, all fields fixed."""
        return super().to_bits() + WATER_BITS + FLOOR_BITS + LENGTH_BITS + MODE_BITS
