"""What we take of Lightning, imported in three quarters of the time.

Lightning brings TorchMetrics, and that brings transformers where it is installed: two seconds of
the processor for scores of texts that nobody here computes. Whoever computes some gets it then.
"""

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_NAME = "transformers"


class _Later:
    """Stands for something in transformers, which is imported once somebody uses it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        import transformers

        return getattr(getattr(transformers, self._name), attribute)


_stand_in = ModuleType(_NAME)
_stand_in.__spec__ = find_spec(_NAME) if _NAME not in sys.modules else None
for _name in ("AutoModel", "AutoTokenizer"):  # all that TorchMetrics takes at once
    setattr(_stand_in, _name, _Later(_name))

if _stand_in.__spec__ is not None:
    sys.modules[_NAME] = _stand_in
try:
    import lightning as L
    from lightning.fabric.plugins.io import TorchCheckpointIO
    from lightning.pytorch.callbacks import Callback, RichProgressBar
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
    from lightning.pytorch.utilities.exceptions import SIGTERMException
finally:
    if sys.modules.get(_NAME) is _stand_in:
        del sys.modules[_NAME]

__all__ = [
    "CSVLogger",
    "Callback",
    "L",
    "RichProgressBar",
    "SIGTERMException",
    "TensorBoardLogger",
    "TorchCheckpointIO",
]
