"""The few pieces of HTML a report is made of; every text that goes in is escaped here."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from semjscc.errors import UserError
from semjscc.report.figures.inline_svg import inline_svg

_PNG = b"\x89PNG\r\n\x1a\n"

_STYLE = """\
:root { color-scheme: light dark; --paper: #fff; --ink: #111; --line: #8886; --soft: #8882;
        --grid: #ddd; --good: #00694d; --bad: #b34700; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181c; --ink: #e8e8e8; --grid: #3a3d42; --good: #4fc79f; --bad: #ff9a5c; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem;
       background: var(--paper); color: var(--ink); }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { opacity: .75; } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: .5rem 0 1.5rem; } figcaption, .note { opacity: .8; font-size: .9rem; }
figure svg { width: 100%; height: auto; display: block; }
figure svg text { fill: currentColor; }
figure img { max-width: 100%; height: auto; background: white; border-radius: .3rem; }
.tall { display: none; }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; margin: .5rem 0; }
.scroll img { width: 100%; min-width: 42rem; max-width: 70rem; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap;
         border-bottom: 1px solid var(--line); }
thead th { background: var(--soft); white-space: normal; vertical-align: bottom;
           min-width: 3.5rem; }
.text { text-align: left; }
.better { color: var(--good); font-weight: 600; } .worse { color: var(--bad); font-weight: 600; }
code { font-size: .9em; } summary { cursor: pointer; }
@media (max-width: 40rem) {
  .flat { display: none; } .tall { display: block; }
  body { padding: .75rem; } h1 { font-size: 1.35rem; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; }
  th, td { padding: .25rem .4rem; }
  td:first-child, th:first-child { position: sticky; left: 0; background: var(--paper); } }
@media print { .tall { display: none; } .flat { display: block; } }
"""


def page(title: str, body: str, about: str = "") -> str:
    """A whole document that loads nothing from anywhere.

    Args:
        title: plain text.
        body: HTML.
        about: further HTML of its head.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{about}\n<title>{escape(title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def heading(text: str, level: int = 2) -> str:
    """A heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def note(text: str) -> str:
    """A paragraph that explains."""
    return f'<p class="note">{escape(text)}</p>'


def drawing(title: str, flat: Figure, tall: Figure, name: str) -> str:
    """A figure under a heading: side by side on a screen, one below the other on a phone.

    Args:
        title: plain text.
        flat: as wide as a page.
        tall: one panel wide.
        name: other for each figure of the page, letters, digits and hyphens.
    """
    wide, narrow = inline_svg(flat, f"{name}-flat"), inline_svg(tall, f"{name}-tall")
    label = f'role="img" aria-label="{escape(title)}"'
    return (
        f"{heading(title, 3)}\n<figure>"
        f'<div class="flat" {label}>{wide}</div><div class="tall" {label}>{narrow}</div></figure>'
    )


def picture(title: str, image: bytes | Path) -> str:
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
        raise UserError(f"the picture '{title}' is not a PNG image")
    data = base64.b64encode(image).decode("ascii")
    shown = f'<img alt="{escape(title)}" src="data:image/png;base64,{data}">'
    return f'{heading(title)}\n<figure class="scroll">{shown}</figure>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int) -> str:
    """A table of plain texts that scrolls sideways where the screen is narrow.

    Args:
        head: the columns' names.
        rows: as many cells each; the words of a verdict are coloured besides.
        text_columns: how many columns from the left hold words; numbers stand to the right.
    """
    body = "\n".join(_row(row, "td", text_columns) for row in rows)
    return (
        '<div class="scroll"><table>\n'
        f"<thead>{_row(head, 'th', text_columns)}</thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def folded(title: str, body: str) -> str:
    """HTML that shows when its title is clicked."""
    return f"<details><summary>{escape(title)}</summary>\n{body}\n</details>"


def _row(cells: Sequence[str], tag: str, text_columns: int) -> str:
    marked = []
    for place, cell in enumerate(cells):
        kinds = ["text"] * (place < text_columns) + [cell] * (cell in ("better", "worse"))
        opening = f'{tag} class="{" ".join(kinds)}"' if kinds else tag
        marked.append(f"<{opening}>{escape(cell)}</{tag}>")
    return f"<tr>{''.join(marked)}</tr>"
