"""A training on several machines, on each of which somebody has started the command.

Lightning finds the others by the variables of torchrun or SLURM, or by MASTER_ADDR, MASTER_PORT and
NODE_RANK where a person starts one command on each.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semjscc.errors import UserError, first_line
from semjscc.training.runs.several import kept_state

_RANKS = ("RANK", "SLURM_PROCID", "NODE_RANK", "GROUP_RANK", "LOCAL_RANK")
"""What says which of all processes, or of all nodes, this one is; 0 in the first."""


def is_first(processes: int, nodes: int) -> bool:
    """Whether this is the first process of a training, as far as is known before it begins.

    Args:
        processes: of each node.
        nodes: machines.
    """
    several = processes * nodes > 1
    return not several or all(os.environ.get(name, "0") == "0" for name in _RANKS)


def check_launcher(processes: int, nodes: int) -> None:
    """Refuse another number of processes than torchrun or SLURM has started.

    Raises:
        UserError: so it is, and the others would wait for one another, or do the same work.
    """
    for name, (each, machines) in _started().items():
        if (each, machines) != (processes, nodes):
            raise UserError(
                f"{name} has started {each} processes on each of {machines} nodes: train with "
                f"--processes {each} --nodes {machines}, or start it otherwise"
            )


def _started() -> dict[str, tuple[int, int]]:
    """Processes on each node, and nodes, by who started them."""
    e, found = os.environ, dict[str, tuple[int, int]]()
    try:
        if "TORCHELASTIC_RUN_ID" in e:
            each = int(e["LOCAL_WORLD_SIZE"])
            found["torchrun"] = each, int(e["WORLD_SIZE"]) // each
        elif "SLURM_NTASKS" in e and e.get("SLURM_JOB_NAME") not in ("bash", "interactive"):
            machines = int(e.get("SLURM_NNODES", "1"))
            found["SLURM"] = int(e["SLURM_NTASKS"]) // machines, machines
    except (KeyError, ValueError, ZeroDivisionError):  # Lightning says what it lacks
        return {}
    return found


@contextmanager
def tells_lost_nodes(folder: Path) -> Iterator[None]:
    """Turn a lost connection to another node into one line that says what is kept.

    Args:
        folder: the run's.

    Raises:
        UserError: the connection is lost, or never came about.
    """
    try:
        yield
    except RuntimeError as error:
        from torch.distributed import DistError

        if not isinstance(error, DistError) and "gloo" not in str(error).lower():
            raise
        kept, goes_on = kept_state(folder)
        raise UserError(
            f"another node of the training is lost ({first_line(error)}): {kept}; start the same "
            f"command on all nodes {goes_on}"
        ) from error
