"""What an image processor of Hugging Face transformers does to an image, with gradients."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.errors import UserError
from semjscc.perception.base import Preprocess

_MODES = {0: "nearest-exact", 2: "bilinear", 3: "bicubic"}
"""What torch calls Pillow's filters."""
_ASPECT_BELOW = 384
"""ConvNeXt's processors cut a margin off below this side and stretch from there on."""
_TRIED = ((60, 90), (120, 80), (61, 83))
_MULTIPLES = (1, 16)
"""Of what both sides are, cut off, where the short side is given: YOLOS wants whole patches."""
_LARGEST, _MEAN = 2.0, 0.5
"""Levels of 255 by which pixels may differ: Pillow rounds after rows and after columns, which makes
1.1 at most."""


@dataclass(frozen=True)
class ProcessorPreprocess(Preprocess):
    """Resize, cut out the centre, scale and normalise.

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


def read_processor(processor: Any, name: str) -> ProcessorPreprocess:
    """The same as an image processor does, tried out on two images.

    Args:
        processor: of transformers, with the backend ``pil``.
        name: what the user calls the model.

    Raises:
        UserError: it does something that is not known here.
    """
    kind = type(processor).__name__.removesuffix("Pil")
    refusal = UserError(
        f"{name}: its image processor ({kind}) does more than resize, cut out the centre and "
        "normalise"
    )
    try:
        described = _described(processor)
        for multiple in _MULTIPLES:
            preprocess = replace(described, multiple=multiple)
            if all(_agree(processor, preprocess, size) for size in _TRIED):
                return preprocess
    except Exception as error:  # of any kind: the settings are a stranger's
        raise refusal from error
    raise refusal


def whole(preprocess: ProcessorPreprocess) -> ProcessorPreprocess:
    """Without a crop: for a result that is laid over the image, all of which has to be seen."""
    if preprocess.crop is None:
        return preprocess
    return replace(preprocess, size=preprocess.crop, resized=preprocess.crop, crop=None)


def _described(processor: Any) -> ProcessorPreprocess:
    """What its settings say."""
    (resized, longest), crop = _resized(processor), None
    margin = getattr(processor, "crop_pct", None)
    if isinstance(resized, int) and margin is not None:
        side = resized
        if side >= _ASPECT_BELOW:
            resized = (side, side)
        else:
            resized, crop = int(side / margin), (side, side)
    if processor.do_center_crop:
        crop = (int(processor.crop_size.height), int(processor.crop_size.width))
    mean, std = _of_pixels(processor)
    least = resized if isinstance(resized, tuple) else (resized or 0,) * 2
    if crop is not None and (crop[0] > least[0] or crop[1] > least[1]):
        raise ValueError("it would be padded")
    size = crop or (resized if isinstance(resized, tuple) else None)
    return ProcessorPreprocess(
        size=size,
        mean=mean,
        std=std,
        resized=resized,
        longest=longest,
        crop=crop,
        mode=_MODES[int(2 if processor.resample is None else processor.resample)],
        bgr=bool(getattr(processor, "do_flip_channel_order", False)),
    )


def _resized(processor: Any) -> tuple[int | tuple[int, int] | None, int | None]:
    """The short side or both, and what the long side has at most."""
    if not processor.do_resize:
        return None, None
    size = processor.size
    if size.height and size.width:
        return (int(size.height), int(size.width)), None
    return int(size.shortest_edge), int(size.longest_edge) if size.longest_edge else None


def _of_pixels(
    processor: Any,
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and standard deviation of values in [0, 1] that make up all that is done to values."""
    mean, std = np.zeros(3), np.ones(3)
    if processor.do_normalize:
        mean = mean + np.asarray(processor.image_mean, dtype=float)
        std = std * np.asarray(processor.image_std, dtype=float)
    if getattr(processor, "include_top", False):  # EfficientNet's divide twice
        std = std * np.asarray(processor.image_std, dtype=float)
    if getattr(processor, "rescale_offset", False):
        mean = mean + 1
    scale = 255 * float(processor.rescale_factor) if processor.do_rescale else 255.0
    means, stds = (mean / scale).tolist(), (std / scale).tolist()
    return (means[0], means[1], means[2]), (stds[0], stds[1], stds[2])


def _agree(processor: Any, preprocess: ProcessorPreprocess, size: tuple[int, int]) -> bool:
    """Whether both make the same of an image of random pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    wanted = torch.as_tensor(np.asarray(processor(pixels, return_tensors="np")["pixel_values"]))
    found = preprocess(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    if wanted.shape != found.shape:
        return False
    std = found.new_tensor(preprocess.std)[:, None, None]
    levels = (wanted - found).abs() * std * 255
    return bool(levels.max() <= _LARGEST) and bool(levels.mean() <= _MEAN)
