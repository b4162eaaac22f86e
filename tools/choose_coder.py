"""Choose the source coder of ``separate`` on val: the best task score at each ratio and SNR.

python tools/choose_coder.py data/cifar10-jpeg cifar10-jpeg --perceptions cifar10-jpeg-a

Writes the choice, with all scores beside it, into src/semjscc/separation/choice.json. Where several
perception networks judge, their mean decides.
"""

import argparse
import json
from itertools import product
from typing import Any

from semjscc.checkpoint import locate, write_atomically
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.data import load_data
from semjscc.evaluation.grid import Grid, evaluate, work
from semjscc.evaluation.progress import Progress
from semjscc.links import open_link
from semjscc.perception.store import load_perception
from semjscc.separation.choice import CHOICE
from semjscc.separation.sources import usable_coders


def main() -> None:
    """Evaluate every coder on val and write down which wins where."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="as evaluate takes it")
    parser.add_argument("family")
    parser.add_argument("--perceptions", required=True, help="networks A and B, by name")
    parser.add_argument("--ratios", default="1/48,1/24,1/12,1/6")
    parser.add_argument("--snrs", default="-5,0,5,10,15,20", help="in dB")
    parser.add_argument("--limit", type=int, default=1000, help="images of val")
    words = parser.parse_args()
    ratios = tuple(parse_ratio(word) for word in words.ratios.split(","))
    grid = Grid(ratios, tuple(float(word) for word in words.snrs.split(",")))
    data = load_data(words.data, "val", limit=words.limit)
    links = [open_link(f"separate-{coder}", words.family) for coder in usable_coders()]
    names = words.perceptions.split(",")
    scores: dict[str, dict[str, dict[str, float]]] = {
        str(ratio): {f"{snr:g}": dict.fromkeys(usable_coders(), 0.0) for snr in grid.snrs_db}
        for ratio in ratios
    }
    with Progress("choosing", len(names) * work(links, data, grid)) as progress:
        for name in names:
            perception = load_perception(locate(name))
            for record in evaluate(links, data, perception, grid, on_progress=progress.advance):
                at = scores[str(record.ratio)][f"{record.snr_db:g}"]
                at[record.link.removeprefix("separate-")] += record.value / len(names)
    content: dict[str, Any] = json.loads(CHOICE.read_text())
    for ratio, snr in product(scores, next(iter(scores.values()))):
        at = scores[ratio][snr]
        coder = max(at, key=lambda name: at[name])
        content["coders"].setdefault(words.family, {}).setdefault(ratio, {})[snr] = coder
    silence = Grid(ratios[:1], (-40.0,))
    concealed = [
        evaluate(links[:1], data, load_perception(locate(name)), silence)[0].value for name in names
    ]
    content.setdefault("scores", {})[words.family] = {
        "data": data.name, "split": data.split, "images": len(data), "judged_by": names,
        "accuracy": scores, "concealed": sum(concealed) / len(names),
    }  # fmt: skip
    write_atomically(CHOICE, lambda file: file.write_text(json.dumps(content, indent=1) + "\n"))
    print(json.dumps(content["coders"][words.family], indent=1))


if __name__ == "__main__":
    main()
