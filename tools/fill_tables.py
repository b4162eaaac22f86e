"""Fill the tables in Markdown files from results, so that no number is typed by hand.

    python tools/fill_tables.py README.md docs/*.md

What stands between one of these marks and ``<!-- end -->`` is written anew:

    <!-- table results/FILE.json -->            a row for each ratio and link, a column for each SNR
    <!-- table results/FILE.json none,djscc --> these links only
    <!-- quality results/FILE.json none,djscc --> PSNR and SSIM: a row for each ratio and SNR, a
                                               column for each link
    <!-- quality results/FILE.json none,djscc 10 --> at this SNR only
    <!-- photograph-speed results/FILE.json --> what `benchmarks/photograph_speed.py` measured
    <!-- board-quality results/FILE.json --> PSNR and accuracy by `benchmarks/board.py`
    <!-- board-time results/FILE.json -->   processor time and size of files, likewise
    <!-- commands results/FILE.json -->    what `benchmarks/commands.py` measured
    <!-- install-size results/FILE.json --> what `benchmarks/install_size.py` counted
    <!-- cluster results/FILE.json -->     what `benchmarks/cluster.py` measured
    <!-- mcs-estimates results/FILE.json -->   what `tools/check_mcs.py` counted
    <!-- gains results/FILE.json A over B -->   points and relative change of link A over link B;
                                               FILE.json,results/MORE.json adjusts over both
    <!-- best results/FILE.json A over B -->    a sentence: where A gains most over B
    <!-- equal-psnr results/FILE.json A over B,C --> how far loss A is ahead of others at equal PSNR
    <!-- equal-psnr-seeds results/FILE.json A over B,C --> link A over losses, by training
    <!-- forms results/FILE.json over B -->    every loss and weight, averaged over the SNRs, the
                                               furthest ahead of B at equal PSNR first
    <!-- means results/FILE.json A,B -->   averaged over the SNRs: a row for each link, a column for
                                               each ratio
    <!-- value results/FILE.json A 1/24 10 -->  within a line: accuracy of link A at a ratio and SNR
    <!-- facts -->                              the val figures of the weights that ship

Where several networks have judged, FILE.json@NETWORK means what one of them says. Of several
metrics the first is meant, or FILE.json@NETWORK#METRIC.
"""

import argparse
import json
import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean

from semjscc.checkpoint import write_atomically
from semjscc.links.card_facts import main_metric
from semjscc.links.descriptions import cards
from semjscc.report.figures.heatmap import MARKS, signed
from semjscc.report.rows import (
    front_gap_rows,
    gap_text,
    interval,
    left_out,
    psnr_text,
    uses_note,
    where,
)
from semjscc.results.records import Record, Results, load_results
from semjscc.statistics.analysis import gap_over_seeds
from semjscc.statistics.comparison import DELIVERS, Comparison, best, compare
from semjscc.statistics.equal_psnr import Gap, front_gap
from semjscc.statistics.fronts import PLAIN, FrontPoint, fronts
from semjscc.statistics.seeds import ENOUGH, seed_of, trainings
from semjscc.statistics.settings import settings

BUDGET = "cpu"
"""Of every training that ships or is published: two CPU cores, and no GPU."""

