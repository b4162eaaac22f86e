"""Rate and distortion of our HEVC intra coder on the Kodak photographs, beside published BPG.

    python benchmarks/hevc_kodak.py FOLDER_OR_PARQUET [--images 24] [--out results/hevc-kodak.json]

The path is a folder of images, a folder of parquet files or one of those, with a column ``image``
of struct<bytes>. Numbers are means over images, as in the source: bits per pixel of the whole file
and of the compact payload, PSNR on RGB, PSNR on BT.601 luma of the RGB that was received.

`PUBLISHED` is BPG 0.9.8 with x265, 8 bits, 4:4:4, YCbCr, all 24 images, as the CompressAI project
measured it: github.com/InterDigitalInc/CompressAI, results/image/kodak/bpg_444_x265_ycbcr.json.
The difference is taken at equal bits per pixel of whole files, where BPG's are interpolated
monotonically over the logarithm of the rate (nan outside it); it means something only where all 24
images are run. Measured: 4:4:4 within 0.02 dB of BPG from 0.1 to 1.4 bits per pixel, 4:2:0 0.0 dB
below it at 0.1 and 0.25 dB at 1.3, which is the colour that subsampling gives up.
Encoding times are of one core, without waiting.
"""

import argparse
import io
import json
import math
import platform
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import PchipInterpolator

from semjscc.separation.sources.base import Pixels
from semjscc.separation.sources.hevc import Hevc

PUBLISHED = {
    "name": "BPG 0.9.8, x265, 8 bits, 4:4:4, YCbCr (CompressAI, bpg_444_x265_ycbcr.json)",
    "bpp": [0.06777, 0.16102, 0.35155, 0.68470, 1.19967, 1.92971, 3.05788, 4.70314],
    "psnr": [26.1951, 28.6815, 31.5947, 34.8575, 38.2599, 41.4789, 44.7031, 47.6325],
}
LUMA = np.array([0.299, 0.587, 0.114])
QPS = (47, 42, 37, 32, 27, 23)


def read(path: Path) -> list[Pixels]:
    """The images in order of their file or row."""
    tables = [path] if path.suffix == ".parquet" else sorted(path.glob("*.parquet"))
    rows = [row["bytes"] for table in tables for row in pq.read_table(table)["image"].to_pylist()]
    if not tables:
        files = sorted(path.iterdir() if path.is_dir() else [])
        rows = [file.read_bytes() for file in files if file.suffix in {".png", ".bmp", ".ppm"}]
    if not rows:
        raise SystemExit(f"no images in {path}: name a folder of PNG files or a parquet file")
    return [np.asarray(Image.open(io.BytesIO(row)).convert("RGB")) for row in rows]


def psnr(image: NDArray[np.float64], received: NDArray[np.float64]) -> float:
    """In dB, of values in 0 … 255."""
    return float(10 * np.log10(255**2 / np.mean((image - received) ** 2)))


def measure(images: list[Pixels], variant: int, quality: int) -> dict[str, Any]:
    """Means over the images for one setting."""
    coder = Hevc()
    rows = []
    for image in images:
        size, pixels = (image.shape[0], image.shape[1]), image.shape[0] * image.shape[1]
        start = time.process_time()
        file = coder.compress(image, variant, quality)
        seconds = time.process_time() - start
        payload = coder.strip(file, size, variant, quality)
        sent = image.astype(np.float64)
        received = coder.decompress(file, size).astype(np.float64)
        rows.append(
            {
                "bpp_file": 8 * len(file) / pixels,
                "bpp_compact": 8 * len(payload) / pixels,
                "psnr_rgb": psnr(sent, received),
                "psnr_luma": psnr(sent @ LUMA, received @ LUMA),
                "encode_seconds": seconds,
            }
        )
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return {"variant": coder.variants[variant], "qp": coder.qualities[quality], **means}


def published_psnr(bpp: float) -> float:
    """PSNR of the published curve at this rate; nan outside it."""
    curve = PchipInterpolator(np.log(PUBLISHED["bpp"]), PUBLISHED["psnr"], extrapolate=False)
    return float(curve(np.log(bpp)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("path", type=Path, help="folder of images or of parquet files, or one")
    parser.add_argument("--images", type=int, help="only the first so many")
    parser.add_argument("--qp", type=int, nargs="+", default=QPS, choices=Hevc.qualities)
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    arguments = parser.parse_args()
    everything = read(arguments.path)
    images = everything[: arguments.images]
    print(f"{len(images)} of {len(everything)} images; dB over BPG 4:4:4 at equal bits per pixel\n")
    print("variant  QP  bpp file  compact  PSNR RGB   luma  over BPG  encode")
    points = []
    for variant in range(len(Hevc.variants)):
        for qp in arguments.qp:
            point = measure(images, variant, Hevc.qualities.index(qp))
            gain = point["psnr_rgb"] - published_psnr(point["bpp_file"])
            point["psnr_rgb_over_published"] = None if math.isnan(gain) else round(gain, 3)
            points.append(point)
            print(
                f"{point['variant']:7s} {qp:3d}  {point['bpp_file']:8.4f}"
                f" {point['bpp_compact']:8.4f}  {point['psnr_rgb']:8.2f}"
                f" {point['psnr_luma']:6.2f}  {gain:+8.2f}  {point['encode_seconds']:5.2f} s",
                flush=True,
            )
    if arguments.out is not None:
        facts = {
            "images": len(images),
            "of": len(everything),
            "av": av.__version__,
            "machine": platform.machine(),
        }
        numbers = {"points": points, "published": PUBLISHED, "meta": facts}
        arguments.out.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
