"""What stands behind the signs: crops of the photographs that ship inside scikit-image.

The files are read from the installed package itself; scikit-image's own loaders are not used,
because they download what the package lacks.
"""

from functools import cache
from pathlib import Path

import numpy as np
import skimage
from PIL import Image

from semjscc.data.base import Split

# No photograph serves two splits; the motorcycle's two views are one scene and stay together.
PHOTOGRAPHS: dict[Split, tuple[str, ...]] = {
    "train": (
        "astronaut.png",
        "motorcycle_left.png",
        "motorcycle_right.png",
        "hubble_deep_field.jpg",
        "retina.jpg",
        "grass.png",
        "gravel.png",
        "coins.png",
        "text.png",
    ),
    "val": ("rocket.jpg", "ihc.png", "moon.png", "page.png"),
    "test": ("chelsea.png", "coffee.png", "camera.png", "brick.png"),
}

# Below this the photograph's short side leaves too little to crop from.
_SMALLEST_LEVEL = 48


@cache
def _photograph(name: str) -> tuple[Image.Image, ...]:
    """A photograph and its halvings, largest first, of mode "RGB" or "L"."""
    with Image.open(Path(skimage.__file__).parent / "data" / name) as file:
        levels = [file.convert("L" if file.mode in ("L", "P", "1") else "RGB")]
    while min(levels[-1].size) >= 2 * _SMALLEST_LEVEL:
        levels.append(levels[-1].reduce(2))
    return tuple(levels)


def backdrop(rng: np.random.Generator, split: Split, size: int) -> np.ndarray:
    """A random square crop of one of the split's photographs; a grey one is given a tint.

    The random draws do not depend on ``size``: another size shows the same crop.

    Returns:
        (size, size, 3) float32 in [0, 255].
    """
    names = PHOTOGRAPHS[split]
    levels = _photograph(names[rng.integers(len(names))])
    scale, across, down, mirrored = rng.uniform(size=4)
    dark, light = rng.uniform(0, 70, 3), rng.uniform(170, 255, 3)

    part = 0.25 + 0.65 * scale
    # The level just above the wanted resolution: resizing from the full photograph is slow.
    fitting = [level for level in levels if part * min(level.size) >= size]
    level = fitting[-1] if fitting else levels[0]
    side = part * min(level.size)
    left, top = across * (level.width - side), down * (level.height - side)
    box = (left, top, left + side, top + side)
    crop = np.asarray(level.resize((size, size), Image.Resampling.BILINEAR, box), np.float32)
    if mirrored < 0.5:
        crop = crop[:, ::-1]
    if crop.ndim == 3:
        return crop
    tint = ((light - dark) / 255).astype(np.float32)
    return crop[..., None] * tint + dark.astype(np.float32)
