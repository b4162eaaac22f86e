"""The pictures that coders are tried with, and the check they all share."""

import numpy as np
import skimage.data
from hypothesis import strategies as st

from semjscc.separation.sources.base import Pixels, SourceCoder

ASTRONAUT: Pixels = skimage.data.astronaut()
KINDS = ("noise", "flat", "gradient", "photograph")


def picture(kind: str, height: int, width: int, seed: int = 0) -> Pixels:
    random = np.random.default_rng(seed)
    if kind == "noise":
        return random.integers(0, 256, (height, width, 3), np.uint8)
    if kind == "flat":
        return np.tile(random.integers(0, 256, 3, np.uint8), (height, width, 1))
    if kind == "gradient":
        down, right = np.mgrid[:height, :width]
        return np.stack([down * 5 % 256, right * 3 % 256, (down + right) % 256], 2).astype(np.uint8)
    top, left = random.integers(0, 513 - height), random.integers(0, 513 - width)
    return ASTRONAUT[top : top + height, left : left + width].copy()


@st.composite
def pictures(draw: st.DrawFn, longest: int = 80) -> Pixels:
    side = st.integers(1, longest)
    kind, seed = draw(st.sampled_from(KINDS)), draw(st.integers(0, 2**20))
    return picture(kind, draw(side), draw(side), seed)


def size_of(image: Pixels) -> tuple[int, int]:
    return image.shape[0], image.shape[1]


def psnr_db(image: Pixels, back: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((image.astype(float) - back) ** 2)))


def check_round_trip(coder: SourceCoder, image: Pixels, setting: tuple[int, int]) -> None:
    """Byte-exact strip and restore, and an image of the right size."""
    file = coder.compress(image, *setting)
    payload = coder.strip(file, size_of(image), *setting)
    assert len(payload) < len(file)
    assert coder.restore(payload, size_of(image), *setting) == file
    back = coder.decompress(file, size_of(image))
    assert back.shape == image.shape
    assert back.dtype == np.uint8
