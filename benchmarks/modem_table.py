"""Fill the table of docs/modem.md from results/modem.json, so that no number is typed by hand.

What stands between ``<!-- modem FILE -->`` and ``<!-- end -->`` is written anew.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from modem import LINES, verdict
from semjscc.checkpoint import write_atomically

ROOT = Path(__file__).parents[1]
MARK = re.compile(r"(<!-- modem (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
REACHED = {"yes": "yes", "no": "**no**", "open": "open", "": ""}


def table(path: Path) -> str:
    """What was measured, its 95 % interval and target, and how many trials there were.

    Lines of other code than the newest, which is the last of the file, say so.
    """
    rows = ["| what | measured | target | reached | trials |", "| --- | --- | --- | --- | --- |"]
    found = json.loads(path.read_text())["lines"]
    newest = next((line.get("code") for line in reversed(found.values())), None)
    for name in (name for name in LINES if name in found):
        line = found[name]
        cells = [line["what"], _measured(line), line["target"]]
        older = "" if line.get("code") == newest else "older code"
        words = [word for word in (REACHED[verdict(LINES[name], line)], older) if word]
        cells.append(", ".join(words))
        rows.append(f"| {' | '.join([*cells, format(line['trials'], ',')])} |")
    return "\n".join([*rows, ""])


def _measured(line: dict[str, Any]) -> str:
    value, low, high = (_short(line[name]) for name in ("value", "low", "high"))
    interval = "" if low == high else f" ({low} to {high})"
    text = f"{value}{interval} {line['unit']}".rstrip()
    notes = [note for note in (line["where"], line["note"]) if note]
    return "<br>".join([text, *notes])


def _short(value: float) -> str:
    """Three digits, and nothing that is smaller than any target."""
    return "0" if abs(value) < 1e-4 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", default=[ROOT / "docs" / "modem.md"])
    for file in parser.parse_args().files:
        text = MARK.sub(lambda m: m[1] + table(ROOT / m[2]) + m[3], file.read_text())
        write_atomically(file, lambda temporary, text=text: temporary.write_text(text))


if __name__ == "__main__":
    main()
