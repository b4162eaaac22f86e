"""What a codec without torch gives and costs: quality and processor time beside torch, in one run.

    python benchmarks/board.py [--images 500] [--out results/board.json]

Prints both tables of docs/board.md, which tools/fill_tables.py makes of the file.

Exports codecs as `semjscc export` does, sends the same test images through the same noise by torch,
by ONNX in float32 and in 8 bits, and lets the family's network look at what arrives. Then the three
encode and decode an image in turns, on one thread. Processor time counts, which a busy machine
disturbs less than the clock; the numbers are medians, and the ratios are of one turn each. Without
data/cifar10-jpeg only the codec for road signs is measured.
"""

import argparse
import json
import platform
import runpy
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge
from semjscc.checkpoint import locate, write_atomically
from semjscc.codecs.store import load_codec
from semjscc.evaluation.evaluators import Evaluator, load_evaluators
from semjscc.export import runner
from semjscc.export.calibration import calibration_images
from semjscc.export.folder import Calibration, export
from semjscc.export.names import FLOAT_FILES, INT8_FILES
from semjscc.export.networks import Exportable, exportable
from semjscc.families import default_perception
from semjscc.images import quantise
from semjscc.perception.base import predict
from semjscc.perception.store import open_perception
from semjscc.randomness import Draws

ROOT = Path(__file__).parents[1]
TORCH, FLOAT, INT8 = "torch", "ONNX, float32", "ONNX, int8"
TURNS = 7
BATCH = 50
SEED = 1


class Board(NamedTuple):
    """A codec to measure.

    Attributes:
        weights: their name.
        family: that they belong to.
        data: whose test images are sent; its val images calibrate.
        points: ratios and SNRs in dB.
        sides: height and width of the images that are timed.
    """

    weights: str
    family: str
    data: str
    points: Sequence[tuple[Fraction, float]]
    sides: Sequence[tuple[int, int]]


WIDE = [(Fraction(1, 48), 0.0), (Fraction(1, 24), 10.0), (Fraction(1, 6), 20.0)]
CIFAR = "data/cifar10-jpeg"
BOARDS = [
    Board("signs-semantic", "signs", "signs", WIDE, [(64, 64), (512, 768)]),
    Board("cifar10-jpeg-semantic", "cifar10-jpeg", CIFAR, WIDE, [(32, 32), (512, 768)]),
    Board("cifar10-jpeg-deepjscc-6", "cifar10-jpeg", CIFAR, [(Fraction(1, 6), 10.0)], [(32, 32)]),
]


class Ends(NamedTuple):
    """Encoder and decoder of a batch of images.

    Attributes:
        encode: images (B, 3, H, W), ratio and SNR in dB -> symbols (B, k).
        decode: symbols (B, k), N0, ratio and (height, width) -> images, not clamped.
    """

    encode: Callable[[Tensor, Fraction, float], Tensor]
    decode: Callable[[Tensor, float, Fraction, tuple[int, int]], Tensor]


def of_torch(codec: Exportable) -> Ends:
    """As the links run it."""

    @torch.inference_mode()
    def encode(images: Tensor, ratio: Fraction, snr_db: float) -> Tensor:
        return codec.encode(images, images.new_full((len(images),), snr_db), ratio).symbols

    @torch.inference_mode()
    def decode(symbols: Tensor, noise: float, ratio: Fraction, size: tuple[int, int]) -> Tensor:
        return codec.decode(symbols, torch.full((len(symbols),), noise), ratio, size)

    return Ends(encode, decode)


def of_runner(folder: Path, files: tuple[str, str]) -> Ends:
    """As a board runs it, one image after the other."""
    encoder, decoder = (runner.load(folder / name, threads=1) for name in files)

    def encode(images: Tensor, ratio: Fraction, snr_db: float) -> Tensor:
        rows = [runner.encode(encoder, image, ratio, snr_db) for image in images.numpy()]
        return torch.from_numpy(np.stack(rows))

    def decode(symbols: Tensor, noise: float, ratio: Fraction, size: tuple[int, int]) -> Tensor:
        rows = [runner.decode(decoder, one, noise, ratio, size) for one in symbols.numpy()]
        return torch.from_numpy(np.stack(rows))

    return Ends(encode, decode)


