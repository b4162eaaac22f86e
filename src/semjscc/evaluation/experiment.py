"""One evaluation from data to files: the grid, results, figures, pictures and the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semjscc.channels.awgn import CHANNELS
from semjscc.data import ImageSet
from semjscc.errors import UserError
from semjscc.evaluation.figures import accuracy_figure, psnr_figure, save_figure
from semjscc.evaluation.grid import Grid, evaluate, work
from semjscc.evaluation.progress import Progress
from semjscc.evaluation.report import write_report
from semjscc.evaluation.results import Record, Results, make_meta, save_results
from semjscc.evaluation.strip import make_rows, strip_figure
from semjscc.links import Link, Situation
from semjscc.perception.base import Perception
from semjscc.randomness import Draws

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
        command=e.command, seed=e.grid.seed, data=e.data, perception=e.perception, links=e.links
    )
    records: list[Record] = []

    def keep(record: Record) -> None:
        records.append(record)
        save_results(Results(meta, records), out / "results.json")

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
    pictures = {"What arrived": out / "transmission.png"}
    save_figure(_strip(experiment), out / "transmission.png")
    write_report(results, pictures, out / "report.html")


def _strip(experiment: Experiment) -> Any:
    e, grid = experiment, experiment.grid
    ratio = grid.ratios[0]
    snr_db = sorted(grid.snrs_db)[len(grid.snrs_db) // 2]
    chosen = _different_classes(e.data, STRIP_IMAGES)
    situation = Situation(
        CHANNELS[grid.channel], snr_db, ratio, Draws(grid.seed, chosen), grid.assumed_snr_db
    )
    images, labels = e.data.batch(chosen), e.data.labels[chosen]
    links = [link for link in e.links if link.name != "none"]
    title = f"{e.data.name}, R = {ratio}, SNR {snr_db:g} dB"
    return strip_figure(make_rows(images, labels, links, e.perception, situation), title)


def _different_classes(data: ImageSet, count: int) -> list[int]:
    """The first images of different classes, all of one size, in the order of the data."""
    chosen: dict[int, int] = {}
    for index, label in enumerate(data.labels.tolist()):
        if label not in chosen and data.sizes[index] == data.sizes[0]:
            chosen[label] = index
        if len(chosen) == count:
            break
    return list(chosen.values())
