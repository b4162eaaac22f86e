"""Pictures of what `benchmarks/modem.py` measured: docs/images/modem-*.svg."""

import argparse
import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from semjscc.report.figures.style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, link_style

ROOT = Path(__file__).parents[1]
PROFILE_COLOURS = {"sdr": BLUE, "audio": ORANGE}
CHANNEL_COLOURS = {"tdl-a": BLUE, "tdl-b": ORANGE, "tdl-c": GREEN, "two-ray": PURPLE}
SIDE = 64

Points = list[dict[str, Any]]


def _curve(axes: Axes, points: Points, x: str, label: str, **look: Any) -> None:
    points = sorted(points, key=lambda each: each[x])
    values = np.array([[each["value"], each["low"], each["high"]] for each in points])
    places = [each[x] for each in points]
    around = np.abs(values[:, 1:] - values[:, :1]).T
    axes.errorbar(places, values[:, 0], yerr=around, label=label, capsize=2, marker="o",
                  markersize=3, linewidth=1.2, **look)  # fmt: skip


def awgn(axes: Axes, points: Points) -> None:
    """Loss against SNR."""
    for profile, colour in PROFILE_COLOURS.items():
        for clip in (True, False):
            own = [p for p in points if p["profile"] == profile and p["clip"] == clip]
            label = f"{profile}, {'clipped at 6 dB' if clip else 'not clipped'}"
            _curve(axes, own, "snr_db", label, color=colour, linestyle="-" if clip else "--")
    axes.axhline(1.0, color=GREY, linestyle=":")
    axes.set(xlabel="Es/N0 (dB)", ylabel="loss (dB)")


def _by_profile(x: str, label: str, target: float) -> Callable[[Axes, Points], None]:
    def draw(axes: Axes, points: Points) -> None:
        for profile, colour in PROFILE_COLOURS.items():
            own = [p for p in points if p["profile"] == profile]
            _curve(axes, own, x, profile, color=colour)
        axes.axhline(target, color=GREY, linestyle=":")
        axes.set(xlabel=label, ylabel="loss more (dB)")

    return draw


def multipath(axes: Axes, points: Points) -> None:
    """Loss against a known channel, a group of bars for each."""
    names = list(CHANNEL_COLOURS)
    groups = sorted({(p["profile"], p["snr_db"]) for p in points})
    for place, name in enumerate(names):
        own = {(p["profile"], p["snr_db"]): p for p in points if p["channel"] == name}
        values = [own[group]["value"] for group in groups]
        spread = [own[group]["high"] - own[group]["value"] for group in groups]
        axes.bar(np.arange(len(groups)) + 0.2 * (place - 1.5), values, 0.18, yerr=spread,
                 label=name, color=CHANNEL_COLOURS[name], capsize=2)  # fmt: skip
    axes.axhline(1.5, color=GREY, linestyle=":")
    axes.set_xticks(range(len(groups)), [f"{name}\n{snr:g} dB" for name, snr in groups])
    axes.set(ylabel="loss against a known channel (dB)")


def detection(axes: Axes, points: Points) -> None:
    """Share of bursts found against SNR."""
    for profile, colour in PROFILE_COLOURS.items():
        own = [p for p in points if p["profile"] == profile]
        _curve(axes, own, "snr_db", profile, color=colour)
    axes.axhline(0.99, color=GREY, linestyle=":")
    axes.set(xlabel="Es/N0 (dB)", ylabel="bursts found")


def peaks(axes: Axes, points: Points) -> None:
    """How often a peak exceeds a level."""
    for each in points:
        label = f"{each['profile']}, {'clipped at 6 dB' if each['clip'] else 'not clipped'}"
        axes.semilogy(each["levels_db"], np.maximum(each["exceeded"], 1e-12), label=label,
                      color=PROFILE_COLOURS[each["profile"]],
                      linestyle="-" if each["clip"] else "--")  # fmt: skip
    axes.set(xlabel="peak over mean power (dB)", ylabel="share of symbols above", ylim=(1e-3, 1))


def budget(axes: Axes, points: Points) -> None:
    """Accuracy on the same waveform against SNR."""
    for name in dict.fromkeys(p["link"] for p in points):
        style = link_style(name.partition("-")[0])
        own = [p for p in points if p["link"] == name]
        _curve(axes, own, "snr_db", name, color=style.color, linestyle=style.linestyle)
    axes.set(xlabel="Es/N0 (dB)", ylabel="right answers", ylim=(0, 1))


CURVES: dict[str, Callable[[Axes, Points], None]] = {
    "awgn": awgn,
    "cfo": _by_profile("carriers", "carrier offset (carriers)", 0.2),
    "clock": _by_profile("ppm", "clock offset (ppm)", 0.5),
    "multipath": multipath,
    "detection": detection,
    "peaks": peaks,
    "budget": budget,
}


def strip(points: Points, path: Path) -> None:
    """Received images over falling SNR, framed where the network is wrong."""
    links = list(dict.fromkeys(p["link"] for p in points))
    snrs = sorted({p["snr_db"] for p in points}, reverse=True)
    figure, grid = plt.subplots(len(links), len(snrs), squeeze=False,
                                figsize=(len(snrs), 1.1 * len(links)))  # fmt: skip
    for each in points:
        axes = grid[links.index(each["link"])][snrs.index(each["snr_db"])]
        axes.set_xticks([])
        axes.set_yticks([])
        if each["pixels"] is None:
            axes.text(0.5, 0.5, "nothing", ha="center", va="center", transform=axes.transAxes)
        else:
            data = zlib.decompress(base64.b64decode(each["pixels"]))
            axes.imshow(np.frombuffer(data, np.uint8).reshape(3, SIDE, SIDE).transpose(1, 2, 0))
        for spine in axes.spines.values():
            spine.set(color=GREEN if each["right"] else VERMILLION, linewidth=2)
        if each["snr_db"] == snrs[0]:
            axes.set_ylabel(each["link"])
        if each["link"] == links[0]:
            axes.set_title(f"{each['snr_db']:g} dB")
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    # No date and no random names: the same numbers give the same file.
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "modem.json")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    arguments = parser.parse_args()
    lines = json.loads(arguments.results.read_text())["lines"]
    arguments.out.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"font.size": 8, "svg.hashsalt": "semjscc"}):
        for name, draw in CURVES.items():
            if name not in lines:
                continue
            figure, axes = plt.subplots(figsize=(4.5, 3))
            draw(axes, lines[name]["points"])
            axes.grid(alpha=0.3)
            axes.legend(fontsize=7)
            _save(figure, arguments.out / f"modem-{name}.svg")
        if "strip" in lines:
            strip(lines["strip"]["points"], arguments.out / "modem-strip.svg")


if __name__ == "__main__":
    main()
