"""The README of an exported folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from textwrap import fill

TITLE = "# A semjscc codec without torch"
"""First line, by which a folder of ours is known."""
WIDTH = 99


@dataclass(frozen=True)
class Told:
    """What a README says.

    Attributes:
        weights: what was exported, in words.
        codec: its name.
        version: of semjscc.
        stride: pixels a side for each position of the latent.
        depth: C, channels of the latent.
        ratios: smallest and largest bandwidth ratio.
        snr_range_db: lowest and highest SNR.
        size: of the images, width x height, where the codec has a plan; None for any.
        inputs: names of the inputs of each network in float32.
        sizes: bytes of each ONNX file.
        calibrated: images that the ranges of int8 come from, in words; None without int8.
    """

    weights: str
    codec: str
    version: str
    stride: int
    depth: int
    ratios: tuple[Fraction, Fraction]
    snr_range_db: tuple[float, float]
    size: str | None
    inputs: Mapping[str, Sequence[str]]
    sizes: Mapping[str, int]
    calibrated: str | None


def readme(told: Told) -> str:
    """The text, in Markdown."""
    weights = told.weights
    example = _example(told)
    files = "\n".join(
        f"| `{name}` | {size / 1e6:.2f} MB | {_what(name)} |" for name, size in told.sizes.items()
    )
    inputs = "\n\n".join(_inputs(end, told) for end in ("encoder", "decoder"))
    begin = (
        f"This folder holds the encoder and the decoder of {weights} (codec `{told.codec}`, "
        f"semjscc {told.version}) for machines without torch. The encoder turns an image into "
        "complex symbols for a radio channel. The decoder turns the symbols that arrive into an "
        f"image. {_takes(told)}"
    )
    return f"""{TITLE}

{fill(begin, WIDTH)}

| file | size | what |
| --- | --- | --- |
{files}
| `runner.py` | | encodes and decodes, with NumPy and onnxruntime |

## On two machines

Copy `runner.py` and the encoder to the sender, `runner.py` and the decoder to the receiver. Both
need NumPy and onnxruntime. The command line needs Pillow, too, which reads and writes images.

    python runner.py encode photo.png symbols.npy {example}
    python runner.py decode symbols.npy out.png {example} {_told_to_decode(told)}

{fill(_symbols(told), WIDTH)}

In a program of your own:

    import runner
    sender, receiver = runner.load("encoder.onnx", threads=1), runner.load("decoder.onnx")
    symbols, level = runner.encode_with_level(sender, image, ratio, snr_db)
    image = runner.decode(receiver, symbols, noise_variance, ratio, size, gain, level)

The docstrings in `runner.py` give shapes and units. Where the channel fades, `gain` is what each
symbol was multiplied by. Where symbols are lost, their `noise_variance` is infinite.

## Inputs and outputs of the networks

{inputs}

{_letters(told)}

## What the runner does beside the networks

{_steps(told)}

