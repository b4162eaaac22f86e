"""Which network it is, whatever it is called and wherever it lies."""

import hashlib

import torch
from torch import Tensor

from semjscc.perception.base import Perception


def network_print(perception: Perception) -> str:
    """32 hexadecimal digits over what decides a network's results.

    That is its numbers, its classes, its task, and what it expects of an image. The names of its
    layers do not count: libraries rename them from one version to the next.
    """
    tensors = perception.network.state_dict().values()
    parts = sorted(map(_tensor, tensors)) or [repr(perception.network)]
    expects, task = perception.preprocess, perception.task
    about = (expects.size, expects.mean, expects.std, task.name, perception.class_names)
    digest = hashlib.blake2b(digest_size=16)
    for part in (*parts, repr(about)):
        digest.update(f"{part}\n".encode())
    return digest.hexdigest()


def _tensor(tensor: Tensor) -> str:
    plain = tensor.detach().cpu().contiguous().reshape(-1)
    raw = plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
    return f"{plain.dtype} {tuple(tensor.shape)} {digest}"
