"""How long the page takes to answer: seconds from a click to the last of its cards.

    python benchmarks/page.py [--out results/page.json]

A road sign as it is, and a photograph of 768 x 512 pixels, shifted each time, so that nothing is
remembered; judged by EfficientNet-Lite0 where it is installed.
"""

import argparse
import json
import time
from itertools import product
from pathlib import Path

import torch
from torch.nn.functional import interpolate

from semjscc.web.examples import examples
from semjscc.web.models import OWN, load_senders
from semjscc.web.page import photograph_setting
from semjscc.web.updates import AS_IT_IS, Request, ask, show
from semjscc.web.uploads.reading import LARGEST_PIXELS, Picture

HEIGHT, WIDTH = 512, 768
SNRS_DB = (0.0, 5.0, 15.0)


def seconds(request: Request) -> float:
    """The time that one answer takes."""
    begin = time.perf_counter()
    for _ in show(request):
        pass
    return time.perf_counter() - begin


def enlarged(picture: Picture) -> Picture:
    """The largest photograph that is shown whole."""
    assert HEIGHT * WIDTH == LARGEST_PIXELS
    pixels = interpolate(picture.pixels[None].float(), (HEIGHT, WIDTH), mode="bicubic")[0]
    return Picture(pixels.clamp(0, 255).round().to(torch.uint8))


def measure() -> dict[str, list[dict[str, float | str]]]:
    """The answers' times for both sizes, at every ratio and several SNRs."""
    family, judge, _ = photograph_setting()
    photograph = enlarged(next(one for one in examples() if not one.is_sign).picture)
    sizes = {
        "64x64": (next(one for one in examples() if one.is_sign).picture, "signs", OWN),
        f"{WIDTH}x{HEIGHT}": (photograph, family, judge),
    }
    found: dict[str, list[dict[str, float | str]]] = {}
    for size, (picture, family, judge) in sizes.items():
        ratios = [str(ratio) for ratio in load_senders(family).ratios]
        seconds(ask(picture, family, judge, AS_IT_IS, ratios[0], "awgn", 10.0))  # loads the models
        found[size] = []
        for number, (ratio, snr_db) in enumerate(product(ratios, SNRS_DB)):
            # Another image each time: what was searched once is remembered.
            other = Picture(picture.pixels.roll(number + 1, dims=-1))
            taken = seconds(ask(other, family, judge, AS_IT_IS, ratio, "awgn", snr_db))
            found[size].append({"ratio": ratio, "snr_db": snr_db, "seconds": taken})
            print(f"{size:8s} R {ratio:5s} {snr_db:3g} dB {taken:6.2f} s", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    out = parser.parse_args().out
    found = measure()
    if out is not None:
        numbers = {"answers": found, "meta": {"threads": torch.get_num_threads()}}
        out.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
