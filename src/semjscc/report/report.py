"""The report: one HTML file that needs nothing beside it, and its figures as files."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from semjscc.checkpoint import write_atomically
from semjscc.report.figures.gallery import Drawn, draw_part
from semjscc.report.figures.heatmap import signed
from semjscc.report.figures.panels import KINDS, save_figure
from semjscc.report.figures.style import metric_title
from semjscc.report.html import drawing, folded, heading, note, page, picture, table
from semjscc.report.origins import what_was_done
from semjscc.report.rows import (
    NOTHING,
    RECORD_HEAD,
    RECORD_WORDS,
    comparison_rows,
    front_gap_rows,
    order,
    record_row,
    uses_note,
    where,
)
from semjscc.report.stale_files import (
    REPORT,
    STRIP,
    check_free,
    figure_files,
    has_strip,
    names_tags,
    withdraw_figures,
)
from semjscc.results.records import Results
from semjscc.statistics.analysis import Analysis, Part, analyse, front_gaps
from semjscc.statistics.comparison import (
    DELIVERS,
    REFERENCE,
    Comparison,
    best,
)
from semjscc.statistics.selection import Selection, narrowed
from semjscc.statistics.settings import data_of, sources

_DEFINITIONS = """\
The bandwidth ratio R = k/n is the number k of complex channel symbols spent on an image over the
number n = 3·H·W of its colour values; the tables give the measured k/n beside the nominal R.
The SNR is Es/N0 in dB: the energy of a complex symbol, whose mean is 1, over the variance N0 of
the complex noise. Accuracy is the share of images that the network takes for what they are; where
the metric is agreement, for what it takes the original for. PSNR is the mean over images and noise
draws of each one's own, without those that arrived exactly, which are counted beside it."""

_STATISTICS = """\
Points are the difference of two accuracies in percentage points; the relative change divides it
by the accuracy of the baseline. The two are different numbers and are never mixed. The images are
the same for both links, and so is their noise: p is McNemar's exact test for one noise draw an
image, the exact sign-flip test by image for several; the interval is Newcombe's for paired shares,
or a bootstrap over images. p (Holm) holds for all points of one baseline on one data set together;
the verdict is open unless it is below 5 %."""

_SEEDS = """\
Seeds count trainings that differ in their seed alone. With fewer than three, a gain says something
of these weights, not of the method."""

_ADJUSTED = "p (Holm) is adjusted over all points that were measured."
_LEADS = (
    "Points by which a loss is ahead of another that has the same PSNR, both averaged over the "
    "SNRs and interpolated linearly between weights (never from the plain codec to the first "
    "weight): the mean over all PSNRs that both reach, and at each of its own weights. In brackets "
    "the paired 95 % interval over images, not adjusted for how many there are."
)
_UNPAIRED = "These results were kept without the outcome of each image, so that nothing is tested."


_EVERYTHING = Selection()


def publish(
    results: Results,
    out: Path,
    *,
    strip: bytes | None = None,
    pictures: Mapping[str, bytes | Path] | None = None,
    candidate: str | None = None,
    against: Sequence[str] | None = None,
    selection: Selection = _EVERYTHING,
    width: float | None = None,
) -> Analysis:
    """Write every figure as SVG, PDF and PNG, and ``report.html``, from results alone.

    Figures are called ``accuracy``, ``accuracy-by-ratio``, ``psnr``, ``front`` and ``gain``, with
    the setting behind the name where the results hold several. Figures of an earlier report that
    this one lacks are removed.

    Args:
        results: of one evaluation, or of several as `settings.merge` puts them together.
        out: folder.
        strip: a PNG of what arrived, which is written too, as ``transmission.png``.
        pictures: further PNG images by their headings.
        candidate: see `analyse`.
        against: see `analyse`.
        selection: which links and ratios are shown.
        width: of the figures' files in inches; by default as many panels fit a page's 7.2 inches.

    Raises:
        UserError: a link or ratio is not there, a picture is no PNG, a file cannot be written, or
            one of somebody else's would be written over.
    """
    analysis = narrowed(analyse(results, candidate, against), selection)
    drawn = _draw_all(analysis, width)
    names = [name for figures in drawn for name in figures]
    check_free(out, [*figure_files(names), *([] if strip is None else [STRIP])])
    shown: dict[str, bytes | Path] = {} if strip is None else {"What arrived": strip}
    stays = strip is not None or (has_strip(out) and (out / STRIP).exists())
    shown |= pictures or {}
    text = render(analysis, drawn, shown, has_strip=stays, selection=selection)
    withdraw_figures(out, keep=names)
    # First what names the others: whatever ends this early, no file is left that nobody names.
    _write(text, out / REPORT)
    for figures in drawn:
        for name, one in figures.items():
            for kind in KINDS:
                save_figure(one.paper or one.flat, out / f"{name}.{kind}")
    if strip is not None:
        write_atomically(out / STRIP, lambda temporary: temporary.write_bytes(strip))
    return analysis


def write_report(results: Results, pictures: Mapping[str, bytes | Path], path: Path) -> None:
    """Write the HTML file alone, whole or not at all; see `publish`."""
    analysis = analyse(results)
    _write(render(analysis, _draw_all(analysis), pictures), path)


