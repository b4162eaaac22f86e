"""The perception network: the vision model at the receiver, frozen, with its features by name."""

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.data.base import PerImage
from semjscc.errors import UserError
from semjscc.images.limits import PIXEL_LIMIT
from semjscc.parts.own_code import in_words
from semjscc.perception.outputs import first_tensor, with_tensor
from semjscc.runtime.devices import device_of
from semjscc.tasks import Classification, Task

INPUT_LAYER = "input"
"""The name under which the image itself counts as a layer (pixel gradients, arXiv 2208.11375)."""


@dataclass(frozen=True)
class Preprocess:
    """What a vision model expects of its input; differentiable.

    Attributes:
        size: side of the square the image is resized and centre-cropped to, (height, width) to
            which it is stretched so that nothing of it is lost, or None, which leaves it.
        mean: subtracted from each RGB channel of an image in [0, 1].
        std: then divided by.
    """

    size: int | tuple[int, int] | None = None
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.25, 0.25, 0.25)

    def __post_init__(self) -> None:
        sides = self.size if isinstance(self.size, tuple) and len(self.size) == 2 else (self.size,)
        if self.size is not None and not all(isinstance(side, int) and side > 0 for side in sides):
            raise ValueError(f"size is a positive whole number of pixels, not {self.size!r}")
        check_pixels(self.size)
        for values in (self.mean, self.std):
            if len(values) != 3 or not all(
                isinstance(value, int | float) and math.isfinite(value) for value in values
            ):
                raise ValueError(f"mean and std are three numbers each, not {values!r}")
        if min(self.std) <= 0:
            raise ValueError(f"std is positive, not {self.std}")

    def __call__(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] -> (B, 3, size, size), normalised."""
        height, width = images.shape[-2:]
        if isinstance(self.size, tuple):
            if (height, width) != self.size:
                images = F.interpolate(images, self.size, mode="bicubic", antialias=True)
                images = images.clamp(0, 1)
        elif self.size is not None and (height, width) != (self.size, self.size):
            shrink = self.size / min(height, width)
            scaled = [max(self.size, round(side * shrink)) for side in (height, width)]
            images = F.interpolate(images, scaled, mode="bicubic", antialias=True).clamp(0, 1)
            top, left = ((side - self.size) // 2 for side in scaled)
            images = images[..., top : top + self.size, left : left + self.size]
        return self.normalised(images)

    def normalised(self, images: Tensor) -> Tensor:
        """The values of pixels in [0, 1] as the network wants them; the size stays."""
        mean = images.new_tensor(self.mean)[:, None, None]
        return (images - mean) / images.new_tensor(self.std)[:, None, None]

    def seen(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the central part that the network sees of an image of H x W."""
        side = min(height, width)
        return (side, side) if isinstance(self.size, int) else (height, width)


def check_pixels(size: int | tuple[int, int] | None) -> None:
    """Refuse a size of more pixels than an image may have, before memory is set aside for it.

    Raises:
        ValueError: so it is.
    """
    if size is None:
        return
    height, width = size if isinstance(size, tuple) else (size, size)
    if height * width > PIXEL_LIMIT:
        raise ValueError(f"size {height} x {width} is more than {PIXEL_LIMIT:,} pixels")


class _LastLayerReached(Exception):  # noqa: N818 - a signal, not an error
    """Stops a forward pass whose remaining layers nobody asked for."""


def check_layers(network: nn.Module, layers: Sequence[str], name: str) -> None:
    """Refuse layers that the network called ``name`` does not have.

    Raises:
        ValueError: with the layers that it has.
    """
    modules = dict(network.named_modules())
    for layer in layers:
        if layer != INPUT_LAYER and layer not in modules:
            known = ", ".join(key for key in modules if key and "." not in key)
            raise ValueError(f"{name} has no layer '{layer}'; it has {known}")


