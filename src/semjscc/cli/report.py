"""``semjscc report``: figures, tables and statistics from results alone."""

import argparse

from semjscc.cli.answers import print_json
from semjscc.cli.options import add_json, console, existing_file, folder, split_list, warn
from semjscc.cli.parser import Register
from semjscc.paths import keep_apart
from semjscc.runtime.threads import import_torch


def register(command: Register) -> None:
    """Add the command."""
    report = command("report", _report, "draw and compare what evaluate measured, from its results")
    report.add_argument("results", nargs="+", metavar="RESULTS.json", help="or its folder")
    report.add_argument("--out", required=True, help="folder for report and figures")
    report.add_argument("--candidate", help="link to compare (default: semantic)")
    report.add_argument("--against", help="its opponents, such as djscc,separate (default: all)")
    add_json(report)
    report.epilog = (
        "Repeats of a link with other training seeds are called semantic#1, semantic#2 and so on: "
        "evaluate --links semantic=RUN,semantic#1=RUN,..."
    )


def _report(arguments: argparse.Namespace) -> None:
    paths = [existing_file(text) for text in arguments.results]
    out = folder(arguments.out)
    against = None if arguments.against is None else split_list(arguments.against)

    import_torch()
    from semjscc.experiments.existing_results import RESULTS
    from semjscc.experiments.joint_report import report_on
    from semjscc.report.stale_files import COMPARISONS, REPORT
    from semjscc.report.tables import comparison_tables
    from semjscc.statistics.analysis import to_json
    from semjscc.statistics.opponents import why_nothing

    paths = [path / RESULTS if path.is_dir() else path for path in paths]
    keep_apart(paths, [out / COMPARISONS, out / REPORT])
    analysis = report_on(paths, out, candidate=arguments.candidate, against=against)
    if arguments.candidate is not None and not analysis.families:
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
