"""A small image folder to try the example with: discs, squares and crosses on noise.

python make_images.py shapes
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 32


def draw(kind: str, rng: np.random.Generator) -> Image.Image:
    """One shape of a random colour, size and place."""
    pixels = rng.integers(60, 120, (SIDE, SIDE, 3))
    radius = rng.integers(5, 9)
    across, down = abs(np.mgrid[:SIDE, :SIDE] - rng.integers(radius, SIDE - radius, (2, 1, 1)))
    square = np.maximum(across, down) < radius
    inside = {
        "cross": square & (np.minimum(across, down) < 2),
        "disc": across**2 + down**2 < radius**2,
        "square": square,
    }[kind]
    pixels[inside] = rng.integers(130, 256, 3)
    return Image.fromarray(pixels.astype(np.uint8))


rng = np.random.default_rng(0)
for split, count in (("train", 400), ("test", 50)):
    for kind in ("cross", "disc", "square"):
        folder = Path(sys.argv[1]) / split / kind
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            draw(kind, rng).save(folder / f"{number}.png")
