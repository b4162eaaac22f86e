"""The commands. Each reads its words, calls the room that does the work, and prints the outcome.

Exit codes: 0 done, 2 the user can put it right, 130 stopped by Ctrl-C.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from semjscc import __version__
from semjscc.errors import UserError

DEMO_RATIO = "1/48"
DEMO_SNRS_DB = "0,5,10,15,20"
DEMO_IMAGES = 250
QUICK_IMAGES = 40


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (try: {self.prog} --help)")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    try:
        arguments, rest = _parser().parse_known_args(words)
        if rest and arguments.command is not _train:
            raise UserError(f"unknown words: {' '.join(rest)}")
        arguments.rest = rest
        arguments.command(arguments)
    except UserError as error:
        print(f"semjscc: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("semjscc: stopped; what was finished is kept", file=sys.stderr)
        return 130
    return 0


def _parser() -> _Parser:
    parser = _Parser(prog="semjscc", description=__import__("semjscc").__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable[[Any], None], text: str) -> _Parser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=run)
        return sub

    demo = command("demo", _demo, "see images of road signs cross a noisy channel")
    demo.add_argument("--out", type=Path, default=Path("demo"), help="folder for the results")
    demo.add_argument("--quick", action="store_true", help="fewer images")
    _add_json(demo)

    train = command("train", _train, "train a perception network or a codec from a recipe")
    train.add_argument("recipe", type=Path, metavar="RECIPE.yaml")
    train.add_argument("--out", type=Path, help="the run's folder (default: runs/NAME)")
    train.add_argument("--processes", type=int, default=1, help="processes or GPUs to share")
    train.add_argument("--save-seconds", type=float, default=60, help="how often state is kept")
    train.epilog = "Any value of the recipe can be overridden: --optimiser.steps 100"
    _add_json(train)

    evaluate = command("evaluate", _evaluate, "compare links over a grid of ratios and SNRs")
    evaluate.add_argument("--links", required=True, help="such as none,djscc,semantic, or paths")
    evaluate.add_argument("--data", default="signs", help="signs, hub name, parquet file or folder")
    evaluate.add_argument("--ratio", required=True, help="such as 1/24, or 1/24,1/12")
    evaluate.add_argument("--snr", required=True, help="in dB, such as 0,5,10")
    evaluate.add_argument("--out", type=Path, required=True, help="folder for the results")
    evaluate.add_argument("--split", choices=("train", "val", "test"), default="test")
    evaluate.add_argument("--limit", type=int, help="only the first so many images")
    evaluate.add_argument("--size", type=int, help="resize and crop the images to this side")
    evaluate.add_argument("--draws", type=int, default=1, help="noise draws for each image")
    _add_situation(evaluate)
    _add_json(evaluate)

    transmit = command("transmit", _transmit, "send one image of any size")
    transmit.add_argument("image", type=Path, metavar="IMAGE")
    transmit.add_argument("--link", default="semantic")
    transmit.add_argument("--snr", required=True, help="in dB")
    transmit.add_argument("--ratio", help="such as 1/24 (default: the smallest there is)")
    transmit.add_argument("--out", type=Path, default=Path("received.png"))
    _add_situation(transmit)
    _add_json(transmit)

    _add_json(command("links", _links, "the schemes and the weights that ship"))
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def _add_situation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", help="family of shipped weights, such as signs")
    parser.add_argument("--perception", help="name or path of the network at the receiver")
    parser.add_argument("--network", help="its class, my.module:Class, where it is one of yours")
    parser.add_argument("--channel", default="awgn")
    parser.add_argument("--assumed-snr", help="what both ends believe, in dB (default: the truth)")
    parser.add_argument("--seed", type=int, default=0)


def _demo(arguments: argparse.Namespace) -> None:
    """The main job: an evaluation with everything chosen."""
    limit = QUICK_IMAGES if arguments.quick else DEMO_IMAGES
    words = ["evaluate", "--links", "none,djscc,semantic,separate", "--data", "signs"]
    words += ["--ratio", DEMO_RATIO, "--snr", DEMO_SNRS_DB, "--limit", str(limit)]
    words += ["--out", str(arguments.out), *(["--json"] if arguments.json else [])]
    _evaluate(_parser().parse_args(words))


def _evaluate(arguments: argparse.Namespace) -> None:
    from semjscc.checkpoint import locate
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.data import load_data
    from semjscc.evaluation.experiment import RESULTS, Experiment, prepare, run
    from semjscc.evaluation.grid import Grid
    from semjscc.evaluation.tables import table
    from semjscc.families import default_perception
    from semjscc.links import open_link
    from semjscc.perception.store import load_perception

    grid = Grid(
        ratios=tuple(parse_ratio(word) for word in _list(arguments.ratio)),
        snrs_db=tuple(_snr(word) for word in _list(arguments.snr)),
        channel=_channel(arguments.channel),
        assumed_snr_db=None if arguments.assumed_snr is None else _snr(arguments.assumed_snr),
        seed=arguments.seed,
        draws=_at_least(1, arguments.draws, "--draws"),
    )
    limit = None if arguments.limit is None else _at_least(1, arguments.limit, "--limit")
    prepare(arguments.out)
    names = list(dict.fromkeys(_list(arguments.links)))
    family = _family(arguments, names, Path(arguments.data).name)
    perception = load_perception(
        locate(arguments.perception or default_perception(family)), own_class=arguments.network
    )
    links = [open_link(name, family, perception) for name in names]
    data = load_data(arguments.data, arguments.split, size=arguments.size, limit=limit)
    command = " ".join(["semjscc", *sys.argv[1:]])
    results = run(Experiment(links, data, perception, grid, command), arguments.out)
    if arguments.json:
        print((arguments.out / RESULTS).read_text())
        return
    console = _console()
    console.print(table(results))
    console.print(f"Pictures, numbers and report.html are in {arguments.out}")


def _train(arguments: argparse.Namespace) -> None:
    from semjscc.training.recipe import load_recipe
    from semjscc.training.run import Schedule
    from semjscc.training.train import train

    recipe = load_recipe(arguments.recipe, arguments.rest)
    schedule = Schedule(
        processes=_at_least(1, arguments.processes, "--processes"),
        save_seconds=arguments.save_seconds,
        progress=not arguments.json and sys.stderr.isatty(),
    )
    model, facts = train(recipe, arguments.out or Path("runs") / recipe.name, schedule)
    if arguments.json:
        print(json.dumps({"model": str(model), "facts": facts}))
    else:
        print(f"{model}: {json.dumps(facts)}")


def _transmit(arguments: argparse.Namespace) -> None:
    from semjscc.channels import CHANNELS
    from semjscc.checkpoint import locate
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.families import default_perception
    from semjscc.images import read_image, write_png
    from semjscc.links import Situation, open_link
    from semjscc.perception.store import load_perception
    from semjscc.randomness import Draws
    from semjscc.transmission import transmit

    family = _family(arguments, [arguments.link], "signs")
    perception = load_perception(
        locate(arguments.perception or default_perception(family)), own_class=arguments.network
    )
    link = open_link(arguments.link, family, perception)
    situation = Situation(
        channel=CHANNELS[_channel(arguments.channel)],
        snr_db=_snr(arguments.snr),
        ratio=link.default_ratio if arguments.ratio is None else parse_ratio(arguments.ratio),
        draws=Draws(arguments.seed, [0]),
        assumed_snr_db=None if arguments.assumed_snr is None else _snr(arguments.assumed_snr),
    )
    received, report = transmit(read_image(arguments.image), link, perception, situation)
    write_png(received, arguments.out)
    if arguments.json:
        print(json.dumps({**report.to_dict(), "out": str(arguments.out)}))
        return
    quality = "no error" if report.psnr_db is None else f"{report.psnr_db:.2f} dB"
    print(f"link          {report.link}, SNR {report.snr_db:g} dB, seen by {perception.name}")
    print(f"ratio         {report.ratio} nominal, k/n = {report.ratio_measured:.5f}")
    print(
        f"channel uses  {report.channel_uses} complex symbols, {report.control_bits} control bits"
    )
    if report.payload_bits is not None:
        print(f"payload       {report.payload_bits} bits by {report.codec or 'no coder: too few'}")
    print(f"PSNR          {quality if report.delivered else 'nothing delivered: concealed'}")
    print(f"before        {report.before.label} ({report.before.confidence:.0%})")
    print(f"after         {report.after.label} ({report.after.confidence:.0%})")
    print(f"written to    {arguments.out}")
    if report.warning:
        print(f"semjscc: warning: {report.warning}", file=sys.stderr)


def _links(arguments: argparse.Namespace) -> None:
    from semjscc.families import cards, cards_table

    if arguments.json:
        print(json.dumps(cards(), indent=1))
    else:
        _console().print(cards_table())


def _family(arguments: argparse.Namespace, links: Sequence[str], data_name: str) -> str:
    """The family of shipped weights, or "" where the user brings all weights along."""
    from semjscc.families import choose_family
    from semjscc.links import untrained_links

    free = untrained_links()
    shipped = [n for n in links if n.partition("@")[0] not in free and not Path(n).exists()]
    if arguments.weights is None and arguments.perception is not None and not shipped:
        return ""
    return choose_family(arguments.weights, data_name)


def _console() -> Any:
    from rich.console import Console

    # A pipe has no width of its own; 100 columns keep the tables whole.
    return Console() if sys.stdout.isatty() else Console(width=100)


def _list(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise UserError("a list is written like 0,5,10, and this one is empty")
    return words


def _snr(text: str) -> float:
    from semjscc.channels.units import check_snr

    try:
        return check_snr(float(text))
    except ValueError as error:
        raise UserError(f"an SNR is a number of dB, not {text!r}") from error


def _channel(name: str) -> str:
    from semjscc.channels import CHANNELS

    if name not in CHANNELS:
        raise UserError(f"no channel '{name}'; there are {', '.join(CHANNELS)}")
    return name


def _at_least(least: int, number: int, name: str) -> int:
    if number < least:
        raise UserError(f"{name} must be at least {least}, not {number}")
    return number