ROOT = Path(__file__).parents[1]
END = r".*?(<!-- end -->)"
TABLE = re.compile(r"(<!-- table (\S+)(?: (\S+))? -->\n)" + END, re.DOTALL)
QUALITY = re.compile(r"(<!-- quality (\S+) (\S+)(?: (\S+))? -->\n)" + END, re.DOTALL)
PHOTOGRAPH_SPEED = re.compile(r"(<!-- photograph-speed (\S+) -->\n)" + END, re.DOTALL)
BOARD_QUALITY = re.compile(r"(<!-- board-quality (\S+) -->\n)" + END, re.DOTALL)
BOARD_TIME = re.compile(r"(<!-- board-time (\S+) -->\n)" + END, re.DOTALL)
COMMANDS = re.compile(r"(<!-- commands (\S+) -->\n)" + END, re.DOTALL)
INSTALL_SIZE = re.compile(r"(<!-- install-size (\S+) -->\n)" + END, re.DOTALL)
CLUSTER = re.compile(r"(<!-- cluster (\S+) -->\n)" + END, re.DOTALL)
MCS_ESTIMATES = re.compile(r"(<!-- mcs-estimates (\S+) -->\n)" + END, re.DOTALL)
GAINS = re.compile(r"(<!-- gains (\S+) (\S+) over (\S+) -->\n)" + END, re.DOTALL)
BEST = re.compile(r"(<!-- best (\S+) (\S+) over (\S+) -->\n)" + END, re.DOTALL)
EQUAL_PSNR = re.compile(r"(<!-- equal-psnr (\S+) (\S+) over (\S+) -->\n)" + END, re.DOTALL)
EQUAL_PSNR_SEEDS = re.compile(
    r"(<!-- equal-psnr-seeds (\S+) (\S+) over (\S+) -->\n)" + END, re.DOTALL
)
FORMS = re.compile(r"(<!-- forms (\S+) over (\S+) -->\n)" + END, re.DOTALL)
MEANS = re.compile(r"(<!-- means (\S+) (\S+) -->\n)" + END, re.DOTALL)
VALUE = re.compile(r"(<!-- value (\S+) (\S+) (\S+) (\S+) -->)" + END)
FACTS = re.compile(r"(<!-- facts -->\n)" + END, re.DOTALL)


def results_table(path: Path, links: str | None = None) -> str:
    """Accuracy in % with its 95 % interval, and PSNR in dB, at each SNR.

    Args:
        path: the results.
        links: such as ``none,djscc``, in this order; all where it is None.
    """
    records = _chosen(path, links)
    snrs = sorted({record.snr_db for record in records if record.snr_db is not None})
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.ratio or "", record.link), []).append(record)
    head = ["R", "k/n", "link", *(f"{snr:g} dB" for snr in snrs)]
    rows = []
    for (ratio, link), group in groups.items():
        cells = {record.snr_db: _cell(record) for record in group}
        if not ratio:
            rows.append(["", "", f"{link} (no channel)", *[cells[None]] * len(snrs)])
            continue
        measured = f"{group[0].ratio_measured:.4f}"
        rows.append([ratio, measured, link, *(cells.get(snr, "") for snr in snrs)])
    caption = f"{_conditions(records)}, PSNR below."
    if any(record.exact for record in records if record.snr_db is not None):
        caption += " The PSNR leaves out images that arrived exactly, and says how many."
    if any(record.delivered < 1 for record in records):
        caption += " What is not delivered is concealed by the mean training image."
    return _table(head, rows, caption)


def quality_table(path: Path, links: str, snr: str | None = None) -> str:
    """PSNR in dB and SSIM of each link at each ratio and SNR.

    Args:
        path: the results.
        links: such as ``separate,djscc``, a column each.
        snr: in dB; all that every link was measured at where it is None.
    """
    records = [one for one in _chosen(path, links) if snr is None or one.snr_db == float(snr)]
    cells = {(record.ratio, record.snr_db, record.link): record for record in records}
    names = links.split(",")
    points = dict.fromkeys((record.ratio, record.snr_db) for record in records)
    ratios = list(dict.fromkeys(ratio for ratio, _ in points))
    rows = [
        [str(ratio), f"{snr_db:g} dB", *(_quality(cells[ratio, snr_db, name]) for name in names)]
        for ratio, snr_db in sorted(points, key=lambda point: (ratios.index(point[0]), point[1]))
        if all((ratio, snr_db, name) in cells for name in names)
    ]
    return _table(["R", "SNR", *names], rows, f"{_measured(records)}; PSNR and SSIM.")


def _quality(record: Record) -> str:
    return f"{psnr_text(record, 1)} dB<br>{record.ssim:.3f}"


