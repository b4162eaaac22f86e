"""Measure at which SNR each mode loses one block in a hundred: src/semjscc/separation/mcs.json.

python tools/mcs_table.py [--k 64 128 ...] [--blocks 2000] [--up-to 22] [--out FILE]

Goes on where it was interrupted; to measure anew, delete the file. Modes that carry no more than
another one at the same SNR are marked null. Processes side by side need an --out each; --merge
adds finished files to the table.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch

from semjscc.checkpoint import write_atomically
from semjscc.separation.bounds import snr_for
from semjscc.separation.modes import modes_for
from semjscc.separation.table import MCS_FILE
from semjscc.separation.throughput import ERROR_RATE, HIGHEST_DB, STEP_DB, threshold

SIZES = (64, 128, 256, 512, 1024, 2048, 8192)


def measure(k: int, blocks: int, path: Path, up_to_db: float) -> None:
    """Add the modes of k symbols that the table lacks, from the largest payload down."""
    payloads = {mode.name: mode.payload_bits for mode in modes_for(k)}
    gap_db = 1.0
    for mode in reversed(modes_for(k)):
        if snr_for(k, mode.payload_bits) > up_to_db:
            continue
        table = _read(path, blocks)
        known = table["thresholds"].setdefault(str(k), {})
        if mode.name in known:
            continue
        # Beside modes that carry at least as much, only a lower threshold is of use.
        rivals = [
            snr
            for name, snr in known.items()
            if snr is not None and payloads[name] >= mode.payload_bits
        ]
        start = time.perf_counter()
        found = threshold(mode, k, blocks, min(rivals, default=None), gap_db)
        known[mode.name] = found
        if found is not None:
            gap_db = found - snr_for(k, mode.payload_bits)
        print(
            f"{k} {mode.name}: {known[mode.name]} dB, {time.perf_counter() - start:.1f} s",
            flush=True,
        )
        _write(path, table)


def merge(path: Path, others: list[Path], blocks: int) -> None:
    """Add other files' thresholds to the table's."""
    table = _read(path, blocks)
    for other in others:
        for k, modes in _read(other, blocks)["thresholds"].items():
            table["thresholds"].setdefault(k, {}).update(modes)
    _write(path, table)


def _read(path: Path, blocks: int) -> dict[str, Any]:
    if not path.exists():
        return {
            "command": "python tools/mcs_table.py",
            "channel": "awgn",
            "block_error_rate": ERROR_RATE,
            "blocks": blocks,
            "step_db": STEP_DB,
            "thresholds": {},
        }
    table = json.loads(path.read_text())
    if table["blocks"] != blocks:
        raise SystemExit(f"{path} was measured with --blocks {table['blocks']}: give another --out")
    return table


def _write(path: Path, table: dict[str, Any]) -> None:
    table["thresholds"] = {k: table["thresholds"][k] for k in sorted(table["thresholds"], key=int)}
    text = json.dumps(table, indent=1) + "\n"
    write_atomically(path, lambda file: file.write_text(text))


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--k", type=int, nargs="+", default=SIZES)
    parser.add_argument("--blocks", type=int, default=2000)
    parser.add_argument(
        "--up-to",
        type=float,
        default=HIGHEST_DB,
        help="leave out modes that need more SNR (dB) even by the normal approximation",
    )
    parser.add_argument("--out", type=Path, default=MCS_FILE)
    parser.add_argument("--merge", type=Path, nargs="+", help="add these files instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.merge:
        merge(arguments.out, arguments.merge, arguments.blocks)
        return
    for k in arguments.k:
        measure(k, arguments.blocks, arguments.out, arguments.up_to)


if __name__ == "__main__":
    main()
