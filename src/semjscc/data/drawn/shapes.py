"""The faces of the road signs, drawn once each and kept in several resolutions.

Coordinates on a face run from -1 to 1, x to the right and y downwards. Shapes and colours follow
the signs of the Vienna Convention on Road Signs and Signals (1968). Text uses the font bundled
with Pillow, so that a face looks the same on every computer.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]

# Drawn large and shrunk, because ImageDraw does not smooth its edges.
_CANVAS_SIDE = 1024
_FACE_SIDES = (512, 256, 128, 64, 32)
# A transparent rim, so that a warped face fades out at its edge instead of ending in steps.
_FILLED = 0.95

_RED = "#c1121c"
_BLUE = "#0b55a4"
_YELLOW = "#f7b500"
_WHITE = "#f4f4f0"
_BLACK = "#141414"


class _Canvas:
    """A transparent square to draw on in coordinates from -1 to 1."""

    def __init__(self) -> None:
        self.image = Image.new("RGBA", (_CANVAS_SIDE, _CANVAS_SIDE))
        self._draw = ImageDraw.Draw(self.image)

    def _length(self, length: float) -> float:
        return length * _FILLED * _CANVAS_SIDE / 2

    def _place(self, point: Point) -> Point:
        x, y = point
        return _CANVAS_SIDE / 2 + self._length(x), _CANVAS_SIDE / 2 + self._length(y)

    def disc(self, radius: float, colour: str, centre: Point = (0, 0)) -> None:
        self._draw.circle(self._place(centre), self._length(radius), fill=colour)

    def polygon(self, points: Sequence[Point], colour: str) -> None:
        self._draw.polygon([self._place(point) for point in points], fill=colour)

    def stroke(self, points: Sequence[Point], width: float, colour: str) -> None:
        """A line through ``points`` with round ends and corners."""
        path = [self._place(point) for point in points]
        self._draw.line(path, fill=colour, width=round(self._length(width)))
        for point in points:
            self.disc(width / 2, colour, point)

    def rounded(self, points: Sequence[Point], radius: float, colour: str) -> None:
        """The polygon through ``points``, grown by ``radius`` so that its corners are round."""
        self.polygon(points, colour)
        self.stroke([*points, points[0]], 2 * radius, colour)

    def text(self, text: str, height: float, colour: str) -> None:
        """Bold text around the centre, its capitals about 0.7 ``height`` high."""
        font = ImageFont.load_default(size=self._length(height))
        # The bundled font is of regular weight; a stroke of its own colour makes it bold.
        self._draw.text(
            self._place((0, 0)),
            text,
            fill=colour,
            font=font,
            anchor="mm",
            stroke_width=round(self._length(0.028 * height)),
            stroke_fill=colour,
        )


def _regular(corners: int, radius: float, turn: float = 0) -> list[Point]:
    """A regular polygon; its first corner points right, ``turn`` degrees clockwise of it."""
    angles = [math.radians(turn + 360 * corner / corners) for corner in range(corners)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def _stop(canvas: _Canvas) -> None:
    canvas.polygon(_regular(8, 1.06, 22.5), _WHITE)
    canvas.polygon(_regular(8, 0.98, 22.5), _RED)
    canvas.text("STOP", 0.66, _WHITE)


def _yield(canvas: _Canvas) -> None:
    canvas.rounded([(-0.9, -0.76), (0.9, -0.76), (0, 0.78)], 0.1, _RED)
    canvas.polygon([(-0.62, -0.6), (0.62, -0.6), (0, 0.47)], _WHITE)


def _speed_limit(canvas: _Canvas, limit: int) -> None:
    canvas.disc(1, _RED)
    canvas.disc(0.76, _WHITE)
    canvas.text(str(limit), 1.08, _BLACK)


def _no_entry(canvas: _Canvas) -> None:
    canvas.disc(1, _WHITE)
    canvas.disc(0.95, _RED)
    canvas.polygon([(-0.72, -0.17), (0.72, -0.17), (0.72, 0.17), (-0.72, 0.17)], _WHITE)


def _no_stopping(canvas: _Canvas) -> None:
    canvas.disc(1, _RED)
    canvas.disc(0.8, _BLUE)
    for slope in (-1, 1):
        canvas.stroke([(-0.58, -0.58 * slope), (0.58, 0.58 * slope)], 0.2, _RED)


def _end_of_limits(canvas: _Canvas) -> None:
    canvas.disc(1, _BLACK)
    canvas.disc(0.95, _WHITE)
    for shift in (-0.24, -0.08, 0.08, 0.24):
        canvas.stroke([(-0.58 + shift, 0.58 + shift), (0.58 + shift, -0.58 + shift)], 0.07, _BLACK)


def _arrow(canvas: _Canvas, degrees: float) -> None:
    """A white arrow on a blue disc, pointing ``degrees`` clockwise from straight ahead."""
    canvas.disc(1, _WHITE)
    canvas.disc(0.95, _BLUE)
    ahead = [(0, -0.76), (0.5, -0.2), (0.16, -0.2), (0.16, 0.72)]
    outline = ahead + [(-x, y) for x, y in reversed(ahead)]
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    canvas.polygon([(cos * x - sin * y, sin * x + cos * y) for x, y in outline], _WHITE)


def _priority(canvas: _Canvas) -> None:
    canvas.rounded(_regular(4, 0.9), 0.08, _BLACK)
    canvas.rounded(_regular(4, 0.88), 0.06, _WHITE)
    canvas.polygon(_regular(4, 0.66), _YELLOW)


def _blue_square(canvas: _Canvas) -> None:
    canvas.rounded(_regular(4, 1.22, 45), 0.1, _WHITE)
    canvas.rounded(_regular(4, 1.16, 45), 0.08, _BLUE)


def _parking(canvas: _Canvas) -> None:
    _blue_square(canvas)
    canvas.text("P", 1.9, _WHITE)


def _pedestrian_crossing(canvas: _Canvas) -> None:
    _blue_square(canvas)
    canvas.polygon([(0, -0.78), (0.8, 0.66), (-0.8, 0.66)], _WHITE)
    canvas.disc(0.1, _BLACK, (0.02, -0.34))
    canvas.stroke([(0, -0.16), (-0.02, 0.18)], 0.18, _BLACK)
    canvas.stroke([(-0.26, 0.12), (-0.04, -0.14), (0.22, 0.08)], 0.08, _BLACK)
    canvas.stroke([(0, 0.18), (-0.26, 0.56)], 0.1, _BLACK)
    canvas.stroke([(0, 0.18), (0.24, 0.56)], 0.1, _BLACK)


def _warning_triangle(canvas: _Canvas) -> None:
    canvas.rounded([(-0.9, 0.76), (0.9, 0.76), (0, -0.78)], 0.1, _RED)
    canvas.polygon([(-0.74, 0.67), (0.74, 0.67), (0, -0.6)], _WHITE)


def _danger(canvas: _Canvas) -> None:
    _warning_triangle(canvas)
    canvas.polygon([(-0.13, -0.24), (0.13, -0.24), (0.07, 0.3), (-0.07, 0.3)], _BLACK)
    canvas.disc(0.12, _BLACK, (0, 0.47))


def _crossroads(canvas: _Canvas) -> None:
    _warning_triangle(canvas)
    for slope in (-1, 1):
        canvas.stroke([(-0.28, 0.23 - 0.28 * slope), (0.28, 0.23 + 0.28 * slope)], 0.17, _BLACK)


_DRAWINGS: dict[str, Callable[[_Canvas], None]] = {
    "stop": _stop,
    "yield": _yield,
    "speed limit 30": lambda canvas: _speed_limit(canvas, 30),
    "speed limit 50": lambda canvas: _speed_limit(canvas, 50),
    "speed limit 80": lambda canvas: _speed_limit(canvas, 80),
    "no entry": _no_entry,
    "no stopping": _no_stopping,
    "end of limits": _end_of_limits,
    "ahead only": lambda canvas: _arrow(canvas, 0),
    "turn left": lambda canvas: _arrow(canvas, -90),
    "turn right": lambda canvas: _arrow(canvas, 90),
    "priority road": _priority,
    "parking": _parking,
    "pedestrian crossing": _pedestrian_crossing,
    "danger": _danger,
    "crossroads": _crossroads,
}

CLASS_NAMES: tuple[str, ...] = tuple(_DRAWINGS)

# Plain shapes that are no sign: a disc, a triangle, a square, a pentagon, a hexagon.
BLOB_CORNERS = (0, 3, 4, 5, 6)


def _shrunk(canvas: _Canvas) -> tuple[Image.Image, ...]:
    """The drawing at every side of a face, premultiplied by alpha so that edges mix truly."""
    drawn = canvas.image.convert("RGBa")
    return tuple(drawn.resize((side, side), Image.Resampling.BOX) for side in _FACE_SIDES)


@cache
def sign_face(label: int) -> tuple[Image.Image, ...]:
    """The face of a class, largest first: square images of mode "RGBa" (premultiplied)."""
    canvas = _Canvas()
    _DRAWINGS[CLASS_NAMES[label]](canvas)
    return _shrunk(canvas)


@cache
def blob_face(corners: int) -> tuple[Image.Image, ...]:
    """A white polygon, or a disc where ``corners`` is 0, in the form of ``sign_face``."""
    canvas = _Canvas()
    if corners == 0:
        canvas.disc(1, "#ffffff")
    else:
        canvas.polygon(_regular(corners, 1), "#ffffff")
    return _shrunk(canvas)
