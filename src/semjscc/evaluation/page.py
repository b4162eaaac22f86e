"""The few pieces of HTML a report is made of; every text that goes in is escaped here."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from semjscc.errors import UserError

_PNG = b"\x89PNG\r\n\x1a\n"

_STYLE = """\
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { opacity: .75; } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figcaption { opacity: .75; font-size: .9rem; }
figure img { max-width: 100%; height: auto; background: white; border-radius: .3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap;
         border-bottom: 1px solid var(--line); }
th { background: var(--soft); } .text { text-align: left; }
code { font-size: .9em; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
"""


def page(title: str, body: str) -> str:
    """A whole document that loads nothing from anywhere.

    Args:
        title: plain text.
        body: HTML.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def picture(heading: str, image: bytes | Path) -> str:
    """A PNG image under a heading, within the text itself as a data: URI.

    Raises:
        UserError: the file cannot be read, or is no PNG image.
    """
    if isinstance(image, Path):
        try:
            image = image.read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {image}: {error.strerror or error}") from error
    if not image.startswith(_PNG):
        raise UserError(f"the picture '{heading}' is not a PNG image")
    data = base64.b64encode(image).decode("ascii")
    name = escape(heading)
    return (
        f'<h2>{name}</h2>\n<figure><img alt="{name}" src="data:image/png;base64,{data}"></figure>'
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int) -> str:
    """A table of plain texts that scrolls sideways where the screen is narrow.

    Args:
        head: the columns' names.
        rows: as many cells each.
        text_columns: how many columns from the left hold words; numbers stand to the right.
    """
    body = "\n".join(_row(row, "td", text_columns) for row in rows)
    return (
        '<div class="wide"><table>\n'
        f"<thead>{_row(head, 'th', text_columns)}</thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _row(cells: Sequence[str], tag: str, text_columns: int) -> str:
    opening = [f'<{tag} class="text">'] * text_columns + [f"<{tag}>"] * (len(cells) - text_columns)
    marked = (f"{start}{escape(cell)}</{tag}>" for start, cell in zip(opening, cells, strict=True))
    return f"<tr>{''.join(marked)}</tr>"
