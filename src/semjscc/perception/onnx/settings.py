"""What stands in the YAML file beside an ONNX model: ``model.yaml`` for ``model.onnx``."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal

MOST_CLASSES = 10**6
"""Beyond lies a slip of the hand, and more names than memory holds."""


@dataclass(frozen=True)
class OnnxSettings:
    """What a model is for, what it expects of an image, and what its output means.

    An image is resized, its centre cut out; a value x in [0, 1] becomes (scale · x − mean) / std.

    Attributes:
        task: what it does.
        classes: names of its M classes in the order of their numbers, or M, where numbers do.
        task_options: of the task, such as ``{ignored: [11]}`` of segmentation.
        size: what comes in: side of a square, or [height, width]; where it is None that of the
            model, or of the image where the model takes any. Classification sees the central part
            of this shape for a side, and all, stretched, for [height, width]; the others see all.
        resize: pixels of the short side from whose centre ``size`` is cut; for classification.
        resample: how pixels are interpolated.
        scale: what white becomes, 1 or 255.
        mean: subtracted from the channels, in their order.
        std: then divided by.
        channels: their order.
        layout: N images, C channels, height and width; that of a map which comes out, too.
        scores: whether classes come out as logits or as probabilities.
        boxes: of detection: left, top, right, bottom (``corners``), or the middle's place, width
            and height (``centre``).
        unit: of detection: boxes in parts of the sides, or in pixels of what came in.
        outputs: names of those that count: one; of detection also two, first boxes, then classes.
            All of them where it is None.

    Raises:
        ValueError: a value is none that it can be, or does not go with the task.
    """

    task: Literal["classification", "segmentation", "detection"]
    classes: tuple[str, ...] | int
    task_options: dict[str, Any] = field(default_factory=dict)
    size: int | tuple[int, int] | None = None
    resize: int | None = None
    resample: Literal["nearest", "bilinear", "bicubic"] = "bilinear"
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channels: Literal["RGB", "BGR"] = "RGB"
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    scores: Literal["logits", "probabilities"] = "logits"
    boxes: Literal["corners", "centre"] | None = None
    unit: Literal["parts", "pixels"] | None = None
    outputs: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.classes, int) and self.classes > MOST_CLASSES:
            raise ValueError(f"classes are {MOST_CLASSES:,} at the most, not {self.classes:,}")
        if not self.class_names:
            raise ValueError("classes are names, or how many there are, and here are none")
        sides = self.size if isinstance(self.size, tuple) else (self.size,)
        if any(side is not None and side < 1 for side in (*sides, self.resize)):
            raise ValueError("size and resize are numbers of pixels, at least 1")
        if not 0 < self.scale < float("inf"):
            raise ValueError(f"scale is positive, not {self.scale}")
        if not all(map(isfinite, self.mean)) or not all(0 < one < float("inf") for one in self.std):
            raise ValueError("mean is three numbers, and std three positive ones")
        detects = self.task == "detection"
        if detects and (self.boxes is None or self.unit is None):
            raise ValueError("detection needs boxes (corners or centre) and unit (parts or pixels)")
        if not detects and (self.boxes is not None or self.unit is not None):
            raise ValueError(f"boxes and unit are of detection, not of {self.task}")
        if self.outputs is not None and not 1 <= len(self.outputs) <= 1 + detects:
            most = "one output, or boxes and classes" if detects else "one output"
            raise ValueError(f"outputs names {most}, not {len(self.outputs)}")
        if self.resize is not None:
            self._check_resize(self.resize)

    def _check_resize(self, short: int) -> None:
        """Refuse a crop of what has to be seen in full, or larger than the image."""
        if self.task != "classification":
            raise ValueError(f"resize is of classification: {self.task} sees all of the image")
        if self.size is None:
            raise ValueError("resize needs size, which is cut from the centre")
        if short < (max(self.size) if isinstance(self.size, tuple) else self.size):
            raise ValueError("resize is at least size, which is cut from it")

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of all classes."""
        if isinstance(self.classes, int):
            return tuple(map(str, range(self.classes)))
        return self.classes
