"""Images with labels: the embedded signs, and whatever Hugging Face `datasets` reads."""

from semjscc.data.base import ImageSet, Split
from semjscc.data.drawn.scenes import COUNTS as COUNTS_OF_SCENES
from semjscc.data.drawn.scenes import load_scenes
from semjscc.data.drawn.signs import COUNTS, load_signs
from semjscc.data.hub import load_hub
from semjscc.errors import UserError
from semjscc.images.limits import PIXEL_LIMIT

__all__ = ["ImageSet", "Split", "load_data"]


def load_data(
    source: str,
    split: Split,
    *,
    size: int | None = None,
    val_fraction: float = 0.1,
    limit: int | None = None,
    needs_labels: bool = True,
    needs_masks: bool = False,
    needs_boxes: bool = False,
) -> ImageSet:
    """One split of ``signs``, ``scenes``, a hub data set, a parquet file or a folder.

    Args:
        source: ``signs``, ``scenes``, ``owner/name`` on the hub, or a path.
        split: train, val or test.
        size: side to resize and crop to; None keeps the sizes (signs: 64, scenes: 256).
        val_fraction: share of train that becomes val where the source has no val of its own.
        limit: only the first so many images.
        needs_labels: refuse data without labels.
        needs_masks: read the class of each pixel, and refuse data without.
        needs_boxes: read boxes, likewise.

    Raises:
        UserError: the data cannot be had, or is not fit to use.
    """
    if size is not None and size**2 > PIXEL_LIMIT:
        raise UserError(f"images of {size} x {size} have more than {PIXEL_LIMIT:,} pixels")
    if source == "scenes":
        count = COUNTS_OF_SCENES[split] if limit is None else min(limit, COUNTS_OF_SCENES[split])
        return load_scenes(split, count, size or 256)
    if source == "signs":
        if needs_masks or needs_boxes:
            raise UserError("signs has labels alone: scenes has masks and boxes too")
        count = COUNTS[split] if limit is None else min(limit, COUNTS[split])
        return load_signs(split, count, size or 64)
    return load_hub(
        source,
        split,
        size=size,
        val_fraction=val_fraction,
        limit=limit,
        needs_labels=needs_labels,
        needs_masks=needs_masks,
        needs_boxes=needs_boxes,
    )
