"""How long short commands take from beginning to end: seconds until the prompt is back.

    python benchmarks/commands.py [--out results/commands.json]

Each command runs several times in a process of its own; the median counts, and the processor's time
beside it, which a busy machine disturbs less; long ones run once. The goals are those of an idle
machine. What image coders have tried is kept in a cache elsewhere: here it begins empty.
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
from skimage.data import chelsea as photograph

from semjscc.data.drawn.signs import render

ROUNDS = 5
SHORT = {
    "--help": (["--help"], 0.3),
    "links": (["links"], 1.0),
    "transmit sign.png": (["transmit", "sign.png", "--snr", "3"], 3.0),
}
"""Words of each command, and within how many seconds it should be done."""
_AT = ["--snr", "10", "--ratio", "1/48"]
LONG = {
    "transmit photo.jpg --link semantic": (["transmit", "photo.jpg", *_AT], None),
    "transmit photo.jpg --link separate": (
        ["transmit", "photo.jpg", *_AT, "--link", "separate"],
        None,
    ),
    "transmit photo.jpg --link hybrid+semantic": (
        ["transmit", "photo.jpg", *_AT, "--link", "hybrid+semantic"],
        None,
    ),
    "modulate photo.jpg": (["modulate", "photo.jpg", "--out", "photo.cf32"], None),
    "demodulate photo.cf32": (["demodulate", "photo.cf32", "--out", "received"], None),
    "demo": (["demo"], 60.0),
}
"""Those that take longer, with what they need in the order in which they are run."""
_SIDES = 640, 480


def seconds(words: list[str], folder: Path) -> tuple[float, float]:
    """Of one run: on the clock, and of the processor."""
    before, begin = _processor(), time.perf_counter()
    command = [sys.executable, "-m", "semjscc", *words]
    kept = os.environ | {"SEMJSCC_CACHE": str(folder / "cache")}
    subprocess.run(
        command,
        cwd=folder,
        env=kept,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - begin, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure() -> dict[str, dict[str, float | None]]:
    """Every command's median times and its goal; the short commands take turns."""
    commands = SHORT | LONG
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(render("test", 0).image).save(Path(folder) / "sign.png")
        Image.fromarray(photograph()).resize(_SIDES).save(Path(folder) / "photo.jpg", quality=95)
        for turn in range(ROUNDS + 1):
            for name, (words, _) in SHORT.items():
                one = seconds(words, Path(folder))
                if turn:  # the first turn reads the libraries from the disk
                    taken[name].append(one)
        for name, (words, _) in LONG.items():
            taken[name].append(seconds(words, Path(folder)))
    return {
        name: {
            "seconds": statistics.median(clock for clock, _ in runs),
            "processor_seconds": statistics.median(processor for _, processor in runs),
            "goal": commands[name][1],
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
        goal = "" if one["goal"] is None else f", goal {one['goal']:g} s"
        print(
            f"{name:50s} {one['seconds']:6.2f} s, {one['processor_seconds']:6.2f} s of the "
            f"processor{goal}"
        )
    print(f"load before: {load:.1f} on {os.cpu_count()} cores")
    if out is not None:
        facts = {"machine": platform.machine(), "cores": os.cpu_count(), "load": load}
        out.write_text(json.dumps({"commands": found, "meta": facts}, indent=1) + "\n")


if __name__ == "__main__":
    main()
