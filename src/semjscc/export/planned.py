"""The codec `deep` with a plan that is settled beforehand, as networks of real numbers.

With the policy `uniform` a sender tells nothing of regions: which coefficients it sends, and with
what power, follows from the size of the images, the ratio and the SNR. Where these are fixed, the
plan is a constant, and each end is one network from the image to numbers, or back.

Shapes: 16h x 16w pixels, k symbols, M coefficients that are sent in N ≤ 2k numbers.
"""

from copy import deepcopy
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import channel_uses, latent_size
from semjscc.codecs.deep import SNR_RANGE_DB, Deep
from semjscc.codecs.deep_views import SEEN, doubt, expected_errors, heights, shares
from semjscc.export.ends import End, Ends
from semjscc.linear.allocation import estimate
from semjscc.linear.level import design_snr
from semjscc.linear.overview import mean_places
from semjscc.linear.planning.logs import OCTAVE, SMALLEST_GAIN, deviations, overview_logs
from semjscc.linear.planning.plans import Plan, plan_to_send
from semjscc.linear.spectrum import mean_colour, variances
from semjscc.linear.transform import BLOCK, COEFFICIENTS, analyse, block_basis, cosines, synthesise

_FARTHEST = 6
"""Standard deviations, as in `semjscc.codecs.deep_views`."""
_LEAST = 1e-30
"""Noise of a noiseless channel, whose inverse is finite."""


def settled_plan(size: tuple[int, int], ratio: Fraction, snr_db: float) -> Plan:
    """What a sender with the policy `uniform` decides on, whatever the image.

    Args:
        size: (height, width) in pixels.
        ratio: the bandwidth ratio.
        snr_db: what the sender believes in.
    """
    any_picture = torch.ones(COEFFICIENTS, *latent_size(*size, BLOCK))
    noise = float(noise_variance(design_snr(torch.tensor(snr_db))))
    plan, _, _ = plan_to_send(any_picture, channel_uses(*size, ratio), snr_db, noise, blind=True)
    return plan


@dataclass(frozen=True)
class Planned:
    """A codec with its plan.

    Attributes:
        codec: the codec.
        size: (height, width) of the images.
        ratio: the bandwidth ratio.
        snr_db: what the sender believes in.
    """

    codec: Deep
    size: tuple[int, int]
    ratio: Fraction
    snr_db: float

    def ends(self) -> Ends:
        """Both networks.

        Raises:
            UserError: the codec has no weights for this ratio.
        """
        self.codec.check(None, self.ratio)
        plan = settled_plan(self.size, self.ratio, self.snr_db)
        codec = deepcopy(self.codec).eval()
        rows, columns = latent_size(*self.size, BLOCK)
        images = [{"image": torch.rand(1, 3, BLOCK * rows, BLOCK * columns)} for _ in range(2)]
        arrived = [
            {
                "latent": torch.randn(1, 2, 1, plan.k),
                "noise": 0.1 + torch.rand(1, plan.k),
                "level": 0.5 + torch.rand(1),
            }
            for _ in range(2)
        ]
        encoder, decoder = (
            kind(codec, plan, self.snr_db).eval() for kind in (PlannedEncoder, PlannedDecoder)
        )
        return Ends(
            End(encoder, *images, output="latent", any_size=False),
            End(decoder, *arrived, output="image", any_size=False),
        )

    def metadata(self) -> dict[str, str]:
        """What the ONNX files say of themselves, which the runner reads."""
        return {
            "codec": self.codec.name,
            "stride": str(BLOCK),
            "depth": "2",
            "ratios": f"{self.ratio} {self.ratio}",
            "snr_range_db": f"{self.snr_db:g} {self.snr_db:g}",
            "size": f"{self.size[1]}x{self.size[0]}",
        }