def photograph_speed_table(path: Path) -> str:
    """Seconds for one picture beside SwinJSCC's network, and for a large one."""
    found = json.loads(path.read_text())
    seconds, large = found["seconds"], found["large"]
    rows = [
        [
            side,
            f"{seconds[f'deep {side}']:.2f} s",
            f"{seconds[f'SwinJSCC {side}']:.2f} s",
            f"{found['times as fast'][side]:.1f}",
            f"{large[f'{side} seconds']:.0f} s",
        ]
        for side in ("encode", "decode")
    ]
    head = [
        "",
        "`deep`",
        "SwinJSCC",
        "times as fast",
        f"`deep`, {large['megapixels']:g} megapixels",
    ]
    caption = (
        "One picture of 768 x 512 at R = 1/24 on one thread of a CPU, medians, both networks in "
        f"turns in one run; `deep` takes {large['peak GiB']:.1f} GiB at most for the large picture."
    )
    return _table(head, rows, caption)


def cluster_table(path: Path) -> str:
    """Seconds for the points of a grid by number of workers, and how many times as fast."""
    found = json.loads(path.read_text())
    alone = found["rows"][0]["again"]
    rows = [
        [
            str(row["workers"]),
            f"{row['connected'] + row['first']:.1f} s",
            f"{row['again']:.1f} s",
            f"{alone / row['again']:.2f}",
            "" if row["real"] is None else f"{row['real']:.1f} s",
        ]
        for row in found["rows"]
    ]
    head = ["workers", "with the beginning", "once begun", "times as fast", "real points"]
    caption = (
        f"{found['points']} points of {found['images']} images on a cluster of one-core nodes, all "
        f"of them on one machine with {found['cores']} logical cores. A point takes "
        f"{found['point_s']:.2f} s alone, and the tasks sleep as long, but for those of the last "
        f"column. {found['sent_bytes'] / 2**20:.1f} MiB go to each node."
    )
    return _table(head, rows, caption)


def board_quality_table(path: Path) -> str:
    """PSNR and accuracy of an exported codec beside torch: a row for each ratio and SNR."""
    found = json.loads(path.read_text())["codecs"]
    names: list[str] = []
    rows = []
    for weights, codec in found.items():
        for point in codec["points"]:
            names = max(names, list(point["of"]), key=len)
            cells = [_board_quality(point["of"].get(name)) for name in names]
            setting = [f"{codec['images']:,}", point["ratio"], f"{point['snr_db']:g} dB"]
            rows.append([f"`{weights}`", *setting, *cells])
    differences = (p["largest_difference"] for codec in found.values() for p in codec["points"])
    largest = max(differences, default=0.0)
    caption = (
        "PSNR and accuracy of network A on the first test images, the same noise for "
        f"all. Symbols in float32 differ from torch's by {largest:.1e} at most, in the first 25."
    )
    return _table(["weights", "images", "R", "SNR", *names], rows, caption)


def board_time_table(path: Path) -> str:
    """Processor time of each end of an exported codec beside torch, and the size of its file."""
    read = json.loads(path.read_text())
    found, meta = read["codecs"], read["meta"]
    names: list[str] = []
    rows = []
    for weights, codec in found.items():
        for size, times in codec["times"].items():
            names = max(names, list(times), key=len)
            for side in ("encode", "decode"):
                cells = [
                    _board_time(name, times[name][side]) if name in times else "–" for name in names
                ]
                files = [one for one in codec["bytes"] if one.startswith(side)]
                told = " / ".join(f"{codec['bytes'][file] / 1e6:.2f}" for file in files)
                rows.append([f"`{weights}`", size, side, *cells, told])
    caption = (
        "Processor time of one image on one thread, medians, all three in turns in one run, and "
        f"how many times as fast as torch. {meta['processor']}, torch {meta['torch']}, "
        f"onnxruntime {meta['onnxruntime']}."
    )
    return _table(["weights", "image", "", *names, "MB, float32 / int8"], rows, caption)


def _board_quality(told: dict[str, float] | None) -> str:
    if told is None:
        return "–"
    seen = f"<br>{told['accuracy']:.1%}" if "accuracy" in told else ""
    return f"{told['psnr_db']:.2f} dB{seen}"


def _board_time(name: str, told: dict[str, float]) -> str:
    taken = f"{1e3 * told['seconds']:.3g} ms"
    return taken if name == "torch" else f"{taken}<br>{told['times as fast']:.1f} times"


