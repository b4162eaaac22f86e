"""The options of commands whose work a Ray cluster can do."""

import argparse

from semjscc.cli.options import at_least
from semjscc.errors import UserError
from semjscc.runtime.cluster import Cluster, Needs, check_reachable, parse_needs


def add_cluster(parser: argparse.ArgumentParser, tasks: str = "points") -> None:
    """How many processes share the work, or which cluster does it.

    Args:
        parser: of the command.
        tasks: what is shared out.
    """
    parser.add_argument(
        "--jobs", type=int, help=f"processes that share the {tasks}; with --cluster, at most"
    )
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="a Ray cluster: auto, HOST:PORT or ray://HOST:10001"
    )
    parser.add_argument(
        "--needs", help="what each task takes there: cores=2,gpus=1,memory=8 (default: cores=1)"
    )


def shares_of(arguments: argparse.Namespace) -> tuple[int, Cluster | None]:
    """How many processes of this machine share the work, and the cluster that does it instead.

    Raises:
        UserError: no cluster answers there, or the options contradict one another.
    """
    jobs = None if arguments.jobs is None else at_least(1, arguments.jobs, "--jobs")
    if arguments.cluster is None:
        if arguments.needs is not None:
            raise UserError("--needs is of the tasks on a --cluster, and none is named")
        return jobs or 1, None
    needs = Needs() if arguments.needs is None else parse_needs(arguments.needs)
    cluster = Cluster(arguments.cluster, needs, jobs)
    check_reachable(cluster.address)
    return 1, cluster
