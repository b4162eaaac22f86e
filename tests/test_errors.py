"""What strangers name and libraries say, made harmless in messages."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from semjscc.errors import first_line, printable


@given(st.lists(st.integers(0, sys.maxunicode), max_size=300))
def test_printable_is_one_short_line(codes: list[int]):
    # Not st.text, which makes a table of all letters first, and leaves out halves of surrogates.
    shown = printable("".join(map(chr, codes)))
    assert shown.isprintable()
    assert len(shown) <= 120
    assert printable(shown) == shown


def test_names_in_messages_are_harmless():
    assert printable("a\x1b[31m\nb\u202ec") == "a?[31m?b?c"


def test_what_a_library_says_is_one_line():
    assert first_line(ValueError("\n broken\x1b[31m\nand more")) == "broken?[31m"
    assert first_line(KeyError()) == "KeyError"
