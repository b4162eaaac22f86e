"""Figures within an HTML page: vector drawings that follow its colours and its width."""

import re

from matplotlib.figure import Figure

from semjscc.report.figures.panels import figure_bytes

_FONTS = "'DejaVu Sans', Verdana, sans-serif"
_IDENTIFIER = re.compile(r'(\bid="|url\(#|href="#)')
_NAMESPACES = re.compile(r'\s(?:xmlns(?::\w+)?|version)="[^"]*"')
_SIZE = re.compile(r'\s(?:width|height)="[\d.]+pt"')
_BOOKKEEPING = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_FAMILY = re.compile(r"('DejaVu Sans'(?:, '[^']*')*)")

# Black, white and the grid are the page's own colours; what lies on colour keeps its shade.
_THEMED = {"#000000": "currentColor", "#ffffff": "var(--paper)", "#dddddd": "var(--grid)"}
_COLOUR = re.compile("|".join(_THEMED), re.IGNORECASE)


def inline_svg(figure: Figure, prefix: str) -> str:
    """A figure as an SVG element that stands in HTML.

    Args:
        figure: made within `style`.
        prefix: of its identifiers, other for each drawing of a page.
    """
    text = figure_bytes(figure, "svg", text_as_text=True).decode()
    text = _BOOKKEEPING.sub("", text[text.index("<svg") :])
    opening, rest = text.split(">", 1)
    opening = _SIZE.sub("", _NAMESPACES.sub("", opening))
    rest = rest.replace("xlink:href", "href")
    rest = _IDENTIFIER.sub(rf"\g<1>{prefix}-", rest)
    rest = _COLOUR.sub(lambda found: _THEMED[found[0].lower()], rest)
    return f"{opening}>{_FAMILY.sub(_FONTS, rest)}".strip()
