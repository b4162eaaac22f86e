"""A codec of one's own: one convolution each way, trained for a moment and compared.

python examples/custom_codec.py --steps 300
"""

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from semjscc.checkpoint import locate
from semjscc.codecs.bandwidth import STRIDE, latent_depth
from semjscc.codecs.grid import GridCodec
from semjscc.data import load_data
from semjscc.evaluation.grid import Grid
from semjscc.evaluation.measurement import evaluate
from semjscc.links import CodecLink
from semjscc.perception.store import load_perception
from semjscc.training.modules import CodecTraining
from semjscc.training.recipe import CodecRecipe, DataRecipe, OptimiserRecipe, Recipe
from semjscc.training.run import Schedule, fit


class Patches(GridCodec):
    """Each 4 x 4 square becomes C numbers by a linear map, and comes back by another."""

    name: ClassVar[str] = "patches"

    def __init__(self) -> None:
        super().__init__()
        self.ratios, self.snr_range_db = (Fraction(1, 24),), (-5.0, 20.0)
        self.depth = latent_depth(self.ratios[0])
        self.encoder = nn.Conv2d(3, self.depth, STRIDE, STRIDE)
        self.decoder = nn.ConvTranspose2d(self.depth, 3, STRIDE, STRIDE)

    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio  # the same for all
        return self.encoder(images - 0.5)

    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return self.decoder(latent) + 0.5


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--images", type=int, default=500, help="to train with")
    words = parser.parse_args()
    perception, codec, chosen = load_perception(locate("signs-a")), Patches(), CodecRecipe()
    grid = Grid(ratios=codec.ratios, snrs_db=(0.0, 10.0))
    test = load_data("signs", "test", limit=50)
    optimiser = OptimiserRecipe(steps=words.steps, batch=32, rate=0.01, precision="32-true")
    recipe = Recipe("patches", DataRecipe(), optimiser, codec=chosen)
    train = load_data("signs", "train", limit=words.images)
    module = CodecTraining(recipe, codec, chosen, perception, train)
    with tempfile.TemporaryDirectory() as folder:
        fit(module, Path(folder), Schedule(progress=False), resume=False)
    for record in evaluate([CodecLink("patches", codec)], test, perception, grid):
        print(f"{record.link} at {record.snr_db:g} dB: PSNR {record.psnr_db:.1f} dB")