def commands_table(path: Path) -> str:
    """Seconds that commands take from beginning to end, and goals where there are some."""
    found = json.loads(path.read_text())
    rows = [
        [
            f"`semjscc {name}`",
            f"{one['seconds']:.1f}",
            f"{one['processor_seconds']:.1f}",
            "" if one["goal"] is None else f"{one['goal']:g}",
        ]
        for name, one in found["commands"].items()
    ]
    head = ["command", "seconds", "of the processor", "goal"]
    return _table(head, rows, f"On {found['meta']['cores']} cores of {found['meta']['machine']}.")


def install_size_table(path: Path) -> str:
    """Packages and megabytes of an installation, without extras and with each."""
    shown = {"": "`semjscc`", "codecs alone": "codecs alone"}
    rows = [
        [
            shown.get(one["extra"], f"`semjscc[{one['extra']}]`"),
            str(one["packages"]),
            f"{one['megabytes']:,}",
        ]
        for one in json.loads(path.read_text())["rows"]
    ]
    return _table(["installation", "packages", "MB"], rows, "With a torch for the CPU.")


def mcs_estimates_table(path: Path) -> str:
    """Blocks that were lost of those sent: a row for each length, a column for each SNR."""
    found = json.loads(path.read_text())
    lost = {(row["k"], row["snr_db"]): row["lost"] for row in found["rows"]}
    ratios = {row["k"]: row["ratio"] for row in found["rows"]}
    snrs = sorted({snr for _, snr in lost})
    rows = [
        [ratio, f"{k:,}", *(str(lost.get((k, snr), "–")) for snr in snrs)]
        for k, ratio in ratios.items()
    ]
    head = ["R", "k", *(f"{snr:g} dB" for snr in snrs)]
    return _table(head, rows, f"Lost of {found['blocks']} blocks; – where no mode is reliable.")


@cache
def _load(path: Path) -> Results:
    """A file's results by one metric, and of one network that judged, where they are named."""
    named, _, metric = path.name.partition("#")
    name, _, network = named.partition("@")
    results = load_results(path.with_name(name))
    judged = [one for one in results.records if not network or one.perception == network]
    if not judged:
        raise SystemExit(f"{path.with_name(name)} has nothing that {network} judged")
    metric = metric or judged[0].metric
    records = [one for one in judged if one.metric == metric]
    if not records:
        raise SystemExit(f"{path.with_name(named)} has no {metric}")
    return Results(results.meta, records)


def _chosen(path: Path, links: str | None) -> list[Record]:
    records = _load(path).records
    if links is None:
        return records
    names = links.split(",")
    found = [record for name in names for record in records if record.link == name]
    if lacking := set(names) - {record.link for record in found}:
        raise SystemExit(f"{path} has no link {', '.join(sorted(lacking))}")
    return found


def _conditions(records: list[Record]) -> str:
    """What was sent, over what, and who judged; the `none` link knows no channel."""
    one = max(records, key=lambda record: record.snr_db is not None)
    kind = "Wilson" if one.draws == 1 and one.evidence is None else "bootstrap"
    return f"{_measured(records)}; {one.metric} in % with 95 % {kind} intervals"


def _measured(records: list[Record]) -> str:
    one = max(records, key=lambda record: record.snr_db is not None)
    parts = [one.data, one.split, f"{one.images:,} images"]
    parts += [] if one.channel in ("awgn", "none") else [one.channel]
    wrong = dict.fromkeys(one.belief for one in settings(records) if one.belief)
    parts += [f"SNR believed {belief}" for belief in wrong]
    parts.append("one noise draw each" if one.draws == 1 else f"{one.draws} noise draws each")
    return f"{', '.join(parts)}, judged by {one.perception}; budget {BUDGET}"


