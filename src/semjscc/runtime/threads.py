"""How torch begins: with as many threads as there are cores that nobody else uses, and soon.

Threads that wait for one another are many times slower on a busy machine than a single one.
"""

import gc
import os
import sys
from pathlib import Path

VARIABLE = "OMP_NUM_THREADS"
_CHOSEN = "SEMJSCC_CHOSEN_THREADS"
"""What was chosen here; processes that this one starts see it too."""
_GROUPS = Path("/sys/fs/cgroup")


def choose_threads(processes: int = 1) -> None:
    """State the number of threads for this process, unless the user has.

    It counts for what is imported later; where torch is there already, nothing is changed.

    Args:
        processes: how many will share the cores.
    """
    if VARIABLE not in os.environ and "torch" not in sys.modules:
        os.environ[VARIABLE] = os.environ[_CHOSEN] = str(max(1, free_cores() // processes))


def are_stated() -> bool:
    """Whether the user has said how many threads there are to be."""
    return VARIABLE in os.environ and os.environ[VARIABLE] != os.environ.get(_CHOSEN)


def import_torch() -> None:
    """Import torch, which is most of what a short command waits for, a quarter faster.

    The collector looks at all that it brings again and again, in vain, and at the very end too.
    """
    if "torch" in sys.modules:
        return
    gc.disable()
    try:
        import torch
    finally:
        gc.enable()
    del torch
    gc.freeze()


def free_cores() -> int:
    """Cores that this process may use and that were free in the last minute, at least one."""
    everywhere = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else everywhere
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, int(min(allowed, quota(_GROUPS), round(everywhere - busy))))


def quota(groups: Path) -> float:
    """Cores that the control groups grant, as in a container; infinite where they grant all.

    Args:
        groups: where the control groups are mounted.
    """
    own = "".join(_words(Path("/proc/self/cgroup"))).rpartition("::")[2].lstrip("/")
    places = [place for place in (groups / own, *(groups / own).parents) if groups in place.parents]
    shares = [_words(place / "cpu.max") for place in (groups, *places)]
    older = (groups / "cpu" / name for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us"))
    shares.append([word for file in older for word in _words(file)])
    return min(map(_cores, shares))


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return []


def _cores(share: list[str]) -> float:
    """Of a quota and its period in microseconds; "max", -1 and what is neither are no limit."""
    if len(share) != 2 or not all(number.isdigit() for number in share):
        return float("inf")
    limit, period = map(int, share)
    return limit / max(1, period)
