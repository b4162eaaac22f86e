"""Where data that took time to make is kept from one run to the next."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """``SEMJSCC_CACHE``, else ``semjscc`` in ``XDG_CACHE_HOME`` or ``~/.cache``.

    It need not exist, nor be one that can be written to: a cache is never needed, only wanted.
    """
    if chosen := os.environ.get("SEMJSCC_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "semjscc"
