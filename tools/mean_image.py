"""Write the mean training image of a family: what conceals an image that does not arrive.

python tools/mean_image.py signs signs
python tools/mean_image.py data/cifar10-jpeg cifar10-jpeg
"""

import argparse

import torch

from semjscc.checkpoint import WEIGHTS
from semjscc.data import load_data
from semjscc.images import write_png

BATCH = 500


def main() -> None:
    """The mean over train, all of one size, as ``weights/FAMILY-mean.png``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="as evaluate takes it")
    parser.add_argument("family")
    words = parser.parse_args()
    data = load_data(words.data, "train")
    total = torch.zeros(3, *data.sizes[0], dtype=torch.float64)
    for start in range(0, len(data), BATCH):
        images = data.batch(list(range(start, min(start + BATCH, len(data)))))
        total += images.double().sum(dim=0)
    path = WEIGHTS / f"{words.family}-mean.png"
    write_png((total / len(data)).float(), path)
    print(path)


if __name__ == "__main__":
    main()
