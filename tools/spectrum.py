"""Estimate the fixed spectrum of photographs, which the linear links rest on.

python tools/spectrum.py data/bsds500 data/imagenet-photos
"""

import argparse
import json

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.checkpoint import write_atomically
from semjscc.data import ImageSet, load_data
from semjscc.images import pad_to_multiple, to_float
from semjscc.linear.spectrum import SPECTRUM_FILE, gain
from semjscc.linear.transform import BLOCK, colour_cosines

ROUNDS = 50


def statistics(data: ImageSet) -> tuple[Tensor, Tensor]:
    """Mean colour (N, 3) and mean squared coefficients about grey 0 (N, 768) of each image."""
    basis = colour_cosines(BLOCK).flatten(0, 2).float()
    colours, energies, averages = [], [], []
    for image in data.images:
        pixels = to_float(image)
        coefficients = F.conv2d(pad_to_multiple(pixels[None], BLOCK), basis, stride=BLOCK)[0]
        colours.append(pixels.mean(dim=(1, 2)))
        energies.append(coefficients.square().mean(dim=(1, 2)))
        averages.append(coefficients.mean(dim=(1, 2)))
    return torch.stack(colours), torch.stack([torch.stack(energies), torch.stack(averages)], dim=1)


def spectrum(energies: Tensor) -> Tensor:
    """σ² (768,) from mean squares (N, 768): each photograph counts alike, whatever its gain."""
    found = energies.mean(dim=0)
    for _ in range(ROUNDS):
        gains = gain(energies, found)
        found = (energies / gains[:, None].square()).mean(dim=0)
        found = found * gain(energies, found).square().mean()
    return found


def main() -> None:
    """All photographs of the training splits, as ``linear/spectrum.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+", help="as for `semjscc evaluate`")
    words = parser.parse_args()
    sets = [load_data(source, "train", needs_labels=False) for source in words.data]
    colours, moments = (torch.cat(part) for part in zip(*map(statistics, sets), strict=True))
    mean = colours.mean(dim=0)
    # About that mean colour, which moves the three lowest coefficients alone.
    offset = torch.einsum("kcyx,c->k", colour_cosines(BLOCK).flatten(0, 2).float(), mean)
    energies = moments[:, 0] - 2 * offset * moments[:, 1] + offset.square()
    content = {
        "command": "python tools/spectrum.py data/bsds500 data/imagenet-photos",
        "data": [
            {"name": one.name, "images": len(one), "fingerprint": one.fingerprint} for one in sets
        ],
        "mean": [round(float(value), 4) for value in mean],
        "variances": [float(f"{value:.4g}") for value in spectrum(energies)],
    }
    text = json.dumps(content) + "\n"
    write_atomically(SPECTRUM_FILE, lambda path: path.write_text(text))
    print(SPECTRUM_FILE)


if __name__ == "__main__":
    main()
