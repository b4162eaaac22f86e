"""The best that a coder can do within a number of bytes, and what is remembered of it."""
