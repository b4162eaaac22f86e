"""What there is to send with: the links, the weights that ship, and the model card of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from semjscc import checkpoint
from semjscc.allocation.policy import POLICIES
from semjscc.checkpoint import locate, read_metadata, shipped
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.families import families, family_of_weights, shipped_schemes
from semjscc.links.catalogue import SEPARATE, untrained_links
from semjscc.paths import user_path
from semjscc.perception.names import EFFICIENTNET, HUGGING_FACE, MOBILENET

Card = dict[str, Any]


def cards() -> list[Card]:
    """The links that need no weights, then the model card of every checkpoint that ships."""
    files = sorted(checkpoint.WEIGHTS.glob("*.safetensors"))
    links = [
        {"name": name, "kind": "link", "what": what} for name, what in untrained_links().items()
    ]
    return [*links, *(_card(file.stem) for file in files)]


def _card(name: str) -> Card:
    path = locate(name)
    return {"name": name, "bytes": path.stat().st_size, **read_metadata(path)}


def cards_of(name: str) -> list[Card]:
    """The cards behind a name or a path.

    Args:
        name: of a link, of a family, of a scheme in every family that has it, or of weights that
            ship; or the path of a checkpoint or a run's folder.

    Raises:
        UserError: there is nothing of that name.
    """
    everything = {card["name"]: card for card in cards()}
    if name in everything:
        return [everything[name]]
    in_family = [card for card in everything.values() if family_of_weights(card["name"]) == name]
    scheme = [everything[f"{one}-{name}"] for one in families() if name in shipped_schemes(one)]
    if found := in_family or scheme:
        return found
    if name and user_path(name).exists():
        return [_card(name)]
    schemes = [scheme for family in families() for scheme in shipped_schemes(family)]
    hint = did_you_mean(name, [*everything, *families(), *schemes]) or "; there are: semjscc links"
    raise UserError(f"no link, family or weights '{printable(name)}'{hint}")


def overview() -> list[tuple[str, list[tuple[str, str]]]]:
    """All of it in short: headings, each with its rows of a name and what is to be said of it."""
    coders = [name for name in untrained_links() if name.startswith(f"{SEPARATE}-")]
    rows = [(name, what) for name, what in untrained_links().items() if name not in coders]
    place = [name for name, _ in rows].index(SEPARATE) + 1
    rows.insert(place, (f"{SEPARATE}-CODER", f"with one coder: {', '.join(coders)}"))
    rows.append(("NAME+POLICY", f"{', '.join(POLICIES)} (the last with {SEPARATE}, too)"))
    codecs = [(family, ", ".join(shipped_schemes(family))) for family in families()]
    networks = [(one, ", ".join(_networks(one))) for one in families() if _networks(one)]
    of_others = (EFFICIENTNET, f"{MOBILENET}=PATH", f"{HUGGING_FACE}OWNER/NAME")
    networks.append(("of others", ", ".join(of_others)))
    return [
        ("Links that need no weights (--links). More of any name: semjscc links NAME", rows),
        ("Codecs by family (--links NAME --weights FAMILY)", codecs),
        ("Networks by family (--perception NAME)", networks),
    ]


def _networks(family: str) -> list[str]:
    codecs = {f"{family}-{scheme}" for scheme in shipped_schemes(family)}
    files = sorted(checkpoint.WEIGHTS.glob(f"{family}-*.safetensors"))
    return [file.stem for file in files if file.stem not in codecs]


def details(card: Card) -> list[tuple[str, str]]:
    """A card as rows of a title and its text; a stranger's may lack anything."""
    if card["kind"] == "link":
        return [("use", f"--links {card['name']}"), ("what", card["what"])]
    is_codec = card["kind"] == "codec"
    rows = [
        ("use", _use(card, is_codec)),
        ("what", f"{card.get('codec')} codec" if is_codec else f"{card.get('network')} classifier"),
        ("trained on", f"{_at(card, 'data', 'name')}, {_at(card, 'data', 'images')} images"),
        ("steps", _at(card, "recipe", "optimiser", "steps")),
        ("image side", _at(card, "facts", "image_side")),
    ]
    if is_codec:
        low_and_high = card.get("snr_range_db")
        rows += [
            ("for", _at(card, "perception")),
            ("ratios", _listed(card.get("ratios"))),
            ("SNR in dB", _listed(low_and_high, " to ")),
            *_reached(card),
        ]
    else:
        rows += [
            ("layers", _listed(card.get("layers"))),
            ("classes", _listed(card.get("class_names"))),
            ("on val", _right(card)),
        ]
    # What `_listed` gives is printable word by word, and may be long.
    return [(title, text if title == "classes" else printable(text)) for title, text in rows]


def _use(card: Card, is_codec: bool) -> str:
    family = family_of_weights(card["name"]) if shipped(card["name"]) else None
    if not is_codec:
        return f"--perception {card['name']}"
    if family is None:
        return f"--links {card['name']}"
    return f"--links {card['name'].removeprefix(f'{family}-')} --weights {family}"


def _reached(card: Card) -> list[tuple[str, str]]:
    """What a codec reached on val at each of its ratios."""
    qualities = _find(card, "facts", "val_psnr_db")
    if not isinstance(qualities, Mapping):
        return []
    at = f"on val at {_at(card, 'facts', 'val_snr_db')} dB"
    return [
        (f"R {ratio}", f"{_right(card, ratio)}, {_rounded(quality)} dB {at}")
        for ratio, quality in qualities.items()
    ]


def _right(card: Card, *ratio: str) -> str:
    """The share of val that is right, or where there are no labels as of the clean image."""
    for metric in ("accuracy", "agreement"):
        share = _find(card, "facts", f"val_{metric}", *ratio)
        if isinstance(share, int | float):
            return f"{share:.1%} {metric}"
    return "–"


def _find(card: Any, *keys: str) -> Any:
    for key in keys:
        card = card.get(key) if isinstance(card, Mapping) else None
    return card


def _at(card: Any, *keys: str) -> str:
    found = _find(card, *keys)
    return "–" if found is None else str(found)


def _rounded(number: Any) -> str:
    return f"{number:.1f}" if isinstance(number, int | float) else "–"


def _listed(values: Any, between: str = ", ") -> str:
    if not isinstance(values, Sequence) or isinstance(values, str):
        return "–"
    return between.join(printable(str(value)) for value in values)
