"""``semjscc push``."""

import argparse
from dataclasses import asdict

from semjscc.cli.answers import print_json
from semjscc.cli.options import add_json
from semjscc.cli.parser import Register
from semjscc.runtime.threads import import_torch


def register(command: Register) -> None:
    """Add the command."""
    push = command("push", _push, "put trained weights on the Hugging Face hub")
    push.add_argument("run", metavar="RUN", help="a run's folder, a checkpoint, or shipped weights")
    push.add_argument("repository", metavar="OWNER/NAME", help="made where there is none")
    push.add_argument("--private", action="store_true", help="a new one is for its owner alone")
    add_json(push)


def _push(arguments: argparse.Namespace) -> None:
    from semjscc.checkpoint import locate
    from semjscc.model_hub import HUB, check_repository, is_on_hub

    check_repository(arguments.repository)
    if not is_on_hub(arguments.run):
        locate(arguments.run)

    import_torch()
    from semjscc.publishing.push import push

    pushed = push(arguments.run, arguments.repository, private=arguments.private)
    if arguments.json:
        print_json(asdict(pushed))
        return
    print(f"pushed: {pushed.url}")
    print(f"To use exactly these weights: --link {pushed.name} (or {HUB}{arguments.repository})")
