"""Encode and decode with the networks of this folder: NumPy and onnxruntime, nothing else.

python runner.py encode photo.png symbols.npy --ratio 1/12 --snr 10
python runner.py decode symbols.npy out.png --ratio 1/12 --snr 10 --size 768x512
"""

import argparse
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

Size = tuple[int, int]


def load(path: Path | str, threads: int = 0) -> Any:
    """A network of this folder, on so many threads; 0 for one on each core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def facts(session: Any, size: Size, ratio: Fraction) -> tuple[dict[str, str], int]:
    """What the file says of its network, and k, the symbols of an image of (height, width)."""
    told = session.get_modelmeta().custom_metadata_map
    if told.get("size", shown := f"{size[1]}x{size[0]}") != shown:
        raise ValueError(f"image of {shown}: this network is for {told['size']} alone")
    lowest, highest = map(Fraction, told["ratios"].split())
    if not lowest <= ratio <= highest:
        raise ValueError(f"ratio {ratio}: it must be at least {lowest} and at most {highest}")
    return told, max(1, int(ratio * 3 * size[0] * size[1]))


def run(session: Any, values: Any, **others: Any) -> Any:
    """One pass of a network, (C, H, W) float32 in and out; of the others what it takes."""
    given = {name: np.array(other, np.float32, ndmin=1) for name, other in others.items()}
    feeds = {one.name: given.get(one.name, values[None]) for one in session.get_inputs()}
    return session.run(None, feeds)[0][0]


def places(k: int, rows: int, columns: int) -> Any:
    """(k,) places of the symbols among all pairs of channels; of the last pair an even part."""
    whole = (-(-k // (rows * columns)) - 1) * rows * columns
    down, across = np.arange(rows)[:, None] * 3242174889, np.arange(columns) * 2447445414
    order = np.argsort(((down + across) % 2**32).ravel(), kind="stable")
    return np.concatenate([np.arange(whole), whole + np.sort(order[: k - whole])])


def encode(session: Any, image: Any, ratio: Fraction, snr_db: float) -> Any:
    """Image (3, H, W), float32 in [0, 1] -> symbols (k,) complex64 of mean power 1."""
    return encode_with_level(session, image, ratio, snr_db)[0]


def encode_with_level(session: Any, image: Any, ratio: Fraction, snr_db: float) -> Any:
    """The same, and the picture's level, which a decoder with this input must be told."""
    told, k = facts(session, image.shape[1:], ratio)
    lowest, highest = map(float, told["snr_range_db"].split())
    if lowest == highest != snr_db:
        raise ValueError(f"SNR {snr_db:g} dB: this network is for {lowest:g} dB alone")
    below, right = (-side % int(told["stride"]) for side in image.shape[1:])
    padded = np.pad(image, ((0, 0), (0, below), (0, right)), "edge")
    latent = run(session, padded, snr_db=snr_db, ratio=float(ratio))
    # Channels 2i and 2i + 1 are I and Q.
    numbers = (latent[0::2] + 1j * latent[1::2]).ravel()[places(k, *latent.shape[1:])]
    power = np.mean(np.abs(numbers.astype(np.complex128)) ** 2)
    # Told in 8 bits, 24 steps an octave.
    step = np.clip(np.round(24 * (np.log2(max(power, 1e-36) / 2) / 2 + 8)), 1, 255)
    silent = np.abs(numbers).max() < 1e-36
    symbols = np.ones(k) if silent else numbers / np.sqrt(power)
    return symbols.astype(np.complex64), float(2 ** (step / 24 - 8))


