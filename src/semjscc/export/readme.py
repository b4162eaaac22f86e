"""The README of an exported folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from textwrap import fill

TITLE = "# A semjscc codec without torch"
"""First line, by which a folder of ours is known."""
WIDTH = 99
_OPTION = "`--int8` takes the network of 8 bits. "


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
    inputs: Mapping[str, Sequence[str]]
    sizes: Mapping[str, int]
    calibrated: str | None


def readme(told: Told) -> str:
    """The text, in Markdown."""
    stride, weights = told.stride, told.weights
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
    python runner.py decode symbols.npy out.png {example} --size 768x512

`symbols.npy` holds k complex symbols of mean power 1 (complex64). The receiver must know the size
of the image and the ratio; `encode` prints the size. The SNR is that of one symbol, Es/N0 in dB.
{_OPTION if told.calibrated else ""}In a program of your own:

    import runner
    sender, receiver = runner.load("encoder.onnx", threads=1), runner.load("decoder.onnx")
    symbols = runner.encode(sender, image, ratio, snr_db)
    image = runner.decode(receiver, symbols, noise_variance, ratio, size, gain)

The docstrings in `runner.py` give shapes and units. Where the channel fades, `gain` is what each
symbol was multiplied by. Where symbols are lost, their `noise_variance` is infinite.

## Inputs and outputs of the networks

{inputs}

All are float32. B is the number of images. H and W are the sides of the image, rounded up to
multiples of {stride}; h = H/{stride} and w = W/{stride}.

## What the runner does beside the networks

1. It repeats the last row and column of the image until {stride} divides both sides.
2. It runs the encoder.
3. It takes k numbers of the latent as symbols. k is the ratio times 3·H·W of the image as given,
   rounded down, at least 1. The channels 2i and 2i + 1 are the real and the imaginary part of a
   symbol. The first channels are sent, and of the last pair places spread evenly over the image.
4. It scales the k symbols to mean power 1. A latent of zeros becomes symbols that are all 1.
5. At the receiver, it divides each symbol by the gain. With N0, the noise variance of the symbol
   after that, it divides by 1 + N0. Lost symbols become 0.
6. It puts the symbols back into the latent, with zeros where nothing was sent.
7. It runs the decoder and cuts the image to its size.

The networks take a large image as a whole, and memory grows with it.
{_of_8_bits(told)}"""


def _takes(told: Told) -> str:
    """Which ratios and SNRs."""
    (first, last), (low, high) = told.ratios, told.snr_range_db
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
    image = "the image, (B, 3, H, W), red, green, blue"
    latent = f"the latent, (B, {told.depth}, h, w)"
    here = "that the sender believes in" if end == "encoder" else "of the symbols, as their mean"
    meanings = {
        "image": f"{image}, in [0, 1]",
        "latent": f"{latent}, of symbols of power 1 over 1 + N0, zero where nothing was sent",
        "snr_db": f"the SNR {here}, (B,), in dB",
        "ratio": "the bandwidth ratio, (B,), such as 0.0833 for 1/12",
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
