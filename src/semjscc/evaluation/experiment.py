"""One evaluation from data to files: the grid, results, figures, pictures and the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from semjscc.channels import CHANNELS
from semjscc.data import ImageSet
from semjscc.errors import UserError
from semjscc.evaluation.figures import accuracy_figure, psnr_figure, save_figure
from semjscc.evaluation.grid import Grid, evaluate, work
from semjscc.evaluation.progress import Progress
from semjscc.evaluation.report import write_report
from semjscc.evaluation.results import Record, Results, make_meta, save_results
from semjscc.evaluation.strip import make_rows, strip_figure, strip_title
from semjscc.links import Link, NoChannel, Situation
from semjscc.perception.base import Perception
from semjscc.randomness import Draws

RESULTS = "results.json"
STRIP_IMAGES = 4


@dataclass(frozen=True)
class Experiment:
    """What is compared, on what, and how.

    Attributes:
        links: the transmission schemes.
        data: the images.
        perception: the network that judges what is received.
        grid: ratios, SNRs, channel, seed and draws.
        command: what the user typed, for the record.
    """

    links: Sequence[Link]
    data: ImageSet
    perception: Perception
    grid: Grid
    command: str


def prepare(out: Path) -> None:
    """Make the folder for the results, before hours of work depend on it.

    Raises:
        UserError: it cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"cannot write to {out}: {error.strerror or error}") from error


def run(experiment: Experiment, out: Path) -> Results:
    """Evaluate the grid, and write what came of it to ``out``.

    ``results.json`` grows point by point, so that an interruption loses one point at most; then
    come ``accuracy.png``, ``psnr.png``, ``transmission.png`` and ``report.html``.

    Raises:
        UserError: the links, the data or the folder cannot be used.
    """
    prepare(out)
    e = experiment
    meta = make_meta(
        links=e.links, data=e.data, perception=e.perception, command=e.command, seed=e.grid.seed
    )
    records: list[Record] = []

    def keep(record: Record) -> None:
        records.append(record)
        save_results(Results(meta, records), out / RESULTS)

    with Progress("evaluating", work(e.links, e.data, e.grid)) as progress:
        evaluate(
            e.links,
            e.data,
            e.perception,
            e.grid,
            on_record=keep,
            on_progress=progress.advance,
        )
    results = Results(meta, records)
    draw(experiment, results, out)
    return results


def draw(experiment: Experiment, results: Results, out: Path) -> None:
    """Write the figures, the transmission strip and the report."""
    save_figure(accuracy_figure(results), out / "accuracy.png")
    save_figure(psnr_figure(results), out / "psnr.png")
    save_figure(_strip(experiment), out / "transmission.png")
    write_report(results, {"What arrived": out / "transmission.png"}, out / "report.html")


def _strip(experiment: Experiment) -> Figure:
    """A few images at the first ratio and the middle SNR of the grid."""
    e, grid = experiment, experiment.grid
    chosen = _different_classes(e.data, STRIP_IMAGES)
    situation = Situation(
        CHANNELS[grid.channel],
        sorted(grid.snrs_db)[len(grid.snrs_db) // 2],
        grid.ratios[0],
        Draws(grid.seed, chosen),
        grid.assumed_snr_db,
    )
    images = e.data.batch(chosen)
    links = [link for link in e.links if not isinstance(link, NoChannel)]
    rows = make_rows(images, e.data.labels[chosen], links, e.perception, situation)
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
