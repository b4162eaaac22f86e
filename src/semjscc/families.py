"""Families of shipped weights: a perception network and codecs for one kind of images."""

from typing import Any

from rich.table import Table

from semjscc.checkpoint import WEIGHTS, read_metadata
from semjscc.errors import UserError
from semjscc.links import untrained_links

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
    return sorted(
        file.stem.removesuffix(_NETWORK_A) for file in WEIGHTS.glob(f"*{_NETWORK_A}.safetensors")
    )


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
            raise UserError(f"no shipped weights '{asked}': there are {', '.join(known)}")
        return asked
    family = _KNOWN_DATA.get(data_name.partition("@")[0], data_name)
    if family not in known:
        raise UserError(f"say which weights fit {data_name}: --weights {'|'.join(known)}")
    return family


def default_perception(family: str) -> str:
    """The name of a family's network A."""
    return family + _NETWORK_A


def cards() -> list[dict[str, Any]]:
    """The links that need no weights, then the model card of every checkpoint that ships."""
    shipped = [
        {"name": file.stem, "bytes": file.stat().st_size, **read_metadata(file)}
        for file in sorted(WEIGHTS.glob("*.safetensors"))
    ]
    links = [
        {"name": name, "kind": "link", "what": what} for name, what in untrained_links().items()
    ]
    return [*links, *shipped]


def cards_table() -> Table:
    """What `cards` says, for a person."""
    table = Table(box=None, pad_edge=False)
    for title in ("weights", "use", "what", "trained on", "steps", "on val"):
        table.add_column(title)
    for card in cards():
        if card["kind"] == "link":
            table.add_row(card["name"], f"--links {card['name']}", card["what"])
            continue
        family = next((f for f in families() if card["name"].startswith(f)), "")
        scheme = card["name"].removeprefix(f"{family}-")
        codec = card["kind"] == "codec"
        facts = card["facts"]
        accuracy = facts.get("val_accuracy") or facts.get("val_agreement")
        if codec:
            reached = [
                f"R {ratio}: {accuracy[ratio]:.1%}, {quality:.1f} dB"
                for ratio, quality in facts["val_psnr_db"].items()
            ]
            found = f"at {facts['val_snr_db']:g} dB " + "; ".join(reached)
        else:
            found = f"{accuracy:.1%}"
        table.add_row(
            card["name"],
            f"--links {scheme} --weights {family}" if codec else f"--perception {card['name']}",
            f"{card['codec']} codec" if codec else f"{card['network']} classifier",
            f"{card['data']['name']} ({card['data']['images']} images)",
            str(card["recipe"]["optimiser"]["steps"]),
            found,
        )
    return table
