"""What strangers name, made harmless in messages."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from semjscc.errors import printable


@given(st.lists(st.integers(0, sys.maxunicode), max_size=300))
def test_printable_is_one_short_line(codes: list[int]):
    # Not st.text, which makes a table of all letters first, and leaves out halves of surrogates.
    shown = printable("".join(map(chr, codes)))
    assert shown.isprintable()
    assert len(shown) <= 120
    assert printable(shown) == shown


def test_names_in_messages_are_harmless():
    assert printable("a\x1b[31m\nb\u202ec") == "a?[31m?b?c"
