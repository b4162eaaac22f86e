"""Families of shipped weights: a perception network and codecs for one kind of images."""

from semjscc import checkpoint
from semjscc.checkpoint import read_metadata
from semjscc.errors import UserError, did_you_mean, printable

# The hub's CIFAR-10 holds the originals of the images one family was trained on; the others are
# photographs like those of another one, but larger.
_KNOWN_DATA = {
    "cifar10": "cifar10-jpeg",
    "imagenet-photos": "tiny-imagenet-20",
    "kodak": "tiny-imagenet-20",
}
_NETWORK_A = "-a"


def families() -> list[str]:
    """The families that ship: those with a network A."""
    files = checkpoint.WEIGHTS.glob(f"*{_NETWORK_A}.safetensors")
    return sorted(file.stem.removesuffix(_NETWORK_A) for file in files)


def choose_family(asked: str | None, data_name: str) -> str:
    """The family the user asked for, or the one that goes with the data.

    Args:
        asked: what the user said, or None.
        data_name: the last part of the data's name or path, such as ``cifar10``.

    Raises:
        UserError: no such family, or data that no family is known for.
    """
    known = families()
    if asked is not None:
        if asked not in known:
            hint = did_you_mean(asked, known) or f": there are {', '.join(known)}"
            raise UserError(f"no shipped weights '{printable(asked)}'{hint}")
        return asked
    family = _KNOWN_DATA.get(data_name.partition("@")[0], data_name)
    if family not in known:
        raise UserError(
            f"say which weights fit {printable(data_name)}: --weights {'|'.join(known)}"
        )
    return family


def family_of_weights(name: str) -> str | None:
    """The family that shipped weights belong to, by their name; None for none."""
    return max((one for one in families() if name.startswith(f"{one}-")), key=len, default=None)


def default_perception(family: str) -> str:
    """The name of a family's network A."""
    return family + _NETWORK_A


def shipped_schemes(family: str) -> list[str]:
    """Names of the schemes that have weights in a family, such as ``signs``."""
    return sorted(
        file.stem.removeprefix(f"{family}-")
        for file in checkpoint.WEIGHTS.glob(f"{family}-*.safetensors")
        if read_metadata(file)["kind"] == "codec"
    )
