"""An importance of one's own: gradient times feature, what each feature adds to the result.

    semjscc train contribution.yaml

An importance is one function, which the recipe names in its loss.
"""

from torch import Tensor


def contribution(gradient: Tensor, features: Tensor) -> Tensor:
    """Sizes |g·f| of one layer, both (B, ...); semjscc gives them their mean of 1."""
    return (gradient * features).abs()
