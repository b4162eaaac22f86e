"""Small images, and files and folders of them; what is said where one is refused."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from semjscc.data.hub import load_hub
from semjscc.errors import UserError

CLASSES = ["cat", "dog", "owl"]
ROW_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def noise(seed: int, side: int = 16, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def encoded(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def row(seed: int, **options: Any) -> dict[str, Any]:
    return {"bytes": encoded(noise(seed, **options)), "path": f"{seed}.png"}


def write(
    path: Path, rows: Sequence[Any], labels: Sequence[Any] | None, *, classes: bool = True
) -> Path:
    """Parquet with the features of `datasets` in its metadata, as the hub's own exports."""
    columns: dict[str, Any] = {"image": pa.array(list(rows), ROW_TYPE)}
    features: dict[str, Any] = {"image": datasets.Image()}
    if labels is not None:
        columns["label"] = pa.array(list(labels), pa.int64())
        features["label"] = (
            datasets.ClassLabel(names=CLASSES) if classes else datasets.Value("int64")
        )
    schema = datasets.Features(features).arrow_schema
    pq.write_table(pa.table(columns).cast(schema), path, row_group_size=7)
    return path


def many(count: int, start: int = 0) -> tuple[list[dict[str, Any]], list[int]]:
    return [row(start + seed) for seed in range(count)], [seed % 3 for seed in range(count)]


def refusal(source: Path | str, split: Any = "test", **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        load_hub(str(source), split, **options)
    message = str(caught.value)
    assert message.isprintable(), "one line without control characters"
    return message


def save(path: Path, seed: int = 0) -> None:
    """An image file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise(seed).save(path)
