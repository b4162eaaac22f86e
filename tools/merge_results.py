"""One results file from several, as `semjscc report` would take them together.

    python tools/merge_results.py OUT FILE [FILE ...]
    python tools/merge_results.py --metric map50 OUT FILE [FILE ...]

An evaluation that compares some links at more points than others takes more than one command. The
points stand by network, link, ratio and SNR, the links in the order of the files. Of several
metrics one may be kept, since each brings its evidence of every image.
"""

import argparse
from pathlib import Path

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.results.records import Record, Results, load_results, save_results
from semjscc.statistics.settings import merge


def in_order(results: Results) -> Results:
    """The same records by network and metric, link, ratio and SNR; links as they came first."""
    links = list(dict.fromkeys(record.link for record in results.records))
    networks = list(dict.fromkeys(record.perception for record in results.records))

    def place(record: Record) -> tuple[float, ...]:
        return (
            networks.index(record.perception),
            links.index(record.link),
            0 if record.ratio is None else float(parse_ratio(record.ratio)),
            float("-inf") if record.snr_db is None else record.snr_db,
        )

    return Results(results.meta, sorted(results.records, key=place))


def main() -> None:
    """Merge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--metric", help="keep this one alone")
    parser.add_argument("out", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    arguments = parser.parse_args()
    found = [load_results(file) for file in arguments.files]
    merged = in_order(merge(found))
    if arguments.metric is not None:
        kept = [record for record in merged.records if record.metric == arguments.metric]
        merged = Results(merged.meta, kept)
    save_results(merged, arguments.out)


if __name__ == "__main__":
    main()
