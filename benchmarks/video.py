"""Frames a second of moving pictures on one core: links, network, reading and writing.

    python benchmarks/video.py [--links linear-adaptive,semantic] [--ratio 1/24] [--frames 12]

Each link sends the same made clip, in batches as `semjscc transmit` does, at 320 x 240 and
640 x 480, over white noise of 10 dB, with the weights for photographs; encoder and decoder are
timed apart. Times are processor time of one thread; of several rounds the fastest counts, since
what else a machine does only makes them slower. Printed is a table in Markdown.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.families import default_perception
from semjscc.images import to_float
from semjscc.links import Situation, SymbolLink, open_link
from semjscc.perception.store import open_perception
from semjscc.randomness import Draws
from semjscc.transmission import see_each
from semjscc.video.frames import Frame, Pixels
from semjscc.video.reading import open_video
from semjscc.video.transmission import batches
from semjscc.video.writing import ClipWriter

SIZES = ((240, 320), (480, 640))
SNR_DB = 10.0
ROUNDS = 3
FAMILY = "photo"


def made_clip(count: int, height: int, width: int) -> list[Frame]:
    """A scene with fine and coarse structure that moves past, as a camera turns."""
    rows, columns = np.mgrid[:height, : width + 8 * count] / height
    waves = np.zeros((3, *rows.shape))
    draw = np.random.default_rng(0)
    for octave in range(1, 7):  # amplitudes fall as those of photographs do
        for colour in waves:
            across, down, phase = draw.uniform(-(2**octave), 2**octave, 3)
            colour += np.cos(2 * np.pi * (across * columns + down * rows) + phase) / octave
    scene = np.clip(127 + 40 * waves, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    return [
        Frame(
            number,
            Fraction(number, 25),
            np.ascontiguousarray(scene[:, 8 * number : 8 * number + width]),
        )
        for number in range(count)
    ]


def frames_a_second(count: int, call: Callable[[], object]) -> float:
    """Of one thread, in the fastest of some rounds; a first one warms up."""
    call()
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return count / min(taken)


def images_of(frames: list[Frame]) -> Tensor:
    """(B, 3, H, W) float32 in [0, 1]."""
    pixels = torch.from_numpy(np.stack([frame.pixels for frame in frames]))
    return to_float(pixels.permute(0, 3, 1, 2))


def of_link(link: SymbolLink, clip: list[Frame], ratio: Fraction) -> tuple[float, float]:
    """Frames a second that are encoded, and that are decoded."""
    sent = [images_of(batch) for batch in batches(clip)]
    coded = [link.transmit(images, ratio, SNR_DB) for images in sent]
    arrived = []
    for one in coded:
        draws = Draws(0, range(len(one.symbols)))
        situation = Situation(awgn, SNR_DB, ratio, draws)
        arrived.append((*situation.pass_symbols(one.symbols), one.control))
    encoded = frames_a_second(
        len(clip), lambda: [link.transmit(images, ratio, SNR_DB) for images in sent]
    )
    decoded = frames_a_second(len(clip), lambda: [link.receive(*one) for one in arrived])
    return encoded, decoded


def of_files(clip: list[Frame]) -> tuple[float, float]:
    """Frames a second that are written as .mp4, and that are read from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"

        def write() -> None:
            with ClipWriter(path, Fraction(25)) as writer:
                for frame in clip:
                    writer.add(frame.pixels, frame.time)

        def read() -> list[Pixels]:
            return [frame.pixels for frame in open_video(path).frames]

        return frames_a_second(len(clip), write), frames_a_second(len(clip), read)


@torch.inference_mode()
def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--links", default="linear,linear-adaptive,semantic")
    parser.add_argument("--ratio", default="1/24")
    parser.add_argument("--frames", type=int, default=12)
    words = parser.parse_args()
    torch.set_num_threads(1)
    ratio = parse_ratio(words.ratio)
    perception = open_perception(default_perception(FAMILY))
    titles = [f"{width} x {height}" for height, width in SIZES]
    clips = [made_clip(words.frames, *size) for size in SIZES]
    rows: dict[str, list[float]] = {}
    for name in words.links.split(","):
        link = open_link(name, FAMILY, perception)
        if not isinstance(link, SymbolLink):
            raise SystemExit(f"the two ends of {name} cannot be told apart: leave it out")
        both = [of_link(link, clip, ratio) for clip in clips]
        rows[f"`{name}`, encoder"] = [encoded for encoded, _ in both]
        rows[f"`{name}`, decoder"] = [decoded for _, decoded in both]
    looked = [[images_of(batch) for batch in batches(clip)] for clip in clips]
    rows[f"network {perception.name}"] = [
        frames_a_second(words.frames, lambda some=some: [see_each(perception, one) for one in some])
        for some in looked
    ]
    files = [of_files(clip) for clip in clips]
    rows["writing .mp4"] = [written for written, _ in files]
    rows["reading .mp4"] = [read for _, read in files]
    print(f"| frames a second at ratio {ratio} | {' | '.join(titles)} |")
    print(f"| --- | {' | '.join('---' for _ in titles)} |")
    for name, speeds in rows.items():
        print(f"| {name} | {' | '.join(f'{speed:.3g}' for speed in speeds)} |")


if __name__ == "__main__":
    main()
