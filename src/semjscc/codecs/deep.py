"""A codec for photographs: blocks of 16 x 16, all SNRs, any ratio from 1/384 to 1/6.

    image ─► block transform ─────────────(+)─► the strongest, with their amplitudes ─► symbols
      ├────► network ──────────────────────┘        ▲
      └────► strengths of regions ─► plan ──────────┴─► 5G code ─► symbols
    symbols ─► plan, linear estimate ─► inverse transform ──(+)─► image'
                             └────────► network ◄─┘ └────────┘

The linear path is the link `linear-adaptive`: the sender tells how strong each region of a picture
is, and both ends conclude which coefficients are sent and with what power. Beside it stand networks
that begin by saying nothing, so that an untrained codec is `linear-adaptive`. They are told of each
coefficient how far it stands above the water, and speak in units of the error that the linear path
is expected to have. Everything is done on an image of gain 1; the gain travels beside the symbols,
with the SNR that the sender reckoned with.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

import torch
from torch import Tensor

from semjscc.channels.units import noise_variance as noise_of
from semjscc.codecs.bandwidth import channel_uses, latent_size, parse_ratio
from semjscc.codecs.base import Codec, Encoded, Side
from semjscc.codecs.deep_networks import Decoder, Encoder
from semjscc.codecs.deep_views import (
    SEEN,
    Arrived,
    arrived,
    doubt,
    expected_errors,
    heights,
    shares,
)
from semjscc.images import pad_to_multiple
from semjscc.linear.level import design_snr
from semjscc.linear.overview import to_overview
from semjscc.linear.planning.announcement import Announcement
from semjscc.linear.planning.logs import overview_gain
from semjscc.linear.planning.plans import (
    Plan,
    from_channel,
    plan_received,
    plan_to_send,
    to_channel,
)
from semjscc.linear.spectrum import mean_colour
from semjscc.linear.transform import BLOCK, analyse, synthesise

RATIOS = ("1/384", "1/192", "1/96", "1/48", "1/24", "1/12", "1/6")
SNR_RANGE_DB = (-5, 20)
LEAST_WIDTH = 2
"""Half of it at a quarter of the image's side must leave something."""


class Deep(Codec):
    """One network for SNRs from −5 to 20 dB and all ratios up to the largest of ``ratios``.

    Args:
        ratios: bandwidth ratios to train at.
        width: channels at an eighth of the image's side; a sixteenth has twice as many, a quarter
            half.
        encoder_blocks: at an eighth and at a sixteenth.
        decoder_blocks: at a quarter, an eighth and a sixteenth.
    """

    name: ClassVar[str] = "deep"
    any_ratio: ClassVar[bool] = True

    def __init__(
        self,
        ratios: tuple[str | float, ...] = RATIOS,
        width: int = 96,
        encoder_blocks: tuple[int, int] = (2, 3),
        decoder_blocks: tuple[int, int, int] = (1, 2, 4),
    ) -> None:
        if width < LEAST_WIDTH:
            raise ValueError(f"width must be at least {LEAST_WIDTH}, not {width}")
        super().__init__()
        self.ratios = tuple(sorted(parse_ratio(ratio) for ratio in ratios))
        self.snr_range_db = (float(SNR_RANGE_DB[0]), float(SNR_RANGE_DB[1]))
        self.encoder = Encoder(width, encoder_blocks, SEEN)
        self.decoder = Decoder(width, decoder_blocks, SEEN)

    def encode(
        self,
        images: Tensor,
        snr_db: Tensor,
        ratio: Fraction,
        plans: Sequence[Plan] | None = None,
        weights: Tensor | None = None,
        *,
        blind: bool = False,
    ) -> Encoded:
        """As `Codec.encode`.

        Args:
            images: (B, 3, H, W), float32 in [0, 1].
            snr_db: (B,), the mean SNR that the sender believes in, in dB.
            ratio: the nominal bandwidth ratio.
            plans: of each image; the place of their blocks stays empty. None for those with the
                least promised error, with their blocks.
            weights: how much each block's error counts for those plans, (B, h, w) ≥ 0; None where
                all count alike.
            blind: see `semjscc.linear.planning.plans.plan_to_send`.
        """
        self.check(snr_db, ratio)
        design = design_snr(snr_db)
        padded = pad_to_multiple(images, BLOCK)
        coefficients = analyse(padded)
        gains = picture_gains(coefficients)
        coefficients = _unit(coefficients, gains)
        told: list[Plan | Announcement] = list(plans or [])
        blocks: list[Tensor | None] = [None] * len(told)
        if plans is None:
            k, noises = channel_uses(images.shape[-2], images.shape[-1], ratio), noise_of(design)
            plans = []
            counting = [None] * len(images) if weights is None else list(weights.cpu())
            for one, snr, noise, weight in zip(
                coefficients.cpu(), snr_db.tolist(), noises.tolist(), counting, strict=True
            ):
                plan, announced, digital = plan_to_send(
                    to_overview(one), k, snr, noise, weight, blind=blind
                )
                plans.append(plan)
                told.append(announced)
                blocks.append(digital)
        centred = _unit(padded - mean_colour().to(padded)[:, None, None], gains)
        above = _stacked([heights(plan) for plan in plans]).to(padded)
        lost = [expected_errors(plan, shares(plan, plan.noise)) for plan in plans]
        reaches = [errors[:SEEN].sqrt() for errors in lost]
        doubts = _stacked([doubt(errors) for errors in lost]).to(padded)
        del lost  # much memory beside a large image
        added = self.encoder(centred, above, _situation(plans, design, gains, doubts))
        symbols, scales = [], []
        each = zip(coefficients, added, reaches, plans, blocks, strict=True)
        for one, said, reach, plan, digital in each:
            # The network moves a coefficient by as much as the channel is expected to, times 1.
            changed = torch.cat([one[:SEEN] + reach.to(said) * said, one[SEEN:]])
            sending = plan.sending
            numbers = sending.amplitudes.to(changed) * sending.pack(to_overview(changed))
            sent, scale = to_channel(numbers, plan, digital)
            symbols.append(sent)
            scales.append(scale)
        return Encoded(torch.stack(symbols), Side(gains * torch.stack(scales), design, tuple(told)))

    def decode(
        self,
        symbols: Tensor,
        noise_variance: Tensor,
        ratio: Fraction,
        size: tuple[int, int],
        side: Side | None = None,
    ) -> Tensor:
        """As `Codec.decode`.

        Raises:
            ValueError: without the side information that `encode` gave.
        """
        if side is None:
            raise ValueError("deep needs the side information of its encoder")
        self.check(None, ratio)
        variance = _columns(noise_variance).expand(symbols.shape)
        noises = noise_of(side.snr_db).tolist()
        plans: list[Plan] = []
        parts: list[Arrived] = []
        for one, own, told, noise in zip(symbols, variance, side.told, noises, strict=True):
            plan = told
            if isinstance(plan, Announcement):
                bits = one.detach().cpu()  # to which nothing flows back
                plan = plan_received(bits, own.cpu(), plan, latent_size(*size, BLOCK), noise)
            parts.append(arrived(*from_channel(one, own, plan), plan))
            plans.append(plan)
        colour = mean_colour().to(variance)[:, None, None]
        guess = synthesise(_stacked([part.guesses for part in parts])) - colour
        doubts = _stacked([part.doubt for part in parts])
        situation = _situation(plans, _mean_snr(noise_variance), side.gain, doubts)
        above = _stacked([heights(plan) for plan in plans]).to(guess)
        values = _stacked([part.values for part in parts])
        arriving = _stacked([part.shares for part in parts])
        parts.clear()
        added = self.decoder(values, arriving, above, guess, situation)
        guess = guess + added * _over_blocks(doubts)
        decoded = _times(guess, side.gain) + colour
        return decoded[..., : size[0], : size[1]].float()


