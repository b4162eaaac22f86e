"""The perception network: frozen, its features by name, its preprocessing, and where it is kept."""

import json
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.checkpoint import save_weights
from semjscc.errors import UserError
from semjscc.importance.gradient import score_gradients
from semjscc.perception.base import INPUT_LAYER, Perception, Preprocess, predict
from semjscc.perception.built_in.networks import CLASSIFIERS, build_network
from semjscc.perception.store import describe, load_perception, open_perception
from semjscc.perception.wrap import make_network
from semjscc.tasks import Classification, Detection, Segmentation, Task


def seeing(
    perception: Perception, layers: Sequence[str], preprocess: Preprocess | None = None
) -> Perception:
    """The same network with other layers looked at."""
    return Perception(
        perception.network,
        layers=layers,
        class_names=perception.class_names,
        preprocess=preprocess,
    )


@pytest.mark.parametrize(
    ("task", "names", "message"),
    [
        (Classification(), ["a"], "one knows 1 class, and classification needs at least 2"),
        (Classification(), [], "one knows 0 classes, and classification needs at least 2"),
        (Segmentation(), ["a"], "one knows 1 class, and segmentation needs at least 2"),
        (Detection(), [], "one knows 0 classes, and detection needs at least 1"),
    ],
)
def test_a_network_whose_answer_is_always_the_same_is_refused(
    task: Task, names: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        Perception(nn.Identity(), layers=(), class_names=names, task=task, name="one")
    enough = [*names, "b"]
    assert Perception(nn.Identity(), layers=(), class_names=enough, task=Detection()).class_names


def test_nothing_changes_the_parameters_and_statistics(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    before = deepcopy(tiny_perception.state_dict())
    whole = nn.Sequential(nn.Conv2d(3, 3, 1), tiny_perception)
    whole.train()
    assert whole.training
    assert not any(module.training for module in tiny_perception.modules())
    images = tiny_images.clone().requires_grad_()
    whole(images).sum().backward()
    tiny_perception.train(True)
    sum(feature.sum() for feature in tiny_perception.features(images).values()).backward()  # pyright: ignore
    score_gradients(tiny_perception, images, "logit")
    predict(tiny_perception, images)
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    after = tiny_perception.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    for weights in tiny_perception.parameters():
        assert not weights.requires_grad
        assert weights.grad is None


def test_features_are_the_outputs_of_the_named_layers(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    network: Any = tiny_perception.network
    features = tiny_perception.features(tiny_images)
    x = (tiny_images - 0.5) / 0.25
    x = network.stage1(network.stem(x))
    assert list(features) == ["stage1", "stage2", "stage3"]
    torch.testing.assert_close(features["stage1"], x)
    torch.testing.assert_close(features["stage2"], network.stage2(x))
    torch.testing.assert_close(features["stage3"], network.stage3(network.stage2(x)))
    assert features["stage1"].shape == (4, 8, 12, 12)


def test_nested_layers_and_the_input_have_names_too(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    features = seeing(tiny_perception, ["stage2.1.second.1", INPUT_LAYER]).features(tiny_images)
    assert features.keys() == {INPUT_LAYER, "stage2.1.second.1"}
    assert features[INPUT_LAYER] is tiny_images


@contextmanager
def counted(network: nn.Module) -> Iterator[dict[str, int]]:
    """How often each child of the network runs."""
    counts = dict.fromkeys(dict(network.named_children()), 0)

    def count(name: str) -> None:
        counts[name] += 1

    hooks = [
        child.register_forward_hook(lambda *_arguments, name=name: count(name))
        for name, child in network.named_children()
    ]
    yield counts
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize(
    ("layers", "runs"),
    [
        (["stage1"], {"stem": 1, "stage1": 1, "stage2": 0, "stage3": 0, "head": 0}),
        (["stage2", "stem"], {"stem": 1, "stage1": 1, "stage2": 1, "stage3": 0, "head": 0}),
        ([INPUT_LAYER], {"stem": 0, "stage1": 0, "stage2": 0, "stage3": 0, "head": 0}),
        (["head"], {"stem": 1, "stage1": 1, "stage2": 1, "stage3": 1, "head": 1}),
    ],
)
def test_layers_above_the_last_one_asked_for_do_not_run(
    tiny_perception: Perception, tiny_images: Tensor, layers: list[str], runs: dict[str, int]
) -> None:
    perception = seeing(tiny_perception, layers)
    with counted(perception.network) as counts:
        perception.features(tiny_images)
        assert counts == runs
        perception.features_and_output(tiny_images)
        assert counts == {name: count + 1 for name, count in runs.items()}


def test_no_hook_stays_behind(tiny_perception: Perception, tiny_images: Tensor) -> None:
    tiny_perception.features(tiny_images)
    tiny_perception.features_and_output(tiny_images)
    with pytest.raises(UserError, match="cannot look at images of 24 x 24 pixels: The size of"):
        tiny_perception.features(tiny_images[:, :2])
    assert not any(module._forward_hooks for module in tiny_perception.modules())


def test_features_are_those_of_a_full_run(tiny_perception: Perception, tiny_images: Tensor) -> None:
    perception = seeing(tiny_perception, ["stem", "stage1", "stage2", INPUT_LAYER])
    stopped = perception.features(tiny_images)
    full, output = perception.features_and_output(tiny_images)
    assert stopped.keys() == full.keys() == set(perception.layers)
    assert all(torch.equal(stopped[layer], full[layer]) for layer in stopped)
    assert torch.equal(output, perception(tiny_images))


class InPlace(nn.Module):
    """As in many published networks, the activation overwrites the layer before it."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = nn.Conv2d(3, 4, 3)
        self.bend = nn.ReLU(inplace=True)
        self.head = nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.bend(self.filter(images)).mean(dim=(2, 3)))


def test_features_are_those_of_a_full_run_before_an_in_place_activation(
    tiny_images: Tensor,
) -> None:
    perception = Perception(InPlace(), layers=["filter"], class_names=["a", "b"])
    stopped, (full, _) = (
        perception.features(tiny_images),
        perception.features_and_output(tiny_images),
    )
    assert stopped["filter"].min() < 0
    torch.testing.assert_close(full["filter"], stopped["filter"])


@pytest.mark.parametrize("layer", ["stage4", "stage1.9", "Stage1", "weight"])
def test_unknown_layer_is_refused_with_those_that_exist(
    tiny_perception: Perception, layer: str
) -> None:
    with pytest.raises(ValueError, match=f"no layer '{layer}'; it has stem, stage1, stage2"):
        seeing(tiny_perception, ["stage1", layer])


def test_prediction_is_the_largest_logit(tiny_perception: Perception, tiny_images: Tensor) -> None:
    predicted = predict(tiny_perception, tiny_images)
    assert predicted.dtype == torch.int64
    assert torch.equal(predicted, tiny_perception(tiny_images).argmax(dim=1))


# Preprocessing


def test_preprocess_normalises_each_colour() -> None:
    chosen = Preprocess(mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 0.1))
    images = torch.tensor([0.6, 0.7, 0.5]).view(1, 3, 1, 1).expand(2, 3, 4, 5)
    expected = torch.tensor([1.0, 2.0, 2.0]).view(1, 3, 1, 1).expand(2, 3, 4, 5)
    torch.testing.assert_close(chosen(images), expected)


PLAIN = Preprocess(16, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def test_preprocess_crops_the_centre() -> None:
    images = torch.linspace(0, 1, 32).expand(1, 3, 16, 32)
    torch.testing.assert_close(PLAIN(images), images[..., 8:24], atol=1e-6, rtol=0)
    torch.testing.assert_close(PLAIN(images.mT), images[..., 8:24].mT, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("height", "width"), [(16, 16), (32, 32), (17, 16), (16, 99), (50, 31), (7, 9), (200, 201)]
)
def test_preprocess_gives_the_size_asked_for_from_any(height: int, width: int) -> None:
    images = torch.full((2, 3, height, width), 0.3)
    torch.testing.assert_close(PLAIN(images), torch.full((2, 3, 16, 16), 0.3))


def test_preprocess_averages_when_it_shrinks_and_stays_between_0_and_1() -> None:
    # Grain of single pixels, of standard deviation 0.29, has next to no part in a 64th of them.
    grain = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    assert PLAIN(grain).std() < 0.06
    edge = (torch.arange(8) >= 4).float().expand(1, 3, 8, 8)
    enlarged = PLAIN(edge)
    assert enlarged.min() == 0
    assert enlarged.max() == 1


def test_preprocess_leaves_size_alone_where_none_is_given() -> None:
    assert Preprocess()(torch.zeros(1, 3, 17, 40)).shape == (1, 3, 17, 40)


def test_preprocess_is_differentiable() -> None:
    chosen = Preprocess(4, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
    images = 0.3 + 0.4 * torch.rand(
        1, 3, 6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    assert torch.autograd.gradcheck(chosen, (images.requires_grad_(),))


# Tasks


def test_scores_of_known_logits() -> None:
    logits, task = torch.tensor([[1.0, 3.0], [0.0, 0.0]]), Classification()
    log = torch.log(torch.tensor(1 + torch.e**-2)).item()
    half = torch.log(torch.tensor(2.0)).item()
    torch.testing.assert_close(task.score(logits, "logit"), torch.tensor([3.0, 0.0]))
    torch.testing.assert_close(task.score(logits, "log-probability"), torch.tensor([-log, -half]))
    torch.testing.assert_close(task.score(logits, "loss"), torch.tensor([log, half]))
    target = torch.tensor([0, 1])
    torch.testing.assert_close(task.score(logits, "logit", target), torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(task.score(logits, "loss", target), torch.tensor([2 + log, half]))


def test_loss_score_is_the_cross_entropy_and_the_log_probability_its_negative() -> None:
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    target, task = torch.tensor([0, 1, 2, 3, 0, 1]), Classification()
    expected = F.cross_entropy(logits, target, reduction="none")
    torch.testing.assert_close(task.score(logits, "loss", target), expected)
    torch.testing.assert_close(task.score(logits, "log-probability", target), -expected)
    torch.testing.assert_close(task.loss(logits, target), expected.mean())
    assert task.loss(logits, target, 0.1) != task.loss(logits, target)
    mixed = 0.3 * F.one_hot(target, 4) + 0.7 * F.one_hot(target.flip(0), 4)
    both = 0.3 * task.loss(logits, target, 0.1) + 0.7 * task.loss(logits, target.flip(0), 0.1)
    torch.testing.assert_close(task.loss(logits, mixed, 0.1), both)
    torch.testing.assert_close(task.probabilities(logits).sum(dim=1), torch.ones(6))
    torch.testing.assert_close(task.probabilities(logits).log(), logits.log_softmax(dim=1))


# Networks


@pytest.mark.parametrize(
    ("height", "width"), [(16, 16), (32, 32), (17, 23), (33, 16), (31, 47), (64, 48)]
)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_networks_run_at_every_size(name: str, height: int, width: int) -> None:
    network = build_network(name, 7, {"width": 4})
    perception = Perception(
        network, layers=("stage1", "stage2", "stage3"), class_names=[str(i) for i in range(7)]
    )
    images = torch.rand(2, 3, height, width)
    features, output = perception.features_and_output(images)
    assert output.shape == (2, 7)
    assert torch.isfinite(output).all()
    assert features.keys() == {"stage1", "stage2", "stage3"}
    assert all(min(feature.shape) >= 2 for feature in features.values())
    # Every pixel can matter.
    gradient = score_gradients(seeing(perception, [INPUT_LAYER]), images, "logit")[1][INPUT_LAYER]
    assert torch.isfinite(gradient).all()
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_default_networks_differ_between_images_and_can_be_trained(name: str) -> None:
    network = build_network(name, 3, {"width": 4}).train()
    images = torch.rand(4, 3, 16, 16)
    output = network(images)
    assert output.std(dim=0).min() > 0
    output.square().sum().backward()
    assert all(weights.grad is not None for weights in network.parameters())


def test_unknown_network_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UserError, match="'alexnet'; there are resnet, plainconv, densenet"):
        build_network("alexnet", 3, {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 3}, "network resnet has no option 'depth'; it has width"),
        ({"classes": 3}, "network resnet has no option 'classes'; it has width"),
        ({"width": "big"}, "network resnet: option width is a whole number, not 'big'"),
        ({"width": 0}, "network resnet: option width must be at least 1, not 0"),
    ],
)
def test_options_a_network_does_not_take_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_network("resnet", 3, options)


# Store

PREPROCESS = Preprocess(20, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
NAMES = ("stop", "give way", "<b>30</b>")


def described(**changes: Any) -> dict[str, Any]:
    plain = describe("plainconv", {"width": 4}, ("stage1", "stage3"), NAMES, PREPROCESS)
    plain |= {"recipe": {"name": "signs-b"}, "facts": {"accuracy": 0.9}} | changes
    return {key: value for key, value in plain.items() if value != "left out"}


@pytest.fixture(scope="module")
def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return build_network("plainconv", len(NAMES), {"width": 4}).eval()


def test_perception_comes_back_from_its_checkpoint(
    tmp_path: Path, network: nn.Module, tiny_images: Tensor
) -> None:
    path = tmp_path / "b.safetensors"
    save_weights(path, network.state_dict(), described())
    loaded = load_perception(path)
    assert loaded.name == "signs-b"
    assert loaded.layers == ("stage1", "stage3")
    assert loaded.class_names == NAMES
    assert loaded.preprocess == PREPROCESS
    assert not any(module.training for module in loaded.modules())
    assert not any(weights.requires_grad for weights in loaded.parameters())
    torch.testing.assert_close(loaded(tiny_images), network(PREPROCESS(tiny_images)))
    assert load_perception(path, ["stem"]).layers == ("stem",)
    with pytest.raises(UserError, match="no layer 'stage9'"):
        load_perception(path, ["stage9"])


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "codec"},
        {"network": "os:system"},
        {"network": "left out"},
        {"network": ["resnet"]},
        {"network": "resnet"},
        {"options": {"width": 5}},
        {"options": {"width": -4}},
        {"options": {"width": "wide"}},
        {"options": {"unknown": 4}},
        {"options": None},
        {"layers": ["stage9"]},
        {"layers": None},
        {"layers": "left out"},
        {"class_names": "left out"},
        {"class_names": 3},
        {"class_names": ["one"]},
        {"preprocess": "left out"},
        {"preprocess": {"size": None}},
        {"preprocess": {"size": None, "mean": 0.5, "std": [1, 1, 1]}},
        {"preprocess": {"size": None, "mean": [0.5], "std": [1, 1, 1]}},
        {"preprocess": {"size": None, "mean": ["a", "b", "c"], "std": [1, 1, 1]}},
        {"preprocess": {"size": None, "mean": [0, 0, 0], "std": [1, 0, 1]}},
        {"preprocess": {"size": "big", "mean": [0, 0, 0], "std": [1, 1, 1]}},
        {"preprocess": {"size": 0, "mean": [0, 0, 0], "std": [1, 1, 1]}},
        {"preprocess": []},
        {"recipe": "left out"},
        {"recipe": None},
        {"kind": "two\nlines \x1b[31m"},
        {"network": "two\nlines \x1b[31m"},
        {"layers": ["two\nlines \x1b[31m"]},
    ],
    ids=lambda changes: json.dumps(changes)[:70],
)
def test_damaged_checkpoint_is_refused_in_one_line(
    tmp_path: Path, network: nn.Module, changes: dict[str, Any]
) -> None:
    path = tmp_path / "b.safetensors"
    save_weights(path, network.state_dict(), described(**changes))
    with pytest.raises(UserError) as raised:
        load_perception(path)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400


# A network of the user's own

USERS_MODULE = """
import torch

class Net(torch.nn.Module):
    def __init__(self, classes, width=2):
        super().__init__()
        self.head = torch.nn.Linear(3, classes)
        self.width = width
    def forward(self, images):
        return self.head(images.mean(dim=(2, 3)))

def make(classes):
    return Net(classes, width=9)

def numbers(classes):
    return [classes]

CONSTANT = 3
"""


@pytest.fixture
def users_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "users_vision.py").write_text(USERS_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", str(tmp_path))])
    yield
    sys.modules.pop("users_vision", None)


@pytest.mark.usefixtures("users_module")
def test_users_class_is_found_beside_where_the_command_runs(tiny_images: Tensor) -> None:
    network = make_network("users_vision:Net", 6, {"width": 3})
    assert type(network).__name__ == "Net"
    assert network.width == 3
    perception = Perception(network, layers=["head"], class_names=[str(i) for i in range(6)])
    assert perception(tiny_images).shape == (4, 6)
    assert make_network("users_vision:make", 6, {}).width == 9


@pytest.mark.usefixtures("users_module")
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("users_vision:Missing", {}),
        ("users_vision:CONSTANT", {}),
        ("users_vision:numbers", {}),
        ("users_vision:Net", {"height": 3}),
        ("users_vision:Net", {"classes": 3}),
        ("users_vision:", {}),
        ("users_vision:Net:Net", {}),
        ("no_such_module:Net", {}),
        ("users_vision.inner:Net", {}),
        (":Net", {}),
        (":", {}),
        (".users_vision:Net", {}),
    ],
)
def test_what_is_no_network_is_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=name) as raised:
        make_network(name, 6, options)
    assert str(raised.value).isprintable()


def test_name_without_colon_is_a_built_in_network() -> None:
    assert type(make_network("densenet", 3, {"width": 4})).__name__ == "DenseNet"
    with pytest.raises(UserError, match="no built-in network 'users_vision'"):
        make_network("users_vision", 3, {})


@pytest.mark.parametrize("name", ["signs-a", "efficientnet-lite0", "mobilenet-v2=weights"])
def test_a_class_of_the_users_own_goes_with_a_network_of_their_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("weights").touch()
    with pytest.raises(UserError, match=f"^{name} is no network of yours: leave --network out"):
        open_perception(name, "users_vision:Net")


class Answers(nn.Module):
    """A network of somebody's own that answers whatever it is told to."""

    def __init__(self, answer: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, images: Tensor) -> object:
        return self.answer(images)


def _fail(_: Tensor) -> object:
    raise KeyError("no such weight\nat all")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: x.new_zeros(len(x), 4), r"\(4, 3\), and it returns a Tensor of shape \(4, 4\)"),
        (lambda x: x.new_zeros(len(x)), r"returns a Tensor of shape \(4,\)"),
        (lambda x: x.new_zeros(len(x), 3, 1, 1), r"returns a Tensor of shape \(4, 3, 1, 1\)"),
        (lambda x: (x.new_zeros(len(x), 3), x), "returns a tuple"),
        (lambda x: {"logits": x}, "returns a dict"),
        (_fail, "own cannot look at images of 24 x 24 pixels: KeyError: 'no such weight"),
        (lambda x: x @ x.new_zeros(7, 7), "own cannot look at images of 24 x 24 pixels: "),
    ],
)
def test_a_network_that_answers_something_else_is_one_line(
    answer: Callable[[Tensor], object], said: str, tiny_images: Tensor
) -> None:
    perception = Perception(Answers(answer), layers=(), class_names=["a", "b", "c"], name="own")
    with pytest.raises(UserError, match=said) as caught:
        perception(tiny_images)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (33, 18), (17, 40)])
