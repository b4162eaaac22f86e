"""The server of the page: on this machine alone, with a private folder for uploads.

Gradio writes every upload to its cache; here that is a folder of this process, readable by its
user alone, cleaned every half minute and removed in the end.
"""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semjscc.errors import UserError

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


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder for uploads that no other user can read, removed in the end."""
    with tempfile.TemporaryDirectory(prefix="semjscc-web-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def serve(
    port: int = PORT,
    host: str = LOCAL,
    *,
    folder: Path,
    file_seconds: tuple[int, int] | None = None,
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        port: to listen on.
        host: the address; whoever can reach it can use the page.
        folder: for uploads.
        file_seconds: how often uploads are looked through and how old one may grow; by default
            together under 5 minutes.

    Raises:
        UserError: the extra is not installed, or the port is taken.
    """
    # Gradio reads its settings when it is imported.
    os.environ.update(_SETTINGS, GRADIO_TEMP_DIR=str(folder))
    try:
        import gradio
        import uvicorn
        from fastapi import FastAPI
    except ImportError as error:
        raise UserError(f"the page needs {error.name}: pip install 'semjscc[web]'") from error
    from semjscc.web.page import AT_ONCE, FILE_SECONDS, THEME, build, style_sheet, warm_up
    from semjscc.web.uploads import LARGEST_FILE

    with _listen(host, port) as listener:
        warm_up()
        page = build(file_seconds or FILE_SECONDS)
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
        settings = uvicorn.Config(application, log_level="warning", timeout_graceful_shutdown=1)
        print(f"semjscc: open http://{host}:{port} (Ctrl-C ends it)", flush=True)
        uvicorn.Server(settings).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, before the models are loaded: a port that is taken is told at once.

    Raises:
        UserError: the port is taken, or the address is none of this machine's.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise UserError(
            f"cannot listen on {host}:{port} ({error.strerror or error}): take another --port"
        ) from error
