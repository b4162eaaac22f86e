"""``semjscc report``: figures, tables and statistics from results alone."""

import argparse
from collections.abc import Collection, Iterable
from fractions import Fraction
from pathlib import Path

from semjscc.cli.answers import print_json
from semjscc.cli.options import add_json, console, existing_file, folder, split_list, warn
from semjscc.cli.parser import Register
from semjscc.errors import UserError, printable
from semjscc.paths import check_writable, keep_apart, user_path
from semjscc.runtime.threads import import_torch

NARROWEST, WIDEST = 2.0, 20.0
"""Inches of a figure."""


def register(command: Register) -> None:
    """Add the command."""
    report = command("report", _report, "draw and compare what evaluate measured, from its results")
    report.add_argument("results", nargs="+", metavar="RESULTS.json", help="or its folder")
    text = "folder for report and figures; with --table a file, in place of standard output"
    report.add_argument("--out", help=text)
    report.add_argument("--candidate", help="link to compare (default: semantic)")
    report.add_argument("--against", help="its baselines, such as djscc,separate (default: all)")
    report.add_argument("--links", help="only these, such as djscc,semantic (default: all)")
    report.add_argument("--ratio", help="only these, such as 1/48,1/24 (default: all)")
    text = "of the figures in inches, such as 3.5 for a column; letters keep their size"
    report.add_argument("--width", type=float, metavar="INCHES", help=text)
    text = "no report but one table with a row for each point; LaTeX needs the package booktabs"
    report.add_argument("--table", choices=("latex", "csv"), help=text)
    text = "of the table, such as link,ratio,snr_db,value,ci_low,ci_high,psnr_db (default: all)"
    report.add_argument("--columns", help=text)
    add_json(report)
    report.epilog = (
        "Repeats of a link with other training seeds are called semantic#1, semantic#2 and so on: "
        "evaluate --links semantic=RUN,semantic#1=RUN,..."
    )


def _report(arguments: argparse.Namespace) -> None:
    paths = [existing_file(text) for text in arguments.results]
    if arguments.table is not None:
        _table(arguments, paths)
        return
    if arguments.columns is not None:
        raise UserError("--columns are of a --table, and none is asked for")
    if arguments.out is None:
        raise UserError("name a folder for the report with --out, or print a table with --table")
    out = folder(arguments.out)
    against = None if arguments.against is None else split_list(arguments.against)
    width = arguments.width
    if width is not None and not NARROWEST <= width <= WIDEST:
        raise UserError(
            f"--width is in inches, from {NARROWEST:g} to {WIDEST:g}: {width:g} is no such width"
        )
    chosen = _chosen(arguments)
    _check_shown([name for name in (arguments.candidate, *(against or [])) if name], chosen[0])

    import_torch()
    from semjscc.experiments.existing_results import RESULTS
    from semjscc.experiments.joint_report import report_on
    from semjscc.report.stale_files import COMPARISONS, REPORT
    from semjscc.report.tables import comparison_tables
    from semjscc.statistics.analysis import to_json
    from semjscc.statistics.baselines import why_nothing
    from semjscc.statistics.selection import Selection

    paths = [path / RESULTS if path.is_dir() else path for path in paths]
    keep_apart(paths, [out / COMPARISONS, out / REPORT])
    analysis = report_on(
        *(paths, out),
        candidate=arguments.candidate,
        against=against,
        selection=Selection(*chosen),
        width=width,
    )
    if arguments.candidate is not None and not analysis.families and not any(chosen):
        warn(why_nothing(analysis.results.records, analysis.candidate or ""))
    if arguments.json:
        print_json(to_json(analysis), indent=1)
        return
    terminal = console()
    for part in analysis.parts:
        others = [other.setting for other in analysis.parts if other is not part]
        apart = part.setting.describe(others) if others else ""
        for name, found in part.comparisons.items():
            names = analysis.candidate or "", name
            terminal.print(*comparison_tables(found, *names, terminal.width, apart))
    print(f"Figures (SVG, PDF, PNG), {REPORT}, {COMPARISONS} are in {out}")


def _chosen(arguments: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Fraction, ...]]:
    """The links and ratios that are shown, () for all."""
    from semjscc.codecs.bandwidth import parse_ratio

    links = () if arguments.links is None else tuple(split_list(arguments.links))
    words = [] if arguments.ratio is None else split_list(arguments.ratio)
    return links, tuple(dict.fromkeys(map(parse_ratio, words)))


def _check_shown(compared: Iterable[str], links: Collection[str]) -> None:
    """Refuse links to compare that would not be shown."""
    from semjscc.links.spelling import link_text

    shown = set(map(link_text, links))
    for name in compared if shown else ():
        text = link_text(name)
        if not {text, text.partition("#")[0]} & shown:
            raise UserError(f"--links leaves out {printable(name)}, which is compared: add it")


def _table(arguments: argparse.Namespace, paths: list[Path]) -> None:
    """One table of all points."""
    idle = [name for name in ("candidate", "against") if getattr(arguments, name) is not None]
    if arguments.width is not None:
        raise UserError("--width is of figures, and --table draws none")
    if idle or arguments.json:
        raise UserError(f"--table has all points as they are: leave out --{[*idle, 'json'][0]}")
    out = None if arguments.out is None else user_path(arguments.out)
    if out is not None:
        check_writable(out)
    asked = None if arguments.columns is None else split_list(arguments.columns)
    chosen = _chosen(arguments)

    import_torch()
    from semjscc.checkpoint import write_atomically
    from semjscc.experiments.existing_results import RESULTS
    from semjscc.report.point_table import chosen_columns, table_text
    from semjscc.results.records import load_results
    from semjscc.statistics.selection import Selection, select
    from semjscc.statistics.settings import merge

    names = chosen_columns(asked)
    paths = [path / RESULTS if path.is_dir() else path for path in paths]
    if out is not None:
        keep_apart(paths, [out])
    records = select(merge([load_results(path) for path in paths]).records, Selection(*chosen))
    text = table_text(records, arguments.table, names)
    if out is None:
        print(text, end="")
        return
    write_atomically(out, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    print(f"{len(records)} points are in {printable(str(out))}")
