"""One evaluation from data to files: the grid, results, figures, pictures and the report."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from matplotlib.figure import Figure

from semjscc.channels import channel_named
from semjscc.data import ImageSet
from semjscc.errors import UserError
from semjscc.evaluation.evaluators import Evaluator, checked
from semjscc.evaluation.grid import Grid, points
from semjscc.evaluation.pool import Work, measure_all
from semjscc.evaluation.progress import Progress
from semjscc.experiments.existing_results import EARLIER, RESULTS, put_aside, standing_results
from semjscc.links import Link, NoChannel, Situation
from semjscc.links.label import LabelLink
from semjscc.randomness import Draws
from semjscc.report.figures.panels import figure_bytes
from semjscc.report.report import publish
from semjscc.report.stale_files import check_report, withdraw
from semjscc.report.strip import make_rows, strip_figure, strip_title
from semjscc.results.fingerprint import (
    channel_fingerprint,
    context_fingerprint,
    link_fingerprint,
    point_fingerprint,
)
from semjscc.results.records import Record, Results, make_meta, save_results
from semjscc.runtime.cluster import Cluster
from semjscc.runtime.folder_lock import alone_in

STRIP_IMAGES = 4
_MOST_ORIGINS = 20


@dataclass(frozen=True)
class Experiment:
    """What is compared, on what, and how.

    Attributes:
        links: the transmission schemes.
        evaluators: the images, which are the same for each network that judges what is received.
        grid: ratios, SNRs, channel, seed and draws.
        command: what the user typed, for the record.
    """

    links: Sequence[Link]
    evaluators: Sequence[Evaluator]
    grid: Grid
    command: str

    @property
    def data(self) -> ImageSet:
        """The images, and what is right of them to the first network."""
        return self.evaluators[0].data


def prepare(out: Path, *, with_strip: bool = True) -> None:
    """Make the folder for the results, before hours of work depend on it.

    Args:
        out: folder.
        with_strip: whether a transmission strip will be written to it.

    Raises:
        UserError: it cannot be written to, or what is there of somebody else's would be lost.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UserError(f"cannot write to {out}: {error.strerror or error}") from error
    check_report(out, with_strip=with_strip)


def run(
    experiment: Experiment,
    out: Path,
    *,
    jobs: int = 1,
    fresh: bool = False,
    cluster: Cluster | None = None,
) -> Results:
    """Evaluate the grid, and write what came of it to ``out``.

    ``results.json`` grows point by point, so that an interruption loses the points at work alone;
    run again, those that stand in it are not measured twice, as long as everything that decides
    them is still the same (see `fingerprint`). Where it holds other points, they are put aside into
    ``results.earlier.json``, to those that were before; an earlier report goes with the first new
    point. Then come the figures and ``report.html``, see `publish`, and ``transmission.png``.

    Args:
        experiment: what to compare.
        out: folder.
        jobs: processes among which the points are shared out.
        fresh: measure all points, also those that are there already.
        cluster: where the points are measured in place of this machine.

    Raises:
        UserError: the links, the data or the folder cannot be used, another command is at work
            in it, or files of somebody else's stand where ours would be written.
    """
    prepare(out)
    with alone_in(out):
        return _run(experiment, out, jobs, cluster, fresh=fresh)


def measured(experiment: Experiment, *, jobs: int = 1, cluster: Cluster | None = None) -> Results:
    """Evaluate the grid and write nothing: the records of `run`, in memory alone.

    Args:
        experiment: what to compare.
        jobs: processes among which the points are shared out.
        cluster: where the points are measured in place of this machine.

    Raises:
        UserError: the links or the data cannot be used.
    """
    work, meta = _begin(experiment)
    found: dict[tuple[int, int], Record] = {}
    _measure(work, _fingerprints(work), found, (jobs, cluster), lambda: None)
    return _in_order(meta, found)


def _run(
    experiment: Experiment, out: Path, jobs: int, cluster: Cluster | None, *, fresh: bool
) -> Results:
    work, meta = _begin(experiment)
    prints = _fingerprints(work)
    earlier = standing_results(out / RESULTS)
    known = {r.fingerprint: r for r in earlier.records if r.fingerprint} if earlier else {}
    if earlier:
        put_aside(earlier, [] if fresh else set(prints.values()), out / EARLIER)
    known = {} if fresh else known
    found = {at: known[key] for at, key in prints.items() if key in known}
    if found and earlier:
        meta["earlier"] = _origins(earlier.meta)

    def save() -> None:
        withdraw(out)  # a report that is there tells of other points
        save_results(_in_order(meta, found), out / RESULTS)

    _measure(work, prints, found, (jobs, cluster), save)
    results = _in_order(meta, found)
    save_results(results, out / RESULTS)
    draw(replace(experiment, evaluators=work.evaluators), results, out)
    return results


