"""How fast the codec runs, trains and is judged: images a second, and what the semantic loss costs.

    python benchmarks/speed.py [--out results/speed.json]

Networks have their default size and random weights, which take as long as trained ones. Each number
is the median of several rounds that take turns, so that a busy machine slows all of them alike.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.importance.gradient import ImportanceForm
from semjscc.losses import distortion, reference, semantic_error
from semjscc.metrics import ssim
from semjscc.perception.base import Perception
from semjscc.perception.built_in.networks import ResNet
from semjscc.training.batches import Share
from semjscc.training.channel.disturbance import draw_disturbance
from semjscc.training.recipe import CodecRecipe

RATIO = parse_ratio("1/24")
ROUNDS = 5


def time_in_turns(tasks: dict[str, tuple[int, Callable[[], object]]]) -> dict[str, float]:
    """Images a second of each task, which maps its name to (images a call, call)."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(ROUNDS + 1):
        for name, (_, call) in tasks.items():
            start = time.perf_counter()
            call()
            if turn:  # the first turn warms up
                seconds[name].append(time.perf_counter() - start)
    return {name: tasks[name][0] / statistics.median(taken) for name, taken in seconds.items()}


def coding() -> dict[str, float]:
    """Encoder and decoder in float32, at a thumbnail's and a photograph's size."""
    codec = Adaptive().eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    tasks: dict[str, tuple[int, Callable[[], object]]] = {}
    for (height, width), batch in (((32, 32), 100), ((512, 768), 1)):
        images = torch.rand(batch, 3, height, width)
        snr, noise = torch.full((batch,), 10.0), torch.full((batch,), 0.1)
        symbols = codec.encode(images, snr, RATIO).symbols.detach()

        def encode(images: torch.Tensor = images, snr: torch.Tensor = snr) -> None:
            with torch.inference_mode():
                codec.encode(images, snr, RATIO)

        def decode(
            symbols: torch.Tensor = symbols,
            noise: torch.Tensor = noise,
            size: tuple[int, int] = (height, width),
        ) -> None:
            with torch.inference_mode():
                codec.decode(symbols, noise, RATIO, size)

        tasks[f"encode {width}x{height}"] = (batch, encode)
        tasks[f"decode {width}x{height}"] = (batch, decode)
    return time_in_turns(tasks)


def training(batch: int = 64) -> dict[str, float]:
    """One training step at 32 x 32 in bfloat16: distortion alone, uniform features, importance."""
    codec = Adaptive().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    perception = Perception(
        ResNet(10).to(memory_format=torch.channels_last),  # pyright: ignore[reportCallIssue]
        layers=("stage1", "stage2", "stage3"),
        class_names=[str(label) for label in range(10)],
    )
    optimiser = torch.optim.AdamW(codec.parameters())
    images = torch.rand(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)

    def step(semantic: bool, form: ImportanceForm | None = None) -> None:
        channel = draw_disturbance(codec, CodecRecipe(), 0, 0, batch, (32, 32), Share())
        with torch.autocast("cpu", torch.bfloat16):
            symbols = codec.encode(images, channel.snr_db, channel.ratio).symbols
            received = codec.decode(
                channel.apply(symbols), channel.noise_variance, channel.ratio, (32, 32)
            )
            loss = distortion(images, received).mean()
            if semantic:
                clean = reference(perception, images, form)
                loss = loss + semantic_error(clean, perception.features(received)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return time_in_turns(
        {
            "train plain": (batch, lambda: step(semantic=False)),
            "train features": (batch, lambda: step(semantic=True)),
            "train semantic": (batch, lambda: step(semantic=True, form=ImportanceForm())),
        }
    )


def judging() -> dict[str, float]:
    """SSIM of a photograph, ours and that of torchmetrics, which comes with lightning."""
    from torchmetrics.functional.image import structural_similarity_index_measure

    images = torch.rand(1, 3, 512, 768)
    received = (images + 0.05 * torch.randn_like(images)).clamp(0, 1)

    def theirs() -> None:
        structural_similarity_index_measure(received, images, sigma=1.5, data_range=1.0)

    return time_in_turns({"ssim": (1, lambda: ssim(images, received)), "their ssim": (1, theirs)})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    out = parser.parse_args().out
    speeds = {**coding(), **training(), **judging()}
    ratio = speeds["train plain"] / speeds["train semantic"]
    for name, speed in speeds.items():
        print(f"{name:16s} {speed:9.1f} images/s")
    faster = speeds["ssim"] / speeds["their ssim"]
    print(f"the semantic step takes {ratio:.2f} times the plain one")
    print(f"SSIM is {faster:.1f} times as fast as that of torchmetrics")
    if out is not None:
        threads = torch.get_num_threads()
        facts = {"threads": threads, "machine": platform.machine(), "torch": torch.__version__}
        numbers = {
            "images_per_second": speeds,
            "semantic_over_plain": ratio,
            "ssim_over_torchmetrics": faster,
            "meta": facts,
        }
        out.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
