"""``semjscc reproduce``."""

import argparse
import json
import sys
from pathlib import Path

from semjscc.cli.answers import print_json
from semjscc.cli.cluster import add_cluster, shares_of
from semjscc.cli.options import add_device, add_json, console, folder, settings_file
from semjscc.cli.parser import Register
from semjscc.runtime.extras import check_extra
from semjscc.runtime.threads import import_torch


def register(command: Register) -> None:
    """Add the command."""
    reproduce = command("reproduce", _reproduce, "run one of our experiments from data to report")
    reproduce.add_argument("plan", metavar="PLAN.yaml")
    reproduce.add_argument("--out", help="folder for the results (default: out/NAME)")
    reproduce.add_argument("--runs", help="folder of the trainings (default: runs)")
    add_cluster(reproduce, "points of an evaluation")
    reproduce.add_argument("--quick", action="store_true", help="a small version: does it run?")
    add_device(reproduce)
    add_json(reproduce)


def _reproduce(arguments: argparse.Namespace) -> None:
    path = settings_file(arguments.plan, "plan")
    jobs, cluster = shares_of(arguments)
    chosen = [text and folder(text) for text in (arguments.out, arguments.runs)]

    check_extra("train", "reproduce")
    import_torch()
    from semjscc.experiments.plan import load_plan

    plan = load_plan(path)
    recipes = plan.recipes()

    from semjscc.experiments.evaluation import prepare
    from semjscc.experiments.existing_results import RESULTS
    from semjscc.experiments.run import reproduce
    from semjscc.report.tables import tables

    if arguments.quick:
        plan, recipes = plan.cut(recipes)
    # The small version must not be taken for the real one, nor stand in its way.
    name = f"{plan.name}-quick" if arguments.quick else plan.name
    out = chosen[0] or Path("out") / name
    runs = chosen[1] or (Path("runs") / name if arguments.quick else Path("runs"))
    prepare(out, with_strip=False)
    results = reproduce(
        plan,
        recipes,
        out,
        runs,
        command=" ".join(["semjscc", *sys.argv[1:]]),
        jobs=jobs,
        device=arguments.device,
        cluster=cluster,
        progress=not arguments.json and sys.stderr.isatty(),
        card_images=plan.quick.images if arguments.quick else None,
        say=lambda line: print(line, file=sys.stderr),
    )
    if arguments.json:
        files = {name: (out / name / RESULTS).read_text(encoding="utf-8") for name in results}
        print_json({name: json.loads(text) for name, text in files.items()})
        return
    terminal = console()
    for name, found in results.items():
        terminal.print(name, style="bold")
        terminal.print(*tables(found, terminal.width))
    print(f"Numbers, pictures and reports are in {out}")
