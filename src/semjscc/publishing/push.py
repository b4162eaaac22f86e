"""Weights to the Hugging Face hub, with their card and their SHA-256."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from semjscc.checkpoint import BESIDE, load_weights, locate, save_weights, shipped
from semjscc.errors import UserError
from semjscc.model_hub import (
    DIGEST_FILE,
    HUB,
    WEIGHTS_FILE,
    digest_of,
    is_on_hub,
    quieten_hub,
    refused,
)
from semjscc.paths import user_path
from semjscc.publishing.model_card import model_card

_FRONT = """\
---
library_name: semjscc
tags: [joint-source-channel-coding, semantic-communications]
---

"""


@dataclass(frozen=True)
class Pushed:
    """What is on the hub now.

    Attributes:
        name: as links and recipes take it, with the commit.
        url: of the commit.
        sha256: of the weights' file.
    """

    name: str
    url: str
    sha256: str


def push(run: str, repository: str, *, private: bool) -> Pushed:
    """Put weights on the hub, in one commit; what this machine calls its files stays at home.

    Args:
        run: a run's folder, a checkpoint, or the name of weights that ship.
        repository: ``OWNER/NAME``; made where there is none.
        private: whether a repository that is made is seen by its owner alone.

    Raises:
        UserError: there are no such weights, or the hub does not take them.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if is_on_hub(run):
        raise UserError(f"{run} is on the hub already: name a run's folder or a checkpoint")
    quieten_hub()
    weights, metadata = load_weights(locate(run))
    metadata = for_others(metadata)
    with TemporaryDirectory() as folder:
        file = Path(folder) / WEIGHTS_FILE
        save_weights(file, weights, metadata)
        digest = digest_of(file)
        parameters = sum(tensor.numel() for tensor in weights.values())
        origin = (
            f"Trained with semjscc {metadata['version']}. To use it: `--link {HUB}{repository}`, "
            f"or `--perception` for a network. SHA-256 of `{WEIGHTS_FILE}`: `{digest}`."
        )
        card = _FRONT + model_card(metadata, parameters, origin)
        # As `sha256sum --check` reads it.
        contents = {DIGEST_FILE: f"{digest}  {WEIGHTS_FILE}\n", "README.md": card}
        operations = [
            CommitOperationAdd(WEIGHTS_FILE, str(file)),
            *(CommitOperationAdd(name, text.encode()) for name, text in contents.items()),
        ]
        hub = HfApi()
        try:
            hub.create_repo(repository, private=private, exist_ok=True)
            name = metadata["recipe"]["name"]
            commit = hub.create_commit(repository, operations, commit_message=f"Weights of {name}")
        except (HfHubHTTPError, HFValidationError) as error:
            raise refused(repository, error) from None
        except Exception as error:  # of the library that carries the requests, and its threads
            raise UserError(
                f"{repository} cannot be pushed: the Hugging Face hub cannot be reached "
                f"({type(error).__name__}); is there a network?"
            ) from None
    return Pushed(f"{HUB}{repository}@{commit.oid}", str(commit.commit_url), digest)


def for_others(metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata without the folders of the machine on which weights were trained."""
    plain = {key: value for key, value in metadata.items() if key != BESIDE}
    plain["recipe"] = _names_only(plain["recipe"])
    receiver = plain.get("receiver")
    if receiver is not None and shipped(str(receiver.get("network"))) is None:
        del plain["receiver"]
    return plain


def _names_only(value: Any) -> Any:
    """The same settings, with the last part of each path alone."""
    if isinstance(value, dict):
        return {key: _names_only(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_names_only(each) for each in value]
    if isinstance(value, str) and "/" in value and not is_on_hub(value):
        path = user_path(value)
        return path.name if path.is_absolute() or path.exists() else value
    return value
