"""A vision model of the user's own, from a class named on the command line or in a local recipe.

Such a name is code that will run. It is taken from the user's own words only, never from a
checkpoint, a results file or a data set.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from torch import nn

from semjscc.errors import UserError, printable
from semjscc.perception.networks import build_network


def make_network(name: str, classes: int, options: dict[str, Any]) -> nn.Module:
    """A built-in network by name, or ``my.module:Class`` called with ``classes=`` and the options.

    Raises:
        UserError: it cannot be found, or it is not a module.
    """
    if ":" not in name:
        return build_network(name, classes, options)
    module_name, _, class_name = name.partition(":")
    # The user's file usually stands where the command is run, which a script's path leaves out.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        network = getattr(importlib.import_module(module_name), class_name)(
            classes=classes, **options
        )
    except Exception as error:  # of any kind: it is the user's code
        reason = printable(str(error).strip().partition("\n")[0]) or type(error).__name__
        raise UserError(f"cannot make the network {printable(name)}: {reason}") from error
    if not isinstance(network, nn.Module):
        raise UserError(f"{name} made a {type(network).__name__}, not a torch.nn.Module")
    return network
