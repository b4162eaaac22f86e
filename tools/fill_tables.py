"""Fill the tables in Markdown files from results, so that no number is typed by hand.

    python tools/fill_tables.py README.md docs/*.md

A block ``<!-- table results/FILE.json -->`` … ``<!-- end -->`` gets a row for each ratio and link,
with accuracy and PSNR at each SNR; ``<!-- facts -->`` … the val figures of the weights that ship.
"""

import argparse
import re
from pathlib import Path

from semjscc.checkpoint import write_atomically
from semjscc.evaluation.results import Record, load_results
from semjscc.families import cards

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"(<!-- table (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
FACTS = re.compile(r"(<!-- facts -->\n).*?(<!-- end -->)", re.DOTALL)


def results_table(path: Path) -> str:
    """Accuracy in % with its 95 % interval, and PSNR in dB, at each SNR."""
    records = load_results(path).records
    snrs = sorted({record.snr_db for record in records if record.snr_db is not None})
    rows: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        rows.setdefault((record.ratio or "", record.link), []).append(record)
    head = ["R", "k/n", "link", *(f"{snr:g} dB" for snr in snrs)]
    lines = [_line(head), _line(["---"] * len(head))]
    for (ratio, link), group in rows.items():
        cells = {record.snr_db: _cell(record) for record in group}
        if not ratio:
            lines.append(_line(["", "", f"{link} (no channel)", *[cells[None]] * len(snrs)]))
            continue
        measured = f"{group[0].ratio_measured:.4f}"
        lines.append(_line([ratio, measured, link, *(cells.get(snr, "") for snr in snrs)]))
    first = records[0]
    caption = (
        f"{first.data}, {first.split}, {first.images:,} images, one noise draw each, judged by "
        f"{first.perception}; accuracy in % with 95 % Wilson intervals, PSNR below."
    )
    if any(record.delivered < 1 for record in records):
        caption += " What is not delivered is concealed by the mean training image."
    return "\n".join([*lines, "", caption, ""])


def _cell(record: Record) -> str:
    interval = f"{100 * record.value:.1f} ({100 * record.ci_low:.1f}–{100 * record.ci_high:.1f})"
    notes = [] if record.psnr_db is None else [f"{record.psnr_db:.1f} dB"]
    if record.delivered < 1:
        notes.append(f"{100 * record.delivered:.1f} % delivered")
    if record.link == "separate" and record.codec:
        notes.append(record.codec)
    return "<br>".join([interval, *notes])


def facts_table() -> str:
    """Name, kind, accuracy and PSNR on val of all weights that ship."""
    lines = [_line(["weights", "what", "steps", "accuracy and PSNR on val"]), _line(["---"] * 4)]
    for card in cards():
        if card["kind"] == "link":
            continue
        accuracy = card["facts"]["val_accuracy"]
        if card["kind"] == "codec":
            quality = card["facts"]["val_psnr_db"]
            text = f"at {card['facts']['val_snr_db']:g} dB: " + ", ".join(
                f"{value:.1%}, {quality[r]:.1f} dB (R = {r})" for r, value in accuracy.items()
            )
        else:
            text = f"{accuracy:.1%}"
        what = card["codec"] if card["kind"] == "codec" else card["network"]
        steps = f"{card['recipe']['optimiser']['steps']:,}"
        lines.append(_line([f"`{card['name']}`", what, steps, text]))
    return "\n".join([*lines, ""])


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def fill(text: str) -> str:
    """The text with every block filled anew."""
    text = TABLE.sub(lambda m: m[1] + results_table(ROOT / m[2]) + m[3], text)
    return FACTS.sub(lambda m: m[1] + facts_table() + m[2], text)


def main() -> None:
    """Fill every file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    for file in parser.parse_args().files:
        text = fill(file.read_text())
        write_atomically(file, lambda temporary, text=text: temporary.write_text(text))


if __name__ == "__main__":
    main()
