"""What an image processor of Hugging Face transformers does to an image."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from semjscc.errors import UserError
from semjscc.perception.processing import ProcessorPreprocess

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
