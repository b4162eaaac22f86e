"""Which network it is, whatever it is called and wherever it lies."""

from semjscc.digests import hashed, tensor_text
from semjscc.perception.base import Perception


def network_print(perception: Perception) -> str:
    """32 hexadecimal digits over what decides a network's results.

    That is its numbers, its classes, its task, and what it expects of an image. The names of its
    layers do not count: libraries rename them from one version to the next.
    """
    tensors = perception.network.state_dict().values()
    parts = sorted(map(tensor_text, tensors)) or [repr(perception.network)]
    expects, task = perception.preprocess, perception.task
    about = (expects.size, expects.mean, expects.std, task.name, perception.class_names)
    return hashed("".join(f"{part}\n" for part in (*parts, repr(about))).encode())
