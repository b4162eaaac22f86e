"""Whether gradients pass through a network, which may be one of the user's own."""

from collections.abc import Iterable

from torch import Tensor, nn

from semjscc.errors import UserError, printable
from semjscc.perception.names import only_judges


class NoGradientError(UserError):
    """A network through which no gradient passes: it can judge, and has no importance."""


def check_gradients(name: str, tensors: Iterable[Tensor]) -> None:
    """Refuse a network whose features or result have no gradient.

    Args:
        name: the network's.
        tensors: what it made of images that are watched.

    Raises:
        NoGradientError: it is one.
    """
    if not all(tensor.requires_grad for tensor in tensors):
        raise NoGradientError(
            f"no gradient passes through {printable(name)}: its forward must do without detach(), "
            "no_grad() and the like"
        )


def check_can_weigh(name: str, network: nn.Module, what: str) -> None:
    """Refuse a network that is known to pass no gradients for what needs them, before any work.

    Args:
        name: the network's.
        network: itself.
        what: that needs them.

    Raises:
        NoGradientError: it is one.
    """
    if not getattr(network, "passes_gradients", True):
        raise NoGradientError(only_judges(name, what))
