"""How fast the codec for photographs is, beside SwinJSCC's network, and what a large one takes.

    python benchmarks/photograph_speed.py [--swinjscc FOLDER] [--megapixels 12] [--out FILE]

FOLDER is a checkout of https://github.com/semcomm/SwinJSCC (Yang et al. 2024, arXiv 2308.09361),
of which nothing stands here. Networks have random weights, which take as long as trained ones: ours
of its default size, theirs as they publish it for photographs ("base", without their SNR and rate
modules, which only add to it). One picture of 768 x 512 at R = 1/24, one thread, in turns, so that
a busy machine slows both alike. Of the large photograph time and peak memory are told.
"""

import argparse
import json
import resource
import statistics
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.codecs.deep import Deep

RATIO = parse_ratio("1/24")
HEIGHT, WIDTH = 512, 768
ROUNDS = 3
STRIDE, CHANNELS = 16, 64
"""Of SwinJSCC's latent: 64 numbers for each 16 x 16 pixels are R = 1/24."""


def ours(codec: Deep, height: int, width: int) -> dict[str, Callable[[], object]]:
    """Encoder and decoder on one picture."""
    images, snr, noise = torch.rand(1, 3, height, width), torch.tensor([10.0]), torch.tensor([0.1])
    encoded = codec.encode(images, snr, RATIO)
    return {
        "encode": lambda: codec.encode(images, snr, RATIO),
        "decode": lambda: codec.decode(
            encoded.symbols, noise, RATIO, (height, width), encoded.side
        ),
    }


def theirs(folder: Path) -> dict[str, Callable[[], object]]:
    """SwinJSCC's encoder and decoder on one picture, from a checkout of it."""
    # Of timm they use three small helpers, and without a GPU their masks have nowhere to go.
    layers = types.ModuleType("timm.models.layers")
    vars(layers).update(
        DropPath=nn.Identity,
        to_2tuple=lambda side: side if isinstance(side, tuple) else (side, side),
        trunc_normal_=nn.init.trunc_normal_,
    )
    for name in ("timm", "timm.models"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["timm.models.layers"] = layers
    torch.Tensor.cuda = lambda self, *_: self  # pyright: ignore[reportAttributeAccessIssue]
    sys.path.insert(0, str(folder))
    from net.decoder import create_decoder  # pyright: ignore[reportMissingImports]
    from net.encoder import create_encoder  # pyright: ignore[reportMissingImports]

    model = "SwinJSCC_w/o_SAandRA"
    widths, depths, heads = [128, 192, 256, 320], [2, 2, 6, 2], [4, 6, 8, 10]
    common = {
        "model": model, "img_size": (256, 256), "C": CHANNELS, "window_size": 8, "mlp_ratio": 4.0,
        "qkv_bias": True, "qk_scale": None, "norm_layer": nn.LayerNorm, "patch_norm": True,
    }  # fmt: skip
    encoder = create_encoder(
        patch_size=2, in_chans=3, embed_dims=widths, depths=depths, num_heads=heads, **common
    ).eval()
    decoder = create_decoder(
        embed_dims=widths[::-1], depths=depths[::-1], num_heads=heads[::-1], **common
    ).eval()
    encoder.update_resolution(HEIGHT, WIDTH)
    decoder.update_resolution(HEIGHT // STRIDE, WIDTH // STRIDE)
    images = torch.rand(1, 3, HEIGHT, WIDTH)
    latent: Tensor = encoder(images, 10, CHANNELS, model)
    return {
        "encode": lambda: encoder(images, 10, CHANNELS, model),
        "decode": lambda: decoder(latent, 10, model),
    }


def in_turns(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each task."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(ROUNDS + 1):
        for name, call in tasks.items():
            start = time.perf_counter()
            call()
            if turn:  # the first turn warms up
                taken[name].append(time.perf_counter() - start)
    return {name: round(statistics.median(seconds), 3) for name, seconds in taken.items()}


def large(codec: Deep, megapixels: float) -> dict[str, float]:
    """Seconds of each direction on a large photograph of 3:2, and the process's peak in GiB."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    seconds = {}
    for name, call in ours(codec, height, round(1.5 * height)).items():
        start = time.perf_counter()
        call()
        seconds[f"{name} seconds"] = round(time.perf_counter() - start, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"megapixels": megapixels, **seconds, "peak GiB": round(peak, 2)}


@torch.inference_mode()
def main() -> None:
    """Print the numbers, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--swinjscc", type=Path, help="a checkout of SwinJSCC")
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--out", type=Path)
    words = parser.parse_args()
    torch.set_num_threads(1)
    codec = Deep().eval()
    found: dict[str, object] = {"large": large(codec, words.megapixels)}
    tasks = {f"deep {name}": call for name, call in ours(codec, HEIGHT, WIDTH).items()}
    if words.swinjscc is not None:
        tasks |= {f"SwinJSCC {name}": call for name, call in theirs(words.swinjscc).items()}
    seconds = in_turns(tasks)
    found["seconds"] = seconds
    if words.swinjscc is not None:
        found["times as fast"] = {
            name: round(seconds[f"SwinJSCC {name}"] / seconds[f"deep {name}"], 1)
            for name in ("encode", "decode")
        }
    text = json.dumps(found, indent=1) + "\n"
    print(text, end="")
    if words.out is not None:
        words.out.write_text(text)


if __name__ == "__main__":
    main()
