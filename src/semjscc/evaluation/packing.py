"""What other processes are given, as bytes: each image once, though all lie in one file."""

import io
import pickle
from typing import Any

import torch
from torch import Tensor


def packed(thing: Any) -> bytes:
    """Pickle, of every tensor what it shows alone.

    Of a view PyTorch would write all that it is a view of: of photographs, which are views of one
    mapped file, the whole file for each.

    Raises:
        PicklingError, TypeError, AttributeError: there is something that cannot be pickled.
    """
    content = io.BytesIO()
    _Pickler(content).dump(thing)
    return content.getvalue()


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: Any) -> Any:
        return thing.clone().__reduce_ex__(4) if _is_part(thing) else NotImplemented


def _is_part(thing: Any) -> bool:
    plain = type(thing) is Tensor and thing.layout is torch.strided and not thing.requires_grad
    return plain and thing.untyped_storage().nbytes() > thing.numel() * thing.element_size()
