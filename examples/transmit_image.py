"""Send one image over a noisy channel.

python examples/transmit_image.py photo.jpg received.png --snr 3
"""

import argparse
from pathlib import Path

from semjscc.channels import CHANNELS
from semjscc.checkpoint import locate
from semjscc.images import read_image, write_png
from semjscc.links import Situation, open_link
from semjscc.perception.store import load_perception
from semjscc.randomness import Draws
from semjscc.transmission import transmit

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("image", type=Path)
parser.add_argument("received", type=Path)
parser.add_argument("--snr", type=float, default=3.0, help="Es/N0 in dB")
words = parser.parse_args()

perception = load_perception(locate("signs-a"))
link = open_link("semantic", "signs")
situation = Situation(CHANNELS["awgn"], words.snr, link.default_ratio, Draws(seed=0, indices=[0]))
received, report = transmit(read_image(words.image), link, perception, situation)
write_png(received, words.received)
print(f"{report.channel_uses} channel uses, R = {report.ratio}, {report.snr_db:g} dB")
print(f"before: {report.before.label}, after: {report.after.label}, PSNR {report.psnr_db:.1f} dB")
