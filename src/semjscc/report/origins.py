"""What a report says of how its results came about."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from semjscc.report.html import folded
from semjscc.results.records import Record, Results
from semjscc.statistics.settings import data_of, sources


def what_was_done(results: Results) -> list[str]:
    """As HTML: one evaluation plainly, each of several behind its command."""
    origins = sources(results.meta)
    if len(origins) == 1:
        return [_facts(origins[0], results.records)]
    names = [
        _listed([data_of(meta).get("name"), meta.get("perception"), data_of(meta).get("images")])
        for meta in origins
    ]
    return [
        folded(name or "evaluation", _facts(meta, results.records))
        for name, meta in zip(names, origins, strict=True)
    ]


def _facts(meta: Mapping[str, Any], records: Sequence[Record]) -> str:
    data = data_of(meta)
    members = [r for r in records if not data or r.data == data.get("name")]
    sent = [r for r in members if r.snr_db is not None]
    facts = {
        "command": meta.get("command"),
        "seed": meta.get("seed"),
        "data": _listed(data.get(key) for key in ("name", "revision", "fingerprint")),
        "split": data.get("split"),
        "images": data.get("images"),
        "draws of the channel for each image": _listed(r.draws for r in sent),
        "perception network": meta.get("perception"),
        "channel": _listed(r.channel for r in sent),
        "assumed SNR": _listed(
            f"{r.assumed_snr_db:g} dB" for r in sent if r.assumed_snr_db is not None
        ),
        "links": _listed(_link_names(meta) or (r.link for r in members)),
        "date": meta.get("date"),
        "semjscc": _listed([meta.get("version"), meta.get("commit")]),
    }
    items = "\n".join(
        f"<dt>{escape(key)}</dt><dd>{_code(value) if key == 'command' else escape(str(value))}</dd>"
        for key, value in facts.items()
        if value not in (None, "")
    )
    return f"<dl>\n{items}\n</dl>"


def _link_names(meta: Mapping[str, Any]) -> list[str]:
    return [str(link.get("name")) for link in meta.get("links") or [] if isinstance(link, Mapping)]


def _code(value: object) -> str:
    return f"<code>{escape(str(value))}</code>"


def _listed(values: Iterable[object]) -> str:
    """The different ones, in the order they come."""
    return ", ".join(dict.fromkeys(str(value) for value in values if value not in (None, "")))