The networks take a large image as a whole, and memory grows with it.
{_of_8_bits(told)}"""


def _told_to_decode(told: Told) -> str:
    return "--size 768x512" if told.size is None else f"--size {told.size} --level 1.23"


def _symbols(told: Told) -> str:
    """What is sent, and what the receiver must know."""
    printed = "the size" if told.size is None else "the size and the level, which it must know, too"
    option = " `--int8` takes the network of 8 bits." if told.calibrated else ""
    return (
        "`symbols.npy` holds k complex symbols of mean power 1 (complex64). The receiver must know "
        f"the size of the image and the ratio; `encode` prints {printed}. The SNR is that of one "
        f"symbol, Es/N0 in dB.{option}"
    )


def _letters(told: Told) -> str:
    """What the letters in shapes stand for."""
    stride = told.stride
    sides = f"H and W are the sides of the image, rounded up to multiples of {stride}"
    if told.size is None:
        rest = f"B is the number of images. {sides}; h = H/{stride} and w = W/{stride}."
    else:
        rest = f"{sides}. k is the number of symbols. Another size needs another export."
    return fill(f"All are float32. {rest}", WIDTH)


def _steps(told: Told) -> str:
    """What stands between image, networks and symbols."""
    if told.size is None:
        taken = (
            "It takes k numbers of the latent as symbols. k is the ratio times 3·H·W of the image "
            "as given, rounded down, at least 1. The channels 2i and 2i + 1 are the real and the "
            "imaginary part of a symbol. The first channels are sent, and of the last pair places "
            "spread evenly over the image."
        )
        scaled = "A latent of zeros becomes symbols that are all 1."
        put = "It puts the symbols back into the latent, with zeros where nothing was sent."
    else:
        taken = (
            "It takes the two channels of the latent as the real and the imaginary part of the k "
            "symbols. k is the ratio times 3·H·W of the image as given, rounded down."
        )
        scaled = (
            "The square root of half their mean power before is the picture's level, rounded to a "
            "24th of an octave: 8 bits, of which 0 is not used, from 2⁻⁸ on."
        )
        put = "It gives the decoder the symbols as the latent, their noise after step 5, and level."
    steps = [
        f"It repeats the last row and column of the image until {told.stride} divides both sides.",
        "It runs the encoder.",
        taken,
        f"It scales the k symbols to mean power 1. {scaled}",
        "At the receiver, it divides each symbol by the gain. With N0, the noise variance of the "
        "symbol after that, it divides by 1 + N0. Lost symbols become 0.",
        put,
        "It runs the decoder and cuts the image to its size.",
    ]
    return "\n".join(
        fill(f"{place}. {step}", WIDTH, subsequent_indent="   ")
        for place, step in enumerate(steps, 1)
    )


def _takes(told: Told) -> str:
    """Which ratios and SNRs."""
    (first, last), (low, high) = told.ratios, told.snr_range_db
    if told.size is not None:
        return (
            f"It takes images of {told.size} pixels (width x height), the ratio {last} and an SNR "
            f"of {low:g} dB at the sender, since the plan of its symbols follows from these."
        )
    if first == last:
        return f"It takes the ratio {last} and an SNR of {low:g} dB, and no others."
    return (
        f"It takes any ratio from {first} to {last} and any SNR. It was trained from {low:g} to "
        f"{high:g} dB; an SNR beyond counts as the nearest of these."
    )


def _example(told: Told) -> str:
    """Options for a ratio and an SNR that it takes."""
    (first, last), (low, high) = told.ratios, told.snr_range_db
    ratio = last if first == last else min(last, Fraction(1, 12))
    return f"--ratio {ratio} --snr {low if low == high else 10:g}"


def _of_8_bits(told: Told) -> str:
    """The last section, "" where there are no such networks."""
    if told.calibrated is None:
        return ""
    linear = ", and so does the linear path beside it" if told.codec == "adaptive" else ""
    text = (
        "Most convolutions have weights and activations of 8 bits, whose ranges come from "
        f"{told.calibrated}. The first and the last convolution of each network stay in "
        f"float32{linear}. Inputs "
        "and outputs are those of the networks in float32, and an encoder of 8 bits goes with a "
        "decoder in float32, or the reverse. How much faster they are depends on the processor."
    )
    return f"\n## The networks of 8 bits\n\n{fill(text, WIDTH)}\n"


def _what(name: str) -> str:
    end = "image to latent" if name.startswith("encoder") else "latent to image"
    return f"{end}, {'8 bits' if 'int8' in name else 'float32'}"


def _inputs(end: str, told: Told) -> str:
    planned = told.size is not None
    batch, inside = ("1", "1, k") if planned else ("B", "h, w")
    image = f"the image, ({batch}, 3, H, W), red, green, blue"
    latent = f"the latent, ({batch}, {told.depth}, {inside})"
    here = "that the sender believes in" if end == "encoder" else "of the symbols, as their mean"
    meanings = {
        "image": f"{image}, in [0, 1]",
        "latent": f"{latent}, of symbols of power 1 over 1 + N0, zero where nothing was sent",
        "snr_db": f"the SNR {here}, (B,), in dB",
        "ratio": "the bandwidth ratio, (B,), such as 0.0833 for 1/12",
        "noise": "N0 of each symbol, (1, k), infinite where it was lost",
        "level": "the picture's level, (1,)",
    }
    rows = "\n".join(f"| input | `{name}` | {meanings[name]} |" for name in told.inputs[end])
    made = f"`latent` | {latent}, of any power", f"`image` | {image}, not clamped"
    out = made[0] if end == "encoder" else made[1]
    return f"""`{end}.onnx`{_and_int8(end, told)}:

| | name | meaning and shape |
| --- | --- | --- |
{rows}
| output | {out} |"""


def _and_int8(end: str, told: Told) -> str:
    return f" and `{end}-int8.onnx`" if f"{end}-int8.onnx" in told.sizes else ""
