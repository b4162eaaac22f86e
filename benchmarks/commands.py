"""How long short commands take from beginning to end: seconds until the prompt is back.

    python benchmarks/commands.py [--out results/commands.json]

Each command runs several times in a process of its own; the median counts, and the processor's time
beside it, which a busy machine disturbs less. The goals are those of an idle one.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from semjscc.data.drawn.signs import render

ROUNDS = 5
COMMANDS = {
    "--help": (["--help"], 0.3),
    "links": (["links"], 1.0),
    "transmit": (["transmit", "sign.png", "--snr", "3"], 3.0),
}
"""Words of each command, and within how many seconds it should be done."""


def seconds(words: list[str], folder: Path) -> tuple[float, float]:
    """Of one run: on the clock, and of the processor."""
    before, begin = _processor(), time.perf_counter()
    command = [sys.executable, "-m", "semjscc", *words]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure() -> dict[str, dict[str, float]]:
    """Every command's median times and its goal; the commands take turns."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(render("test", 0).image).save(Path(folder) / "sign.png")
        for turn in range(ROUNDS + 1):
            for name, (words, _) in COMMANDS.items():
                one = seconds(words, Path(folder))
                if turn:  # the first turn reads the libraries from the disk
                    taken[name].append(one)
    return {
        name: {
            "seconds": statistics.median(clock for clock, _ in runs),
            "processor_seconds": statistics.median(processor for _, processor in runs),
            "goal": COMMANDS[name][1],
        }
        for name, runs in taken.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    out = parser.parse_args().out
    load = os.getloadavg()[0]
    found = measure()
    for name, one in found.items():
        print(
            f"{name:10s} {one['seconds']:6.2f} s, {one['processor_seconds']:6.2f} s of the "
            f"processor, goal {one['goal']:g} s"
        )
    print(f"load before: {load:.1f} on {os.cpu_count()} cores")
    if out is not None:
        facts = {"machine": platform.machine(), "cores": os.cpu_count(), "load": load}
        out.write_text(json.dumps({"commands": found, "meta": facts}, indent=1) + "\n")


if __name__ == "__main__":
    main()
