"""Random texts without ``st.text``, which makes a table of all letters first, for seconds."""

import sys

from hypothesis import strategies as st

LETTERS = (st.integers(0, 0xD7FF) | st.integers(0xE000, sys.maxunicode)).map(chr)
"""All but halves of surrogates, which no UTF-8 holds."""


def texts(least: int = 0) -> st.SearchStrategy[str]:
    """Of so many letters at least."""
    return st.lists(LETTERS, min_size=least).map("".join)