def gains_table(paths: list[Path], candidate: str, reference: str) -> str:
    """Points with their verdict, and relative change, at each ratio and SNR of the first file.

    The verdicts are adjusted over all the files, which have the same data.
    """
    own, *others = [_load(path).records for path in paths]
    every = compare([*own, *(record for more in others for record in more)], candidate, reference)
    inside = set(own)
    found = [one for one in every if one.candidate in inside]
    if not found:
        raise SystemExit(f"{paths[0]} has no {candidate} beside {reference}")
    cells: dict[tuple[str | None, str], dict[float | None, str]] = {}
    for one in found:
        at, points = one.candidate, f"{signed(one.points, 1)} {MARKS[one.verdict]}"
        relative = "–" if one.relative is None else f"{signed(one.relative, 0)} %"
        cells.setdefault((at.ratio, "points"), {})[at.snr_db] = points
        cells.setdefault((at.ratio, "relative"), {})[at.snr_db] = relative
    snrs = sorted({one.candidate.snr_db for one in found if one.candidate.snr_db is not None})
    rows = [
        [ratio or "", kind, *(by_snr.get(snr, "") for snr in snrs)]
        for (ratio, kind), by_snr in cells.items()
    ]
    caption = (
        f"{candidate} over {reference}: percentage points ({MARKS['better']} ahead, "
        f"{MARKS['worse']} behind, {MARKS['open']} open: paired tests, adjusted by Holm over "
        f"{len(every)} comparisons), and relative change."
    )
    if uses := uses_note(found, candidate, reference):
        caption += f" {uses[0].upper()}{uses[1:]}."
    return _table(["R", "", *(f"{snr:g} dB" for snr in snrs)], rows, caption)


def means_table(path: Path, links: str) -> str:
    """The metric in % and PSNR in dB: a row a link, a column a ratio.

    They are averaged over the SNRs at which every link was measured at every ratio.
    """
    records = _chosen(path, links)
    clean = {one.link: one for one in records if one.snr_db is None}
    found = {(one.link, one.ratio, one.snr_db): one for one in records}
    ratios = list(dict.fromkeys(one.ratio for one in records if one.ratio))
    sent = [link for link in links.split(",") if link not in clean]
    snrs = [
        snr
        for snr in sorted({one.snr_db for one in records if one.snr_db is not None})
        if all((link, ratio, snr) in found for link in sent for ratio in ratios)
    ]
    if not snrs:
        raise SystemExit(f"{path} has no SNR at which all of {links} were measured at all ratios")
    rows = []
    for link in links.split(","):
        if link in clean:
            rows.append([f"{link} (no channel)", *[f"{100 * clean[link].value:.1f}"] * len(ratios)])
            continue
        groups = ([found[link, ratio, snr] for snr in snrs] for ratio in ratios)
        rows.append([link, *map(_mean, groups)])
    one = records[0]
    named = ", ".join(f"{snr:g}" for snr in snrs)
    caption = f"{_measured(records)}; {one.metric} in % and PSNR, averaged over {named} dB."
    return _table(["link", *(f"R = {ratio}" for ratio in ratios)], rows, caption)


def _mean(records: Sequence[Record]) -> str:
    value = f"{100 * fmean(one.value for one in records):.1f}"
    quality = [one.psnr_db for one in records if one.psnr_db is not None]
    return f"{value}, {fmean(quality):.1f} dB" if len(quality) == len(records) else value


def best_sentence(path: Path, candidate: str, reference: str) -> str:
    """The largest gain, anywhere and where the baseline delivers nearly all images."""
    found = compare(_load(path).records, candidate, reference)
    anywhere, delivered = best(found), best(found, DELIVERS)
    if anywhere is None or delivered is None:
        raise SystemExit(f"{path} has no {candidate} beside a {reference} that delivers")
    return (
        f"The largest gain of `{candidate}` over `{reference}` is {_at(anywhere)}; where "
        f"`{reference}` delivers {100 * DELIVERS:.0f} % of the images or more, it is "
        f"{_at(delivered)}.\n"
    )


def _at(one: Comparison) -> str:
    ends = "" if one.interval is None else f" ({interval(one.interval)})"
    return f"{signed(one.points, 1)} points{ends} at {where(one)}"


def equal_psnr_table(path: Path, ours: str, rivals: str) -> str:
    """How far one loss is ahead of others at equal PSNR, with 95 % intervals over images."""
    results = _load(path)
    by_ratio = _fronts(path, results, [ours, *rivals.split(",")])
    found = [
        front_gap(ratio, (ours, theirs), curves[ours], curves[theirs])
        for ratio, curves in by_ratio.items()
        for theirs in rivals.split(",")
    ]
    head, rows = front_gap_rows(found)
    caption = (
        f"{_measured(results.records)}; percentage points at equal PSNR, averaged over "
        f"{_snrs(results.records)}, with paired 95 % intervals, not adjusted."
    )
    return _table(head, rows, caption)


