"""Weights on the Hugging Face hub: ``hub:OWNER/NAME``, pinned as ``hub:OWNER/NAME@REVISION``.

A repository holds the weights and their SHA-256, which is checked whenever they are opened. What
was fetched once is found again without a network.
"""

import hashlib
import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from semjscc.errors import UserError, first_line, printable

HUB = "hub:"
WEIGHTS_FILE, DIGEST_FILE = "model.safetensors", "model.sha256"
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
_REVISION = re.compile(r"[\w./-]+", re.ASCII)
PATIENCE_S = 10.0
"""How long the hub may take to say whether it is there."""


def is_on_hub(name: str) -> bool:
    """Whether a name is of weights on the hub."""
    return name.startswith(HUB)


def hub_weights(name: str) -> Path:
    """The file of weights on the hub, fetched where the hub can be reached.

    Args:
        name: ``hub:OWNER/NAME``, or with ``@`` and a branch, tag or commit behind it.

    Raises:
        UserError: it is no such name, the weights cannot be had, or are not those that were pushed.
    """
    repository, at, revision = name.removeprefix(HUB).partition("@")
    if not _REPOSITORY.fullmatch(repository) or (at and not _REVISION.fullmatch(revision)):
        raise UserError(
            f"weights on the Hugging Face hub are {HUB}OWNER/NAME or {HUB}OWNER/NAME@REVISION, not "
            f"{printable(name)}"
        )
    return _fetched(repository, revision or None, os.environ.get("SEMJSCC_CACHE"))


def check_repository(name: str) -> None:
    """Refuse what is no name of a repository.

    Raises:
        UserError: so it is.
    """
    if not _REPOSITORY.fullmatch(name):
        raise UserError(f"a repository of the hub is OWNER/NAME, not {printable(name)}")


def quieten_hub() -> None:
    """Let the hub's library report nobody's use, and draw no bars."""
    from huggingface_hub import constants
    from huggingface_hub.utils import disable_progress_bars

    constants.HF_HUB_DISABLE_TELEMETRY = True
    disable_progress_bars()


def refused(repository: str, error: Exception) -> UserError:
    """What the hub said, in one line that says what to do."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return UserError(
            f"the Hugging Face hub refuses {repository}: it is private, or not yours; log in with "
            "`hf auth login`, or set HF_TOKEN"
        )
    return UserError(f"the Hugging Face hub refuses {repository}: {first_line(error)}")


@lru_cache(maxsize=8)
def _fetched(repository: str, revision: str | None, cache: str | None) -> Path:
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )

    quieten_hub()
    names = None
    try:  # asked once, where fetching would try it five times
        info = HfApi().model_info(repository, revision=revision, timeout=PATIENCE_S)
        names = {file.rfilename for file in info.siblings or ()}
        revision = info.sha or revision  # both files of one commit
    except (HfHubHTTPError, HFValidationError) as error:
        if not isinstance(error, OfflineModeIsEnabled):
            raise refused(repository, error) from None
    except Exception:  # of the library that carries the requests, which is not always the same
        pass  # what is kept on this machine may do
    if names is not None and WEIGHTS_FILE not in names:
        raise UserError(f"{repository} on the Hugging Face hub has no {WEIGHTS_FILE}")

    def fetch(file: str) -> Path:
        folder = str(Path(cache) / "huggingface") if cache else None
        offline = names is None
        return Path(
            hf_hub_download(
                repository, file, revision=revision, cache_dir=folder, local_files_only=offline
            )
        )

    try:
        weights = fetch(WEIGHTS_FILE)
        digest = _digest(fetch) if names is None or DIGEST_FILE in names else None
    except LocalEntryNotFoundError:
        at = f"@{revision}" if revision else ""
        raise UserError(
            f"{HUB}{repository}{at} is not kept on this machine, and the Hugging Face hub cannot "
            "be reached; is there a network?"
        ) from None
    except Exception as error:  # network, hub and file system errors of many libraries
        raise refused(repository, error) from None
    if digest not in (None, digest_of(weights)):
        raise UserError(
            f"{weights} is not what was pushed to {repository}: its SHA-256 differs; delete it, "
            "and it is fetched again"
        )
    return weights


def _digest(fetch: Callable[[str], Path]) -> str | None:
    """What should be the SHA-256 of the weights; None where a repository of others has none."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return fetch(DIGEST_FILE).read_text().partition(" ")[0]
    except LocalEntryNotFoundError:
        return None


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
