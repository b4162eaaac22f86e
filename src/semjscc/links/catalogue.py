"""Links by name."""

import os
from pathlib import Path

from semjscc import checkpoint
from semjscc.channels.units import check_snr
from semjscc.checkpoint import locate, read_metadata
from semjscc.codecs.store import load_codec
from semjscc.errors import UserError
from semjscc.links.base import Link
from semjscc.links.bounds import BOUNDS, BoundLink
from semjscc.links.codec import CodecLink, NoChannel
from semjscc.links.label import LabelLink
from semjscc.links.source import SourceStage
from semjscc.perception.base import Perception
from semjscc.separation.sources import CODERS
from semjscc.separation.sources.base import Accounting

SEPARATE = "separate"


def shipped_schemes(family: str) -> list[str]:
    """Names of the schemes that have weights in a family, such as ``signs``."""
    return sorted(
        file.stem.removeprefix(f"{family}-")
        for file in checkpoint.WEIGHTS.glob(f"{family}-*.safetensors")
        if read_metadata(file)["kind"] == "codec"
    )


def untrained_links() -> dict[str, str]:
    """The links that need no weights of their own, and what each is."""
    coded = {f"{SEPARATE}-{coder}": f"{coder}, 5G channel code, QAM" for coder in CODERS}
    return {
        NoChannel.name: "no channel: the upper end",
        SEPARATE: "the coder that val chose, 5G channel code, QAM; @10 fixes the MCS for 10 dB",
        **coded,
        "capacity": "the same coder, ideal code at log2(1 + SNR)",
        "finite": "the same coder, best code of this length at 1 % errors",
        LabelLink.name: "the class that the sender's own network sees",
    }


def open_link(
    name: str,
    family: str,
    perception: Perception | None = None,
    *,
    accounting: Accounting = "compact",
) -> Link:
    """A link by the name of its scheme, or from a checkpoint.

    Args:
        name: ``none``; a scheme with weights in the family (``djscc``, ``semantic``);
            ``separate``, ``separate-jpeg`` …, with ``@10`` behind it to fix the MCS for 10 dB;
            ``capacity``, ``finite``; ``label``; or the path of a checkpoint or a run's folder,
            which is called by its path, or by a name of its own: ``ours=runs/mine``.
        family: which shipped weights to use.
        perception: the network that ``label`` runs at the sender.
        accounting: of separate coding and its bounds: whether the whole ``file`` counts, or, as
            ``compact``, only what the receiver cannot rebuild from the control record.

    Raises:
        UserError: there is no such link.
    """
    if name == NoChannel.name:
        return NoChannel()
    if name == LabelLink.name and perception is not None:
        return LabelLink(perception)
    if name in BOUNDS:
        return BoundLink(name, SourceStage(family, None, accounting, cache_file()))
    if name in shipped_schemes(family):
        return CodecLink(name, *load_codec(checkpoint.WEIGHTS / f"{family}-{name}.safetensors"))
    scheme, at, design = name.partition("@")
    if scheme in untrained_links() and scheme.startswith(SEPARATE):
        coder = scheme.removeprefix(SEPARATE).removeprefix("-") or None
        if coder is not None and (missing := CODERS[coder].missing()):
            raise UserError(f"link {name}: {missing}")
        # Sionna takes seconds to import, and no other link needs it.
        from semjscc.links.separate import SeparateLink

        stage = SourceStage(family, coder, accounting, cache_file())
        return SeparateLink(name, stage, _design_snr(name, design) if at else None)
    label, named, path = name.partition("=")
    if not named or Path(name).exists():
        path = name
    if Path(path).exists():
        return CodecLink(label if path != name else name, *load_codec(locate(path)))
    known = ", ".join([*untrained_links(), *shipped_schemes(family)])
    raise UserError(f"no link '{name}' for {family}: there are {known}, or a checkpoint's path")


def cache_file() -> Path:
    """Where encoded images are kept from one run to the next: in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "semjscc" / "sources.sqlite"


def _design_snr(name: str, text: str) -> float:
    try:
        return check_snr(float(text))
    except ValueError as error:
        raise UserError(
            f"link {name}: behind @ stands an SNR in dB, such as separate@10"
        ) from error
