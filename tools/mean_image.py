"""Write the mean training image of a family: what conceals an image that does not arrive.

python tools/mean_image.py signs signs
python tools/mean_image.py data/cifar10-jpeg cifar10-jpeg

Images of different sizes are shrunk to 64 x 64 first; whoever conceals enlarges the mean again.
"""

import argparse

import torch
from torch.nn import functional as F

from semjscc.checkpoint import WEIGHTS
from semjscc.data import load_data
from semjscc.evaluation.batches import batches
from semjscc.images import write_png

BATCH = 500
COMMON_SIZE = (64, 64)


def main() -> None:
    """The mean over train as ``weights/FAMILY-mean.png``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="as evaluate takes it")
    parser.add_argument("family")
    words = parser.parse_args()
    data = load_data(words.data, "train")
    sizes = set(data.sizes)
    size = data.sizes[0] if len(sizes) == 1 else COMMON_SIZE
    total = torch.zeros(3, *size, dtype=torch.float64)
    for indices in batches(data.sizes, BATCH):
        images = data.batch(indices)
        if images.shape[-2:] != size:
            images = F.interpolate(images, size, mode="bilinear", antialias=True)
        total += images.double().sum(dim=0)
    path = WEIGHTS / f"{words.family}-mean.png"
    write_png((total / len(data)).float(), path)
    print(path)


if __name__ == "__main__":
    main()
