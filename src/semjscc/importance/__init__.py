"""Semantic importance: how much each feature of the perception network matters to its result."""
