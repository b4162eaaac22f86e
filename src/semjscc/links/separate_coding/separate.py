"""Separate source and channel coding: an image coder, a 5G channel code and QAM.

    image ─► source coder ─► CRC, LDPC or polar code ─► QAM ─► channel ─► … ─► image'

The sender picks the modulation and coding scheme (MCS) with the highest payload whose block error
rate is at most 1 % at the SNR it believes in; or, by name, the one for a fixed design SNR, which
shows the cliff. Under fading it knows only the mean SNR and what the channel says of its kind; of a
channel that says nothing, what came of a few trials.

A sender with a policy runs the network at the receiver. It smooths what matters less before it
codes an image, or tunes the image. The receiver is the same.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import torch
from torch import Tensor

from semjscc.allocation.background import TRIED, with_smooth_background
from semjscc.allocation.sender import Allocation
from semjscc.allocation.smoothing import chosen_strength
from semjscc.allocation.tuning import tune_source
from semjscc.channels.base import ChannelKnowledge, Ergodic, Outage, said_of, undisturbed
from semjscc.channels.equaliser import equalise
from semjscc.codecs.bandwidth import channel_uses
from semjscc.links.base import Control, Received, Situation, SymbolLink, Transmission
from semjscc.links.separate_coding.rehearsal import rehearsed_snr
from semjscc.links.separate_coding.source import Payload, SourceControl, SourceStage, describe
from semjscc.separation.choice import outage_snr, worth_of
from semjscc.separation.framing import room, unframe
from semjscc.separation.modes import modes_for
from semjscc.separation.table import choose_mode
from semjscc.separation.transport import bits_to_bytes, bytes_to_bits, decode, encode


class SeparateLink(SymbolLink):
    """A source coder and a channel code, each as good as it is known to be.

    Args:
        name: what tables call it.
        stage: the source coder.
        design_snr_db: the SNR that the MCS is fixed for, or None to adapt it.
        allocation: of a sender with a policy: it tunes the image that it codes, or smooths in it
            what matters less.
        strength: of the smoothing, see `semjscc.allocation.smoothing`; None for the one chosen on
            val.
    """

    def __init__(
        self,
        name: str,
        stage: SourceStage,
        design_snr_db: float | None = None,
        allocation: Allocation | None = None,
        strength: float | None = None,
    ) -> None:
        self.name = name
        self._stage = stage
        self._design_snr_db = design_snr_db
        self._allocation = allocation
        self._strengths: tuple[float, ...] = ()
        if allocation is not None and allocation.tuned_to is None:
            chosen = chosen_strength() if strength is None else strength
            # Without a network there is none to tell which is best.
            tried = TRIED if allocation.perception is not None else (1.0,)
            self._strengths = tuple(chosen * share for share in tried)

    def facts(self) -> dict[str, Any]:
        """Its name, what its source coder says and, where there are, its own settings.

        Those are the design SNR in dB of a fixed MCS and, of a sender that smooths, the strengths
        that it tries and the exponent of its weights.
        """
        facts: dict[str, Any] = {"name": self.name}
        if self._design_snr_db is not None:
            facts["design_snr_db"] = self._design_snr_db
        if self._strengths and self._allocation is not None:
            facts["smoothing"] = list(self._strengths)
            facts["exponent"] = self._allocation.policy.exponent
            facts |= self._allocation.facts()
        return facts | self._stage.facts()

    def sender_snr_db(self, situation: Situation, size: tuple[int, int]) -> float:
        """The sender knows the mean SNR and the kind of channel, not what an image will meet.

        What a channel does not say of itself, the sender has found out by trying.
        """
        believed, channel = situation.believed_snr_db, situation.channel
        if self._design_snr_db is not None:
            return self._design_snr_db
        known = said_of(channel)
        if isinstance(known, Ergodic):
            return known.snr_db(believed)
        worth = worth_of(self._stage.family, situation.ratio)
        if isinstance(known, Outage):
            return outage_snr(worth, lambda snr_db: known.arrives(snr_db, believed))
        return rehearsed_snr(channel, channel_uses(*size, situation.ratio), believed, worth)

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """The best of each image that fits into one transport block of k symbols.

        Where no scheme works at this SNR, or no image fits, nothing is sent: the symbols are zero.
        """
        uses = channel_uses(images.shape[-2], images.shape[-1], ratio)
        if self._allocation is not None:
            arrives = partial(self.read_back, uses, ratio, snr_db)
            images = self._to_code(self._allocation, images, arrives)
        return self.transmit_in(uses, images, ratio, snr_db, fall_back=True)

    def _to_code(
        self, allocation: Allocation, images: Tensor, arrives: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """What a sender with a policy codes in place of the images (B, 3, H, W)."""
        if (network := allocation.tuned_to) is None:
            return with_smooth_background(allocation, images, self._strengths, arrives)
        return torch.cat([tune_source(network, image[None], arrives) for image in images])

    def read_back(self, uses: int, ratio: Fraction, snr_db: float, images: Tensor) -> Tensor:
        """What a receiver makes of images whose blocks arrive: (B, 3, H, W)."""
        sent = self.transmit_in(uses, images, ratio, snr_db, fall_back=True)
        received = self.receive(sent.symbols, undisturbed(len(images)), sent.control).images
        assert received is not None
        return received

    @torch.inference_mode()
    def transmit_in(
        self,
        uses: int,
        images: Tensor,
        ratio: Fraction,
        snr_db: float,
        *,
        fall_back: bool = False,
    ) -> Transmission:
        """The same in a block of ``uses`` symbols, which may be a part of those of the ratio.

        Args:
            uses: complex symbols.
            images: (B, 3, H, W) in [0, 1].
            ratio: for the control record, and for the choice of the coder.
            snr_db: the mean SNR that the sender believes in, in dB.
            fall_back: where nothing of a large image fits, take the coder for a few bytes.
        """
        snr_db = snr_db if self._design_snr_db is None else self._design_snr_db
        size = images.shape[-2], images.shape[-1]
        mode = choose_mode(uses, snr_db)
        coders = self._stage.coders(ratio, snr_db, size)
        code = self._stage.encode_or_small if fall_back else self._stage.encode
        payloads: list[Payload | None] = [None] * len(images)
        number = None
        if mode is not None:
            payloads = [
                None if payload is None else payload.framed(mode)
                for payload in code(images, room(mode), coders)
            ]
            number = modes_for(uses).index(mode)
        control = describe(Control("separate", *size, ratio), payloads, coders[0], number)
        symbols = torch.zeros(len(images), uses, dtype=torch.complex64)
        sent = {place: payload for place, payload in enumerate(payloads) if payload is not None}
        if mode is not None and sent:
            bits = [bytes_to_bits(payload.encoded.payload, mode) for payload in sent.values()]
            symbols[list(sent)] = encode(torch.stack(bits), mode, uses)
        return Transmission(symbols.to(images.device), control)

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """Decode the transport blocks; what the CRC rejects is concealed."""
        told = [one for one in control if isinstance(one, SourceControl)]
        uses = symbols.shape[1]
        equalised, variance = equalise(symbols.cpu(), knowledge)
        payloads: list[bytes | None] = [None] * len(symbols)
        sent = [place for place, one in enumerate(told) if one.mode is not None]
        if sent:
            mode = modes_for(uses)[told[sent[0]].mode or 0]
            bits, intact = decode(equalised[sent], variance[sent], mode, uses)
            for row, place in enumerate(sent):
                if intact[row]:
                    payloads[place] = unframe(bits_to_bytes(bits[row])[: told[place].length], mode)
        return self._stage.receive(payloads, told, uses, symbols.device)
