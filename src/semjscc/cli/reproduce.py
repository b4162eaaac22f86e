"""``semjscc reproduce``."""

import argparse
import json
import sys
from pathlib import Path

from semjscc.cli.words import Register, add_json, at_least, console


def register(command: Register) -> None:
    """Add the command."""
    reproduce = command("reproduce", _reproduce, "run one of our experiments from data to report")
    reproduce.add_argument("plan", type=Path, metavar="PLAN.yaml")
    reproduce.add_argument("--out", type=Path, help="folder for the results (default: out/NAME)")
    reproduce.add_argument("--runs", type=Path, help="folder of the trainings (default: runs)")
    reproduce.add_argument("--jobs", type=int, default=1, help="processes that share the points")
    reproduce.add_argument("--quick", action="store_true", help="a small version: does it run?")
    add_json(reproduce)


def _reproduce(arguments: argparse.Namespace) -> None:
    from semjscc.evaluation.experiment import RESULTS, prepare
    from semjscc.evaluation.tables import table
    from semjscc.reproduction.plan import load_plan
    from semjscc.reproduction.run import reproduce

    plan = load_plan(arguments.plan)
    recipes = plan.recipes()
    if arguments.quick:
        plan, recipes = plan.cut(recipes)
    # The small version must not be taken for the real one, nor stand in its way.
    name = f"{plan.name}-quick" if arguments.quick else plan.name
    out = arguments.out or Path("out") / name
    runs = arguments.runs or (Path("runs") / name if arguments.quick else Path("runs"))
    jobs = at_least(1, arguments.jobs, "--jobs")
    prepare(out)
    results = reproduce(
        plan,
        recipes,
        out,
        runs,
        command=" ".join(["semjscc", *sys.argv[1:]]),
        jobs=jobs,
        progress=not arguments.json and sys.stderr.isatty(),
        say=lambda line: print(line, file=sys.stderr),
    )
    if arguments.json:
        files = {name: (out / name / RESULTS).read_text() for name in results}
        print(json.dumps({name: json.loads(text) for name, text in files.items()}))
        return
    terminal = console()
    for name, found in results.items():
        terminal.print(f"[bold]{name}[/bold]")
        terminal.print(table(found))
    terminal.print(f"Numbers, pictures and reports are in {out}")