class _End(nn.Module):
    """What both ends have of a plan, as constants."""

    def __init__(self, plan: Plan, snr_db: float) -> None:
        super().__init__()
        sending, size = plan.sending, plan.known.logs.shape[1:]
        self.k, self.size = plan.k, (int(size[0]), int(size[1]))
        self.above = heights(plan)[None]
        self.design = design_snr(torch.tensor(snr_db))
        self.depths = (sending.places[1].sum(dim=0).float() + 0.5).log2() / 3 - 1.5
        count = COEFFICIENTS * self.size[0] * self.size[1]
        self.index = sending.pack(torch.arange(count).reshape(COEFFICIENTS, *self.size))
        self.times = sending.times
        self.owner = torch.arange(len(self.times)).repeat_interleave(self.times)
        places = torch.tensor(mean_places())
        self.is_mean = torch.zeros(COEFFICIENTS, 1, 1, dtype=torch.bool)
        self.is_mean[places] = True
        self.means = places
        # As constants: in the graph their cosines would be less exact.
        self.down, self.across = (cosines(side).float() for side in self.size)
        self.which_mean = torch.zeros(COEFFICIENTS, dtype=torch.int64)
        self.which_mean[places] = torch.arange(len(places))

    def situation(self, snr_db: Tensor, gain: Tensor, doubts: Tensor) -> Tensor:
        """What the networks are told of each block: (1, 4, h, w)."""
        low, high = SNR_RANGE_DB
        snr = (snr_db.clamp(low, high) - (low + high) / 2) / (high - low) * 2
        told = [snr.expand(self.size), self.depths, gain.log().expand(self.size)]
        return torch.stack([*told, doubts.log() / 2 + 1.5])[None]

    def block_means(self, coefficients: Tensor) -> Tensor:
        """The inverse."""
        return self.down.T @ coefficients[self.means] @ self.across

    def with_means(self, coefficients: Tensor, means: Tensor) -> Tensor:
        """Coefficients (D, h, w) with those of the three colours' means from (3, h, w)."""
        depth = len(coefficients)
        return torch.where(self.is_mean[:depth], means[self.which_mean[:depth]], coefficients)


class PlannedEncoder(_End):
    """Image (1, 3, 16h, 16w) in [0, 1] -> the numbers of k symbols, (1, 2, 1, k)."""

    def __init__(self, codec: Deep, plan: Plan, snr_db: float) -> None:
        super().__init__(plan, snr_db)
        self.network = codec.encoder
        lost = expected_errors(plan, shares(plan, plan.noise))
        self.reach, self.doubts = lost[:SEEN].sqrt(), doubt(lost)
        self.sigma = deviations(overview_logs(self.size))
        self.colours = block_basis()[self.means].double().sum(dim=(2, 3))
        self.amplitudes = plan.sending.amplitudes / self.times.sqrt()

    def forward(self, image: Tensor) -> Tensor:
        """See the class."""
        coefficients = analyse(image)[0]
        means = self._means(image)
        energies = self._overview(means).square()
        gain = (energies / self.sigma).sum() / self.sigma.sum()
        gain = gain.sqrt().float().clamp_min(SMALLEST_GAIN)
        unit = coefficients / gain
        centred = (image - mean_colour()[:, None, None]) / gain
        told = self.situation(self.design, gain, self.doubts)
        moved = self.reach * self.network(centred, self.above, told)[0]
        changed = torch.cat([unit[:SEEN] + moved, unit[SEEN:]])
        whole = self._overview(means / gain + moved[self.means]).float()
        everything = self.with_means(changed, whole).flatten()
        numbers = (everything[self.index] * self.amplitudes)[self.owner]
        filled = F.pad(numbers, (0, 2 * self.k - len(self.owner))) * gain
        return filled.reshape(self.k, 2).T.reshape(1, 2, 1, self.k)

    def _means(self, image: Tensor) -> Tensor:
        """The three colours' means as coefficients, (3, h, w) float64.

        What the overview makes of them is small beside them, and in float32 the order of the sums
        would show in its coefficients.
        """
        rows, columns = self.size
        centred = image[0].double() - mean_colour().double()[:, None, None]
        of_blocks = centred.reshape(3, rows, BLOCK, columns, BLOCK).mean(dim=(2, 4))
        return (self.colours @ of_blocks.reshape(3, -1)).reshape(3, rows, columns)

    def _overview(self, means: Tensor) -> Tensor:
        """See `semjscc.linear.overview.overview`: (3, h, w), both."""
        down, across = (side.double() for side in (self.down, self.across))
        return down @ means @ across.T


