"""An average of the weights over the last steps, which does better than the weights of any one.

average ← k · average + (1 − k) · weights,  k = min(ema, n / (n + 9)) after n updates

The first steps look back on few others, so that the random weights of the beginning leave no
trace. Statistics of normalisation layers are averaged alike; whole numbers are taken as they are.
"""

from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn


class AverageWeights(Callback):
    """Keeps the average beside the weights, as a part of the training's state.

    Args:
        keep: the recipe's ``ema``.
    """

    def __init__(self, keep: float) -> None:
        self._keep = keep
        self._average: dict[str, Tensor] = {}

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin with the first weights, or go on with what was saved."""
        del trainer
        weights = pl_module.state_dict()
        kept = self._average or {name: tensor.clone() for name, tensor in weights.items()}
        self._average = {name: kept[name].to(tensor.device) for name, tensor in weights.items()}

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Follow the weights."""
        del outputs, batch, batch_idx
        done = trainer.global_step
        follow(self._average, pl_module.state_dict(), min(self._keep, done / (done + 9)))

    def state_dict(self) -> dict[str, Any]:
        """What is saved with the training's state."""
        return dict(self._average)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what was saved."""
        self._average = dict(state_dict)

    def put_into(self, module: nn.Module) -> None:
        """Make the average the weights of a module."""
        module.load_state_dict(self._average)


@torch.no_grad()
def follow(average: dict[str, Tensor], weights: dict[str, Tensor], keep: float) -> None:
    """Move an average towards weights of the same names and shapes, in place."""
    floating = [name for name, tensor in weights.items() if tensor.is_floating_point()]
    means, now = ([tensors[name] for name in floating] for tensors in (average, weights))
    torch._foreach_lerp_(means, now, 1 - keep)  # pyright: ignore[reportPrivateImportUsage]
    for name in weights.keys() - set(floating):
        average[name].copy_(weights[name])
