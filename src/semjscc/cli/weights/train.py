"""``semjscc train``."""

import argparse
import json
import sys
from pathlib import Path

from semjscc.cli.answers import print_json
from semjscc.cli.options import add_device, add_json, at_least, folder, settings_file
from semjscc.cli.parser import Register
from semjscc.errors import UserError
from semjscc.runtime.extras import check_extra
from semjscc.runtime.threads import import_torch


def register(command: Register) -> None:
    """Add the command."""
    train = command(
        "train", _train, "train a perception network or a codec from a recipe", takes_overrides=True
    )
    train.add_argument("recipe", metavar="RECIPE.yaml")
    train.add_argument("--out", help="the run's folder (default: runs/NAME)")
    train.add_argument("--processes", type=int, default=1, help="processes or GPUs of each node")
    train.add_argument("--nodes", type=int, default=1, help="machines that share each batch")
    train.add_argument("--save-seconds", type=float, default=60, help="how often state is kept")
    train.epilog = "Any value of the recipe can be overridden: --optimiser.steps 100"
    add_device(train)
    add_json(train)


def _train(arguments: argparse.Namespace) -> None:
    path = settings_file(arguments.recipe, "recipe")
    processes = at_least(1, arguments.processes, "--processes")
    nodes = at_least(1, arguments.nodes, "--nodes")
    if not arguments.save_seconds >= 0:
        said = arguments.save_seconds
        raise UserError(f"--save-seconds is a number of seconds, 0 or more, not {said:g}")
    out = arguments.out and folder(arguments.out)

    check_extra("train", "training")
    import_torch()
    from semjscc.training.recipe import load_recipe

    recipe = load_recipe(path, arguments.rest)

    from semjscc.training.runs.run import Schedule, spare_recipe
    from semjscc.training.train import train

    schedule = Schedule(
        processes=processes,
        nodes=nodes,
        save_seconds=arguments.save_seconds,
        progress=not arguments.json and sys.stderr.isatty(),
        device=arguments.device,
    )
    run = out or Path("runs") / recipe.name
    if arguments.rest:
        spare_recipe(path, run)
    model, facts = train(recipe, run, schedule)
    if arguments.json:
        print_json({"model": str(model), "facts": facts})
    else:
        print(f"{model}: {json.dumps(facts)}")
