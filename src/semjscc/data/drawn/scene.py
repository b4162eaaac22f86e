"""A road scene with one to five signs: drawn at random, then rendered at any resolution.

As for a single sign (`semjscc.data.drawn.sign`), no random draw depends on the resolution.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from semjscc.data.base import Split
from semjscc.data.drawn.backdrops import backdrop
from semjscc.data.drawn.drawing import Pose, add_blob, draw_post, light, paste, pose_of, warp
from semjscc.data.drawn.shapes import CLASS_NAMES, sign_face
from semjscc.errors import UserError
from semjscc.randomness import generator

SMALLEST_SIZE = 128
"""In pixels: below, a sign of the smallest side is a handful of them."""
MOST_SIGNS = 5
SIDES = (12 / 256, 64 / 256)
"""Of a sign, in parts of the image's side; drawn log-uniformly."""

_SEED = 0
_TRIES = 20
"""To find a place that no other sign takes; then there is one sign less."""
_MOST_BLOBS = 4
_LEAST_SEEN = 6
"""Pixels of a sign that must be seen, at any size."""


@dataclass(frozen=True)
class Scene:
    """A picture of several road signs.

    Attributes:
        image: (size, size, 3) uint8, RGB.
        boxes: (n, 5) int64, n of 1 to `MOST_SIGNS`: left, top, right and bottom in pixels, right
            and bottom exclusive, tight around what shows the sign; and its class, an index into
            ``CLASS_NAMES``.
        mask: (size, size) uint8, 0 where there is no sign, else 1 and its class.
    """

    image: np.ndarray
    boxes: np.ndarray
    mask: np.ndarray


def render(split: Split, index: int, size: int = 256) -> Scene:
    """The scene at place ``index`` of a split; the same arguments give the same scene.

    Args:
        split: train, val or test; each has its own photographs behind the signs.
        index: place in the split, not limited by the usual number of images.
        size: height and width in pixels.

    Raises:
        UserError: the size is too small to show small signs.
    """
    if size < SMALLEST_SIZE:
        raise UserError(
            f"scenes cannot be drawn {size} pixels wide: choose a size of {SMALLEST_SIZE} or more"
        )
    rng = generator(_SEED, f"scenes/{split}", index)
    poses = _places(rng, int(rng.integers(1, MOST_SIGNS + 1)))
    labels = rng.integers(len(CLASS_NAMES), size=len(poses)).tolist()
    scene = backdrop(rng, split, size).copy()
    for _ in range(rng.integers(_MOST_BLOBS + 1)):
        add_blob(rng, scene, lambda: _side(rng))
    mask = np.zeros((size, size), np.uint8)
    # Small signs are far away: what is nearer stands before it.
    for pose, label in sorted(zip(poses, labels, strict=True), key=lambda pair: pair[0].side):
        present, thickness, grey, worn = rng.uniform((0, 0.06, 60, 0.75), (1, 0.12, 190, 1))
        if present > 1 / 3:
            draw_post(scene, pose, thickness * pose.side, grey, mask)
        where, face = warp(sign_face(label), pose, size)
        paste(scene[where], face, face[..., :3] * np.float32(worn))
        mask[where][face[..., 3] >= 128] = 1 + label
    lit = np.clip(np.rint(light(rng, scene)), 0, 255).astype(np.uint8)
    blur = ImageFilter.GaussianBlur(rng.uniform(0, 0.5) * size / 256)
    image = np.array(Image.fromarray(lit).filter(blur))
    return Scene(image, _boxes(mask, poses, labels), mask)


def _places(rng: np.random.Generator, count: int) -> list[Pose]:
    """Poses of signs that do not overlap."""
    poses: list[Pose] = []
    for _ in range(count):
        side = _side(rng)
        angles = rng.uniform((-12, -28, -18), (12, 28, 18)).tolist()
        for place in rng.uniform(size=(_TRIES, 2)).tolist():
            pose = pose_of(side, angles, place)
            if all(_apart(pose, other) for other in poses):
                poses.append(pose)
                break
    return poses


def _apart(one: Pose, other: Pose) -> bool:
    """Whether the boxes around two squares do not touch."""
    low = np.maximum(one.corners.min(0), other.corners.min(0))
    high = np.minimum(one.corners.max(0), other.corners.max(0))
    return bool((low >= high).any())


def _side(rng: np.random.Generator) -> float:
    """Of a sign or a blob, in parts of the image's side."""
    return float(np.exp(rng.uniform(*np.log(SIDES))))


def _boxes(mask: np.ndarray, poses: Sequence[Pose], labels: Sequence[int]) -> np.ndarray:
    """Tight boxes of the signs that are seen, by the mask within each sign's square: (n, 5)."""
    found = []
    for pose, label in zip(poses, labels, strict=True):
        low = np.clip(np.floor(pose.corners.min(0) * len(mask)), 0, len(mask) - 1).astype(int)
        high = np.clip(np.ceil(pose.corners.max(0) * len(mask)), 1, len(mask)).astype(int)
        part = mask[low[1] : high[1], low[0] : high[0]] == 1 + label
        if part.sum() < _LEAST_SEEN:
            continue
        columns, rows = np.flatnonzero(part.any(0)), np.flatnonzero(part.any(1))
        found.append(
            (
                *(low[0] + columns[0], low[1] + rows[0]),
                *(low[0] + columns[-1] + 1, low[1] + rows[-1] + 1, label),
            )
        )
    return np.array(found, np.int64).reshape(-1, 5)
