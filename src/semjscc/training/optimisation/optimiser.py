"""How the weights move: the optimiser's part of a recipe, and the learning rate by step."""

import math
from dataclasses import dataclass
from typing import Literal

from semjscc.training.numbers import check_finite, check_number, check_range


@dataclass(frozen=True)
class OptimiserRecipe:
    """How the weights move.

    Attributes:
        steps: number of updates.
        batch: images in an update, over all processes together.
        name: sgd (Nesterov momentum 0.9), adamw, or muon (see `muon.py`).
        rate: peak learning rate.
        warmup: share of the steps over which the rate rises.
        warmup_steps: the same as a number of steps, which then counts instead of the share.
        schedule: what the rate does after it has risen: ``cosine`` lets it fall to zero over all
            steps that are left, ``constant`` holds it until the ``decay``. A run with a constant
            rate can be made longer later on (see `semjscc.training.runs.longer`).
        decay: share of the steps at the end over which a ``constant`` rate falls to zero.
        ema: keep an average of the weights, of which so much stays in each step (0.999 looks
            back on about 1000 steps), and let it be the result; 0 for none.
        weight_decay: on filters only.
        precision: ``bf16-mixed`` runs twice as fast as ``32-true`` on processors that have it.
        label_smoothing: for classifiers.
        augment_mirror: mirror half of the images; not where left and right differ in meaning.
        augment_shift: pixels by which images are moved about.
        augment_erase: side of a square that is greyed out.
        augment_paste: share of the images that get a rectangle of another one (CutMix), for
            classifiers.
        clip_gradient: largest norm of the gradient; leave out for no limit.
    """

    steps: int = 1000
    batch: int = 128
    name: Literal["sgd", "adamw", "muon"] = "adamw"
    rate: float = 1e-3
    warmup: float = 0.1
    warmup_steps: int | None = None
    schedule: Literal["cosine", "constant"] = "cosine"
    decay: float = 0.0
    ema: float = 0.0
    weight_decay: float = 0.0
    precision: Literal["bf16-mixed", "32-true"] = "bf16-mixed"
    label_smoothing: float = 0.0
    augment_mirror: bool = True
    augment_shift: int = 0
    augment_erase: int = 0
    augment_paste: float = 0.0
    clip_gradient: float | None = None

    def __post_init__(self) -> None:
        for name, least in {"steps": 1, "batch": 1, "augment_shift": 0, "augment_erase": 0}.items():
            check_number(name, getattr(self, name), least)
        check_number("warmup_steps", self.warmup_steps, 0)
        for name in ("rate", "weight_decay"):
            check_finite(name, getattr(self, name))
        for name in ("warmup", "decay", "label_smoothing", "augment_paste"):
            check_range(name, getattr(self, name), 1)
        if not 0 <= self.ema < 1:
            raise ValueError(f"ema is at least 0 and below 1, not {self.ema}")
        if self.decay and self.schedule != "constant":
            raise ValueError(f"decay {self.decay} needs schedule: constant; a cosine has its own")
        if self.clip_gradient is not None and not 0 < self.clip_gradient < math.inf:
            raise ValueError(f"clip_gradient is positive, not {self.clip_gradient}")

    @property
    def decay_steps(self) -> int:
        """Over how many steps at the end a constant rate falls."""
        return round(self.decay * self.steps)

    @property
    def decay_from(self) -> int | None:
        """The step at which a constant rate begins to fall; None where it never does."""
        return self.steps - self.decay_steps if self.decay_steps else None


def rate_factor(optimiser: OptimiserRecipe, step: int) -> float:
    """The share of the peak learning rate at a step, which counts from 0.

    A linear rise, then half a cosine down to zero, or a constant and at last a linear fall.
    """
    share = round(optimiser.warmup * optimiser.steps)
    warm = max(1, share if optimiser.warmup_steps is None else optimiser.warmup_steps)
    if step < warm:
        return (step + 1) / warm
    if optimiser.schedule == "constant":
        return min(1.0, (optimiser.steps - step) / (optimiser.decay_steps + 1))
    done = (step - warm) / max(1, optimiser.steps - warm)
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, done))
