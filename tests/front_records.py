"""Links that stand on fronts of accuracy against PSNR, and what was measured of them."""

from dataclasses import replace
from typing import Any

from records import NO_CHANNEL, RECORD
from semjscc.results.records import Record


def facts(name: str, **loss: Any) -> dict[str, Any]:
    return {"name": name, "codec": "adaptive", "options": {"width": 48}, "recipe": {"loss": loss}}


def points(link: str, psnr_db: float, value: float) -> list[Record]:
    return [
        replace(RECORD, link=link, snr_db=snr, psnr_db=psnr_db + step, value=value + step / 10)
        for snr, step in ((0.0, -1.0), (10.0, 1.0))
    ]


FORM = {"unit": "element"}
LINKS = [
    facts("plain", weight=0.0, term="features"),
    facts("semantic-0.1", weight=0.1, term="features", importance=FORM),
    facts("semantic-0.2", weight=0.2, term="features", importance=FORM),
    facts("uniform-0.1", weight=0.1, term="features", importance=None),
    facts("task", weight=0.01, term="task", importance=None),
    facts("kl", weight=0.01, term="distillation", importance=None),
    {"name": "none"},
]
RECORDS = [
    NO_CHANNEL,
    *points("plain", 26, 0.4),
    *points("semantic-0.2", 24, 0.8),
    *points("semantic-0.1", 25, 0.7),
    *points("uniform-0.1", 25, 0.6),
    *points("task", 25, 0.5),
    *points("kl", 25, 0.55),
    replace(RECORD, link="unknown"),
]