class Perception(nn.Module):
    """Any vision model with what semjscc has to know about it.

    The network is frozen and put into eval mode: gradients flow through it, never into it.

    Args:
        network: a module that takes preprocessed images and returns what its task wants, such as
            (B, M) logits.
        layers: names of submodules (as in ``named_modules``) whose outputs are the features;
            ``input`` stands for the image itself.
        class_names: M names.
        preprocess: from an image in [0, 1] to the network's input.
        task: how the output becomes a score and a result; classification where it is None.
        name: what tables and files call it.
        facts: its model card, such as ``val_accuracy`` and ``confidence_floor``.

    Attributes:
        opened_as: the name by which `open_perception` found it; None for one that was made.

    Raises:
        ValueError: a layer does not exist.
        UserError: there are fewer classes than the task needs.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        layers: Sequence[str],
        class_names: Sequence[str],
        preprocess: Preprocess | None = None,
        task: Task | None = None,
        name: str = "perception",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        check_layers(network, layers, name)
        self.network = network.requires_grad_(False).eval()
        self.layers = tuple(layers)
        self.class_names = tuple(class_names)
        self.preprocess = preprocess or Preprocess()
        self.task: Task = task or Classification()
        self.name = name
        self.task.check_classes(len(self.class_names), name)
        self.facts = dict(facts or {})
        self._opened_as: str | None = None  # of no weight for results, which describe the others
        self.eval()

    @property
    def opened_as(self) -> str | None:
        """See the attributes of the class."""
        return self._opened_as

    @opened_as.setter
    def opened_as(self, name: str) -> None:
        self._opened_as = name

    def train(self, mode: bool = True) -> Self:
        """Stays in eval mode whatever a training loop asks for."""
        del mode
        return super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] -> the network's output, such as (B, M) logits.

        Raises:
            UserError: the network fails on such images, or returns something else.
        """
        height, width = images.shape[-2:]
        try:
            output = self.network(self.preprocess(images))
        except (_LastLayerReached, UserError):
            raise
        except Exception as error:  # of any kind: it may be a network of the user's own
            said = f"{self.name} cannot look at images of {width} x {height} pixels"
            raise UserError(f"{said}: {in_words(error)}") from error
        wanted = self.task.problem(output, images, len(self.class_names))
        if wanted is not None or not isinstance(output, Tensor):
            shape = (
                f"of shape {tuple(output.shape)}" if isinstance(output, Tensor) else "of its own"
            )
            raise UserError(
                f"{self.name} must return {wanted or 'a tensor'}, and it returns a "
                f"{type(output).__name__} {shape}"
            )
        return output

    def look(self, images: Tensor) -> Tensor:
        """The output as something is concluded from it, in float32, on the network's device.

        Raises:
            UserError: as of `forward`, or some of it is no number: of that the largest is the first
                class, whatever the image.
        """
        output = self(images.to(device_of(self), torch.float32)).float()
        if output.isnan().any():
            raise UserError(f"{self.name} returns what is no number (nan)")
        return output

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """The features of the chosen layers; layers above the last of them do not run.

        Args:
            images: (B, 3, H, W) in [0, 1].

        Returns:
            by layer name, each (B, ...), differentiable with respect to ``images``.

        Raises:
            UserError: a layer does not run at all.
        """
        return self._run(images, stop_early=True)[0]

    def features_and_output(self, images: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The features and the output of one forward pass."""
        features, output = self._run(images, stop_early=False)
        assert output is not None
        return features, output

    def _run(self, images: Tensor, *, stop_early: bool) -> tuple[dict[str, Tensor], Tensor | None]:
        features: dict[str, Tensor] = {}
        if INPUT_LAYER in self.layers:
            features[INPUT_LAYER] = images
        if stop_early and len(features) == len(self.layers):
            return features, None

        def record(layer: str, output: object) -> object:
            features[layer] = first_tensor(output, layer)
            if stop_early and len(features) == len(self.layers):
                raise _LastLayerReached
            # The network goes on with a copy: an in-place activation must not change the feature.
            return with_tensor(output, features[layer], features[layer].clone())

        hooks = [
            self.network.get_submodule(layer).register_forward_hook(
                lambda _module, _inputs, output, layer=layer: record(layer, output)
            )
            for layer in self.layers
            if layer != INPUT_LAYER
        ]
        try:
            output = self(images)
            if silent := [layer for layer in self.layers if layer not in features]:
                raise UserError(f"{self.name}: layer '{silent[0]}' takes no part in the result")
            return features, output
        except _LastLayerReached:
            return features, None
        finally:
            for hook in hooks:
                hook.remove()


def looking_at(perception: Perception, layers: Sequence[str] | None) -> Perception:
    """The same network with other layers whose features count; None leaves them.

    Raises:
        ValueError: a layer does not exist.
    """
    if layers is None:
        return perception
    check_layers(perception.network, layers, perception.name)
    other = copy(perception)
    other.layers = tuple(layers)
    return other


@torch.inference_mode()
def predict(perception: Perception, images: Tensor) -> PerImage:
    """The result for each image (B, 3, H, W), such as classes (B,): see `Task.results`."""
    size = (images.shape[-2], images.shape[-1])
    return perception.task.results(perception.look(images), size)
