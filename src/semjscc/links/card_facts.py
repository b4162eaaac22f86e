"""What the facts of a model card are called, see `semjscc.training.measure`."""

from collections.abc import Mapping
from typing import Any

_VAL = "val_"
_NO_METRICS = ("val_snr_db", "val_images", "val_psnr_db")


def main_metric(facts: Mapping[str, Any]) -> str | None:
    """The first metric of a network's task on val, such as accuracy or map50; None without one."""
    measured = [name for name in facts if name.startswith(_VAL) and name not in _NO_METRICS]
    return measured[0].removeprefix(_VAL) if measured else None
