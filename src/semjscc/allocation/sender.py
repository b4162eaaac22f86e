"""What a sender with a policy does: it looks at each picture, and at what would arrive of it."""

from dataclasses import dataclass

from torch import Tensor

from semjscc.allocation.policy import SEMANTIC, Policy
from semjscc.perception.base import Perception
from semjscc.perception.gradients import check_can_weigh


@dataclass(frozen=True)
class Allocation:
    """A policy, and the network that tells what matters.

    Attributes:
        policy: what is made of the importance.
        perception: the network that the receiver has, and the sender too.

    Raises:
        NoGradientError: no gradient passes through the network.
    """

    policy: Policy
    perception: Perception

    def __post_init__(self) -> None:
        one = self.perception
        check_can_weigh(one.name, one.network, f"the policy {self.policy.name}")

    def weights(self, images: Tensor, received: Tensor) -> Tensor:
        """Weights of the blocks of images.

        Args:
            images: (B, 3, H, W) in [0, 1].
            received: likewise, what a receiver would get of them without weights.

        Returns:
            (B, h, w), of any scale.
        """
        # Maps of importance are made to be drawn, too, and what draws takes a second to import.
        from semjscc.allocation.importance import block_importance

        return self.policy.weights(block_importance(self.perception, images, received))

    @property
    def tunes(self) -> bool:
        """Whether it tunes what is sent of each image, too: see `semjscc.allocation.tuning`."""
        return self.policy.name == SEMANTIC
