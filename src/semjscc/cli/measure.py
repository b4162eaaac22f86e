"""``semjscc evaluate``, and ``semjscc demo``: an evaluation with everything chosen."""

import argparse
import re
import sys
from pathlib import Path

from semjscc.cli.answers import print_answer
from semjscc.cli.cluster import add_cluster, shares_of
from semjscc.cli.options import (
    add_device,
    add_json,
    add_situation,
    at_least,
    check_classes,
    check_network,
    console,
    family_of,
    folder,
    split_list,
)
from semjscc.cli.parser import Parser, Register
from semjscc.errors import UserError, printable
from semjscc.paths import user_path
from semjscc.runtime.threads import import_torch

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(?<!\.parquet)(@[\w./-]+)?", re.ASCII)
"""What may be a data set there, and is not looked for before the rest is known to be right."""
DEMO_RATIO = "1/48"
DEMO_SNRS_DB = "0,5,10,15,20"
DEMO_IMAGES = 250
QUICK_IMAGES = 40


def register(command: Register) -> None:
    """Add the commands."""
    demo = command("demo", _demo, "see images of road signs cross a noisy channel")
    demo.add_argument("--out", default="demo", help="folder for the results")
    demo.add_argument("--quick", action="store_true", help="fewer images")
    add_json(demo)
    _add_grid(command("evaluate", _evaluate, "compare links over a grid of ratios and SNRs"))


def _add_grid(evaluate: Parser) -> None:
    evaluate.add_argument("--links", required=True, help="such as none,djscc,semantic, or paths")
    evaluate.add_argument("--data", default="signs", help="signs, hub name, parquet file or folder")
    evaluate.add_argument("--ratio", required=True, help="such as 1/24, or 0.03,1/12")
    evaluate.add_argument("--snr", required=True, help="in dB, such as 0,5,10")
    evaluate.add_argument("--out", required=True, help="folder for the results")
    evaluate.add_argument("--split", choices=("train", "val", "test"), default="test")
    evaluate.add_argument("--limit", type=int, help="only the first so many images")
    evaluate.add_argument("--size", type=int, help="resize and crop the images to this side")
    evaluate.add_argument("--draws", type=int, default=1, help="noise draws for each image")
    add_cluster(evaluate)
    evaluate.add_argument(
        "--fresh", action="store_true", help="also measure points that --out holds already"
    )
    evaluate.add_argument(
        "--accounting",
        choices=("compact", "file"),
        default="compact",
        help="of separate coding: count what the receiver cannot know, or the whole image file",
    )
    evaluate.add_argument(
        "--metric",
        choices=("accuracy", "agreement"),
        default="accuracy",
        help="right is the label, or what the network says of the clean image (needs no labels)",
    )
    evaluate.add_argument(
        "--assumed-error", default="0", help="by how many dB both ends believe the SNR too high"
    )
    several = "name or path of the network at the receiver, or of several: each judges what arrives"
    add_situation(evaluate, several)
    add_device(evaluate)
    add_json(evaluate)


def _demo(arguments: argparse.Namespace) -> None:
    """The main job: an evaluation with everything chosen."""
    limit = QUICK_IMAGES if arguments.quick else DEMO_IMAGES
    words = ["--links", "none,djscc,semantic,separate", "--data", "signs"]
    words += ["--ratio", DEMO_RATIO, "--snr", DEMO_SNRS_DB, "--limit", str(limit)]
    words += [f"--out={arguments.out}", *(["--json"] if arguments.json else [])]
    parser = Parser()
    _add_grid(parser)
    _evaluate(parser.parse_args(words))


