"""Which weights a codec's symbols need, as the header tells it: a name and a fingerprint.

The name is for people, and for finding weights that ship; the fingerprint makes sure that they are
the sender's own and not those of another release or training.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from semjscc import checkpoint
from semjscc.checkpoint import locate, read_metadata
from semjscc.codecs.base import Codec
from semjscc.codecs.store import load_codec
from semjscc.errors import UserError
from semjscc.families import family_for
from semjscc.links import open_link
from semjscc.links.base import Control, SymbolLink
from semjscc.links.catalogue import ADAPTIVE, LINEAR
from semjscc.links.endings import PROGRESSIVE
from semjscc.links.joint_coding.codec import CodecLink
from semjscc.links.joint_coding.progressive import ProgressiveLink
from semjscc.links.separate_coding.source import SourceControl, SourceStage
from semjscc.radio.waveform.codec_numbers import CODECS
from semjscc.radio.waveform.header import FINGERPRINT_BITS, CodecControl
from semjscc.separation.sources import CODERS


def fingerprint(codec: Codec) -> int:
    """22 bits that follow from every weight, never 0."""
    digest = hashlib.blake2b(digest_size=8)
    for name, tensor in sorted(codec.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return int.from_bytes(digest.digest(), "big") % ((1 << FINGERPRINT_BITS) - 1) + 1


def name_on_the_air(link: CodecLink, family: str) -> str:
    """The name of shipped weights, or the kind of codec for weights of the user's own."""
    name = f"{family}-{link.scheme}"
    shipped = checkpoint.WEIGHTS / f"{name}.safetensors"
    return name if name in CODECS and shipped.is_file() else link.codec.name


class Receivers:
    """The receiving ends of links, by what a header says.

    Args:
        own: checkpoints of codecs, or runs' folders, of the user's own.
        family: whose mean image stands for a payload of separate coding that is lost; "" for the
            one that suits an image's size.

    Raises:
        UserError: one of ``own`` is no codec.
    """

    def __init__(self, own: Sequence[Path] = (), family: str = "") -> None:
        self._family = family
        self._codecs: dict[int, CodecLink] = {}
        self._lacking: dict[tuple[str, int], str] = {}
        self._idle: dict[str, None] = {}
        self._asked: dict[str, None] = {}
        for path in own:
            codec, facts = load_codec(locate(str(path)))
            self._codecs[fingerprint(codec)] = CodecLink(str(path), codec, facts)
            self._idle[str(path)] = None

    def link(self, control: Control) -> SymbolLink:
        """The link that a control record asks for.

        Raises:
            UserError: its weights or its coder are not here; it says which.
        """
        link = self._link(control)
        self._idle.pop(link.name, None)
        self._asked[link.name] = None
        return ProgressiveLink(f"{link.name}+{PROGRESSIVE}", link) if control.in_order else link

    def idle(self) -> str | None:
        """What is to be said of weights of the user's own that no frame so far was sent by."""
        if not self._idle or not self._asked:
            return None
        return f"nothing was sent by {', '.join(self._idle)}, but by {', '.join(self._asked)}"

    def _link(self, control: Control) -> SymbolLink:
        if isinstance(control, SourceControl):
            if missing := CODERS[control.coder].missing():
                raise UserError(missing)
            return _separate(self._family or family_for(control.height, control.width))
        if control.codec in (LINEAR, ADAPTIVE):
            return _linear(control.codec)
        if not isinstance(control, CodecControl):
            raise UserError(f"frames of '{control.codec}' bring no image")
        wanted = control.fingerprint
        if wanted in self._codecs:
            return self._codecs[wanted]
        key = control.codec, wanted
        if key not in self._lacking:
            codec = self._shipped(*key)
            if codec is not None:
                self._codecs[wanted] = codec
                return codec
        raise UserError(self._lacking[key])

    def _shipped(self, name: str, wanted: int) -> CodecLink | None:
        """Weights that ship, or None and the reason why not in ``_lacking``."""
        label = f"{name} (fingerprint {wanted:07x})"
        named = checkpoint.WEIGHTS / f"{name}.safetensors"
        # Weights without a name of their own on the air may ship all the same.
        for path in [named] if named.is_file() else _codecs_that_ship(name):
            codec, facts = load_codec(path)
            if fingerprint(codec) == wanted:
                return CodecLink(path.stem, codec, facts)
        self._lacking[name, wanted] = (
            f"the weights {name} here are not the sender's, {label}: install the sender's "
            "version, or name its checkpoint with --codec"
            if named.is_file()
            else f"no weights here for {label}: name the sender's checkpoint with --codec"
        )
        return None


def _codecs_that_ship(kind: str) -> list[Path]:
    return [
        path
        for path in sorted(checkpoint.WEIGHTS.glob("*.safetensors"))
        if read_metadata(path).get("codec") == kind
    ]


@cache
def _linear(name: str) -> SymbolLink:
    link = open_link(name, "")
    assert isinstance(link, SymbolLink)
    return link


@cache
def _separate(family: str) -> SymbolLink:
    # Sionna's channel codes take seconds to import, and no codec needs them.
    from semjscc.links.separate_coding.separate import SeparateLink

    return SeparateLink("separate", SourceStage(family, None))
