"""Families of shipped weights: codecs for one kind of images, and the network that looks at them.

A family's network A ships with it, or is one that others trained.
"""

from semjscc import checkpoint
from semjscc.checkpoint import read_metadata
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.perception.names import EFFICIENTNET, efficientnet_missing

PHOTO = "photo"
SIGNS, SIGNS_SIDE = "signs", 64
# The hub's CIFAR-10 holds the originals of the images one family was trained on.
_KNOWN_DATA = {
    "cifar10": "cifar10-jpeg",
    "imagenet-photos": PHOTO,
    "kodak": PHOTO,
    "bsds500": PHOTO,
}
_NETWORK_A = "-a"
_OTHER_NETWORKS = {PHOTO: EFFICIENTNET, "scenes": "scenes-detector-a"}
"""Networks A that are not called like their family: others trained it, or one of several tasks."""


def families() -> list[str]:
    """The families that ship: those with a network A and a codec."""
    return [family for family in _with_network() if _has_codec(family)]


def _with_network() -> list[str]:
    """Those with a network A, whether there is a codec or not."""
    files = checkpoint.WEIGHTS.glob(f"*{_NETWORK_A}.safetensors")
    named = {file.stem for file in files} - set(_OTHER_NETWORKS.values())
    return sorted([*(name.removesuffix(_NETWORK_A) for name in named), *_OTHER_NETWORKS])


def _has_codec(family: str) -> bool:
    # Names of codecs mostly come last, and each file that is read takes milliseconds.
    files = sorted(checkpoint.WEIGHTS.glob(f"{family}-*.safetensors"), reverse=True)
    return any(read_metadata(file)["kind"] == "codec" for file in files)


def family_for(height: int, width: int) -> str:
    """The family for an image of which only the size is known: signs have one size.

    Without the extra whose network looks at photographs it is that of signs.
    """
    is_sign = (height, width) == (SIGNS_SIDE, SIGNS_SIDE)
    return SIGNS if is_sign or efficientnet_missing() else PHOTO


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
    return _OTHER_NETWORKS.get(family, family + _NETWORK_A)


def shipped_schemes(family: str) -> list[str]:
    """Names of the schemes that have weights in a family, such as ``signs``."""
    return sorted(
        file.stem.removeprefix(f"{family}-")
        for file in checkpoint.WEIGHTS.glob(f"{family}-*.safetensors")
        if read_metadata(file)["kind"] == "codec"
    )


def shipped_networks() -> dict[str, list[str]]:
    """Names of the networks that ship, by family; one may have networks and no weights yet."""
    files = sorted(checkpoint.WEIGHTS.glob("*.safetensors"))
    networks = [file.stem for file in files if read_metadata(file)["kind"] == "perception"]
    of_family = {
        one: [name for name in networks if name.startswith(f"{one}-")] for one in _with_network()
    }
    return {one: names for one, names in of_family.items() if names}
