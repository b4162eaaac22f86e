"""What a header calls codecs and schemes, and what their records tell."""

from semjscc.links.base import CODEC_ID_BITS
from semjscc.links.catalogue import ADAPTIVE, LABEL, LINEAR, SEPARATE

CODECS = (
    SEPARATE,
    LABEL,
    "adaptive",  # the codec
    "deepjscc",
    "signs-djscc",
    "signs-semantic",
    "cifar10-jpeg-djscc",
    "cifar10-jpeg-semantic",
    "cifar10-jpeg-deepjscc-24",
    "cifar10-jpeg-deepjscc-6",
    "tiny-imagenet-20-djscc",
    "tiny-imagenet-20-semantic",
    "deep",
    LINEAR,
    ADAPTIVE,
    "photo-djscc",
    "photo-feature",
    "photo-semantic",
    "photo-semantic-balanced",
    "scenes-djscc",
    "scenes-feature",
    "scenes-semantic",
)
"""What a header can name; the place is the number on the air, so that new names go to the end.
Weights without a name here go by their kind of codec and their fingerprint."""
IN_ORDER = 1 << (CODEC_ID_BITS - 1)
"""Beside a codec's number: `+progressive` stands behind its name."""
_OF_DEEP = tuple(name for name in CODECS if name.startswith(("photo-", "scenes-")))
PLANNED = frozenset({"deep", ADAPTIVE, *_OF_DEEP})
"""Those whose record announces a plan."""
LEVELLED = PLANNED | {LINEAR}
"""Those whose record tells the picture's level."""