def _write(text: str, path: Path) -> None:
    # A command line may hold bytes that are no UTF-8; they show as question marks.
    data = text.encode(errors="replace")
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def _draw_all(analysis: Analysis, width: float | None = None) -> list[dict[str, Drawn]]:
    all_settings = [part.setting for part in analysis.parts]
    drawn = []
    for number, part in enumerate(analysis.parts):
        others = [one for one in all_settings if one != part.setting]
        suffix = _slug(part.setting.describe(others)) if others else ""
        if suffix and any(f"accuracy-{suffix}" in figures for figures in drawn):
            suffix += f"-{number}"
        figures = draw_part(part, width)
        drawn.append({"-".join(filter(None, (name, suffix))): figures[name] for name in figures})
    return drawn


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def render(
    analysis: Analysis,
    drawn: Sequence[Mapping[str, Drawn]],
    pictures: Mapping[str, bytes | Path],
    *,
    has_strip: bool = False,
    selection: Selection = _EVERYTHING,
) -> str:
    """The HTML that `publish` writes."""
    results = analysis.results
    names = dict.fromkeys(str(data_of(meta).get("name", "")) for meta in sources(results.meta))
    title = f"Image transmission: {', '.join(filter(None, names)) or 'results'}"
    several = len(analysis.parts) > 1
    rows = [record_row(record) for record in sorted(results.records, key=order)]
    everything = table(RECORD_HEAD, rows, text_columns=RECORD_WORDS)
    body = [
        heading("What was done"),
        *what_was_done(results),
        *_what_is_shown(selection),
        _in_short(analysis),
        *(picture(name, image) for name, image in pictures.items()),
    ]
    for part, figures in zip(analysis.parts, drawn, strict=True):
        body.append(heading(part.setting.describe() if several else "Curves"))
        body += [drawing(one.title, one.flat, one.tall, name) for name, one in figures.items()]
        body += [_leads(part), *_comparisons(part, analysis.candidate)]
    body += [heading("All results"), f"<p>{escape(_DEFINITIONS)}</p>"]
    body.append(folded(f"{len(rows)} rows", everything) if several else everything)
    about = names_tags([name for figures in drawn for name in figures], has_strip=has_strip)
    return page(title, "\n".join(filter(None, body)), about)


def _what_is_shown(selection: Selection) -> list[str]:
    """Which points of the evaluation the report leaves out, if any."""
    if not (selection.links or selection.ratios):
        return []
    ratios = ", ".join(map(str, selection.ratios))
    named = filter(None, [", ".join(selection.links), ratios and f"R = {ratios}"])
    return [note(f"Only these points are shown: {'; '.join(named)}. {_ADJUSTED}")]


def _in_short(analysis: Analysis) -> str:
    """The gain over each baseline at its best point, and how often it is more than chance."""
    if not analysis.families:
        return ""
    rows = []
    for name, found in analysis.families.items():
        verdicts = [one.verdict for one in found]
        counts = [str(verdicts.count(kind)) for kind in ("better", "open", "worse")]
        tested = any(verdicts)
        fair = best(found, DELIVERS)
        rows.append(
            (
                name,
                *_best(best(found)),
                *_best(fair),
                str(len(found)),
                *(counts if tested else [NOTHING] * 3),
            )
        )
    head = (
        *("over", "most points", "relative %", "at", f"most where it delivers ≥ {DELIVERS:.0%}"),
        *("relative %", "at", "points of the grid", "better", "open", "worse"),
    )
    text = [heading(f"{analysis.candidate} in short"), table(head, rows, text_columns=1)]
    for name, found in analysis.families.items():
        if uses := uses_note(found, str(analysis.candidate), name):
            text.append(note(f"{uses[0].upper()}{uses[1:]}."))
    text.append(note(_STATISTICS))
    every = [one for found in analysis.families.values() for one in found]
    if any(len(one.spread.gains) > 1 for one in every):
        text.append(note(_SEEDS))
    if not any(one.verdict for one in every):
        text.append(note(_UNPAIRED))
    return "\n".join(text)


def _best(one: Comparison | None) -> tuple[str, str, str]:
    if one is None:
        return NOTHING, NOTHING, NOTHING
    relative = NOTHING if one.relative is None else signed(one.relative, 1)
    return signed(one.points, 1), relative, where(one)


def _leads(part: Part) -> str:
    found = [one for one in front_gaps(part.results) if one.at or one.mean]
    if not found:
        return ""
    head, rows = front_gap_rows(found)
    title = f"{metric_title([part.setting.metric])} at equal PSNR"
    return f"{heading(title, 3)}\n{table(head, rows, text_columns=3)}{note(_LEADS)}"


def _comparisons(part: Part, candidate: str | None) -> list[str]:
    made = []
    # The question of the field comes first.
    names = sorted(part.comparisons, key=lambda name: name != REFERENCE)
    for name in names:
        if part.comparisons[name] and candidate is not None:
            head, rows = comparison_rows(part.comparisons[name], candidate, name)
            made.append(heading(f"{candidate} against {name}", 3))
            made.append(table(head, rows, text_columns=0))
            if uses := uses_note(part.comparisons[name], candidate, name):
                made.append(note(f"{uses[0].upper()}{uses[1:]}."))
    return made
