"""``semjscc web``."""

import argparse

from semjscc.cli.options import add_device, check_classes, check_network
from semjscc.cli.parser import Register
from semjscc.errors import UserError
from semjscc.runtime.threads import import_torch

HIGHEST_PORT = 65535


def register(command: Register) -> None:
    """Add the command."""
    web = command("web", _web, "a page on this machine to see it on (extra: web)")
    web.add_argument("--port", type=int, default=7860)
    web.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; anything else lets others in"
    )
    web.add_argument("--perception", help="one more network to look at what arrives: name or path")
    web.add_argument("--network", help="its class, my.module:Class, where it is one of yours")
    web.add_argument("--task", help="the class of its task, likewise")
    add_device(web)


def _web(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.port <= HIGHEST_PORT:
        raise UserError(f"--port is a number from 1 to {HIGHEST_PORT}, not {arguments.port}")
    check_classes(arguments)
    if arguments.perception is not None:
        check_network(arguments.perception)
        import_torch()
        from semjscc.web.models import bring, compute_on

        compute_on(arguments.device)
        bring(arguments.perception, arguments.network, arguments.task)
    from semjscc.web.server import serve
    from semjscc.web.uploads.folder import private_folder

    with private_folder() as folder:
        serve(arguments.port, arguments.host, device=arguments.device, folder=folder)
