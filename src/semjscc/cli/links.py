"""``semjscc links``."""

import argparse

from semjscc.cli.answers import print_json
from semjscc.cli.options import add_json, columns
from semjscc.cli.parser import Register


def register(command: Register) -> None:
    """Add the command."""
    links = command("links", _links, "the schemes and the weights that ship")
    text = "tell more of a link, a family, weights, a run's folder or a checkpoint"
    links.add_argument("names", nargs="*", metavar="NAME", help=text)
    add_json(links)


def _links(arguments: argparse.Namespace) -> None:
    from semjscc.links.descriptions import cards, cards_of, details, overview

    chosen = [card for name in arguments.names for card in cards_of(name)]
    if arguments.json:
        print_json(chosen if arguments.names else cards(), indent=1)
    elif arguments.names:
        for card in chosen:
            print(columns([(card["name"], ""), *indented(details(card))]))
    else:
        for heading, rows in overview():
            print(heading, columns(indented(rows)), sep="\n")


def indented(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rows a little to the right of what they stand under."""
    return [(f"  {title}", text) for title, text in rows]
