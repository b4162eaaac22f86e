"""``semjscc train``."""

import argparse
import json
import sys
from pathlib import Path

from semjscc.cli.words import Register, add_json, at_least


def register(command: Register) -> None:
    """Add the command."""
    train = command(
        "train", _train, "train a perception network or a codec from a recipe", takes_overrides=True
    )
    train.add_argument("recipe", type=Path, metavar="RECIPE.yaml")
    train.add_argument("--out", type=Path, help="the run's folder (default: runs/NAME)")
    train.add_argument("--processes", type=int, default=1, help="processes or GPUs to share")
    train.add_argument("--save-seconds", type=float, default=60, help="how often state is kept")
    train.epilog = "Any value of the recipe can be overridden: --optimiser.steps 100"
    add_json(train)


def _train(arguments: argparse.Namespace) -> None:
    from semjscc.training.recipe import load_recipe
    from semjscc.training.run import Schedule
    from semjscc.training.train import train

    schedule = Schedule(
        processes=at_least(1, arguments.processes, "--processes"),
        save_seconds=arguments.save_seconds,
        progress=not arguments.json and sys.stderr.isatty(),
    )
    recipe = load_recipe(arguments.recipe, arguments.rest)
    model, facts = train(recipe, arguments.out or Path("runs") / recipe.name, schedule)
    if arguments.json:
        print(json.dumps({"model": str(model), "facts": facts}))
    else:
        print(f"{model}: {json.dumps(facts)}")
