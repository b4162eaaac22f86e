"""What we take of Sionna, imported in half the time.

While it is imported, Sionna tells torch's compiler what to do with two of its functions, and so
brings that in: seconds of the processor for functions that nobody here calls. They stay as they are
written.
"""

from collections.abc import Callable
from typing import Any

import torch


def _as_written(model: Callable[..., Any] | None = None, **options: Any) -> Callable[..., Any]:
    """In place of ``torch.compile`` and ``torch.compiler.disable``, with options and without."""
    del options
    return (lambda given: given) if model is None else model


_compile, _disable = torch.compile, torch.compiler.disable
torch.compile = torch.compiler.disable = _as_written
try:
    from sionna.phy.channel.tr38901 import TDL
    from sionna.phy.fec.crc import CRCDecoder, CRCEncoder
    from sionna.phy.fec.ldpc import LDPC5GEncoder
    from sionna.phy.fec.polar import Polar5GDecoder, Polar5GEncoder
    from sionna.phy.mapping import Demapper, Mapper
    from sionna.phy.nr import TBEncoder, tb_encoder
    from sionna.phy.nr.utils import calculate_tb_size, decode_mcs_index
finally:
    torch.compile, torch.compiler.disable = _compile, _disable

__all__ = [
    "TDL",
    "CRCDecoder",
    "CRCEncoder",
    "Demapper",
    "LDPC5GEncoder",
    "Mapper",
    "Polar5GDecoder",
    "Polar5GEncoder",
    "TBEncoder",
    "calculate_tb_size",
    "decode_mcs_index",
    "tb_encoder",
]
