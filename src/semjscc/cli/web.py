"""``semjscc web``."""

import argparse

from semjscc.cli.parser import Register
from semjscc.errors import UserError

HIGHEST_PORT = 65535


def register(command: Register) -> None:
    """Add the command."""
    web = command("web", _web, "a page on this machine to see it on (extra: web)")
    web.add_argument("--port", type=int, default=7860)
    web.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; anything else lets others in"
    )


def _web(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.port <= HIGHEST_PORT:
        raise UserError(f"--port is a number from 1 to {HIGHEST_PORT}, not {arguments.port}")
    from semjscc.web.server import serve
    from semjscc.web.upload_folder import private_folder

    with private_folder() as folder:
        serve(arguments.port, arguments.host, folder=folder)
