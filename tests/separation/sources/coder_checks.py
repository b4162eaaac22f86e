"""What every standard coder must do, and the pictures it is tried with."""

import numpy as np
import pytest
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


def settings_of(coder: SourceCoder) -> st.SearchStrategy[tuple[int, int]]:
    """Places of a variant and a quality."""
    return st.tuples(
        st.integers(0, len(coder.variants) - 1), st.integers(0, len(coder.qualities) - 1)
    )


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


def check_finer_is_better_and_longer(coder: SourceCoder) -> None:
    image = picture("photograph", 64, 64)
    for variant in coder.useful_variants((64, 64), "compact"):
        files = [coder.compress(image, variant, quality) for quality in range(0, 32, 4)]
        lengths = [len(file) for file in files]
        quality_db = [psnr_db(image, coder.decompress(file, (64, 64))) for file in files]
        assert lengths == sorted(set(lengths))
        assert quality_db == sorted(set(quality_db))
        assert quality_db[-1] > 30


def check_garbage(coder: SourceCoder, garbage: bytes, setting: tuple[int, int]) -> None:
    """Anything, as a payload or as a file, is an image of the announced size or a ValueError."""
    for make in (lambda: coder.restore(garbage, (9, 20), *setting), lambda: garbage):
        try:
            back = coder.decompress(make(), (9, 20))
        except ValueError:
            continue
        assert back.shape == (9, 20, 3)


def check_damage(coder: SourceCoder, image: Pixels, setting: tuple[int, int], at: int) -> None:
    """A payload with one wrong byte, and one cut short."""
    payload = coder.strip(coder.compress(image, *setting), size_of(image), *setting)
    at %= len(payload)
    wrong = payload[:at] + bytes([payload[at] ^ 0x55]) + payload[at + 1 :]
    for damaged in (wrong, payload[:at]):
        try:
            file = coder.restore(damaged, size_of(image), *setting)
            back = coder.decompress(file, size_of(image))
        except ValueError:
            continue
        assert back.shape == image.shape


def check_strangers(coder: SourceCoder) -> None:
    """Files of another size or setting, of another format, and none at all."""
    image = picture("photograph", 20, 24)
    file = coder.compress(image, 0, 9)
    with pytest.raises(ValueError, match="20 x 24"):
        coder.decompress(file, (24, 20))
    for stranger in (b"", file[:10], file + b"\0\0", b"\x89PNG\r\n\x1a\n" + file):
        with pytest.raises(ValueError, match=r"."):
            coder.strip(stranger, (20, 24), 0, 9)
    with pytest.raises(ValueError, match=r"."):
        coder.strip(file, (24, 20), 0, 9)
