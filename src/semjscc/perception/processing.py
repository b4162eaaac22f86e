"""What networks of others expect of an image: resized, cut, normalised; with gradients."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from semjscc.perception.base import Preprocess, check_pixels


@dataclass(frozen=True)
class ProcessorPreprocess(Preprocess):
    """Resize, cut out the centre, turn the channels around and normalise.

    The image is resized as Pillow does it, rows first, but not rounded to 8 bits. ``size`` is the
    size of what comes out where it is always the same.

    Attributes:
        resized: pixels of the short side, or (height, width) to which the image is stretched.
        longest: pixels that the long side has at most, where the short side is given.
        multiple: of what both sides are then, cut off.
        crop: (height, width) of the central part that is kept.
        mode: how pixels are interpolated.
        bgr: whether the channels are turned around.
    """

    resized: int | tuple[int, int] | None = None
    longest: int | None = None
    multiple: int = 1
    crop: tuple[int, int] | None = None
    mode: str = "bilinear"
    bgr: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_pixels(self.resized)

    def __call__(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] -> (B, 3, h, w), normalised."""
        height, width = self._sides(images.shape[-2], images.shape[-1])
        images = self._resize(self._resize(images, images.shape[-2], width), height, width)
        if self.crop is not None:
            rows, columns = self.crop
            top, left = (height - rows) // 2, (width - columns) // 2
            images = images[..., top : top + rows, left : left + columns]
        return self.normalised(images.flip(1) if self.bgr else images)

    def seen(self, height: int, width: int) -> tuple[int, int]:
        """See `Preprocess.seen`."""
        if self.crop is None:
            return height, width
        sides, whole = self._sides(height, width), (height, width)
        rows, columns = (
            round(side * part / all_of_it)
            for side, part, all_of_it in zip(whole, self.crop, sides, strict=True)
        )
        return rows, columns

    def _sides(self, height: int, width: int) -> tuple[int, int]:
        """What an image of H x W is resized to."""
        if self.resized is None:
            return height, width
        if isinstance(self.resized, tuple):
            return self.resized
        short, long = min(height, width), max(height, width)
        side = float(self.resized)
        if self.longest is not None and long / short * side > self.longest:
            side = self.longest * short / long
            # The short side is rounded, and the long one cut off.
            sides = round(side), int(side * long / short)
            height, width = sides if height <= width else (sides[1], sides[0])
        else:
            height, width = int(side * height / short), int(side * width / short)
        return height - height % self.multiple, width - width % self.multiple

    def _resize(self, images: Tensor, height: int, width: int) -> Tensor:
        if (height, width) == tuple(images.shape[-2:]):
            return images
        smooth = self.mode != "nearest-exact"
        images = F.interpolate(images, (height, width), mode=self.mode, antialias=smooth)
        return images.clamp(0, 1)
