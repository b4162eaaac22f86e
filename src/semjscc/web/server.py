"""The server of the page: on this machine alone."""

import errno
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from semjscc.errors import UserError, printable
from semjscc.parts.own_code import with_kind
from semjscc.runtime.devices import AUTO
from semjscc.web.uploads.folder import FILE_SECONDS

LOCAL = "127.0.0.1"
PORT = 7860
WAITING = 40
"""Requests that may stand in line; the next is told to come back."""

SESSIONS = 100
"""People whose image is kept in memory, each at most 1.2 MB."""

_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def serve(
    port: int = PORT,
    host: str = LOCAL,
    *,
    folder: Path,
    device: str = AUTO,
    file_seconds: tuple[int, int] = FILE_SECONDS,
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        port: to listen on.
        host: the address; whoever can reach it can use the page.
        folder: for uploads.
        device: where networks compute, see `semjscc.runtime.devices`.
        file_seconds: how often uploads are looked through and how old one may grow.

    Raises:
        UserError: the extra is not installed, the port is taken, or the address is not this
            machine's.
    """
    with _listen(host, port) as listener:
        # Gradio reads its settings when it is imported.
        os.environ.update(_SETTINGS, GRADIO_TEMP_DIR=str(folder))
        try:
            import gradio
            from fastapi import FastAPI
        except ImportError as error:
            raise UserError(f"the page needs {error.name}: pip install 'semjscc[web]'") from error
        from semjscc.web.models import compute_on
        from semjscc.web.page import AT_ONCE, THEME, build, style_sheet, warm_up
        from semjscc.web.uploads.reading import LARGEST_FILE

        compute_on(device)
        warm_up()
        page = build(folder, file_seconds)
        page.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE, api_open=False)
        page.state_session_capacity = SESSIONS
        # Not page.launch(), which asks other hosts for things, and gives up where the machine is
        # too busy to answer itself within seconds.
        application = gradio.mount_gradio_app(
            FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
            page,
            path="/",
            server_name=host,
            server_port=port,
            show_error=False,
            max_file_size=LARGEST_FILE,
            footer_links=[],
            ssr_mode=False,
            enable_monitoring=False,
            theme=THEME,
            css=style_sheet(),
        )
        print(f"semjscc: open http://{host}:{port} (Ctrl-C ends it)", flush=True)
        _run(in_one_line(application), listener)


def _run(application: Any, listener: socket.socket) -> None:
    """Serve an ASGI application until the first signal.

    It takes a second at most to come to an end, and a further Ctrl-C changes nothing: uvicorn would
    leave the application unfinished, with a traceback.
    """
    import uvicorn  # which gradio brings along

    settings = uvicorn.Config(application, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(settings)
    leave = server.handle_exit

    def leave_once(sig: int, frame: FrameType | None) -> None:
        if not server.should_exit:
            leave(sig, frame)

    server.handle_exit = leave_once
    server.run(sockets=[listener])


def in_one_line(application: Any) -> Any:
    """The same ASGI application; what it cannot answer is one line of the log.

    Whoever can reach the page may send it anything, and Gradio foresees not all of it.
    """

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        last: dict[str, Any] = {}

        async def note(message: dict[str, Any]) -> None:
            last.clear()
            last.update(message)
            await send(message)

        try:
            await application(scope, receive, note)
        except Exception as error:
            print(f"semjscc: warning: a request failed: {with_kind(error)}", file=sys.stderr)
            if not last:
                await send({"type": "http.response.start", "status": 500, "headers": []})
            if not last or last["type"] == "http.response.start" or last.get("more_body"):
                with suppress(Exception):  # it may have promised a length
                    await send({"type": "http.response.body", "body": b"", "more_body": False})

    return answer


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, before anything is imported: a port that is taken is told at once.

    Raises:
        UserError: the port is taken, or the address is none of this machine's.
    """
    where = f"cannot listen on {printable(host)}:{port}"
    another = f"take another --host, such as {LOCAL}"
    try:
        socket.getaddrinfo(host, port, socket.AF_INET)
        return socket.create_server((host, port))
    except (socket.gaierror, UnicodeError) as error:  # a name of nothing, or no name
        raise UserError(f"{where} (no such address): {another}") from error
    except OSError as error:
        elsewhere = error.errno == errno.EADDRNOTAVAIL
        reason = os.strerror(error.errno or 0)
        raise UserError(
            f"{where} ({reason}): {another if elsewhere else 'take another --port'}"
        ) from error