def quality(
    ends: Ends, judge: Evaluator, ratio: Fraction, snr_db: float
) -> tuple[float, float, Tensor]:
    """Mean PSNR in dB and accuracy over the images, and the symbols of the first ones."""
    psnrs, right, first = [], [], None
    for start in range(0, len(judge.data), BATCH):
        places = range(start, min(start + BATCH, len(judge.data)))
        images = judge.data.batch(places)
        symbols = ends.encode(images, ratio, snr_db)
        first = symbols if first is None else first
        arrived, knowledge = awgn(symbols, snr_db, Draws(SEED, list(places)))
        size = (images.shape[-2], images.shape[-1])
        decoded = ends.decode(arrived, _noise(knowledge), ratio, size)
        seen = quantise(decoded)
        errors = (seen - images).square().mean(dim=(1, 2, 3))
        psnrs += (-10 * errors.log10()).tolist()
        with torch.inference_mode():
            classes = torch.as_tensor(predict(judge.perception, seen))
        right += (classes == judge.data.labels[list(places)]).tolist()
    assert first is not None
    return statistics.fmean(psnrs), statistics.fmean(right), first


def _noise(knowledge: ChannelKnowledge) -> float:
    return float(knowledge.noise_variance.flatten()[0])


def seconds(ends: dict[str, Ends], size: tuple[int, int], ratio: Fraction) -> dict[str, Any]:
    """Processor time of one image by each, and how much faster than torch each is."""
    image = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    noise = 0.1
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ends}
    for turn in range(TURNS + 1):
        for name, (encode, decode) in ends.items():
            begin = time.process_time()
            symbols = encode(image, ratio, 10.0)
            middle = time.process_time()
            decode(symbols, noise, ratio, size)
            if turn:  # the first turn warms up
                taken[name].append((middle - begin, time.process_time() - middle))
    return {
        name: {
            side: {
                "seconds": statistics.median(turn[place] for turn in turns),
                "times as fast": statistics.median(
                    base[place] / own[place] for base, own in zip(taken[TORCH], turns, strict=True)
                ),
            }
            for place, side in enumerate(("encode", "decode"))
        }
        for name, turns in taken.items()
    }


def measure(board: Board, images: int, folder: Path) -> dict[str, Any]:
    """All of one codec."""
    codec = exportable(load_codec(locate(board.weights))[0])
    codec = codec.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    found = calibration_images(board.data)
    said = f"{len(found)} images of {found.name}"
    sizes = export(codec, folder, board.weights, Calibration(list(found.images), said))
    perception = open_perception(default_perception(board.family))
    judge = load_evaluators(board.data, "test", [perception], "accuracy", limit=images)[0]
    ends = {
        TORCH: of_torch(codec),
        FLOAT: of_runner(folder, FLOAT_FILES),
        INT8: of_runner(folder, INT8_FILES),
    }
    points = []
    for ratio, snr_db in board.points:
        of_each, symbols = {}, {}
        for name, one in ends.items():
            psnr_db, accuracy, symbols[name] = quality(one, judge, ratio, snr_db)
            of_each[name] = {"psnr_db": psnr_db, "accuracy": accuracy}
            print(f"{board.weights} {ratio} {snr_db:g} dB {name}: {of_each[name]}", flush=True)
        difference = float((symbols[FLOAT] - symbols[TORCH]).abs().max())
        point = {"ratio": str(ratio), "snr_db": snr_db, "largest_difference": difference}
        points.append({**point, "of": of_each})
    times = {}
    for size in board.sides:
        times[f"{size[1]} x {size[0]}"] = seconds(ends, size, board.points[-1][0])
        print(board.weights, size, times[f"{size[1]} x {size[0]}"], flush=True)
    return {"images": len(judge.data), "bytes": sizes, "points": points, "times": times}


def processor() -> str:
    """What sort it is, and whether it has instructions for 8 bits."""
    flags = Path("/proc/cpuinfo")
    found = set(flags.read_text().split()) if flags.exists() else set()
    told = [
        name for name in ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "asimddp") if name in found
    ]
    return f"{platform.machine()} with {', '.join(told)}" if told else platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=int, default=500, help="test images of each codec")
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    words = parser.parse_args()
    torch.set_num_threads(1)
    boards = [board for board in BOARDS if board.data != CIFAR or (ROOT / CIFAR).exists()]
    with tempfile.TemporaryDirectory() as place:
        codecs = {
            board.weights: measure(board, words.images, Path(place) / board.weights)
            for board in boards
        }
    made_with = {
        "processor": processor(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
    }
    text = json.dumps({"codecs": codecs, "meta": made_with}, indent=1) + "\n"
    with tempfile.TemporaryDirectory() as place:
        out = words.out or Path(place) / "board.json"
        write_atomically(out, lambda temporary: temporary.write_text(text))
        tables = runpy.run_path(str(ROOT / "tools" / "fill_tables.py"))
        print(tables["board_quality_table"](out), tables["board_time_table"](out), sep="\n")


if __name__ == "__main__":
    main()
