"""One picture of a road sign: the scene is drawn at random, then rendered at any resolution."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from semjscc.data.base import Split
from semjscc.data.drawn.backdrops import backdrop
from semjscc.data.drawn.drawing import Pose, add_blob, add_post, bar, light, paste, pose_of, warp
from semjscc.data.drawn.shapes import CLASS_NAMES, sign_face
from semjscc.errors import UserError
from semjscc.randomness import generator

SMALLEST_SIZE = 16

# The data set is one and the same for every experiment, whatever the experiment's seed.
_SEED = 0


@dataclass(frozen=True)
class Sign:
    """A picture of one road sign.

    Attributes:
        image: (size, size, 3) uint8, RGB.
        label: index into ``CLASS_NAMES``.
        box: (left, top, right, bottom) in pixels, right and bottom exclusive, tight around
            ``mask``.
        mask: (size, size) bool, True on pixels that show the sign; its post and what hides the
            sign do not count.
    """

    image: np.ndarray
    label: int
    box: tuple[int, int, int, int]
    mask: np.ndarray


def _add_occluder(
    rng: np.random.Generator, scene: np.ndarray, pose: Pose, split: Split
) -> np.ndarray | None:
    """On one sign of three, a piece of another backdrop over up to 15 % of the sign's square.

    Returns:
        How much of each pixel is hidden, (size, size) in [0, 1]; None where nothing is.
    """
    present, part, stretch, turn, out, around = rng.uniform(
        (0, 0.03, -0.8, 0, 0.25, 0), (1, 0.15, 0.8, math.pi, 0.5, 2 * math.pi)
    ).tolist()
    if present >= 1 / 3:
        return None
    middle = pose.corners.mean(0)
    # Off the centre, where twigs and neighbours reach, so that the symbol stays readable.
    centre = middle + out * pose.side * np.array([math.cos(around), math.sin(around)])
    edge = pose.side * math.sqrt(part)
    size = len(scene)
    piece = bar(centre.tolist(), edge * math.exp(stretch), edge / math.exp(stretch), turn, size)
    scene += piece * (backdrop(rng, split, size) - scene)
    return piece[..., 0]


def render(split: Split, index: int, size: int = 64) -> Sign:
    """The picture at place ``index`` of a split; the same arguments give the same picture.

    Args:
        split: train, val or test; each has its own photographs behind the signs.
        index: place in the split, not limited by the usual number of images.
        size: height and width in pixels.

    Raises:
        UserError: the size is too small to show a sign.
    """
    if size < SMALLEST_SIZE:
        raise UserError(
            f"signs cannot be drawn {size} pixels wide: choose a size of {SMALLEST_SIZE} or more"
        )
    rng = generator(_SEED, f"signs/{split}", index)
    label = int(rng.integers(len(CLASS_NAMES)))
    angles = rng.uniform((-12, -28, -18), (12, 28, 18))
    pose = pose_of(rng.uniform(0.28, 0.5), angles.tolist(), rng.uniform(size=2).tolist())

    scene = backdrop(rng, split, size).copy()
    for _ in range(rng.integers(4)):
        add_blob(rng, scene, lambda: rng.uniform(0.06, 0.26))
    add_post(rng, scene, pose)
    where, face = warp(sign_face(label), pose, size)
    worn = np.float32(rng.uniform(0.75, 1))  # dirt and age take a sign's brilliance
    paste(scene[where], face, face[..., :3] * worn)
    mask = np.zeros((size, size), bool)
    mask[where] = face[..., 3] >= 128
    hidden = _add_occluder(rng, scene, pose, split)
    if hidden is not None:
        mask &= hidden < 0.5

    lit = np.clip(np.rint(light(rng, scene)), 0, 255).astype(np.uint8)
    blur = ImageFilter.GaussianBlur(rng.uniform(0, 0.7) * size / 64)
    image = np.array(Image.fromarray(lit).filter(blur))
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Sign(image, label, box, mask)
