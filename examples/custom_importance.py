"""An importance of one's own: gradient times feature, what each feature adds to the result.

python examples/custom_importance.py --steps 300
"""

import argparse
import tempfile
from pathlib import Path

from torch import Tensor

from semjscc.checkpoint import locate
from semjscc.codecs.adaptive import Adaptive
from semjscc.data import load_data
from semjscc.importance.gradient import ImportanceForm, importance_weights, score_gradients
from semjscc.losses import Reference, semantic_error
from semjscc.perception.base import Perception
from semjscc.perception.store import load_perception
from semjscc.training.measure import measure_codec
from semjscc.training.modules import CodecTraining
from semjscc.training.recipe import CodecRecipe, DataRecipe, LossRecipe, OptimiserRecipe, Recipe
from semjscc.training.run import Schedule, fit


def contribution(perception: Perception, images: Tensor) -> Reference:
    """Weights |g·f| of mean 1 for each image and layer, half of them uniform."""
    features, gradients, _ = score_gradients(perception, images, "logit")
    products = {layer: gradients[layer] * feature for layer, feature in features.items()}
    return Reference(features, importance_weights(products, ImportanceForm(temper=0.5)))


class ContributionTraining(CodecTraining):
    """Training with that importance in place of the recipe's."""

    def term(self, images: Tensor, received: Tensor, labels: Tensor) -> Tensor:
        """Which error counts, (B,)."""
        del labels  # for importances that look at them
        clean = contribution(self.perception, images)
        return semantic_error(clean, self.perception.features(received))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--images", type=int, default=500, help="to train with")
    words = parser.parse_args()
    perception, codec, chosen = (
        load_perception(locate("signs-a")),
        Adaptive(width=16),
        CodecRecipe(),
    )
    optimiser = OptimiserRecipe(steps=words.steps, batch=16, rate=0.002, precision="32-true")
    loss = LossRecipe(weight=0.1)
    recipe = Recipe("contribution", DataRecipe(), optimiser, codec=chosen, loss=loss)
    train = load_data("signs", "train", limit=words.images)
    module = ContributionTraining(recipe, codec, chosen, perception, train)
    with tempfile.TemporaryDirectory() as folder:
        fit(module, Path(folder), Schedule(progress=False), resume=False)
    facts = measure_codec(codec, perception, load_data("signs", "val", limit=100))
    for ratio, accuracy in facts["val_accuracy"].items():
        print(f"R = {ratio}: {accuracy:.1%}, {facts['val_psnr_db'][ratio]:.1f} dB at 10 dB")
