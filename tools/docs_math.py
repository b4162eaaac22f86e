"""Formulas of the documentation as MathML, which browsers show without any script.

A hook of MkDocs (see ``mkdocs.yml``): a block fenced as ``math``, which GitHub renders too.
"""

from typing import Any

from latex2mathml.converter import convert


def on_config(config: Any) -> Any:
    """Give the ``math`` fence its formatter."""
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {})
    fences.setdefault("custom_fences", []).append(
        {"name": "math", "class": "math", "format": _formula}
    )
    return config


def _formula(source: str, *_: Any, **__: Any) -> str:
    """LaTeX to a block of MathML."""
    return f'<div class="formula">{convert(source.strip(), display="block")}</div>'
