"""What stands last in a link's name: that its symbols have an order, and may be asked for again.

    semantic+importance-energy+progressive+repeat@0.1

A link needs a plan for either, from which both ends conclude what each symbol is worth.
"""

from dataclasses import dataclass
from fractions import Fraction

from semjscc.decibels import parse_share, share_text
from semjscc.errors import UserError, printable

PROGRESSIVE = "progressive"
REPEAT, REPEAT_ANY = "repeat", "repeat-any"
ENDINGS = {
    PROGRESSIVE: "the symbols that are worth most come first: a beginning is a picture",
    REPEAT: "the receiver asks once more for what it lost and matters most, up to a share of k",
    REPEAT_ANY: "it asks for as much of what it lost in random order, to compare with",
}


@dataclass(frozen=True)
class Endings:
    """What stands last in a link's name.

    Attributes:
        text: all of it from the first plus, in its one spelling.
        progressive: whether the symbols are sent in order.
        repeat: how much is asked for again at most, as a share of k; 0 for nothing.
        by_chance: whether that is chosen at random.
    """

    text: str = ""
    progressive: bool = False
    repeat: Fraction = Fraction(0)
    by_chance: bool = False


NO_ENDINGS = Endings()


def split_endings(name: str) -> tuple[str, Endings]:
    """A link's name without what stands last, and that.

    Raises:
        UserError: a share that is none, or an ending in front of something else.
    """
    base, found = name, NO_ENDINGS
    for words in ((REPEAT, REPEAT_ANY), (PROGRESSIVE,)):
        rest, plus, last = base.rpartition("+")
        word, at, text = last.partition("@")
        if not plus or word not in words or (word == PROGRESSIVE and at):
            continue
        base = rest
        share = Fraction(0) if word == PROGRESSIVE else _share(name, word, text)
        number = "" if word == PROGRESSIVE else f"@{share_text(share)}"
        found = Endings(
            f"+{word}{number}{found.text}",
            progressive=word == PROGRESSIVE,
            repeat=share or found.repeat,
            by_chance=word == REPEAT_ANY or found.by_chance,
        )
    # A label in front of a path may look like anything.
    for part in (base.partition("=")[2] or base).split("+")[1:]:
        word, at, _ = part.partition("@")
        if word in ENDINGS:
            raise UserError(f"link {printable(name)}: {_wrong(word, at != '', found)}")
    return base, found


def _wrong(word: str, has_share: bool, found: Endings) -> str:
    """What is wrong with an ending that does not stand where it can be read."""
    if word == PROGRESSIVE and has_share:
        return f"+{PROGRESSIVE} takes no share: leave out what stands behind its @"
    if word == PROGRESSIVE and found.progressive:
        return f"+{PROGRESSIVE} stands once: keep one"
    if word != PROGRESSIVE and found.repeat:
        return f"+{REPEAT} or +{REPEAT_ANY} stands once: keep one"
    return f"+{PROGRESSIVE} stands last, behind a policy and before +{REPEAT}@SHARE"


def _share(name: str, word: str, text: str) -> Fraction:
    share = parse_share(text)
    if share is None or share == 0:
        raise UserError(
            f"link {printable(name)}: behind the @ of {word} stands a share of its symbols, above "
            "0 and at most 1, like 0.1 or 1/10"
        )
    return share
