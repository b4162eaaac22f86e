"""Models of the Hugging Face hub and folders like them: found and looked over without torch.

What is read is JSON and safetensors. Code that comes with a model is never run, and nothing is
unpickled.
"""

import json
import os
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

from semjscc.errors import UserError, first_line, printable
from semjscc.model_hub import PATIENCE_S, quieten_hub
from semjscc.paths import user_path

CONFIG = "config.json"
PROCESSOR = "preprocessor_config.json"
WEIGHTS = "model.safetensors"
TASKS = {
    "ForImageClassification": "classification",
    "ForSemanticSegmentation": "segmentation",
    "ForObjectDetection": "detection",
}
"""Our task by what is in the name of a model's class."""

_INDEX = f"{WEIGHTS}.index.json"
_BUILT_IN = ("eager", "sdpa")
"""Implementations of attention that are part of the library."""
_PICKLED = (".bin", ".pt", ".pth", ".ckpt")
_CLASS = re.compile(r"[A-Za-z]\w*")
_ON_HUB = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def check_model(source: str) -> None:
    """Refuse a folder that is not fit to use, or no name of the hub, before seconds go by.

    Args:
        source: ``OWNER/NAME``, or a folder, which counts before a name of the same spelling.

    Raises:
        UserError: so it is.
    """
    folder = user_path(source)
    if folder.is_dir():
        _check_folder(folder, printable(source))
    elif not _ON_HUB.fullmatch(source):
        raise UserError(f"no folder {printable(source)}; a model of the hub is hf:OWNER/NAME")


def model_folder(source: str) -> Path:
    """Where a model lies, fetched from the hub where it is not a folder; see `check_model`.

    Raises:
        UserError: it cannot be had, or is not fit to use.
    """
    check_model(source)
    folder = user_path(source)
    return folder if folder.is_dir() else _fetched(source, os.environ.get("SEMJSCC_CACHE"))


def model_name(source: str) -> str:
    """What tables and files call a model: its name on the hub, or that of its folder."""
    folder = user_path(source)
    return printable(folder.resolve().name if folder.is_dir() else source)


def task_of(config: dict[str, Any], said: str) -> tuple[str, str]:
    """What a model is for.

    Args:
        config: its ``config.json``.
        said: what the user calls it.

    Returns:
        the name of our task, and of the model's class in transformers.

    Raises:
        UserError: it is for something else, or does not say.
    """
    classes = config.get("architectures")
    kind = classes[0] if isinstance(classes, list) and classes else None
    if not isinstance(kind, str) or not _CLASS.fullmatch(kind):
        raise UserError(f"{said} does not say what it is for: its {CONFIG} names no architectures")
    for part, task in TASKS.items():
        if part in kind:
            return task, kind
    raise UserError(
        f"{said} is a {printable(kind)}: take a model for image classification, semantic "
        f"segmentation or object detection, {', '.join(f'…{part}' for part in TASKS)}"
    )


def read_json(folder: Path, name: str, said: str) -> dict[str, Any]:
    """A file of a model's folder.

    Raises:
        UserError: it cannot be read, or holds no object.
    """
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{said}: its {name} cannot be read: {first_line(error)}") from error
    if not isinstance(found, dict):
        raise UserError(f"{said}: its {name} cannot be read: it holds no object")
    return found


def _check_folder(folder: Path, said: str) -> None:
    """Refuse a model that has not all its files, brings code, or is for something else."""
    try:
        names = {path.name for path in folder.iterdir() if path.is_file()}
    except OSError as error:
        raise UserError(f"{said} cannot be read: {error.strerror or error}") from error
    _check_names(names, said)
    _check_settings(folder, said)


def _check_settings(folder: Path, said: str) -> None:
    """Refuse a model that brings code, or is for something else."""
    config, processor = (read_json(folder, name, said) for name in (CONFIG, PROCESSOR))
    for settings in (config, processor):
        if (key := _code(settings)) is not None:
            raise UserError(f"{said} needs code of its own ({printable(key)}), which is never run")
    task_of(config, said)


def _code(settings: dict[str, Any]) -> str | None:
    """The key at any depth that has code fetched and run, if there is one.

    ``attn_implementation`` and its like can name a repository.
    """
    waiting: list[Any] = [settings]
    while waiting:
        one = waiting.pop()
        for key, value in one.items() if isinstance(one, dict) else ():
            built_in = value is None or (isinstance(value, str) and value in _BUILT_IN)
            if key == "auto_map" or ("_implementation" in key and not built_in):
                return key
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return None


def _check_names(names: Collection[str], said: str) -> None:
    """Refuse a model that lacks one of its files."""
    if CONFIG not in names:
        raise UserError(f"{said} has no {CONFIG}: a model is what save_pretrained writes")
    if PROCESSOR not in names:
        raise UserError(
            f"{said} has no {PROCESSOR}, which says what the model expects of an image: "
            "save its image processor there, too"
        )
    if _INDEX in names and WEIGHTS not in names:
        raise UserError(f"{said} has its weights in several files: save them as one {WEIGHTS}")
    if WEIGHTS not in names:
        pickled = next((name for name in sorted(names) if name.endswith(_PICKLED)), None)
        but = ""
        if pickled is not None:
            but = f", but {printable(pickled)}, which is not opened since it may hold code"
        raise UserError(f"{said} has no {WEIGHTS}{but}: save the model as safetensors")


@lru_cache(maxsize=8)
def _fetched(name: str, cache: str | None) -> Path:
    """What there is of a model of the hub on this machine, fetched where the hub can be reached."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    quieten_hub()
    names = None
    try:  # asked once, where fetching would try it five times
        found = HfApi().model_info(name, timeout=PATIENCE_S)
        names = {file.rfilename for file in found.siblings or ()}
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise UserError(
            f"{name} is no folder, and the Hugging Face hub does not give it: {first_line(error)}"
        ) from None
    except Exception:  # of the library that carries the requests, which is not always the same
        pass  # what is kept on this machine may do
    if names is not None:
        _check_names(names, name)
    folder = Path()
    try:
        for wanted in ([CONFIG, PROCESSOR], [CONFIG, PROCESSOR, WEIGHTS]):
            folder = Path(
                snapshot_download(
                    name,
                    allow_patterns=wanted,
                    cache_dir=str(Path(cache) / "huggingface") if cache else None,
                    local_files_only=names is None,
                )
            )
            # Before the weights come, which are large.
            _check_settings(folder, name)
    except UserError:
        raise
    except LocalEntryNotFoundError:
        raise UserError(
            f"{name} is no folder, and the Hugging Face hub cannot be reached; is there a network?"
        ) from None
    except Exception as error:  # network, hub and file system errors of many libraries
        raise UserError(f"the Hugging Face hub does not give {name}: {first_line(error)}") from None
    _check_folder(folder, name)
    return folder
