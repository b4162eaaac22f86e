"""Weights on disk: safetensors with plain JSON metadata, written atomically, never unpickled."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn

from semjscc.errors import UserError

METADATA_KEY = "semjscc"
MODEL = "model.safetensors"
"""What a training run's folder calls its result."""
WEIGHTS = Path(__file__).parent / "weights"
"""The weights that ship with the package."""


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in place in one step.

    A full disk, a kill or an exception leaves whatever was at ``path`` as it was.

    Raises:
        UserError: the file cannot be written.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(descriptor)
        temporary = Path(name)
        write(temporary)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The process's file mode mask (mkstemp ignores it and makes files private)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def save_weights(path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and JSON metadata to a safetensors file, atomically.

    Raises:
        UserError: the file cannot be written.
    """
    # A copy, because safetensors refuses tensors that share storage or are not contiguous.
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in weights.items()
    }
    data = to_safetensors(plain, metadata={METADATA_KEY: json.dumps(metadata)})
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def locate(name: str) -> Path:
    """The checkpoint behind a path, a run's folder, or the name of shipped weights.

    Raises:
        UserError: there is none; it says which ship.
    """
    path = Path(name)
    if (path / MODEL).is_file():
        return path / MODEL
    if path.is_file():
        return path
    shipped = WEIGHTS / f"{name}.safetensors"
    if path.suffix or "/" in name or not shipped.is_file():
        known = ", ".join(sorted(file.stem for file in WEIGHTS.glob("*.safetensors")))
        raise UserError(f"no checkpoint at {name}, and no shipped weights of that name: {known}")
    return shipped


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata of a checkpoint, without its tensors.

    Raises:
        UserError: no such file, not a safetensors file, or not one of ours.
    """
    return _read(path, with_tensors=False)[1]


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors (as float32 where they are floating) and the metadata of a checkpoint.

    Raises:
        UserError: no such file, not a safetensors file, or not one of ours.
    """
    return _read(path, with_tensors=True)


def _read(path: Path, *, with_tensors: bool) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise UserError(f"no checkpoint at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            names = file.keys() if with_tensors else ()
            weights = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is not a readable safetensors file: {error}") from error
    try:
        metadata = json.loads(header[METADATA_KEY])
    except (KeyError, ValueError, RecursionError) as error:
        raise UserError(f"{path} was not written by semjscc: it has no metadata") from error
    if not isinstance(metadata, dict) or "kind" not in metadata:
        raise UserError(f"{path} was not written by semjscc: its metadata has no kind")
    return {n: t.float() if t.is_floating_point() else t for n, t in weights.items()}, metadata


def on_no_device() -> torch.device:
    """Where a network is built from a stranger's description: shapes, but no memory yet.

    However large the description, only weights that are really in the file take memory.
    """
    return torch.device("meta")


def fill(module: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Load ``weights`` into ``module``; every name and shape must agree.

    Raises:
        UserError: the checkpoint belongs to another network, or holds nan or infinity.
    """
    if any(not torch.isfinite(tensor).all() for tensor in weights.values()):
        raise UserError(f"{path} holds weights that are not finite")
    try:
        # Assigned, because the module may stand on the meta device: see `on_no_device`.
        module.load_state_dict(dict(weights), assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"the weights in {path} do not fit their network: {reason}") from error