def decode(
    session: Any, symbols: Any, noise: Any, ratio: Fraction, size: Size, gain: Any = 1.0,
    level: float = 1.0,
) -> Any:  # fmt: skip
    """Symbols (k,) as they arrived -> image (3, H, W) float32, not yet clamped to [0, 1].

    Noise N0 = 10 ** (-SNR in dB / 10) and gain of the channel are one number or (k,) each; N0 is
    infinite where a symbol is lost. The size is (height, width); the level is the encoder's.
    """
    told, k = facts(session, size, ratio)
    if len(symbols) != k:
        raise ValueError(f"{len(symbols)} symbols: an image of this size and ratio has {k}")
    gain, noise, symbols = np.broadcast_arrays(gain, np.asarray(noise, float), symbols)
    lost = np.isinf(noise) | (gain == 0)
    gain, noise = np.where(lost, 1, gain), np.where(lost, np.inf, noise)
    noise = noise / np.abs(gain) ** 2
    rows, columns = (-(-side // int(told["stride"])) for side in size)
    if "size" in told:  # a row of numbers, which are no places in the picture
        rows, columns = 1, k
    pairs = np.zeros((int(told["depth"]) // 2, rows, columns), np.complex64)
    pairs.reshape(-1)[places(k, rows, columns)] = np.where(lost, 0, symbols) / gain / (1 + noise)
    with np.errstate(divide="ignore"):
        snr_db = 10 * np.log10(np.mean(1 / noise))
    latent = np.stack([pairs.real, pairs.imag], 1).reshape(-1, rows, columns)
    others = {"snr_db": snr_db, "ratio": float(ratio), "noise": noise[None], "level": level}
    return run(session, latent, **others)[:, : size[0], : size[1]]


def main() -> None:
    """The command line; Pillow reads and writes the images."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("do", choices=("encode", "decode"))
    parser.add_argument("source", help="an image, or a file of symbols")
    parser.add_argument("target", type=Path, help="a file of symbols, or an image")
    parser.add_argument("--ratio", required=True, help="such as 1/12")
    parser.add_argument("--snr", type=float, required=True, help="in dB")
    parser.add_argument("--size", help="decode: WIDTHxHEIGHT of the image, such as 768x512")
    parser.add_argument("--level", type=float, help="decode: what encode has said, if anything")
    parser.add_argument("--int8", action="store_true", help="the network of 8 bits")
    parser.add_argument("--threads", type=int, default=0, help="0: one on each core")
    words = parser.parse_args()
    try:
        convert(words)
    except (ArithmeticError, ImportError, OSError, ValueError) as error:
        parser.exit(2, f"runner.py: {error}\n")


def convert(words: argparse.Namespace) -> None:
    """Read the source, and write the target whole or not at all."""
    from PIL import Image, ImageOps

    name = f"{words.do}r{'-int8' if words.int8 else ''}.onnx"
    if not (network := Path(__file__).with_name(name)).is_file():
        raise ValueError(f"there is no {network}")
    if not np.isfinite(words.snr):
        raise ValueError("--snr is a number of dB")
    session, made, ratio = load(network, words.threads), io.BytesIO(), Fraction(words.ratio)
    if words.do == "encode":
        picture = ImageOps.exif_transpose(Image.open(words.source)).convert("RGB")
        image = np.asarray(picture, np.float32).transpose(2, 0, 1) / 255
        symbols, level = encode_with_level(session, image, ratio, words.snr)
        np.save(made, symbols)
        planned = "size" in session.get_modelmeta().custom_metadata_map
        level_text = f" --level {level:.7g}" if planned else ""
        size_text = f"{picture.width}x{picture.height}"
        print(f"{len(symbols)} symbols; to decode: --size {size_text}{level_text}")
    else:
        width, times, height = (words.size or "").partition("x")
        if not times or not (width + height).isdecimal():
            raise ValueError("decode needs --size WIDTHxHEIGHT of the image, such as 768x512")
        noise, size = 10 ** (-words.snr / 10), (int(height), int(width))
        if words.level is None and "level" in [one.name for one in session.get_inputs()]:
            raise ValueError("decode needs the --level that encode has said")
        symbols, level = np.load(words.source), words.level or 1.0
        image = decode(session, symbols, noise, ratio, size, level=level)
        pixels = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        kind = Image.registered_extensions().get(words.target.suffix.lower(), "PNG")
        Image.fromarray(pixels).save(made, kind)
    part = words.target.with_name(f".{words.target.name}.part")
    part.write_bytes(made.getvalue())
    part.replace(words.target)


if __name__ == "__main__":
    main()
