"""``semjscc links``."""

import argparse
import json

from semjscc.cli.words import Register, add_json, console


def register(command: Register) -> None:
    """Add the command."""
    add_json(command("links", _links, "the schemes and the weights that ship"))


def _links(arguments: argparse.Namespace) -> None:
    from semjscc.families import cards, cards_table

    if arguments.json:
        print(json.dumps(cards(), indent=1))
    else:
        console().print(cards_table())
