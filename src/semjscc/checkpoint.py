"""Weights on disk: safetensors with plain JSON metadata, written atomically, never unpickled."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from semjscc.digests import hashed
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.model_hub import hub_weights, is_on_hub
from semjscc.paths import user_path

if TYPE_CHECKING:  # torch takes seconds to import, and whoever asks for a name needs none of it
    from torch import Tensor, nn

METADATA_KEY = "semjscc"
BESIDE = "beside"
"""In the metadata: of which shipped weights a file tells the difference only, and their digest."""
MODEL = "model.safetensors"
"""What a training run's folder calls its result."""
WEIGHTS = Path(__file__).parent / "weights"
"""The weights that ship with the package."""
_PREFIX = 40
"""Letters of a file's name in that of its temporary file: a name has 255 bytes at most."""


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in place in one step.

    A full disk, a kill or an exception leaves whatever was at ``path`` as it was.

    Raises:
        UserError: the file cannot be written.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:_PREFIX]}.")
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
    import torch
    from safetensors.torch import save as to_safetensors

    # A copy, because safetensors refuses tensors that share storage or are not contiguous.
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in weights.items()
    }
    data = to_safetensors(plain, metadata={METADATA_KEY: json.dumps(metadata)})
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def shipped(name: str) -> Path | None:
    """The weights of that name which ship with the package, or None."""
    path = WEIGHTS / f"{name}.safetensors"
    return path if "/" not in name and path.is_file() else None


def locate(name: str) -> Path:
    """The checkpoint behind the name of shipped weights, a path, a run's folder, or of the hub.

    A name counts before a path of the same spelling, here and wherever else there are both:
    ``signs-a`` is what ships, whatever lies in the working folder, and ``./signs-a`` a path.

    Raises:
        UserError: there is none; it says which ship.
    """
    if not name:  # as a path it would be the current folder
        raise UserError("no checkpoint is named: the name is empty")
    if (path := shipped(name)) is not None:
        return path
    if is_on_hub(name):
        return hub_weights(name)
    path = user_path(name)
    if (path / MODEL).is_file():
        return path / MODEL
    if path.is_file():
        return path
    said = printable(name)
    if path.is_dir():
        raise UserError(f"the folder {said} has no {MODEL}: no training has ended there")
    if "/" in name:
        raise UserError(f"no checkpoint at {said}")
    known = sorted(file.stem for file in WEIGHTS.glob("*.safetensors"))
    hint = did_you_mean(name, known) or f": {', '.join(known)}"
    raise UserError(f"no checkpoint at {said}, and no shipped weights of that name{hint}")


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata of a checkpoint, without its tensors.

    Raises:
        UserError: no such file, not a safetensors file, or not one of ours.
    """
    return _read(path, "numpy")[1]


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors (as float32 where they are floating) and the metadata of a checkpoint.

    Where the file tells how they differ from weights that ship (`semjscc.differences`), these are
    read as well.

    Raises:
        UserError: no such file, not a safetensors file, or not one of ours; or it tells the
            difference from weights that do not ship here.
    """
    import torch

    weights, metadata = _read(path, "pt")
    if (beside := metadata.get(BESIDE)) is not None:
        from semjscc.differences import unpack

        base, _ = _read(_base(beside, path), "pt")
        try:
            weights = unpack(weights, base)
        except UserError as error:
            raise UserError(f"{path} is damaged: {error}") from error
    return {n: t.float() if torch.is_floating_point(t) else t for n, t in weights.items()}, metadata


def save_difference(
    path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, Any], beside: str
) -> None:
    """Write how tensors differ from weights that ship, see `semjscc.differences`, atomically.

    Args:
        path: the file.
        weights: floating tensors of the same names and shapes.
        metadata: as of `save_weights`.
        beside: the name of the shipped weights, which are whole themselves.

    Raises:
        UserError: the file cannot be written, no such weights ship, or these are no relatives of
            theirs.
    """
    from semjscc.differences import pack

    file = _shipped_whole(beside, path)
    told = {"weights": beside, "digest": hashed(file.read_bytes())}
    save_weights(path, pack(weights, load_weights(file)[0]), {**metadata, BESIDE: told})


def _base(beside: object, path: Path) -> Path:
    """The file that another file's difference is told from.

    Raises:
        UserError: none such ships, or it is not what it was.
    """
    told: dict[str, Any] = beside if isinstance(beside, dict) else {}
    name = told.get("weights")
    if not isinstance(name, str):
        raise UserError(f"{path} is damaged: it does not say which weights it stands beside")
    base = _shipped_whole(name, path)
    if hashed(base.read_bytes()) != told.get("digest"):
        raise UserError(
            f"{path} tells the difference from other weights {printable(name)} than ship here: "
            "take the version of semjscc that it was made with"
        )
    return base


def _shipped_whole(name: str, path: Path) -> Path:
    """Shipped weights that stand for themselves: a chain of differences could have no end.

    Raises:
        UserError: there are none.
    """
    # A stranger's name is compared, and not looked up as a path.
    found = next((file for file in WEIGHTS.glob("*.safetensors") if file.stem == name), None)
    if found is None or BESIDE in read_metadata(found):
        raise UserError(f"{path} needs the weights {printable(name)}, and they do not ship")
    return found


def _read(path: Path, framework: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors, for ``pt`` alone, and the metadata."""
    if not path.is_file():
        raise UserError(f"no checkpoint at {path}")
    try:
        with safe_open(path, framework=framework) as file:
            header = file.metadata() or {}
            names = file.keys() if framework == "pt" else ()
            weights = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is not a readable safetensors file: {error}") from error
    try:
        metadata = json.loads(header[METADATA_KEY])
    except (KeyError, ValueError, RecursionError) as error:
        raise UserError(f"{path} was not written by semjscc: it has no metadata") from error
    if not isinstance(metadata, dict) or "kind" not in metadata:
        raise UserError(f"{path} was not written by semjscc: its metadata has no kind")
    return weights, metadata


def fill(module: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Load ``weights`` into ``module``; every name and shape must agree.

    Raises:
        UserError: the checkpoint belongs to another network, or holds nan or infinity.
    """
    import torch

    if any(not torch.isfinite(tensor).all() for tensor in weights.values()):
        raise UserError(f"{path} holds weights that are not finite")
    try:
        # Assigned, because the module may stand on the meta device: see `blueprints`.
        module.load_state_dict(dict(weights), assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"the weights in {path} do not fit their network: {reason}") from error