def equal_psnr_seeds_table(path: Path, link: str, rivals: str) -> str:
    """How far one link is ahead of fronts at equal PSNR: by training seed, and the mean."""
    results = _load(path)
    seeds = [seed_of(name) for name in trainings(link, [r.link for r in results.records])]
    rows = []
    for rival in rivals.split(","):
        for ratio, spread in gap_over_seeds(results, link, rival).items():
            if spread.interval is None or len(spread.gains) < len(seeds):
                raise SystemExit(f"{path} lacks {ENOUGH} seeds of {link} that {rival} brackets")
            gains = [signed(gain, 1) for gain in spread.gains]
            mean = f"{signed(spread.mean, 1)} ({interval(spread.interval)})"
            rows.append([ratio, link, rival, *gains, mean])
    head = ["R", "link", "over", *(f"seed {seed or 1}" for seed in seeds), "mean"]
    caption = (
        f"{_measured(results.records)}; percentage points at equal PSNR, averaged over "
        f"{_snrs(results.records)}, of trainings from one start with different seeds, and "
        "their mean with Student's 95 % interval over the trainings, not adjusted."
    )
    return _table(head, rows, caption)


def forms_table(path: Path, rival: str) -> str:
    """Accuracy and PSNR of every loss and weight, and how far it is ahead of one at its PSNR."""
    results = _load(path)
    found = _fronts(path, results, [rival])
    points: dict[str, dict[str, FrontPoint]] = {}
    gaps: dict[str, dict[str, Gap]] = {}
    for ratio, curves in found.items():
        for name, curve in curves.items():
            for point in curve:
                points.setdefault(point.link, {})[ratio] = point
            if name not in (rival, PLAIN):
                for point, gap in front_gap(ratio, (name, rival), curve, curves[rival]).at:
                    gaps.setdefault(point.link, {})[ratio] = gap

    def ahead(link: str) -> float:
        own = [gap.points for gap in gaps.get(link, {}).values()]
        return sum(own) / len(own) if len(own) == len(found) else -math.inf

    head = ["loss", *(text for r in found for text in (f"R = {r}", f"over {rival} at equal PSNR"))]
    rows = []
    for link in sorted(points, key=ahead, reverse=True):
        cells = []
        for ratio in found:
            point, own = points[link].get(ratio), gaps.get(link, {}).get(ratio)
            cells.append("" if point is None else f"{point.accuracy:.1f}, {point.psnr_db:.1f} dB")
            cells.append(gap_text(own))
        rows.append([link, *cells])
    caption = (
        f"{_measured(results.records)}; accuracy in % and PSNR, averaged over "
        f"{_snrs(results.records)}, and percentage points with paired 95 % intervals, not adjusted."
    )
    return _table(head, rows, caption)


def _fronts(
    path: Path, results: Results, wanted: Sequence[str]
) -> dict[str, dict[str, list[FrontPoint]]]:
    found = fronts(results)
    if not found or any(name not in curves for curves in found.values() for name in wanted):
        there = ", ".join(dict.fromkeys(name for curves in found.values() for name in curves))
        raise SystemExit(f"{path} has no front of {' and '.join(wanted)}, but of {there}")
    return found


def _snrs(records: list[Record]) -> str:
    snrs = sorted({record.snr_db for record in records if record.snr_db is not None})
    return f"{', '.join(f'{snr:g}' for snr in snrs)} dB"


def value(path: Path, link: str, ratio: str, snr: str) -> str:
    """One accuracy, for use within a sentence."""
    for record in _load(path).records:
        if record.link == link and (
            record.snr_db is None or (record.ratio == ratio and record.snr_db == float(snr))
        ):
            return f"{100 * record.value:.1f} %"
    raise SystemExit(f"{path} has no {link} at {ratio} and {snr} dB")


def _cell(record: Record) -> str:
    interval = f"{100 * record.value:.1f} ({100 * record.ci_low:.1f}–{100 * record.ci_high:.1f})"
    notes = []
    if record.snr_db is not None:
        unit = "" if record.psnr_db is None else " dB"
        notes += [f"{psnr_text(record, 1)}{unit}", *filter(None, [left_out(record)])]
    if record.delivered < 1:
        notes.append(f"{100 * record.delivered:.1f} % delivered")
    if record.link == "separate" and record.codec:
        notes.append(record.codec)
    return "<br>".join([interval, *notes])


