"""A second device without a GPU: tensors that lie in the CPU's memory and say that they do not.

What a GPU refuses is refused here as well: to compute with tensors of two devices, and to hand
memory to NumPy. PyTorch's own "lazy" device lends its name, since no build needs anything for it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map

SECOND = torch.device("lazy:0")
_MOVES = {"aten::to", "aten::_to_copy", "aten::copy_"}
_INDEXED = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
"""A GPU takes the places of what is chosen from either device."""


class OnSecond(Tensor):
    """A tensor on the second device."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "OnSecond":
        held = held.resolve_conj().resolve_neg()  # marks that would be lost
        with torch.inference_mode(False):  # a view of it is none of an inference tensor
            made = Tensor._make_wrapper_subclass(  # pyright: ignore[reportAttributeAccessIssue]
                cls,
                held.shape,
                strides=held.stride(),
                storage_offset=held.storage_offset(),
                dtype=held.dtype,
                device=SECOND,
            )
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(
        cls,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        del types
        return _compute(func, args, dict(kwargs or {}))

    # What follows goes past the dispatcher otherwise, where a list becomes a tensor on the device.

    def __getitem__(self, places: Any) -> Tensor:
        return super().__getitem__(_as_tensors(places))

    def __setitem__(self, places: Any, values: Any) -> None:
        super().__setitem__(_as_tensors(places), values)

    def new_tensor(self, data: Any, **kwargs: Any) -> Tensor:
        return torch.tensor(data, **{"dtype": self.dtype, **kwargs}).to(SECOND)

    def tolist(self) -> Any:
        return self.held.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        if not force:
            raise TypeError(f"can't convert a tensor on {SECOND} to numpy: copy it with cpu()")
        return self.held.numpy()


class SecondDevice(TorchDispatchMode):
    """While it is entered, tensors may be made on and moved to `SECOND`."""

    def __enter__(self) -> Self:
        torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(…, device=) moves what it has made
        return super().__enter__()

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        torch._C._set_only_lift_cpu_tensors(False)

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        del types
        return _compute(func, args, dict(kwargs or {}))


def _compute(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    tensors = [one for one in tree_iter((args, kwargs)) if isinstance(one, Tensor)]
    here = [one for one in tensors if not isinstance(one, OnSecond)]
    on_second = len(here) < len(tensors)
    name = func._schema.name
    allowed = name in _MOVES or name in _INDEXED
    if on_second and not allowed and any(one.ndim for one in here):  # a number may take part
        raise RuntimeError(f"{name}: tensors on two devices, {SECOND} and cpu")
    if name == "aten::to" and len(tensors) > 1:  # where another one lies
        on_second = isinstance(tensors[1], OnSecond)
    for one in tree_iter((args, kwargs)):
        if isinstance(one, torch.device):
            on_second = one.type == SECOND.type
    args, kwargs = tree_map(_in_memory, (args, kwargs))
    made = func(*args, **kwargs)
    if name.endswith("_") and not name.endswith("__"):  # in place
        return next(iter(tensors))
    return tree_map(
        lambda one: OnSecond(one) if on_second and isinstance(one, Tensor) else one, made
    )


def _as_tensors(places: Any) -> Any:
    if isinstance(places, tuple):
        return tuple(map(_as_tensors, places))
    if isinstance(places, range | list):
        return torch.tensor(list(places), dtype=torch.int64)
    return places


def _in_memory(one: Any) -> Any:
    if isinstance(one, torch.device):
        return torch.device("cpu")
    return one.held if isinstance(one, OnSecond) else one
