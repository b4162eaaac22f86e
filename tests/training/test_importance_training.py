"""Trainings whose importance is drawn or learned: the same however they were stopped or shared."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from semjscc.codecs.adaptive import Adaptive
from semjscc.data.base import ImageSet
from semjscc.importance.fisher import draw_signs
from semjscc.importance.gradient import ImportanceForm
from semjscc.importance.learned import learned_sizes
from semjscc.losses import fisher_error, reference, semantic_error
from semjscc.perception.base import Perception
from semjscc.training.batches import Share
from semjscc.training.modules import CodecTraining, Targets
from semjscc.training.receivers import Receiver
from semjscc.training.recipe import CodecRecipe, DataRecipe, LossRecipe, OptimiserRecipe, Recipe
from semjscc.training.runs.run import Schedule, fit

STEPS = 6
LAYERS = ("stage1", "stage2", "stage3")
PRODUCT = ImportanceForm(score="fisher", shape="square", learned="product", temper=1.0)
LOSSES = [
    LossRecipe(weight=0.1, term="fisher", temperature=2.0),
    LossRecipe(weight=0.1, importance=PRODUCT),
    LossRecipe(weight=0.1, importance=ImportanceForm(learned="alone")),
    LossRecipe(weight=0.1, importance=ImportanceForm(unit="projection", score="fisher")),
]


@pytest.fixture(scope="module")
def data() -> ImageSet:
    random = torch.Generator().manual_seed(2)
    images = torch.randint(0, 256, (24, 3, 16, 16), dtype=torch.uint8, generator=random)
    names = tuple(f"class {index}" for index in range(5))
    return ImageSet("random", "train", images, torch.arange(24) % 5, names, "", "")


def training(loss: LossRecipe, perception: Perception, data: ImageSet) -> CodecTraining:
    torch.manual_seed(0)
    codec, chosen = Adaptive(width=8), CodecRecipe()
    optimiser = OptimiserRecipe(steps=STEPS, batch=8, rate=0.01, precision="32-true")
    recipe = Recipe("tiny", DataRecipe(), optimiser, codec=chosen, loss=loss, seed=3)
    return CodecTraining(recipe, codec, chosen, [Receiver(perception)], data)


def weights_of(module: CodecTraining) -> dict[str, Tensor]:
    return {name: weights.clone() for name, weights in module.codec.state_dict().items()}


@pytest.mark.parametrize("loss", LOSSES, ids=["fisher", "product", "alone", "projection"])
def test_training_that_broke_off_ends_in_the_same_weights(
    tiny_perception: Perception,
    data: ImageSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loss: LossRecipe,
) -> None:
    whole = training(loss, tiny_perception, data)
    fit(whole, tmp_path / "whole", Schedule(progress=False), resume=False)

    cut, schedule = training(loss, tiny_perception, data), Schedule(1, 0.0, progress=False)
    step = CodecTraining.loss

    def fail(module: CodecTraining, images: Tensor, targets: Targets, number: int) -> Any:
        if number == STEPS // 2:
            raise RuntimeError("broken off")
        return step(module, images, targets, number)

    monkeypatch.setattr(CodecTraining, "loss", fail)
    with pytest.raises(RuntimeError, match="broken off"):
        fit(cut, tmp_path / "cut", schedule, resume=False)
    monkeypatch.undo()
    resumed = training(loss, tiny_perception, data)
    before = weights_of(resumed)
    fit(resumed, tmp_path / "cut", schedule, resume=True)
    expected = weights_of(whole)
    for name, weights in weights_of(resumed).items():
        assert torch.equal(weights, expected[name]), name
    assert any(not torch.equal(before[name], expected[name]) for name in expected)


@pytest.mark.parametrize("loss", [LOSSES[0], LOSSES[3]], ids=["fisher", "projection"])
def test_two_processes_see_the_signs_of_one(
    tiny_perception: Perception,
    tiny_images: Tensor,
    data: ImageSet,
    monkeypatch: pytest.MonkeyPatch,
    loss: LossRecipe,
) -> None:
    module = training(loss, tiny_perception, data)
    received, labels = 1 - tiny_images, torch.arange(4)

    def term(share: Share) -> Tensor:
        monkeypatch.setattr(CodecTraining, "share", share)
        return module.term(
            share.take(tiny_images), share.take(received), {"label": share.take(labels)}
        )

    together = term(Share())
    assert together.std() > 0.01 * together.mean()
    for rank in range(2):
        share = Share(rank, 2)
        torch.testing.assert_close(term(share), share.take(together))


def test_term_is_made_of_the_step_s_signs_and_of_what_was_learned(
    tiny_perception: Perception,
    tiny_images: Tensor,
    data: ImageSet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(CodecTraining, "share", Share())
    received = 1 - tiny_images
    labels: Targets = {"label": torch.arange(4)}
    signs = draw_signs(3, "fisher", 0, 4, 5)

    fisher = training(LOSSES[0], tiny_perception, data).term(tiny_images, received, labels)
    assert torch.equal(fisher, fisher_error(tiny_perception, tiny_images, received, signs, 2.0))

    module = training(LOSSES[1], tiny_perception, data)
    module.on_fit_start()
    learned = learned_sizes(tiny_perception, data, PRODUCT, seed=3)
    clean = reference(tiny_perception, tiny_images, PRODUCT, signs=signs, learned=learned)
    expected = semantic_error(clean, tiny_perception.features(received))
    assert torch.equal(module.term(tiny_images, received, labels), expected)
