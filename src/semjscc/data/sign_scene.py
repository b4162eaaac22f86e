"""One picture of a road sign: the scene is drawn at random, then rendered at any resolution.

Everything is measured in parts of the image's side and no random draw depends on the resolution,
so that the same index shows the same scene at 64 and at 128 pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from semjscc.data.base import Split
from semjscc.data.sign_backdrops import backdrop
from semjscc.data.sign_shapes import BLOB_CORNERS, CLASS_NAMES, blob_face, sign_face
from semjscc.errors import UserError
from semjscc.randomness import generator

SMALLEST_SIZE = 16

# The data set is one and the same for every experiment, whatever the experiment's seed.
_SEED = 0
# The camera's distance in sides of the sign: near enough that turned signs show perspective.
_CAMERA_DISTANCE = 3.0
_OVERSAMPLING = 2


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


@dataclass(frozen=True)
class _Pose:
    """Where a flat square stands before the camera: a homography, and what it covers.

    Attributes:
        matrix: (3, 3), from the face's coordinates in [-1/2, 1/2] to the image's in [0, 1].
        side: the square's side in parts of the image's side, before it is turned.
        corners: (4, 2), the corners in the image.
    """

    matrix: np.ndarray
    side: float
    corners: np.ndarray


def _pose(side: float, angles: Sequence[float], place: Sequence[float]) -> _Pose:
    """A square turned by (roll, yaw, pitch) in degrees, kept wholly within the image.

    Args:
        side: in parts of the image's side.
        angles: roll in the image plane, yaw about the vertical, pitch about the horizontal axis.
        place: (x, y) in [0, 1]: how far along the room that the square's extent leaves.
    """
    (cr, cy, cp), (sr, sy, sp) = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    turned = np.array(
        [
            [cr * cy, cr * sy * sp - sr * cp],
            [sr * cy, sr * sy * sp + cr * cp],
            [-sy, cy * sp],
        ]
    )
    matrix = np.eye(3)
    matrix[:2, :2] = side * turned[:2]
    matrix[2, :2] = turned[2] / _CAMERA_DISTANCE
    square = np.array([[-0.5, -0.5, 1], [0.5, -0.5, 1], [0.5, 0.5, 1], [-0.5, 0.5, 1]])
    projected = square @ matrix.T
    corners = projected[:, :2] / projected[:, 2:]
    low, high = corners.min(0), corners.max(0)
    shift = -low + np.asarray(place) * (1 - (high - low))
    move = np.eye(3)
    move[:2, 2] = shift
    return _Pose(move @ matrix, side, corners + shift)


def _warp(
    face: Sequence[Image.Image], pose: _Pose, size: int
) -> tuple[tuple[slice, slice], np.ndarray]:
    """The face as the camera sees it, smoothed by rendering it larger and averaging.

    Returns:
        The rows and columns it covers, and (h, w, 4) float32 in [0, 255], premultiplied.
    """
    left, top = np.clip(np.floor(pose.corners.min(0) * size), 0, size - 1).astype(int).tolist()
    right, bottom = np.clip(np.ceil(pose.corners.max(0) * size), 1, size).astype(int).tolist()
    fitting = [level for level in face if level.width >= _OVERSAMPLING * pose.side * size]
    level = fitting[-1] if fitting else face[0]

    pixel = 1 / (_OVERSAMPLING * size)
    to_image = np.array([[pixel, 0, left / size], [0, pixel, top / size], [0, 0, 1]])
    half = level.width / 2
    to_level = np.array([[level.width, 0, half], [0, level.width, half], [0, 0, 1]])
    backwards = to_level @ np.linalg.inv(pose.matrix) @ to_image
    warped = level.transform(
        (_OVERSAMPLING * (right - left), _OVERSAMPLING * (bottom - top)),
        Image.Transform.PERSPECTIVE,
        (backwards / backwards[2, 2]).flatten()[:8].tolist(),
        Image.Resampling.BILINEAR,
    )
    pixels = np.asarray(warped.reduce(_OVERSAMPLING), np.float32)
    return (slice(top, bottom), slice(left, right)), pixels


def _bar(
    centre: Sequence[float], width: float, height: float, turn: float, size: int
) -> np.ndarray:
    """How much of each pixel a turned rectangle covers: (size, size, 1) float32 in [0, 1]."""
    y, x = (np.mgrid[:size, :size].astype(np.float32) + 0.5) / size
    cos, sin = math.cos(turn), math.sin(turn)
    along = np.abs((x - centre[0]) * cos + (y - centre[1]) * sin) - width / 2
    across = np.abs((y - centre[1]) * cos - (x - centre[0]) * sin) - height / 2
    return np.clip(0.5 - size * np.maximum(along, across), 0, 1)[..., None]


def _add_blobs(rng: np.random.Generator, scene: np.ndarray) -> None:
    """Up to three plain coloured shapes, so that a patch of colour alone is no sign."""
    for _ in range(rng.integers(4)):
        corners = BLOB_CORNERS[rng.integers(len(BLOB_CORNERS))]
        angles = (rng.uniform(0, 360), *rng.uniform(-40, 40, 2))
        pose = _pose(rng.uniform(0.06, 0.26), angles, rng.uniform(size=2).tolist())
        colour = rng.uniform(0, 1, 3).astype(np.float32)
        where, blob = _warp(blob_face(corners), pose, len(scene))
        scene[where] += blob[..., :3] * colour - scene[where] * (blob[..., 3:] / 255)


def _add_post(rng: np.random.Generator, scene: np.ndarray, pose: _Pose) -> None:
    """A grey post from the sign down to the lower edge, on two signs of three."""
    present, thickness, grey = rng.uniform((0, 0.018, 60), (1, 0.04, 190)).tolist()
    if present < 1 / 3:
        return
    x, y = pose.corners.mean(0).tolist()
    post = _bar((x, (1 + y) / 2 + 0.1), thickness, 1.2 - y, 0, len(scene))
    scene += post * (np.float32(grey) - scene)


def _add_occluder(
    rng: np.random.Generator, scene: np.ndarray, pose: _Pose, split: Split
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
    bar = _bar(centre.tolist(), edge * math.exp(stretch), edge / math.exp(stretch), turn, size)
    scene += bar * (backdrop(rng, split, size) - scene)
    return bar[..., 0]


def _light(rng: np.random.Generator, scene: np.ndarray) -> np.ndarray:
    """Brightness, contrast, colour cast and the soft edge of a shadow across the scene."""
    brightness, contrast = rng.uniform((0.5, 0.7), (1.25, 1.15))
    cast = rng.uniform(0.9, 1.1, 3)
    depth, around, offset, softness = rng.uniform(
        (0, 0, -0.4, 0.05), (0.5, 2 * math.pi, 0.4, 0.6)
    ).tolist()
    line = (np.arange(len(scene), dtype=np.float32) + 0.5) / len(scene) - 0.5
    along = line * math.cos(around) + (line * math.sin(around))[:, None] - offset
    shadow = 1 - depth * np.clip(along / softness + 0.5, 0, 1)
    gain = (brightness * cast).astype(np.float32)
    middle = np.float32((1 - contrast) * scene.mean())
    return (scene * np.float32(contrast) + middle) * gain * shadow[..., None]


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
    pose = _pose(rng.uniform(0.28, 0.5), angles.tolist(), rng.uniform(size=2).tolist())

    scene = backdrop(rng, split, size).copy()
    _add_blobs(rng, scene)
    _add_post(rng, scene, pose)
    where, face = _warp(sign_face(label), pose, size)
    worn = np.float32(rng.uniform(0.75, 1))  # dirt and age take a sign's brilliance
    scene[where] += face[..., :3] * worn - scene[where] * (face[..., 3:] / 255)
    mask = np.zeros((size, size), bool)
    mask[where] = face[..., 3] >= 128
    hidden = _add_occluder(rng, scene, pose, split)
    if hidden is not None:
        mask &= hidden < 0.5

    lit = np.clip(np.rint(_light(rng, scene)), 0, 255).astype(np.uint8)
    blur = ImageFilter.GaussianBlur(rng.uniform(0, 0.7) * size / 64)
    image = np.array(Image.fromarray(lit).filter(blur))
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Sign(image, label, box, mask)
