"""Links over a grid of ratios and SNRs."""

import os
from collections.abc import Sequence
from numbers import Real
from typing import TypeVar, cast

from semjscc.api.opening import as_perception, check_at_least_one, family_of, load_link
from semjscc.api.results import Results
from semjscc.api.transmitting import Ratio
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.data import ImageSet, Split
from semjscc.decibels import parse_snr
from semjscc.errors import UserError, printable
from semjscc.evaluation.evaluators import Evaluator, Metric, evaluators_on, load_evaluators
from semjscc.evaluation.grid import Grid
from semjscc.experiments.evaluation import Experiment, measured, run
from semjscc.families import default_perception
from semjscc.links import Link
from semjscc.paths import user_path
from semjscc.perception.base import Perception
from semjscc.runtime.devices import AUTO, device_for_points

_T = TypeVar("_T")


def evaluate(
    links: str | Link | Sequence[str | Link],
    data: str | os.PathLike[str] | ImageSet,
    *,
    ratio: Ratio | Sequence[Ratio],
    snr_db: float | Sequence[float],
    weights: str | None = None,
    perception: str | Perception | Sequence[str | Perception] | None = None,
    metric: Metric = "accuracy",
    split: Split = "test",
    size: int | None = None,
    limit: int | None = None,
    channel: str = "awgn",
    assumed_snr_db: float | None = None,
    assumed_error_db: float = 0.0,
    draws: int = 1,
    seed: int = 0,
    jobs: int = 1,
    device: str = AUTO,
    out: str | os.PathLike[str] | None = None,
    fresh: bool = False,
) -> Results:
    """Send every image over every link at every ratio and SNR, as ``semjscc evaluate`` does.

    An image meets the same noise on every link. The same seed gives the numbers of the command.

    Args:
        links: one or several, each a name, see `open_link`, or a link that is open.
        data: what `load_data` reads, or what it gave.
        ratio: the bandwidth ratio R = k/n or several: ``"1/48"``, 0.03 or a `Fraction`.
        snr_db: the mean Es/N0 of a complex symbol in dB or several, from -100 to 100.
        weights: the family of shipped weights for links by name; None for the one that goes with
            the data, such as ``signs`` with ``signs``.
        perception: the network that looks at what arrives, or its name, or several, of which each
            judges the same images; None for that of the family.
        metric: ``accuracy``: right is what the data says, by the metric of the network's task
            (accuracy, miou, map50); ``agreement``: right is what the network sees in the sent
            image, which needs no labels.
        split: ``train``, ``val`` or ``test`` of data that are named.
        size: side in pixels to which data that are named are resized and cropped.
        limit: only the first so many images.
        channel: ``awgn``, ``block-rayleigh``, ``fast-rayleigh``, ``cut@0.25``, ``bursts@0.1``, or
            ``my.module:name`` of yours.
        assumed_snr_db: what both ends believe the SNR to be, in dB; None for the truth.
        assumed_error_db: by how many dB both ends believe the SNR too high.
        draws: how often each image is sent, with fresh noise.
        seed: of the noise.
        jobs: processes that share the points, on the CPU.
        device: where networks that are named compute, see `open_perception`.
        out: a folder that becomes what ``semjscc evaluate --out`` makes: ``results.json``, which
            grows point by point, figures and ``report.html``. Called again after an interruption,
            it measures only what is missing. None: nothing is written.
        fresh: measure all points, also those that ``out`` holds already.

    Returns:
        a record for each link, ratio, SNR, network and metric; the link ``none`` has one for all
        ratios and SNRs.

    Raises:
        UserError: a link, the data, a network, a ratio or an SNR cannot be used, or they do not go
            together. The message is one line that says what to do.

    Example:
        >>> results = semjscc.evaluate(
        ...     ["none", "djscc", "semantic"], "signs", ratio="1/48", snr_db=[0, 10], limit=50
        ... )
        >>> results.to_pandas()[["link", "snr_db", "value", "psnr_db"]]
    """
    chosen = _listed(links)
    judges = None if perception is None else _listed(perception)
    grid = Grid(
        ratios=tuple(parse_ratio(one) for one in _listed(ratio)),
        snrs_db=tuple(parse_snr(str(one)) for one in _listed(snr_db)),
        channel=channel,
        assumed_snr_db=assumed_snr_db,
        assumed_error_db=assumed_error_db,
        seed=seed,
        draws=draws,
    )
    for name, number in (("limit", limit), ("size", size), ("jobs", jobs)):
        check_at_least_one(name, number)
    names = [one for one in chosen if isinstance(one, str)]
    called = data.name if isinstance(data, ImageSet) else os.fspath(data)
    family = family_of(names, weights, judges, user_path(called).name)
    where = str(device_for_points(device, shared=jobs > 1))
    networks = [as_perception(one, where) for one in judges or [default_perception(family)]]
    first = networks[0]
    opened = [load_link(one, family, first) if isinstance(one, str) else one for one in chosen]
    _check_apart("links", [one.name for one in opened])
    _check_apart("networks", [one.name for one in networks])
    if isinstance(data, ImageSet):
        if size is not None:
            raise UserError("size is of data that are named: give it to load_data")
        evaluators = evaluators_on(data.first(limit), networks, metric)
    else:
        evaluators = load_evaluators(called, split, networks, metric, size=size, limit=limit)
    experiment = Experiment(opened, evaluators, grid, _call(opened, evaluators, grid))
    if out is None:
        found = measured(experiment, jobs=jobs)
    else:
        found = run(experiment, user_path(os.fspath(out)), jobs=jobs, fresh=fresh)
    return Results(found.meta, found.records)


def _listed(value: _T | Sequence[_T]) -> list[_T]:
    """One or several as a list.

    Raises:
        UserError: there are none.
    """
    is_one = isinstance(value, str | Real | Link | Perception)
    several = cast(list[_T], [value] if is_one else list(cast(Sequence[_T], value)))
    if not several:
        raise UserError("links, networks, ratios and SNRs: each list needs one entry or more")
    return several


def _check_apart(what: str, names: Sequence[str]) -> None:
    """Refuse two of one name: nothing would tell their records apart.

    Raises:
        UserError: so it is.
    """
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"two {what} are called '{printable(twice[0])}': leave one out")


def _call(links: Sequence[Link], evaluators: Sequence[Evaluator], grid: Grid) -> str:
    """The evaluation as one would write it, for the record."""
    data = evaluators[0].data
    words = {
        "ratio": [str(one) for one in grid.ratios],
        "snr_db": list(grid.snrs_db),
        "perception": list(dict.fromkeys(one.perception.name for one in evaluators)),
        "metric": "agreement" if evaluators[0].agreement else "accuracy",
        "split": data.split,
        "limit": len(data),
        "channel": grid.channel,
        "assumed_snr_db": grid.assumed_snr_db,
        "assumed_error_db": grid.assumed_error_db,
        "draws": grid.draws,
        "seed": grid.seed,
    }
    said = ", ".join(f"{name}={value!r}" for name, value in words.items())
    return f"semjscc.evaluate({[one.name for one in links]!r}, {data.name!r}, {said})"