def picture_gains(coefficients: Tensor) -> Tensor:
    """The gain of each picture by its overview: (B, 768, h, w) -> (B,)."""
    found = [overview_gain(one) for one in coefficients.detach()]
    return torch.tensor(found).to(coefficients)


def _situation(plans: Sequence[Plan], snr_db: Tensor, gains: Tensor, doubts: Tensor) -> Tensor:
    """What the networks are told of each block, all of about unit range: (B, 4, h, w)."""
    low, high = SNR_RANGE_DB
    # How many numbers a block sends, without its part in the overview.
    depths = torch.stack([plan.sending.places[1].sum(dim=0) for plan in plans]).to(gains)
    snr = (snr_db.clamp(low, high) - (low + high) / 2) / (high - low) * 2
    told = [snr[:, None, None].expand(depths.shape), (depths + 0.5).log2() / 3 - 1.5]
    told += [gains.log()[:, None, None].expand(depths.shape), doubts.log() / 2 + 1.5]
    return torch.stack(told, dim=1)


def _mean_snr(noise: Tensor) -> Tensor:
    """The mean SNR in dB of the symbols that arrived: (B,) or (B, k) -> (B,)."""
    noise = _columns(noise)
    erased = torch.isinf(noise)
    ratios = torch.where(erased, 0.0, 1 / noise)
    arrived = (~erased).sum(dim=1).clamp(min=1)
    return 10 * torch.log10((ratios.sum(dim=1) / arrived).clamp(min=1e-10))


def _over_blocks(values: Tensor) -> Tensor:
    """One value for each block, (B, h, w), for each of its pixels: (B, 1, 16h, 16w)."""
    return values.repeat_interleave(BLOCK, 1).repeat_interleave(BLOCK, 2)[:, None]


def _stacked(parts: Sequence[Tensor]) -> Tensor:
    """As `torch.stack`; a single large image is not copied."""
    return parts[0][None] if len(parts) == 1 else torch.stack(list(parts))


def _unit(values: Tensor, gains: Tensor) -> Tensor:
    """As of a picture of gain 1."""
    return _times(values, 1 / gains)


def _times(values: Tensor, factors: Tensor) -> Tensor:
    """(B, ...) times one factor for each image (B,)."""
    return values * factors.reshape(-1, *[1] * (values.ndim - 1))


def _columns(noise: Tensor) -> Tensor:
    """One value for each image (B,) as (B, 1), one for each symbol (B, k) as it is."""
    return noise[:, None] if noise.ndim == 1 else noise