class PlannedDecoder(_End):
    """Weighed symbols (1, 2, 1, k), their noise (1, k) and the level (1,) -> (1, 3, 16h, 16w)."""

    def __init__(self, codec: Deep, plan: Plan, snr_db: float) -> None:
        super().__init__(plan, snr_db)
        self.network = codec.decoder
        sending, places = plan.sending, mean_places()
        self.amplitudes, self.spread = sending.amplitudes, sending.variances
        energies = torch.exp2(plan.known.logs.float() / OCTAVE)
        self.mean_energies = energies[places]
        fixed = variances()[places][:, None, None]
        self.energies = self.with_means(energies, fixed.expand(3, *self.size))
        self.mean_sigma = fixed.sqrt()

    def unpack(self, numbers: Tensor) -> Tensor:
        """(M,) -> (768, h, w), 0 of what is not sent."""
        nothing = torch.zeros(COEFFICIENTS * self.size[0] * self.size[1])
        return nothing.scatter(0, self.index, numbers).reshape(COEFFICIENTS, *self.size)

    def forward(self, latent: Tensor, noise: Tensor, level: Tensor) -> Tensor:
        """See the class."""
        lost = noise.isinf()
        kept = torch.where(lost, torch.zeros_like(noise), 1 + noise)
        symbols = latent.reshape(2, self.k) * kept * 2**0.5
        numbers = symbols.T.reshape(-1)[: len(self.owner)]
        weights = (1 / noise.clamp_min(_LEAST)).reshape(-1, 1).expand(self.k, 2)
        weights = weights.reshape(-1)[: len(self.owner)]
        nothing = torch.zeros(len(self.times))
        weight = nothing.scatter_add(0, self.owner, weights)
        total = nothing.scatter_add(0, self.owner, numbers * weights)
        found = total / weight.clamp_min(_LEAST) * self.times.sqrt()
        own = self.times / weight
        return self._image(found, own, self._mean_snr(noise, lost), level)

    def _mean_snr(self, noise: Tensor, lost: Tensor) -> Tensor:
        """Over the symbols that arrived, in dB."""
        arrived = (~lost).float().sum().clamp_min(1)
        ratios = torch.where(lost, torch.zeros_like(noise), 1 / noise)
        return 10 * (ratios.sum() / arrived).clamp_min(1e-10).log10()

    def _image(self, numbers: Tensor, noise: Tensor, snr_db: Tensor, level: Tensor) -> Tensor:
        """See `semjscc.codecs.deep_views.arrived`."""
        estimates = estimate(numbers, self.amplitudes, self.spread, noise)
        guesses = self.unpack(estimates)
        means = self.block_means(guesses)
        values = self.unpack(estimates / self.spread.sqrt())[:SEEN]
        values = self.with_means(values, means / self.mean_sigma).clamp(-_FARTHEST, _FARTHEST)
        guesses = self.with_means(guesses, means)
        powers = self.amplitudes.square() * self.spread
        arriving = self.unpack(powers / (powers + noise))
        of_means = (arriving[mean_places()] * self.mean_energies).sum(dim=(1, 2))
        of_means = of_means / self.mean_energies.sum(dim=(1, 2))
        arriving = self.with_means(arriving, of_means[:, None, None].expand(3, *self.size))
        uncertain = doubt(self.energies * (1 - arriving))
        colour = mean_colour()[:, None, None]
        guess = synthesise(guesses[None]) - colour
        told = self.situation(snr_db, level, uncertain)
        added = self.network(values[None], arriving[None, :SEEN], self.above, guess, told)
        doubts = uncertain.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)
        return (guess + added * doubts) * level + colour