def _begin(experiment: Experiment) -> tuple[Work, dict[str, Any]]:
    """The points to measure by networks that can judge them, and where the results come from."""
    e = replace(experiment, evaluators=[checked(one) for one in experiment.evaluators])
    for one in e.evaluators:
        for link in e.links:
            if isinstance(link, LabelLink):
                link.check_judge(one.perception)
    meta = make_meta(
        links=e.links,
        data=e.data,
        perceptions=[one.perception for one in e.evaluators],
        command=e.command,
        seed=e.grid.seed,
    )
    channel = channel_named(e.grid.channel)
    return Work(points(e.links, e.grid), e.evaluators, e.grid, channel), meta


def _measure(
    work: Work,
    prints: Mapping[tuple[int, int], str | None],
    found: dict[tuple[int, int], Record],
    shares: tuple[int, Cluster | None],
    on_point: Callable[[], None],
) -> None:
    """Enter into ``found`` what is missing there, and tell after each point."""
    jobs, cluster = shares
    wanted: dict[int, list[int]] = defaultdict(list)
    for judge, place in prints.keys() - found.keys():
        wanted[place].append(judge)
    wanted = {place: sorted(wanted[place]) for place in sorted(wanted)}
    total = sum(len(work.evaluators[0].data) * work.points[place].draws for place in wanted)
    there = len(work.points) - len(wanted)
    title = f"evaluating ({there} points are there)" if there else "evaluating"
    with Progress(title, total) as progress:
        for place, records in measure_all(work, wanted, jobs, progress.advance, cluster):
            for judge, record in zip(wanted[place], records, strict=True):
                at = judge, place
                found[at] = replace(record, fingerprint=prints[at])
            on_point()


def _fingerprints(work: Work) -> dict[tuple[int, int], str | None]:
    """By network and point, in the order of records; None where it cannot be known again."""
    channel = channel_fingerprint(work.channel)
    of_link = {id(point.link): link_fingerprint(point.link) for point in work.points}
    return {
        (judge, place): point_fingerprint(
            *(context, of_link[id(point.link)], "" if point.snr_db is None else channel),
            point.describe(work.grid),
        )
        for judge, one in enumerate(work.evaluators)
        for context in [context_fingerprint(one.data, one.perception, one.metric)]
        for place, point in enumerate(work.points)
    }


def _origins(meta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """When, and with which code, the points that were there had been measured."""
    own = {key: meta.get(key) for key in ("date", "version", "commit")}
    before = meta.get("earlier")
    return [*(before if isinstance(before, list) else []), own][-_MOST_ORIGINS:]


def _in_order(meta: dict[str, Any], found: Mapping[tuple[int, int], Record]) -> Results:
    return Results(meta, [found[at] for at in sorted(found)])


def draw(experiment: Experiment, results: Results, out: Path) -> None:
    """Write the transmission strip, the figures and the report."""
    publish(results, out, strip=figure_bytes(_strip(experiment), "png"))


def _strip(experiment: Experiment) -> Figure:
    """A few images at the first ratio and the middle SNR of the grid."""
    e, grid = experiment, experiment.grid
    chosen = _different_classes(e.data, STRIP_IMAGES)
    snr_db = sorted(grid.snrs_db)[len(grid.snrs_db) // 2]
    situation = Situation(
        channel_named(grid.channel),
        snr_db,
        grid.ratios[0],
        Draws(grid.seed, chosen),
        grid.assumed(snr_db),
    )
    images = e.data.batch(chosen)
    links = [link for link in e.links if not isinstance(link, NoChannel)]
    names = [e.data.names[index] for index in chosen] if e.data.names else ()
    first = e.evaluators[0]
    targets = e.data.targets(first.perception.task.target, chosen)
    rows = make_rows(
        images, targets, links, first.perception, situation, names, agreement=first.agreement
    )
    return strip_figure(rows, strip_title(situation, images.shape[-2], images.shape[-1]))


def _different_classes(data: ImageSet, count: int) -> list[int]:
    """The first images of different classes, all of one size, in the order of the data."""
    chosen: dict[int, int] = {}
    for index, label in enumerate(data.labels.tolist()):
        if label not in chosen and data.sizes[index] == data.sizes[0]:
            chosen[label] = index
        if len(chosen) == count:
            break
    return list(chosen.values())
