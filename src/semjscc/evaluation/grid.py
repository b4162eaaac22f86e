"""The points at which links are compared: ratios, SNRs, and what both ends believe."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from semjscc.channels import channel_named, channel_text
from semjscc.data.base import ImageSet
from semjscc.decibels import check_snr
from semjscc.errors import UserError
from semjscc.links import Link, NoChannel


@dataclass(frozen=True)
class Grid:
    """The points at which links are compared.

    Attributes:
        ratios: nominal bandwidth ratios.
        snrs_db: true mean SNRs, Es/N0 in dB.
        channel: its name, see `channel_named`; kept in its one spelling.
        assumed_snr_db: what both ends believe the SNR to be; the truth where it is None.
        assumed_error_db: or by how much they believe it to be better than it is.
        seed: of the noise.
        draws: how often each image is sent, with fresh noise.

    Raises:
        UserError: no such channel, fewer than one draw, an SNR that no link can have (see
            `check_snr`), or two beliefs.
    """

    ratios: tuple[Fraction, ...]
    snrs_db: tuple[float, ...]
    channel: str = "awgn"
    assumed_snr_db: float | None = None
    assumed_error_db: float = 0.0
    seed: int = 0
    draws: int = 1

    def __post_init__(self) -> None:
        channel_named(self.channel)
        object.__setattr__(self, "channel", channel_text(self.channel))
        if self.draws < 1:
            raise UserError(f"each image is sent at least once, not {self.draws} times")
        for snr_db in (*self.snrs_db, self.assumed_snr_db or 0, self.assumed_error_db):
            check_snr(snr_db)
        if self.assumed_snr_db is not None and self.assumed_error_db:
            raise UserError("say what both ends believe, or how wrong they are, not both")

    def assumed(self, snr_db: float | None) -> float | None:
        """What both ends believe at a true SNR; None where that is the truth, or no channel met."""
        if snr_db is None:
            return None
        if self.assumed_error_db:
            return snr_db + self.assumed_error_db
        return None if self.assumed_snr_db == snr_db else self.assumed_snr_db


@dataclass(frozen=True)
class Point:
    """One link at one ratio and SNR, both None for the `none` link."""

    link: Link
    ratio: Fraction | None
    snr_db: float | None
    draws: int

    def describe(self, grid: Grid) -> dict[str, Any]:
        """What decides its record beside link, data and perception network, as plain data."""
        return {
            "ratio": None if self.ratio is None else str(self.ratio),
            "snr_db": self.snr_db,
            "channel": None if self.snr_db is None else grid.channel,
            "assumed_snr_db": grid.assumed(self.snr_db),
            "seed": grid.seed,
            "draws": self.draws,
        }


def work(links: Sequence[Link], data: ImageSet, grid: Grid) -> int:
    """How many images `evaluate` will send, each counted at every point and draw."""
    return len(data) * sum(point.draws for point in points(links, grid))


def points(links: Sequence[Link], grid: Grid) -> list[Point]:
    """All points, by link, then ratio, then SNR; `NoChannel` knows neither and has one."""
    return [point for link in links for point in _points(link, grid)]


def _points(link: Link, grid: Grid) -> list[Point]:
    if isinstance(link, NoChannel):
        return [Point(link, None, None, draws=1)]
    # A point that is asked for twice is one point, and one test of a family.
    ratios, snrs_db = dict.fromkeys(grid.ratios), dict.fromkeys(grid.snrs_db)
    return [Point(link, *point, grid.draws) for point in product(ratios, snrs_db)]
