"""Show where in an image the features lie that matter to the network's result.

python examples/importance_of_image.py photo.jpg importance.png --layer stage2
"""

import argparse
from pathlib import Path

import torch

from semjscc.checkpoint import locate
from semjscc.images import read_image, to_float, write_png
from semjscc.importance.maps import importance_map, overlay
from semjscc.perception.store import load_perception

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("image", type=Path)
parser.add_argument("picture", type=Path)
parser.add_argument("--layer", default="stage2", help="whose features count")
words = parser.parse_args()

perception = load_perception(locate("signs-a"))
images = to_float(read_image(words.image))[None]  # (1, 3, H, W) in [0, 1]
maps = importance_map(perception, images, layer=words.layer)  # (1, H, W) in [0, 1]
write_png(torch.cat([images, overlay(images, maps)], dim=3)[0], words.picture)

names = [name for name, _ in perception.network.named_children()]
print(f"wrote {words.picture}; the layers of {perception.name}: {', '.join(names)}")
