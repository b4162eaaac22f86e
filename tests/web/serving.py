"""The page, served by a process of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(script: str, *words: str) -> Iterator[str]:
    """The address at which a script serves, which is given the port and then the words."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(port), *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert "open http" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
