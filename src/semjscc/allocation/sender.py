"""What a sender with a policy does: it finds out what matters in each picture.

Of a network's kind of importance it has to know what would arrive, too; others tell it from the
picture alone, or from a person's mask.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor

from semjscc.allocation.policy import Policy
from semjscc.allocation.sources import MASK, NETWORK, PREDICTED, SALIENCY
from semjscc.perception.base import Perception
from semjscc.perception.gradients import check_can_weigh

if TYPE_CHECKING:
    from semjscc.allocation.predicted import Predictor


@dataclass(frozen=True)
class Allocation:
    """A policy, and the network that tells what matters.

    Attributes:
        policy: what is made of the importance.
        perception: the network that the receiver has, and the sender too; None where the policy
            asks no network.

    Raises:
        NoGradientError: no gradient passes through the network.
    """

    policy: Policy
    perception: Perception | None = None

    def __post_init__(self) -> None:
        if (one := self.perception) is not None:
            check_can_weigh(one.name, one.network, f"the policy {self.policy.name}")

    @property
    def source(self) -> str:
        """Where importance comes from, see `semjscc.allocation.sources`."""
        return NETWORK

    @property
    def tuned_to(self) -> Perception | None:
        """The network to which what is sent of each image is tuned; None where nothing is."""
        return self.perception if self.policy.tunes else None

    def facts(self) -> dict[str, Any]:
        """What results say of it beside the link's name: a source that is not the usual one."""
        return {} if self.source == NETWORK else {"importance": self.source}

    def weights(self, images: Tensor, received: Callable[[], Tensor]) -> Tensor | None:
        """Weights of the blocks of images.

        Args:
            images: (B, 3, H, W) in [0, 1].
            received: tells what a receiver would get of them without weights, of the same shape.

        Returns:
            (B, h, w), of any scale; None where all weigh the same.
        """
        if not self.policy.weighs:
            return None
        return self.policy.weights(self.importance(images, received))

    def importance(self, images: Tensor, received: Callable[[], Tensor]) -> Tensor:
        """How much each block matters, (B, h, w) ≥ 0 of any scale."""
        # Maps of importance are made to be drawn, too, and what draws takes a second to import.
        from semjscc.allocation.importance import block_importance

        assert self.perception is not None, "a policy that asks a network has one"
        return block_importance(self.perception, images, received())


@dataclass(frozen=True)
class BySaliency(Allocation):
    """A policy whose importance is what stands out in the picture."""

    @property
    def source(self) -> str:
        """As of `Allocation`."""
        return SALIENCY

    def importance(self, images: Tensor, received: Callable[[], Tensor]) -> Tensor:
        """As of `Allocation`."""
        from semjscc.allocation.saliency import block_saliency

        del received
        return block_saliency(images)


@dataclass(frozen=True)
class ByPrediction(Allocation):
    """A policy whose importance a small network predicts.

    Attributes:
        predictor: it; part of the policy, so that results know when it changes.
    """

    predictor: "Predictor" = field(kw_only=True)

    @property
    def source(self) -> str:
        """As of `Allocation`."""
        return PREDICTED

    def importance(self, images: Tensor, received: Callable[[], Tensor]) -> Tensor:
        """As of `Allocation`."""
        from semjscc.allocation.predicted import block_prediction

        del received
        return block_prediction(images, self.predictor)


@dataclass(frozen=True)
class ByMask(Allocation):
    """A policy whose importance a person has drawn.

    Attributes:
        mask: (H, W) in [0, 1], as `semjscc.allocation.masks.drawn_mask` makes it.
    """

    mask: Tensor = field(kw_only=True)

    @property
    def source(self) -> str:
        """As of `Allocation`."""
        return MASK

    def importance(self, images: Tensor, received: Callable[[], Tensor]) -> Tensor:
        """As of `Allocation`."""
        from semjscc.allocation.masks import block_mask

        del received
        return block_mask(self.mask, images)
