"""What a codec without torch gives and costs: quality and processor time beside torch, in one run.

    python benchmarks/board.py [--images 300] [--only NAME,NAME] [--out results/board.json]

Prints both tables of docs/board.md, which tools/fill_tables.py makes of the file.

Exports codecs as `semjscc export` does, sends the same test images through the same noise by torch,
by ONNX in float32 and in 8 bits, and lets the family's network look at what arrives. Then all of
them encode and decode an image in turns, on one thread. Processor time counts, which a busy machine
disturbs less than the clock; the numbers are medians, and the ratios are of one turn each. The
codecs for road scenes and for photographs are exported with a plan, in float32. The network for the
scenes finds objects, so that only the PSNR is told; of photographs it is time and size alone.
Without data/cifar10-jpeg the codecs for such images are left out. What --only does not name stays
in the file as it is.
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
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.checkpoint import locate, write_atomically
from semjscc.codecs.base import Codec, Side
from semjscc.codecs.deep import Deep
from semjscc.codecs.store import load_codec
from semjscc.evaluation.evaluators import Evaluator, load_evaluators
from semjscc.export import runner
from semjscc.export.calibration import calibration_images
from semjscc.export.folder import Calibration, export
from semjscc.export.names import FLOAT_FILES, INT8_FILES
from semjscc.export.networks import exportable
from semjscc.export.planned import Planned
from semjscc.families import default_perception
from semjscc.images import quantise
from semjscc.linear.level import from_words, to_words
from semjscc.perception.base import predict
from semjscc.perception.store import open_perception
from semjscc.randomness import Draws
from semjscc.tasks import Classification

ROOT = Path(__file__).parents[1]
TORCH, FLOAT, INT8 = "torch", "ONNX, float32", "ONNX, int8"
TURNS = 7
BATCH = 25
SEED = 1


class Board(NamedTuple):
    """A codec to measure.

    Attributes:
        weights: their name.
        family: that they belong to.
        data: whose test images are sent; its val images calibrate;
            "" for none: then time and size are all that is measured.
        points: ratios and SNRs in dB.
        sides: height and width of the images that are timed.
        planned: height and width for which a plan is settled; None for a codec without one.
    """

    weights: str
    family: str
    data: str
    points: Sequence[tuple[Fraction, float]]
    sides: Sequence[tuple[int, int]]
    planned: tuple[int, int] | None = None


WIDE = [(Fraction(1, 48), 0.0), (Fraction(1, 24), 10.0), (Fraction(1, 6), 20.0)]
CIFAR = "data/cifar10-jpeg"
SCENE = (256, 256)
"""Height and width of the drawn road scenes."""
CAMERA = (480, 640)
"""Of a small camera."""
BOARDS = [
    Board("signs-semantic", "signs", "signs", WIDE, [(64, 64), (512, 768)]),
    Board("cifar10-jpeg-semantic", "cifar10-jpeg", CIFAR, WIDE, [(32, 32), (512, 768)]),
    Board("cifar10-jpeg-deepjscc-6", "cifar10-jpeg", CIFAR, [(Fraction(1, 6), 10.0)], [(32, 32)]),
    Board("scenes-semantic", "scenes", "scenes", [(Fraction(1, 24), 10.0)], [SCENE], SCENE),
    Board("photo-semantic", "photo", "", [(Fraction(1, 24), 10.0)], [CAMERA], CAMERA),
]


class Ends(NamedTuple):
    """Encoder and decoder of a batch of images.

    Attributes:
        encode: images (B, 3, H, W), ratio and SNR in dB -> symbols (B, k), and what else the
            decoder must be told.
        decode: symbols (B, k), that, N0, ratio and (height, width) -> images, not clamped.
    """

    encode: Callable[[Tensor, Fraction, float], tuple[Tensor, Any]]
    decode: Callable[[Tensor, Any, float, Fraction, tuple[int, int]], Tensor]


def of_torch(codec: Codec) -> Ends:
    """As the links run it, a codec with a plan with the policy `uniform`."""
    blind: Any = {"blind": True} if isinstance(codec, Deep) else {}

    @torch.inference_mode()
    def encode(images: Tensor, ratio: Fraction, snr_db: float) -> tuple[Tensor, Any]:
        snrs_db = images.new_full((len(images),), snr_db)
        encoded = codec.encode(images, snrs_db, ratio, **blind)
        if (side := encoded.side) is None:
            return encoded.symbols, None
        gain, design = from_words(to_words(side.gain, side.snr_db))
        return encoded.symbols, Side(gain, design, side.told)

    @torch.inference_mode()
    def decode(
        symbols: Tensor, side: Any, noise: float, ratio: Fraction, size: tuple[int, int]
    ) -> Tensor:
        return codec.decode(symbols, torch.full((len(symbols),), noise), ratio, size, side)

    return Ends(encode, decode)


def of_runner(folder: Path, files: tuple[str, str]) -> Ends:
    """As a board runs it, one image after the other."""
    encoder, decoder = (runner.load(folder / name, threads=1) for name in files)

    def encode(images: Tensor, ratio: Fraction, snr_db: float) -> tuple[Tensor, Any]:
        rows = [runner.encode_with_level(encoder, one, ratio, snr_db) for one in images.numpy()]
        return torch.from_numpy(np.stack([row[0] for row in rows])), [row[1] for row in rows]

    def decode(
        symbols: Tensor, side: Any, noise: float, ratio: Fraction, size: tuple[int, int]
    ) -> Tensor:
        rows = [
            runner.decode(decoder, one, noise, ratio, size, level=level)
            for one, level in zip(symbols.numpy(), side, strict=True)
        ]
        return torch.from_numpy(np.stack(rows))

    return Ends(encode, decode)


def quality(
    ends: Ends, judge: Evaluator, ratio: Fraction, snr_db: float
) -> tuple[dict[str, float], Tensor]:
    """Mean PSNR in dB and accuracy over the images, and the symbols of the first ones."""
    psnrs, right, first = [], [], None
    for start in range(0, len(judge.data), BATCH):
        places = range(start, min(start + BATCH, len(judge.data)))
        images = judge.data.batch(places)
        symbols, side = ends.encode(images, ratio, snr_db)
        first = symbols if first is None else first
        arrived, _ = awgn(symbols, snr_db, Draws(SEED, list(places)))
        size = (images.shape[-2], images.shape[-1])
        seen = quantise(ends.decode(arrived, side, 10 ** (-snr_db / 10), ratio, size))
        errors = (seen - images).square().mean(dim=(1, 2, 3))
        psnrs += (-10 * errors.log10()).tolist()
        if isinstance(judge.perception.task, Classification):
            with torch.inference_mode():
                classes = torch.as_tensor(predict(judge.perception, seen))
            right += (classes == judge.data.labels[list(places)]).tolist()
    assert first is not None
    found = {"psnr_db": statistics.fmean(psnrs)}
    return found | ({"accuracy": statistics.fmean(right)} if right else {}), first


def seconds(ends: dict[str, Ends], size: tuple[int, int], ratio: Fraction) -> dict[str, Any]:
    """Processor time of one image by each, and how much faster than torch each is."""
    image = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    noise = 0.1
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ends}
    for turn in range(TURNS + 1):
        for name, (encode, decode) in ends.items():
            begin = time.process_time()
            symbols, side = encode(image, ratio, 10.0)
            middle = time.process_time()
            decode(symbols, side, noise, ratio, size)
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
    codec = load_codec(locate(board.weights))[0]
    codec = codec.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    if board.planned is not None:
        assert isinstance(codec, Deep)
        told = Planned(codec, board.planned, *board.points[0])
        sizes = export(told, folder, board.weights, None)
    else:
        found = calibration_images(board.data)
        calibration = Calibration(list(found.images), found.name)
        sizes = export(exportable(codec), folder, board.weights, calibration)
    ends = {TORCH: of_torch(codec), FLOAT: of_runner(folder, FLOAT_FILES)}
    if board.planned is None:
        ends[INT8] = of_runner(folder, INT8_FILES)
    points, judges = [], []
    if board.data:
        perception = open_perception(default_perception(board.family))
        judges = load_evaluators(board.data, "test", [perception], "accuracy", limit=images)
    for (ratio, snr_db), judge in product(board.points, judges):
        of_each, symbols = {}, {}
        for name, one in ends.items():
            of_each[name], symbols[name] = quality(one, judge, ratio, snr_db)
            print(f"{board.weights} {ratio} {snr_db:g} dB {name}: {of_each[name]}", flush=True)
        difference = float((symbols[FLOAT] - symbols[TORCH]).abs().max())
        point = {"ratio": str(ratio), "snr_db": snr_db, "largest_difference": difference}
        points.append({**point, "of": of_each})
    times = {}
    for size in board.sides:
        times[f"{size[1]} x {size[0]}"] = seconds(ends, size, board.points[-1][0])
        print(board.weights, size, times[f"{size[1]} x {size[0]}"], flush=True)
    count = sum(len(judge.data) for judge in judges)
    return {"images": count, "bytes": sizes, "points": points, "times": times}


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
    parser.add_argument("--images", type=int, default=300, help="test images of each codec")
    parser.add_argument("--only", help="weights to measure, such as signs-semantic")
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    words = parser.parse_args()
    torch.set_num_threads(1)
    boards = [board for board in BOARDS if board.data != CIFAR or (ROOT / CIFAR).exists()]
    codecs: dict[str, Any] = {}
    if words.only is not None:
        boards = [board for board in boards if board.weights in words.only.split(",")]
        if words.out is not None and words.out.exists():
            codecs = json.loads(words.out.read_text())["codecs"]
    with tempfile.TemporaryDirectory() as place:
        for board in boards:
            codecs[board.weights] = measure(board, words.images, Path(place) / board.weights)
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
