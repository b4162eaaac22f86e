"""Source coders for separate coding: image standards without their headers, and one of our own."""

from semjscc.separation.sources.avif import Avif
from semjscc.separation.sources.base import SourceCoder
from semjscc.separation.sources.hevc import Hevc
from semjscc.separation.sources.jpeg import Jpeg
from semjscc.separation.sources.jpeg2000 import Jpeg2000
from semjscc.separation.sources.small.coder import Small
from semjscc.separation.sources.webp import WebP

CODERS: dict[str, SourceCoder] = {
    coder.name: coder for coder in (Jpeg(), Jpeg2000(), WebP(), Avif(), Hevc(), Small())
}
"""Every coder by its name."""


def usable_coders() -> tuple[str, ...]:
    """Names of the coders that the local libraries have."""
    return tuple(name for name, coder in CODERS.items() if coder.missing() is None)