def _evaluate(arguments: argparse.Namespace) -> None:
    # What takes no time is checked before what does: torch and the rest take seconds to import.
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.decibels import parse_snr
    from semjscc.links.catalogue import SEPARATE, codes_images, find_link

    ratios = tuple(dict.fromkeys(parse_ratio(word) for word in split_list(arguments.ratio)))
    snrs_db = tuple(dict.fromkeys(parse_snr(word) for word in split_list(arguments.snr)))
    assumed = arguments.assumed_snr
    assumed_snr_db = None if assumed is None else parse_snr(assumed, "--assumed-snr")
    assumed_error_db = parse_snr(arguments.assumed_error, "--assumed-error")
    if assumed_snr_db is not None and assumed_error_db:
        raise UserError("--assumed-snr and --assumed-error say two things: leave one out")
    draws = at_least(1, arguments.draws, "--draws")
    limit = None if arguments.limit is None else at_least(1, arguments.limit, "--limit")
    size = None if arguments.size is None else at_least(1, arguments.size, "--size")
    jobs, cluster = shares_of(arguments)
    out = folder(arguments.out)
    _keep_out_of(arguments.data, out)
    names = split_list(arguments.links)
    family = _family_of(arguments, names)
    # Spelled in two ways, a link is one, as a ratio and an SNR are.
    found = {find_link(name, family): name for name in names}
    places, names = list(found), list(found.values())
    if arguments.accounting != "compact" and not any(map(codes_images, places)):
        raise UserError(
            "--accounting is of separate coding, and none of the links is that: leave it out, or "
            f"add {SEPARATE}"
        )
    called = [place.name for place in places]
    if twice := [name for name in called if called.count(name) > 1]:
        raise UserError(f"two links are called '{printable(twice[0])}'")
    check_classes(arguments)
    judges = [] if arguments.perception is None else _networks(arguments.perception)
    for judge in judges:
        check_network(judge)
    if len(judges) > 1 and (arguments.network is not None or arguments.task is not None):
        raise UserError("--network and --task are of one --perception, not of several")

    import_torch()
    from semjscc.evaluation.evaluators import load_evaluators
    from semjscc.evaluation.grid import Grid
    from semjscc.experiments.evaluation import Experiment, prepare, run
    from semjscc.experiments.existing_results import RESULTS, standing_results
    from semjscc.families import default_perception
    from semjscc.links import open_link
    from semjscc.perception.store import open_perception
    from semjscc.report.tables import tables
    from semjscc.runtime.devices import device_for_points

    grid = Grid(
        ratios=ratios,
        snrs_db=snrs_db,
        channel=arguments.channel,
        assumed_snr_db=assumed_snr_db,
        assumed_error_db=assumed_error_db,
        seed=arguments.seed,
        draws=draws,
    )
    prepare(out)
    standing_results(out / RESULTS)
    device = device_for_points(arguments.device, shared=jobs > 1 or cluster is not None)
    perceptions = [
        open_perception(judge, arguments.network, own_task=arguments.task, device=device)
        for judge in judges or [default_perception(family)]
    ]
    called = [perception.name for perception in perceptions]
    if twice := [name for name in called if called.count(name) > 1]:
        raise UserError(
            f"two networks are called '{printable(twice[0])}': rename the file or folder of one, "
            "or evaluate each into an --out of its own"
        )
    first = perceptions[0]
    links = [open_link(name, family, first, accounting=arguments.accounting) for name in names]
    evaluators = load_evaluators(
        arguments.data,
        arguments.split,
        perceptions,
        arguments.metric,
        size=size,
        limit=limit,
    )
    command = " ".join(["semjscc", *sys.argv[1:]])
    experiment = Experiment(links, evaluators, grid, command)
    results = run(experiment, out, jobs=jobs, cluster=cluster, fresh=arguments.fresh)
    if arguments.json:
        print_answer((out / RESULTS).read_text(encoding="utf-8"))
        return
    terminal = console()
    terminal.print(*tables(results, terminal.width))
    print(f"Pictures, numbers and report.html are in {out}")


def _family_of(arguments: argparse.Namespace, names: list[str]) -> str:
    """The family of weights; data that are not there are told before weights that do not fit."""
    path = user_path(arguments.data)
    try:
        return family_of(arguments, names, path.name)
    except UserError:
        on_the_hub = _HUB_NAME.fullmatch(arguments.data) and not path.parent.is_dir()
        there = path.is_dir() or path.is_file()
        if arguments.weights is None and not there and not on_the_hub:
            import_torch()
            from semjscc.data import load_data

            load_data(arguments.data, arguments.split, limit=1, needs_labels=False)
        raise


def _networks(text: str) -> list[str]:
    """The names of one network or of several; a path that there is may hold a comma."""
    return [text] if user_path(text).exists() else list(dict.fromkeys(split_list(text)))


def _keep_out_of(data: str, out: Path) -> None:
    """Refuse to write pictures among the images that are read: they would be taken for some."""
    source = user_path(data)
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{printable(str(out))} lies in the data: take another --out")
