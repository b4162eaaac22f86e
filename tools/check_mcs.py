"""Count how many blocks the chosen modes lose at lengths whose thresholds are estimates.

    python tools/check_mcs.py [--blocks 256] [--out results/mcs-estimates.json]

The lengths are those of a photograph of 384 x 288 at the ratios of the table, and the SNRs the
table's: there `choose_mode` decides by estimates, and at most one block in a hundred may be lost.
"""

import argparse
import json
from pathlib import Path

from semjscc.checkpoint import write_atomically
from semjscc.codecs.bandwidth import channel_uses, parse_ratio
from semjscc.separation.table import choose_mode, read_table
from semjscc.separation.throughput import BATCH_SYMBOLS, lost_blocks

HEIGHT, WIDTH = 288, 384
RATIOS = ("1/384", "1/192", "1/96", "1/48", "1/24", "1/12")
SNRS_DB = (-5.0, 0.0, 5.0, 10.0, 20.0)


def count(blocks: int) -> list[dict[str, object]]:
    """A row for each ratio and SNR: k, the mode, and how many of the blocks are lost."""
    rows: list[dict[str, object]] = []
    for ratio in RATIOS:
        k = channel_uses(HEIGHT, WIDTH, parse_ratio(ratio))
        assert k not in read_table(), f"{k} symbols are in the table"
        batch = min(blocks, max(8, BATCH_SYMBOLS // k))
        for snr_db in SNRS_DB:
            mode = choose_mode(k, snr_db)
            if mode is None:
                continue
            parts = [range(at, min(at + batch, blocks)) for at in range(0, blocks, batch)]
            lost = sum(lost_blocks(mode, k, snr_db, part) for part in parts)
            rows.append({"ratio": ratio, "k": k, "snr_db": snr_db, "mode": mode.name, "lost": lost})
            print(f"k = {k}, {snr_db:g} dB: {mode.name} loses {lost} of {blocks}", flush=True)
    return rows


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--blocks", type=int, default=256)
    parser.add_argument("--out", type=Path, default=Path("results/mcs-estimates.json"))
    args = parser.parse_args()
    found = {"blocks": args.blocks, "rows": count(args.blocks)}
    write_atomically(args.out, lambda file: file.write_text(json.dumps(found, indent=1)))


if __name__ == "__main__":
    main()
