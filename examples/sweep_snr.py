"""Compare two links at several SNRs and print a table.

python examples/sweep_snr.py --images 100
"""

import argparse
from fractions import Fraction

from semjscc.checkpoint import locate
from semjscc.data import load_data
from semjscc.evaluation.grid import Grid
from semjscc.evaluation.measurement import evaluate
from semjscc.links import open_link
from semjscc.perception.store import load_perception

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--images", type=int, default=100)
words = parser.parse_args()

perception = load_perception(locate("signs-a"))
data = load_data("signs", "test", limit=words.images)
links = [open_link(name, "signs") for name in ("semantic", "djscc")]
grid = Grid(ratios=(Fraction(1, 48),), snrs_db=(-5.0, 0.0, 5.0, 10.0))

print("link       SNR  accuracy  PSNR")
for record in evaluate(links, data, perception, grid):
    print(f"{record.link:9}{record.snr_db:5g}{record.value:10.1%}{record.psnr_db:6.1f}")
