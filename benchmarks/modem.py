"""The modem's acceptance list: one number, its interval and its target for each line.

    python benchmarks/modem.py [--quick | --part 0.2] [--only NAME,NAME] [--again]

A line that is in the file is not measured again unless asked, so that a long run can be stopped and
goes on; what was measured with less effort is replaced by what takes more, never the reverse. A
line of other code than that which is here counts as not measured.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import modem_images as images
import modem_waveform as waveform
from modem_bench import Outcome
from semjscc import __version__
from semjscc.checkpoint import write_atomically

ROOT = Path(__file__).parents[1]
OUT = ROOT / "results" / "modem.json"
CODE = ("src/semjscc/radio/*.py", "src/semjscc/channels/peaks.py", "benchmarks/modem*.py")
"""What the numbers depend on."""
QUICK = 1
"""The least effort: two or three minutes for all lines."""


@dataclass(frozen=True)
class Line:
    """A line of the list.

    Attributes:
        what, target: in words.
        measure: what measures it, with how much effort.
        effort: the full one.
        limit: that the whole interval must keep, in the outcome's unit; None where the outcome
            itself says whether it is right.
        at_least: whether the limit is a lower one.
        trials: how many without an event make "none" believable, where that is the target.
        judge: whether it needs GNU Radio.
    """

    what: str
    target: str
    measure: Callable[[int], Outcome]
    effort: int
    limit: float | None = None
    at_least: bool = False
    trials: int = 0
    judge: bool = False


LINES = {
    "qpsk": Line("QPSK against theory, ideal synchronisation", "≤ 0.1 dB", waveform.qpsk, 20, 0.1),
    "awgn": Line("loss after the equaliser, 0 to 20 dB", "≤ 1 dB", waveform.awgn_loss, 10, 1.0),
    "cfo": Line("carrier offset up to ±4 carriers", "≤ 0.2 dB more",
                waveform.carrier_offset, 10, 0.2),
    "clock": Line("clocks ±20 ppm apart", "≤ 0.5 dB more, lock at ±40 ppm",
                  waveform.clock_offset, 8, 0.5),
    "multipath": Line("TDL-A, B, C and two rays, against a known channel", "≤ 1.5 dB",
                      waveform.multipath, 20, 1.5),
    "detection": Line("bursts found at −5 dB", "≥ 99 %", waveform.detection, 150, 99.0,
                      at_least=True),
    "header": Line("headers lost of bursts found at −5 dB", "≤ 1e-3", waveform.header_errors,
                   350, 1e-3),
    "false": Line("frames found in noise, with a carrier and without", "none in 600 s",
                  waveform.false_frames, 6000, trials=600),
    "snr": Line("bias of the measured SNR", "≤ 0.5 dB", waveform.snr_estimate, 10, 0.5),
    "gain": Line("change by a gain of ±20 dB", "none", waveform.gain, 5),
    "packets": Line("images that arrive with 0, 10, 25, 50 % of packets lost",
                    "all, quality monotone", images.packets, 20),
    "chunks": Line("chunkings that change a frame", "none", waveform.chunking, 30),
    "images": Line("PSNR below the codec's AWGN curve", "≤ 0.5 dB", images.end_to_end, 10, 0.5),
    "budget": Line("payload's share, the same for every link", "printed", images.budget, 24),
    "judge": Line("GNU Radio's channel model against ours", "≤ 0.3 dB",
                  images.judge, 30, 0.3, judge=True),
    "gnuradio": Line("results that agree through GNU Radio's channel, 5 dB",
                     "as symbols at that SNR", images.gnuradio_end_to_end, 30, judge=True),
    "peaks": Line("peak over mean power after filtering, 1 in 100 symbols", "printed",
                  waveform.peaks, 10),
    "sdr speed": Line("sdr receiver on one core", "≥ 50 ksym/s", waveform.sdr_speed, 10, 50.0,
                      at_least=True),
    "audio speed": Line("audio receiver on one core", "≤ 0.2 of real time",
                        waveform.audio_speed, 10, 0.2),
    "memory": Line("more memory for a recording four times as long", "none (≤ 5 %)",
                   waveform.memory, 4, 5.0),
    "fuzz": Line("damaged recordings that crash or bring a false image", "none of 10,000",
                 waveform.fuzz, 350, trials=10_000),
    "files": Line("damaged files that end in a crash, a false image, a wait or more than a line",
                  "none of 10,000", waveform.fuzz_files, 350, trials=10_000),
    "strip": Line("lowest SNR with the right answer for the strip's image", "printed",
                  images.strip, 1),
}  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    """Lines that were measured before."""
    return json.loads(path.read_text()) if path.exists() else {"lines": {}}


def verdict(line: Line, found: dict[str, Any]) -> str:
    """What a measured line says of its target: "yes", "no", "open" (too few trials), or ""."""
    if found["met"] is None:
        return ""
    if not found.get("held", True):
        return "no"
    if line.trials:
        believable = "yes" if found["trials"] >= line.trials else "open"
        return believable if found["met"] else "no"
    if line.limit is None:
        return "yes" if found["met"] else "no"
    ends = found["low"], found["high"]
    kept = [end >= line.limit if line.at_least else end <= line.limit for end in ends]
    return "yes" if all(kept) else "open" if any(kept) else "no"


def code() -> str:
    """The first 12 hexadecimal digits of a hash of everything that the numbers depend on."""
    digest = hashlib.sha256()
    for pattern in CODE:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def measured(found: dict[str, Any], name: str, effort: int, now: str) -> bool:
    """Whether a line need not be measured again with the code that is here ``now``."""
    before = found["lines"].get(name)
    return before is not None and before["effort"] >= effort and before.get("code") == now


def run(path: Path, names: list[str], part: float, again: bool) -> None:
    """Measure lines one by one, each kept as soon as it is done."""
    found, now = read(path), code()
    for name in names:
        line = LINES[name]
        effort = max(QUICK, round(part * line.effort))
        if not again and measured(found, name, effort, now):
            continue
        if line.judge and not images.has_gnuradio():
            print(f"{name}: GNU Radio is not installed, not measured")
            continue
        begin = time.perf_counter()
        outcome = line.measure(effort)
        seconds = time.perf_counter() - begin
        # Other lines may have been measured meanwhile.
        found = read(path)
        found["version"] = __version__
        # The last line of the file is the newest.
        found["lines"].pop(name, None)
        found["lines"][name] = {
            "what": line.what, "target": line.target, "effort": effort, "code": now,
            "seconds": round(seconds, 1), **outcome.to_dict(),
        }  # fmt: skip
        text = json.dumps(found, indent=1, ensure_ascii=False, default=_plain) + "\n"
        write_atomically(path, lambda temporary, text=text: temporary.write_text(text))
        print(f"{name:12s} {outcome.value:9.4g} ({outcome.low:.4g} to {outcome.high:.4g}) "
              f"{outcome.unit}, target {line.target}: "
              f"{verdict(line, found['lines'][name]) or '-'} "
              f"[{outcome.where}] {outcome.note} ({seconds:.0f} s)", flush=True)  # fmt: skip


def _plain(value: Any) -> Any:
    """NumPy's numbers and truths as Python's."""
    return value.item()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few trials: does it run?")
    parser.add_argument("--part", type=float, default=1.0, help="of the full effort")
    parser.add_argument("--only", help="names of lines, such as awgn,cfo")
    parser.add_argument("--again", action="store_true", help="measure what is there once more")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else list(LINES)
    if unknown := [name for name in names if name not in LINES]:
        parser.error(f"no line {', '.join(unknown)}; there are {', '.join(LINES)}")
    run(arguments.out, names, 0.0 if arguments.quick else arguments.part, arguments.again)


if __name__ == "__main__":
    main()
