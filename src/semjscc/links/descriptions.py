"""What there is to send with: the links, the weights that ship, and the model card of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from semjscc import checkpoint
from semjscc.allocation.policy import (
    ENERGY,
    IMPORTANCE,
    IMPORTANCE_ENERGY,
    POLICIES,
    SEMANTIC,
    UNIFORM,
)
from semjscc.allocation.sources import NETWORK, PREDICTED, SALIENCY, parse_allocation
from semjscc.checkpoint import locate, read_metadata, shipped
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.families import families, family_of_weights, shipped_networks, shipped_schemes
from semjscc.links.card_facts import main_metric
from semjscc.links.catalogue import (
    CAPACITY,
    FINITE,
    PLANNED,
    SEPARATE,
    Place,
    check_planned,
    find_link,
    is_path,
    untrained_links,
)
from semjscc.links.endings import ENDINGS, PROGRESSIVE, REPEAT, Endings, split_endings
from semjscc.links.policies import policy_it_lacks, split_policy
from semjscc.parts.named import is_part
from semjscc.paths import user_path
from semjscc.perception.names import (
    EFFICIENTNET,
    HUGGING_FACE,
    INSTALL,
    MOBILENET,
    ONNX,
    mobilenet_file,
)
from semjscc.separation.names import CODER_NAMES

Card = dict[str, Any]

_POLICIES = {
    UNIFORM: "every region has the same symbols and the same power",
    ENERGY: "the sum of squared errors is made least",
    IMPORTANCE: "the more a region matters, the more it gets, however strong it is",
    IMPORTANCE_ENERGY: "the more a region matters, the more its error counts",
    SEMANTIC: "what is sent of each image is tuned to the network's own error",
}
_SOURCES = {
    NETWORK: f"by the network; with :{PREDICTED} or :{SALIENCY} behind it without; transmit and "
    "modulate say it by hand with --important",
    PREDICTED: "what a small network has learned of EfficientNet-Lite0's importance, without it",
    SALIENCY: "what stands out in the picture by contrast and detail, without a network",
}
_OTHERS = {
    EFFICIENTNET: (EFFICIENTNET, f"ImageNet classifier, trained by others: {INSTALL}"),
    MOBILENET: (f"{MOBILENET}=PATH", "ImageNet classifier, trained by others; you have its file"),
}


def cards() -> list[Card]:
    """The links that need no weights, then the model card of every checkpoint that ships."""
    files = sorted(checkpoint.WEIGHTS.glob("*.safetensors"))
    links = [
        {"name": name, "kind": "link", "what": what} for name, what in untrained_links().items()
    ]
    return [*links, *(_card(file.stem) for file in files)]


def _card(name: str) -> Card:
    path = locate(name)
    # What stands behind a plus a name says, and a file cannot.
    own = {k: v for k, v in read_metadata(path).items() if k not in ("policy", "endings")}
    return {"name": name, "bytes": path.stat().st_size, **own}


def cards_of(name: str) -> list[Card]:
    """The cards behind a name or a path.

    Args:
        name: of a link, of a family, of a scheme in every family that has it, of weights that
            ship, or of a network that others trained; or the path of a checkpoint or a run's
            folder. Behind a link may stand what `loading.open_link` takes there.

    Raises:
        UserError: there is nothing of that name.
    """
    if not is_path(name, ["", *families()]):
        base, endings = split_endings(name)
        if endings.text:
            return _cards_in_order(name, base, endings)
    part, at, weights = name.partition("@")
    name = weights if at and is_part(part) else name
    if found := _cards_named(name) or _cards_with_more(name):
        return found
    schemes = [scheme for family in families() for scheme in shipped_schemes(family)]
    known = [*(card["name"] for card in cards()), *families(), *schemes, *_OTHERS]
    hint = did_you_mean(name, known) or "; there are: semjscc links"
    raise UserError(f"no link, family or weights '{printable(name)}'{hint}")


def _cards_in_order(name: str, base: str, endings: Endings) -> list[Card]:
    """Those of a link without its endings, as far as it can have them.

    Raises:
        UserError: there is no such link, or it cannot have them.
    """
    found = cards_of(base)
    kinds = [str(card.get("codec") or split_policy(card["name"])[0]) for card in found]
    fitting = [card for card, kind in zip(found, kinds, strict=True) if kind in PLANNED]
    if not fitting:
        check_planned(name, kinds[0])
    return [card | {"endings": endings.text} for card in fitting]


def _cards_named(name: str) -> list[Card]:
    """Those of exactly this name or path; [] where there are none."""
    everything = {card["name"]: card for card in cards()}
    if name in everything:
        return [everything[name]]
    in_family = [card for card in everything.values() if family_of_weights(card["name"]) == name]
    networks = [everything[one] for one in shipped_networks().get(name, [])]
    scheme = [everything[f"{one}-{name}"] for one in families() if name in shipped_schemes(one)]
    if found := in_family or networks or scheme:
        return found
    network, _, file = name.partition("=")
    if network in _OTHERS and (not file or mobilenet_file(name)):
        use, what = _OTHERS[network]
        return [{"name": network, "kind": "network", "use": name if file else use, "what": what}]
    if name and user_path(name).exists():
        return [_card(name)]
    return []


def _cards_with_more(name: str) -> list[Card]:
    """Those of a link with a policy or a fixed SNR behind it; [] where there is no such link.

    Raises:
        UserError: there is the link, but not what stands behind it.
    """
    base, policy = split_policy(name)
    scheme = base.partition("@")[0]
    if (policy is None and scheme == base) or not (_cards_named(base) or _cards_named(scheme)):
        return []
    having = [family for family in families() if base in shipped_schemes(family)]
    chosen = [_card_of(find_link(name, family), family, policy) for family in having or [""]]
    wrong = {card["name"]: _lacks(card, name, policy) for card in chosen}
    fitting = [card for card in chosen if wrong[card["name"]] is None]
    if not fitting:
        raise UserError(wrong[chosen[0]["name"]])
    return fitting


def _lacks(card: Card, name: str, policy: str | None) -> str | None:
    return policy_it_lacks(name, str(card["codec"]), policy or ENERGY) if "codec" in card else None


def _card_of(place: Place, family: str, policy: str | None) -> Card:
    more = {} if policy is None else {"policy": policy}
    if place.weights is not None:
        return _card(f"{family}-{place.scheme}" if family else place.scheme) | more
    what = untrained_links()[place.scheme]
    return {"name": place.name, "kind": "link", "what": what} | more


def overview() -> list[tuple[str, list[tuple[str, str]]]]:
    """All of it in short: headings, each with its rows of a name and what is to be said of it."""
    coders = [f"{SEPARATE}-{coder}" for coder in CODER_NAMES]
    apart = {*coders, CAPACITY, FINITE}
    rows = [(name, what) for name, what in untrained_links().items() if name not in apart]
    place = [name for name, _ in rows].index(SEPARATE) + 1
    rows.insert(place, (f"{SEPARATE}-CODER", f"with one coder: {', '.join(coders)}"))
    bounds = f"the coder of {SEPARATE}, ideal code; {FINITE}, best of k symbols"
    rows.append((CAPACITY, bounds))
    rows.append(("NAME+POLICY", ", ".join(POLICIES)))
    rows.append((f"+{PROGRESSIVE}", f"what is worth most first; +{REPEAT}@SHARE asks once more"))
    codecs = [(family, ", ".join(shipped_schemes(family))) for family in families()]
    of_others = (EFFICIENTNET, f"{MOBILENET}=PATH", f"{HUGGING_FACE}NAME", f"MODEL{ONNX}")
    ours = [name for names in shipped_networks().values() for name in names]
    networks = [("ours", ", ".join(ours)), ("of others", ", ".join(of_others))]
    return [
        ("Links that need no weights (--links). More of any name: semjscc links NAME", rows),
        ("Codecs by family (--links NAME --weights FAMILY)", codecs),
        ("Networks (--perception NAME)", networks),
    ]


def details(card: Card) -> list[tuple[str, str]]:
    """A card as rows of a title and its text; a stranger's may lack anything."""
    if card["kind"] == "link":
        use = f"--links {card['name']}{card.get('endings', '')}"
        return [("use", use), ("what", card["what"]), *_policy_rows(card), *_ending_rows(card)]
    if card["kind"] == "network":
        return [("use", f"--perception {printable(card['use'])}"), ("what", card["what"])]
    is_codec = card["kind"] == "codec"
    rows = [
        ("use", _use(card, is_codec)),
        ("what", f"{card.get('codec')} codec" if is_codec else _network(card)),
        ("trained on", f"{_at(card, 'data', 'name')}, {_at(card, 'data', 'images')} images"),
        ("steps", _at(card, "recipe", "optimiser", "steps")),
        ("image side", _at(card, "facts", "image_side")),
    ]
    if is_codec:
        low_and_high = card.get("snr_range_db")
        rows += [
            *_policy_rows(card),
            *_ending_rows(card),
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


def _network(card: Card) -> str:
    task = _find(card, "task", "name") or "classification"
    return f"{card.get('network')} for {task}"


def _policy_rows(card: Card) -> list[tuple[str, str]]:
    if "policy" not in card:
        return []
    policy, source = parse_allocation(card["policy"])
    rows = [("policy", f"{card['policy']}: {_POLICIES[policy.name]}")]
    if policy.weighs and not policy.tunes:
        rows.append(("importance", _SOURCES[source]))
    return rows


def _ending_rows(card: Card) -> list[tuple[str, str]]:
    words = str(card.get("endings", "")).split("+")[1:]
    return [(word, ENDINGS[word.partition("@")[0]]) for word in words]


def _use(card: Card, is_codec: bool) -> str:
    family = family_of_weights(card["name"]) if shipped(card["name"]) else None
    if not is_codec:
        return f"--perception {card['name']}"
    policy = f"+{card['policy']}" if "policy" in card else ""
    policy += str(card.get("endings", ""))
    if is_part(str(card.get("codec"))):  # code of its own, which a user has to name
        return f"--links {card['codec']}@{card['name']}{policy}"
    if family is None:
        return f"--links {card['name']}{policy}"
    return f"--links {card['name'].removeprefix(f'{family}-')}{policy} --weights {family}"


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
    """The main metric of the network's task on val, or agreement with the clean image."""
    facts = _find(card, "facts")
    metric = main_metric(facts) if isinstance(facts, Mapping) else None
    share = _find(card, "facts", f"val_{metric}", *ratio)
    return f"{share:.1%} {metric}" if isinstance(share, int | float) else "–"


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
