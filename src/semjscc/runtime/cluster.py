"""A Ray cluster as people name it, and what a task needs there; nothing here imports Ray."""

import re
import socket
from dataclasses import dataclass, field

from semjscc.errors import UserError, did_you_mean, printable
from semjscc.runtime.extras import check_extra

AUTO = "auto"
CLIENT = "ray://"
"""How an address begins that is reached from outside of the cluster."""
PATIENCE_S = 5.0
"""For whoever answers at an address."""
_GIB = 2**30
_PLACE = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})", re.ASCII)
_HOW = "auto for the cluster that this machine is part of, HOST:PORT, or ray://HOST:10001"


@dataclass(frozen=True)
class Needs:
    """What each task of a cluster needs; a node runs as many at a time as it has that for.

    Attributes:
        cores: processor cores, which are also the threads that it computes with.
        gpus: GPUs, or a part of one.
        memory: bytes; None where it is not known.

    Raises:
        UserError: nothing can need that.
    """

    cores: int = 1
    gpus: float = 0.0
    memory: int | None = None

    def __post_init__(self) -> None:
        if self.cores < 1:
            raise UserError(f"a task needs at least one core, not {self.cores}")
        whole = float(self.gpus).is_integer()
        if not 0 <= self.gpus < float("inf") or (self.gpus > 1 and not whole):
            raise UserError(f"a task needs a part of a GPU, or some whole ones, not {self.gpus:g}")
        if self.memory is not None and self.memory < 1:
            raise UserError("a task needs some memory")

    def describe(self) -> str:
        """For people: ``2 cores, 1 GPU and 8 GiB``."""
        parts = [f"{self.cores} core{'s' if self.cores > 1 else ''}"]
        if self.gpus:
            parts.append(f"{self.gpus:g} GPU{'s' if self.gpus > 1 else ''}")
        if self.memory is not None:
            parts.append(f"{self.memory / _GIB:g} GiB")
        return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


@dataclass(frozen=True)
class Cluster:
    """Where tasks run, in place of processes of this machine.

    Attributes:
        address: ``auto``, ``HOST:PORT`` or ``ray://HOST:PORT``.
        needs: of each task.
        at_once: so many tasks at a time at the most; None for as many as there is room for.

    Raises:
        UserError: that is no address.
    """

    address: str
    needs: Needs = field(default_factory=Needs)
    at_once: int | None = None

    def __post_init__(self) -> None:
        if self.address != AUTO:
            _place(self.address)


def parse_needs(text: str) -> Needs:
    """What a person says that a task needs: ``cores=2,gpus=0.5,memory=8``, the last in GiB.

    Raises:
        UserError: it says something else.
    """
    values: dict[str, str] = {}
    for word in filter(None, (word.strip() for word in text.split(","))):
        key, given, value = word.partition("=")
        if key not in ("cores", "gpus", "memory") or not given:
            hint = did_you_mean(key, ("cores", "gpus", "memory"))
            raise UserError(
                f"--needs is written like cores=2,gpus=1,memory=8, not '{printable(word)}'{hint}"
            )
        if key in values:
            raise UserError(f"--needs says {key} twice")
        values[key] = value
    try:
        memory = values.get("memory")
        return Needs(
            cores=int(values.get("cores", "1")),
            gpus=float(values.get("gpus", "0")),
            memory=None if memory is None else int(float(memory) * _GIB),
        )
    except (ValueError, OverflowError) as error:
        raise UserError(
            f"--needs takes numbers, such as cores=2,gpus=0.5,memory=8, not '{printable(text)}'"
        ) from error


def check_reachable(address: str) -> None:
    """Refuse a cluster at which nobody answers, or which cannot be used for want of Ray.

    Of ``auto`` only the connection itself shows that, in no time.

    Raises:
        UserError: so it is.
    """
    check_extra("cluster", "--cluster")
    if address == AUTO:
        return
    host, port = _place(address)
    try:
        with socket.create_connection((host, port), timeout=PATIENCE_S):
            pass
        why = "" if _speaks_grpc(host, port) else "something else is there"
    except OSError as error:
        why = error.strerror or str(error)
    if why:
        raise UserError(no_cluster(address, why))


def no_cluster(address: str, why: str) -> str:
    """What to say where none answers, in one line."""
    start = "start one with 'ray start --head', or give another --cluster"
    return f"no Ray cluster answers at '{printable(address)}' ({why}): {start}"


def _speaks_grpc(host: str, port: int) -> bool:
    """Ray itself would wait long for anything else, or end the process."""
    import grpc

    with grpc.insecure_channel(f"[{host}]:{port}" if ":" in host else f"{host}:{port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=PATIENCE_S)
        except grpc.FutureTimeoutError:
            return False
    return True


def _place(address: str) -> tuple[str, int]:
    found = _PLACE.fullmatch(address.removeprefix(CLIENT))
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise UserError(f"'{printable(address)}' is no address of a cluster: give {_HOW}")
    return found["host"].strip("[]"), int(found["port"])
