"""What pictures of road signs are drawn with: squares in perspective, shapes, posts, light.

Everything is measured in parts of the image's side and no random draw depends on the resolution,
so that the same index shows the same scene at 64 and at 128 pixels.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from semjscc.data.drawn.shapes import BLOB_CORNERS, blob_face

# The camera's distance in sides of the sign: near enough that turned signs show perspective.
_CAMERA_DISTANCE = 3.0
_OVERSAMPLING = 2


@dataclass(frozen=True)
class Pose:
    """Where a flat square stands before the camera: a homography, and what it covers.

    Attributes:
        matrix: (3, 3), from the face's coordinates in [-1/2, 1/2] to the image's in [0, 1].
        side: the square's side in parts of the image's side, before it is turned.
        corners: (4, 2), the corners in the image.
    """

    matrix: np.ndarray
    side: float
    corners: np.ndarray


def pose_of(side: float, angles: Sequence[float], place: Sequence[float]) -> Pose:
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
    return Pose(move @ matrix, side, corners + shift)


def warp(
    face: Sequence[Image.Image], pose: Pose, size: int
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


def paste(part: np.ndarray, face: np.ndarray, colours: np.ndarray) -> None:
    """Lay premultiplied colours over a part of a scene, which changes.

    Args:
        part: (h, w, 3) float32.
        face: (h, w, 4), whose last channel is alpha in [0, 255].
        colours: (h, w, 3).
    """
    part += colours - part * (face[..., 3:] / 255)


def draw_post(
    scene: np.ndarray, pose: Pose, thickness: float, grey: float, mask: np.ndarray
) -> None:
    """A grey post from a square's middle down to the lower edge; the scene and the mask change.

    Args:
        scene: (size, size, 3) float32 in [0, 255].
        pose: of the square.
        thickness: in parts of the image's side.
        grey: of the post, 0 to 255.
        mask: (size, size) of classes, 0 where the post hides them.
    """
    size = len(scene)
    x, y = pose.corners.mean(0).tolist()
    left, right = max(0, int((x - thickness) * size)), min(size, int((x + thickness) * size) + 2)
    top = int(y * size)
    columns = (np.arange(left, right, dtype=np.float32) + 0.5) / size
    cover = np.clip(0.5 - size * (np.abs(columns - x) - thickness / 2), 0, 1)
    part = scene[top:, left:right]
    part += cover[:, None] * (np.float32(grey) - part)
    mask[top:, left:right][:, cover >= 0.5] = 0


def bar(centre: Sequence[float], width: float, height: float, turn: float, size: int) -> np.ndarray:
    """How much of each pixel a turned rectangle covers: (size, size, 1) float32 in [0, 1]."""
    y, x = (np.mgrid[:size, :size].astype(np.float32) + 0.5) / size
    cos, sin = math.cos(turn), math.sin(turn)
    along = np.abs((x - centre[0]) * cos + (y - centre[1]) * sin) - width / 2
    across = np.abs((y - centre[1]) * cos - (x - centre[0]) * sin) - height / 2
    return np.clip(0.5 - size * np.maximum(along, across), 0, 1)[..., None]


def add_blob(rng: np.random.Generator, scene: np.ndarray, draw_side: Callable[[], float]) -> None:
    """A plain coloured shape, so that a patch of colour alone is no sign.

    Args:
        rng: where it comes from.
        scene: (size, size, 3) float32 in [0, 255], which changes.
        draw_side: gives its side in parts of the image's, from the same draws.
    """
    corners = BLOB_CORNERS[rng.integers(len(BLOB_CORNERS))]
    angles = (rng.uniform(0, 360), *rng.uniform(-40, 40, 2))
    pose = pose_of(draw_side(), angles, rng.uniform(size=2).tolist())
    colour = rng.uniform(0, 1, 3).astype(np.float32)
    where, blob = warp(blob_face(corners), pose, len(scene))
    paste(scene[where], blob, blob[..., :3] * colour)


def add_post(rng: np.random.Generator, scene: np.ndarray, pose: Pose) -> None:
    """A grey post from the sign down to the lower edge, on two signs of three."""
    present, thickness, grey = rng.uniform((0, 0.018, 60), (1, 0.04, 190)).tolist()
    if present < 1 / 3:
        return
    x, y = pose.corners.mean(0).tolist()
    post = bar((x, (1 + y) / 2 + 0.1), thickness, 1.2 - y, 0, len(scene))
    scene += post * (np.float32(grey) - scene)


def light(rng: np.random.Generator, scene: np.ndarray) -> np.ndarray:
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