def test_unet_gives_a_number_for_each_pixel_and_class(height: int, width: int) -> None:
    network = build_network("unet", 5, {"width": 4})
    assert network(torch.rand(2, 3, height, width)).shape == (2, 5, height, width)


class _Several(nn.Module):
    """Returns its features in whatever a test packs them in."""

    def __init__(self, pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor]) -> None:
        super().__init__()
        self.inner = _Packed(pack)
        self.unpack = unpack

    def forward(self, images: Tensor) -> Tensor:
        return self.unpack(self.inner(images)).relu_().mean(dim=(2, 3))


class _Packed(nn.Module):
    def __init__(self, pack: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.pack = pack

    def forward(self, images: Tensor) -> Any:
        return self.pack(2 * images)


class _Named(NamedTuple):
    features: Tensor
    size: int


@pytest.mark.parametrize(
    ("pack", "unpack"),
    [
        (lambda x: (x, None), lambda packed: packed[0]),
        (lambda x: [3, x], lambda packed: packed[1]),
        (lambda x: {"size": 3, "features": x, "same": x}, lambda packed: packed["same"]),
        (lambda x: ((None, x), 3), lambda packed: packed[0][1]),
        (lambda x: OrderedDict(features=x), lambda packed: packed["features"]),
        (lambda x: _Named(x, 3), lambda packed: packed.features),
    ],
)
def test_a_layer_that_returns_several_things_counts_by_its_first_tensor(
    pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor]
) -> None:
    perception = Perception(_Several(pack, unpack), layers=["inner"], class_names="abc")
    images = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    features, gradients, _ = score_gradients(perception, images, "logit")
    expected = 2 * (images - 0.5) / 0.25
    torch.testing.assert_close(features["inner"], expected)  # relu_ has not changed it
    torch.testing.assert_close(perception.features(images)["inner"], expected)
    best = expected.relu().mean(dim=(2, 3)).argmax(dim=1)
    for image, gradient in enumerate(gradients["inner"]):
        of_best = (expected[image, best[image]] > 0) / 16
        torch.testing.assert_close(gradient[best[image]], of_best)


def test_a_layer_without_a_tensor_is_one_line() -> None:
    perception = Perception(
        _Several(lambda x: (x.shape, 3), lambda packed: torch.zeros(packed[0])),
        layers=["inner"],
        class_names="abc",
    )
    with pytest.raises(UserError, match="layer 'inner' has no features: it returns a tuple"):
        perception.features(torch.rand(1, 3, 4, 4))