def facts_table() -> str:
    """Name, kind, main metric and PSNR on val of all weights that ship.

    The metric's name stands before its value, but for accuracy and agreement, as the head says.
    """
    rows = []
    for card in cards():
        if card["kind"] == "link":
            continue
        metric = main_metric(card["facts"])
        values = card["facts"][f"val_{metric}"]
        called = "" if metric in ("accuracy", "agreement") else f"{metric} "
        if card["kind"] == "codec":
            quality = card["facts"]["val_psnr_db"]
            text = f"at {card['facts']['val_snr_db']:g} dB: " + ", ".join(
                f"{called}{value:.1%}, {quality[r]:.1f} dB (R = {r})" for r, value in values.items()
            )
        else:
            text = f"{called}{values:.1%}"
        what = card["codec"] if card["kind"] == "codec" else card["network"]
        recipe = card["recipe"]
        steps = f"{recipe['optimiser']['steps']:,}"
        if recipe.get("start"):
            steps += f" after `{Path(recipe['start']).stem}`"
        rows.append([f"`{card['name']}`", what, steps, text])
    return _table(["weights", "what", "steps", "accuracy and PSNR on val"], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str | None = None) -> str:
    """A table in Markdown, and below it what it shows."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join([*lines, *([] if caption is None else ["", caption]), ""])


def fill(text: str) -> str:
    """The text with every block filled anew."""
    text = TABLE.sub(lambda m: m[1] + results_table(ROOT / m[2], m[3]) + m[4], text)
    text = QUALITY.sub(lambda m: m[1] + quality_table(ROOT / m[2], m[3], m[4]) + m[5], text)
    text = PHOTOGRAPH_SPEED.sub(lambda m: m[1] + photograph_speed_table(ROOT / m[2]) + m[3], text)
    text = BOARD_QUALITY.sub(lambda m: m[1] + board_quality_table(ROOT / m[2]) + m[3], text)
    text = BOARD_TIME.sub(lambda m: m[1] + board_time_table(ROOT / m[2]) + m[3], text)
    text = COMMANDS.sub(lambda m: m[1] + commands_table(ROOT / m[2]) + m[3], text)
    text = INSTALL_SIZE.sub(lambda m: m[1] + install_size_table(ROOT / m[2]) + m[3], text)
    text = CLUSTER.sub(lambda m: m[1] + cluster_table(ROOT / m[2]) + m[3], text)
    text = MCS_ESTIMATES.sub(lambda m: m[1] + mcs_estimates_table(ROOT / m[2]) + m[3], text)
    text = GAINS.sub(lambda m: m[1] + gains_table(_paths(m[2]), m[3], m[4]) + m[5], text)
    text = BEST.sub(lambda m: m[1] + best_sentence(ROOT / m[2], m[3], m[4]) + m[5], text)
    text = EQUAL_PSNR.sub(lambda m: m[1] + equal_psnr_table(ROOT / m[2], m[3], m[4]) + m[5], text)
    text = EQUAL_PSNR_SEEDS.sub(
        lambda m: m[1] + equal_psnr_seeds_table(ROOT / m[2], m[3], m[4]) + m[5], text
    )
    text = FORMS.sub(lambda m: m[1] + forms_table(ROOT / m[2], m[3]) + m[4], text)
    text = MEANS.sub(lambda m: m[1] + means_table(ROOT / m[2], m[3]) + m[4], text)
    text = VALUE.sub(lambda m: m[1] + value(ROOT / m[2], m[3], m[4], m[5]) + m[6], text)
    return FACTS.sub(lambda m: m[1] + facts_table() + m[2], text)


def _paths(words: str) -> list[Path]:
    return [ROOT / word for word in words.split(",")]


def main() -> None:
    """Fill every file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    for file in parser.parse_args().files:
        text = fill(file.read_text())
        write_atomically(file, lambda temporary, text=text: temporary.write_text(text))


if __name__ == "__main__":
    main()
