"""Where networks compute: on the CPU or on a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semjscc.errors import UserError, did_you_mean, printable

if TYPE_CHECKING:
    import torch
    from torch import nn

AUTO, CPU, CUDA, MPS = "auto", "cpu", "cuda", "mps"
DEVICES = (AUTO, CPU, CUDA, MPS)


def device_for_points(name: str, *, shared: bool) -> torch.device:
    """That of `device_named` for the points of an evaluation.

    Args:
        name: see there.
        shared: several processes at a time compute them, here or on a cluster: on the CPU.

    Raises:
        UserError: as of `device_named`; or a GPU is wanted for several processes.
    """
    if shared and name in (CUDA, MPS):
        raise UserError(
            f"several processes, here or on a cluster, compute on the CPU: with --device {name} "
            "use --jobs 1 and no --cluster"
        )
    return device_named(CPU if shared else name)


def device_named(name: str) -> torch.device:
    """The device that a word stands for; on a GPU sums are of float32, as on the CPU.

    Args:
        name: ``cpu``; ``cuda``, a GPU of NVIDIA's, the first of those that CUDA_VISIBLE_DEVICES
            names; ``mps``, that of an Apple processor; or ``auto``, a GPU of NVIDIA's where there
            is one, and else the CPU.

    Raises:
        UserError: as of `check_device`.
    """
    import torch

    check_device(name)
    if name == AUTO:
        name = CUDA if torch.cuda.is_available() else CPU
    if name == CUDA:
        # By default convolutions round what they multiply to 10 bits there.
        torch.backends.cudnn.allow_tf32 = False
    return torch.device(name)


def check_device(name: str) -> None:
    """Refuse a device that is not there, before hours of work depend on it.

    Raises:
        UserError: there is no such device, or this torch cannot use it.
    """
    import torch

    if name not in DEVICES:
        there = f": there are {', '.join(DEVICES)}"
        raise UserError(
            f"there is no device '{printable(name)}'{did_you_mean(name, DEVICES) or there}"
        )
    if name == CUDA and not torch.cuda.is_available():
        raise UserError(
            "no GPU can be used here (--device cuda): this torch "
            + ("finds none" if torch.backends.cuda.is_built() else "is a build for the CPU")
            + ", take --device cpu"
        )
    if name == MPS and not torch.backends.mps.is_available():
        raise UserError("no Apple GPU can be used here (--device mps): take --device cpu")


def device_of(network: nn.Module) -> torch.device:
    """Where a network's weights lie; the CPU for one without weights."""
    import torch

    return next(network.parameters(), torch.empty(0)).device
