"""Images to start with: drawn road signs, and photographs that come with scikit-image.

The photographs are among the few that its package brings along; the others it would fetch.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import skimage

from semjscc.data import load_data
from semjscc.images import read_image
from semjscc.web.uploads.reading import Picture, shrink

SIGNS = ("stop", "no entry", "pedestrian crossing", "speed limit 50")
PHOTOGRAPHS = {
    "cat": "chelsea.png",
    "astronaut": "astronaut.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
}
_LOOKED_THROUGH = 60
"""Of the first signs of the test set, all classes are among them."""


@dataclass(frozen=True)
class Example:
    """An image with its name, and whether it is one of the drawn signs."""

    name: str
    picture: Picture
    is_sign: bool


@lru_cache(maxsize=1)
def examples() -> tuple[Example, ...]:
    """All that can be offered here; without photographs where scikit-image lacks them."""
    return (*_signs(), *_photographs())


def _signs() -> list[Example]:
    data = load_data("signs", "test", limit=_LOOKED_THROUGH)
    labels = [data.class_names[label] for label in data.labels.tolist()]
    chosen = [(name, labels.index(name)) for name in SIGNS if name in labels]
    return [
        Example(name, shrink((data.batch([index])[0] * 255).round().byte()), is_sign=True)
        for name, index in chosen
    ]


def _photographs() -> list[Example]:
    folder = Path(skimage.__file__).parent / "data"
    return [
        Example(name, shrink(read_image(folder / file)), is_sign=False)
        for name, file in PHOTOGRAPHS.items()
        if (folder / file).is_file()
    ]
