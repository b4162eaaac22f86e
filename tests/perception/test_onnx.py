"""ONNX models: the numbers are those of the same network in torch, and no gradient passes."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor

from semjscc.allocation.policy import SEMANTIC, Policy
from semjscc.allocation.sender import Allocation
from semjscc.cli import main
from semjscc.cli.options import check_network
from semjscc.cli.pictures import write_picture
from semjscc.data import load_data
from semjscc.errors import UserError
from semjscc.importance.maps import importance_map
from semjscc.perception.base import Preprocess, predict
from semjscc.perception.gradients import NoGradientError
from semjscc.perception.onnx.outputs import logits
from semjscc.perception.store import open_perception, weights_file
from semjscc.results.fingerprint import context_fingerprint
from semjscc.results.records import load_results
from semjscc.training.recipe import CodecRecipe, Recipe
from semjscc.training.trial import try_perception

pytest.importorskip("onnxruntime", reason="needs the extra onnx: pip install 'semjscc[onnx]'")
pytest.importorskip("onnx", reason="makes its models with onnx")

from onnx import TensorProto, helper

from onnx_models import (
    NAMES,
    Classifier,
    classifier,
    convolution,
    detector,
    nodes,
    save,
)

Settings = dict[str, Any]
CLASSIFIER: Settings = {"task": "classification", "classes": NAMES}
SEGMENTER: Settings = {"task": "segmentation", "classes": NAMES}
DETECTOR: Settings = {
    **{"task": "detection", "classes": NAMES, "scores": "probabilities"},
    **{"boxes": "centre", "unit": "pixels"},
}


def images(count: int = 3, height: int = 24, width: int = 32) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0))


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", ["n", 1, 2])
def test_logits_are_those_of_the_same_network(tmp_path: Path, count: int | str) -> None:
    file = classifier(tmp_path / "a.onnx", size=(count, 3, "h", "w"))
    perception, network = open_perception(str(file)), Classifier()
    close(perception(images()), network(images()))
    assert perception.name == "a.onnx"
    assert perception.class_names == tuple(NAMES)
    assert not perception(images().requires_grad_()).requires_grad
    assert weights_file(str(file)) == file
    check_network(str(file))


def test_pixels_come_in_as_the_settings_say(tmp_path: Path) -> None:
    network = Classifier()
    scaled = {**CLASSIFIER, "scale": 255, "mean": [1, 20, 300], "std": [2, 3, 4]}
    perception = open_perception(
        str(classifier(tmp_path / "a.onnx", {**scaled, "channels": "BGR"}))
    )
    mean, std = (torch.tensor(scaled[name])[:, None, None] for name in ("mean", "std"))
    close(perception(images()), network((255 * images().flip(1) - mean) / std))


def test_images_are_resized_and_cut(tmp_path: Path) -> None:
    fixed = (1, 3, 16, 16)
    square = open_perception(str(classifier(tmp_path / "a.onnx", {**CLASSIFIER}, size=fixed)))
    assert square.preprocess.size == (16, 16)  # that of the model
    assert square.preprocess.seen(24, 32) == (24, 24)
    whole = {**CLASSIFIER, "size": [16, 16]}
    stretched = open_perception(str(classifier(tmp_path / "b.onnx", whole, size=fixed)))
    assert stretched.preprocess.seen(24, 32) == (24, 32)
    margin = {**CLASSIFIER, "size": 16, "resize": 20, "resample": "bicubic"}
    closer = open_perception(str(classifier(tmp_path / "c.onnx", margin, size=fixed)))
    assert closer.preprocess.seen(20, 40) == (16, 16)
    # The middle square; wider, and the whole differ from it and from each other.
    found = [one(images()) for one in (square, stretched, closer)]
    assert not torch.allclose(found[0], found[1])
    assert not torch.allclose(found[0], found[2])
    ours = Preprocess(16, (0, 0, 0), (1, 1, 1))
    cubic = classifier(tmp_path / "d.onnx", {**CLASSIFIER, "size": 16, "resample": "bicubic"})
    grey = 0.25 + images() / 2  # nothing is clamped on the way
    close(open_perception(str(cubic))(grey), Classifier()(ours(grey)))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_maps_have_their_classes(tmp_path: Path, layout: str) -> None:
    layer = convolution(len(NAMES), 2)
    graph, output, size = nodes(layer, "map"), "map", ("n", 3, 16, 24)
    if layout == "NHWC":
        turned = helper.make_node("Transpose", ["images"], ["first"], perm=[0, 3, 1, 2])
        back = helper.make_node("Transpose", ["map"], ["last"], perm=[0, 2, 3, 1])
        graph, output, size = [turned, *nodes(layer, "map", "first"), back], "last", (1, 16, 24, 3)
    told = {**SEGMENTER, "layout": layout, "task_options": {"ignored": [2]}}
    file = save(tmp_path / "a.onnx", layer, graph, [output], told, size=size)
    perception = open_perception(str(file))
    given = images(2, 16, 24)
    close(perception(given), layer(given))
    assert perception.task.options()["ignored"] == [2]
    assert predict(perception, images(2, 32, 48))[0].shape == (32, 48)


def test_probabilities_are_the_same_as_logits(tmp_path: Path) -> None:
    layer = convolution(len(NAMES), 2)
    graph = [*nodes(layer, "map"), helper.make_node("Softmax", ["map"], ["likely"], axis=1)]
    told = {**SEGMENTER, "scores": "probabilities"}
    perception = open_perception(str(save(tmp_path / "a.onnx", layer, graph, ["likely"], told)))
    given = images(2, 16, 16) / 8
    close(perception(given).softmax(dim=1), layer(given).softmax(dim=1))


def test_what_are_no_probabilities_is_refused(tmp_path: Path) -> None:
    network, told = Classifier(), {**CLASSIFIER, "scores": "probabilities"}
    # Without an image the numbers are nearly 0.5, which could be probabilities.
    assert network.layer.bias is not None
    network.layer.bias.fill_(0.5)
    graph = [
        *nodes(network.layer, "map"),
        helper.make_node("GlobalAveragePool", ["map"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["logits"]),
    ]
    perception = open_perception(
        str(save(tmp_path / "a.onnx", network.layer, graph, ["logits"], told))
    )
    expected = network(images())
    assert (expected > 1).any()
    with pytest.raises(
        UserError,
        match=rf"a\.onnx: it returns values of {expected.min():.3g} to {expected.max():.3g}, "
        "and probabilities lie between 0 and 1. If they are logits, say scores: logits",
    ) as caught:
        perception(images())
    assert "\n" not in str(caught.value)
    found = detector(tmp_path / "b.onnx", {**DETECTOR, "size": [16, 32]}, last="Identity")
    with pytest.raises(UserError, match=r"b\.onnx: it returns values of .* scores: logits"):
        open_perception(str(found))(images(2, 16, 32))


@pytest.mark.parametrize("beyond", [0.0, 5e-4])
def test_probabilities_may_be_a_little_beyond(beyond: float) -> None:
    likely = torch.tensor([[-beyond, 1 + beyond]])
    found = logits(likely, "probabilities", of_each=False)
    torch.testing.assert_close(found.softmax(dim=1), torch.tensor([[0.0, 1.0]]))
    assert logits(likely.fill_(float("nan")), "probabilities", of_each=True).isnan().all()


@pytest.mark.parametrize("turned", [False, True])
def test_boxes_of_one_output(tmp_path: Path, turned: bool) -> None:
    file = detector(tmp_path / "a.onnx", {**DETECTOR, "size": [16, 32]})
    if turned:
        layer = convolution(4 + len(NAMES), 4)
        graph = [
            *nodes(layer, "map"),
            helper.make_node("Sigmoid", ["map"], ["positive"]),
            helper.make_node("Reshape", ["positive", "shape"], ["flat"]),
            helper.make_node("Transpose", ["flat"], ["found"], perm=[0, 2, 1]),
        ]
        shape = {"shape": [0, 4 + len(NAMES), -1]}
        told = {**DETECTOR, "size": [16, 32]}
        save(file, layer, graph, ["found"], told, constants=shape)
    perception, given = open_perception(str(file)), images(2, 16, 32)
    expected = convolution(4 + len(NAMES), 4)(given).flatten(2).mT.sigmoid()
    found = perception(given)
    assert found.shape == (2, 4 * 8, 4 + len(NAMES))
    close(found[..., 4:].sigmoid(), expected[..., 4:])
    middle, sides = expected[..., :2], expected[..., 2:4]
    corners = torch.cat([middle - sides / 2, middle + sides / 2], dim=-1)
    close(found[..., :4] * torch.tensor([32, 16, 32, 16]), corners)
    assert perception.task.results(found, (16, 32))[0].shape[1] == 6


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("order", [["boxes", "classes"], ["classes", "boxes"]])
def test_boxes_and_classes_apart(tmp_path: Path, order: list[str], more: int) -> None:
    count = len(NAMES) + more
    layer = convolution(4 + count, 4)
    graph = [
        *nodes(layer, "map"),
        helper.make_node("Reshape", ["map", "shape"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["found"], perm=[0, 2, 1]),
        helper.make_node("Split", ["found", "parts"], ["boxes", "classes"], axis=2),
    ]
    constants = {"shape": [0, 4 + count, -1], "parts": [4, count]}
    told = {**SEGMENTER, "task": "detection", "boxes": "corners", "unit": "parts"}
    if count == 4:  # which are the boxes, no shape says
        told["outputs"] = ["boxes", "classes"]
    file = save(tmp_path / "a.onnx", layer, graph, order, told, constants=constants)
    given = images(2, 16, 16) / 8
    found = open_perception(str(file))(given)
    expected = layer(given).flatten(2).mT
    close(found[..., :4], expected[..., :4])
    classes = expected[..., 4:]
    likely = classes.softmax(dim=-1)[..., :-1] if more else classes.sigmoid()
    close(found[..., 4:].sigmoid(), likely)


def test_one_of_several_outputs_is_named(tmp_path: Path) -> None:
    network = Classifier()
    graph = [
        *nodes(network.layer, "map"),
        helper.make_node("GlobalAveragePool", ["map"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["logits"]),
    ]
    file, outputs = tmp_path / "a.onnx", ["map", "logits"]
    save(file, network.layer, graph, outputs, CLASSIFIER)
    with pytest.raises(UserError, match=r"outputs map, logits: name those that count by outputs"):
        open_perception(str(file))
    save(file, network.layer, graph, outputs, {**CLASSIFIER, "outputs": ["logits"]})
    close(open_perception(str(file))(images()), network(images()))


def test_half_precision(tmp_path: Path) -> None:
    layer = convolution(len(NAMES), 2)
    graph = [
        helper.make_node("Cast", ["images"], ["whole"], to=TensorProto.FLOAT),
        *nodes(layer, "map", "whole"),
    ]
    file = save(tmp_path / "a.onnx", layer, graph, ["map"], SEGMENTER, kind=TensorProto.FLOAT16)
    close(open_perception(str(file))(images()), layer(images().half().float()))


def test_what_needs_gradients_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = classifier(tmp_path / "a.onnx")
    perception = open_perception(str(file))
    with pytest.raises(NoGradientError, match="the policy semantic needs gradients, and none pass"):
        Allocation(Policy(SEMANTIC), perception)
    with pytest.raises(NoGradientError):
        importance_map(perception, images())
    words = ["evaluate", "--data", str(tmp_path), "--perception", str(file), "--metric"]
    words += ["agreement", "--ratio", "1/24", "--snr", "5"]
    words += ["--out", str(tmp_path.parent / f"{tmp_path.name}-out")]
    assert main([*words, "--links", "linear-adaptive+importance-energy"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "an ONNX model only judges; take the network itself" in said
    recipe = tmp_path / "tiny.yaml"
    for receivers in (f"perception: {file}", f"others: [{{perception: {file}}}]"):
        recipe.write_text(
            f"name: tiny\ndata: {{source: nowhere}}\ncodec: {{{receivers}}}\n"
            "loss: {weight: 0.1}\n"
        )
        assert main(["train", str(recipe), "--out", str(tmp_path / "run")]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "loss.weight above 0 needs gradients" in said


def test_a_plain_training_takes_it_as_its_judge(tmp_path: Path) -> None:
    file = classifier(tmp_path / "a.onnx")
    recipe = Recipe("plain", codec=CodecRecipe(perception=str(file)))
    try_perception(open_perception(str(file)), [images()], recipe.loss)


def test_an_evaluation_knows_it_by_its_content(tmp_path: Path) -> None:
    data = load_data("signs", "test", limit=2)

    def known(file: Path) -> str | None:
        return context_fingerprint(data, open_perception(str(file)), "agreement")

    one, again = classifier(tmp_path / "a.onnx"), tmp_path / "elsewhere" / "a.onnx"
    again.parent.mkdir()
    shutil.copy(one, again)
    shutil.copy(one.with_suffix(".yaml"), again.with_suffix(".yaml"))
    first = known(one)
    assert first is not None
    assert known(again) == first
    again.write_bytes(again.read_bytes().replace(b"tiny", b"tine"))
    assert known(again) != first
    shutil.copy(one, again)
    again.with_suffix(".yaml").write_text(yaml.safe_dump({**CLASSIFIER, "scale": 2}))
    assert known(again) != first


def test_weights_beside_the_model_count_too(tmp_path: Path) -> None:
    file = classifier(tmp_path / "a.onnx", external=True)
    kept = tmp_path / "a.onnx.data"
    perception = open_perception(str(file))
    close(perception(images()), Classifier()(images()))
    kept.write_bytes(kept.read_bytes()[::-1])
    with pytest.raises(UserError, match="changed meanwhile"):
        pickle.loads(pickle.dumps(perception))
    kept.unlink()
    with pytest.raises(UserError, match=r"weights in a\.onnx\.data, which must lie beside it"):
        open_perception(str(file))


@pytest.mark.usefixtures("undrawn")
def test_evaluate_takes_it(tmp_path: Path) -> None:
    file = classifier(tmp_path / "a.onnx")
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, image in enumerate(images(3)):
        write_picture(image, photos / f"{number}.png")
    words = ["evaluate", "--data", str(photos), "--links", "none", "--metric", "agreement"]
    words += ["--perception", str(file), "--ratio", "1/24", "--snr", "0"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    (record,) = load_results(tmp_path / "out" / "results.json").records
    assert (record.value, record.perception) == (1.0, "a.onnx")
    assert record.fingerprint


def test_another_process_reads_the_file_anew(tmp_path: Path) -> None:
    perception = open_perception(str(classifier(tmp_path / "a.onnx")))
    there = pickle.loads(pickle.dumps(perception))
    assert torch.equal(there(images()), perception(images()))


def told(**changed: Any) -> Callable[[Path], object]:
    return lambda file: classifier(file, {**CLASSIFIER, **changed})


def bare(file: Path) -> None:
    classifier(file)
    file.with_suffix(".yaml").unlink()


def empty(file: Path) -> None:
    classifier(file)
    file.with_suffix(".yaml").write_text("")


def no_model(file: Path) -> None:
    classifier(file)
    file.write_bytes(b"not a model")


def of_boxes(**changed: Any) -> Callable[[Path], object]:
    return lambda file: detector(file, {**DETECTOR, **changed})


UNFIT: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, "no ONNX model at"),
    "no settings": (bare, r"needs a\.yaml beside it"),
    "no model": (no_model, "is no ONNX model that onnxruntime"),
    "unknown key": (told(means=[0, 0, 0]), "means"),
    "unknown task": (told(task="captioning"), "task is one of classification"),
    "no classes": (told(classes=[]), "classes are names, or how many"),
    "one class": (told(classes=["a"]), "knows 1 class, and classification needs at least 2"),
    "other classes": (told(classes=4), r"must return .* of shape \(1, 3\)"),
    "a map wanted": (told(task="segmentation"), "a map of numbers for each image and class"),
    "boxes of a classifier": (told(boxes="centre"), "boxes and unit are of detection"),
    "no form of boxes": (of_boxes(boxes=None), "detection needs boxes"),
    "other boxes": (
        of_boxes(classes=7),
        r"a\.onnx: it returns .* for 7 classes should return \(B, Q, 11\)",
    ),
    "crop of a detector": (of_boxes(resize=300, size=224), "resize is of classification"),
    "task options": (told(task_options={"ignored": [1]}), "the task classification"),
    "layout": (told(layout="NHWC"), "cannot look at images"),
    "size": (
        lambda file: classifier(file, {**CLASSIFIER, "size": 8}, size=(1, 3, 16, 16)),
        "it takes 16 x 16 numbers .* says size 8 x 8",
    ),
    "size of a continent": (
        told(size=100_000),
        r"100000 x 100000 is more than 67,108,864 pix",
    ),
    "wide": (told(size=[1, 10**9]), r"size 1 x 1000000000 is more than"),
    "resize of a continent": (told(size=8, resize=100_000), r"size 100000 x 100000 is more than"),
    "countless classes": (told(classes=3 * 10**9), r"1,000,000 at the most, not 3,000,000,000"),
    "two means": (told(mean=[1, 2]), r"line \d+: mean is a list of 3, not one of 2"),
    "three sizes": (told(size=[1, 2, 3]), "a whole number or a list of 2 or null, not one of 3"),
    "word in a size": (told(size=[1, "x"]), r"size\.2 is a whole number, not 'x'"),
    "no task": (empty, "lines such as 'task: classification' and 'classes: …'$"),
    "small crop": (told(size=32, resize=16), "resize is at least size"),
    "std": (told(std=[1, 0, 1]), "std three positive ones"),
    "output": (told(outputs=["more"]), "has no output more; it has logits"),
    "input": (
        lambda file: classifier(file, kind=TensorProto.DOUBLE),
        r"takes tensor\(double\)|is no ONNX model",
    ),
    "shape": (
        lambda file: save(
            file,
            convolution(3, 1),
            [helper.make_node("Identity", ["images"], ["same"])],
            ["same"],
            CLASSIFIER,
            size=("n", 3),  # pyright: ignore[reportArgumentType]
        ),
        "must take images alone",
    ),
}


@pytest.mark.parametrize("reason", UNFIT)
def test_unfit_models_are_one_line(reason: str, tmp_path: Path) -> None:
    make, said = UNFIT[reason]
    make(tmp_path / "a.onnx")
    with pytest.raises(UserError, match=said) as refused:
        open_perception(str(tmp_path / "a.onnx"))
    assert "\n" not in str(refused.value)


def test_it_has_no_class_of_the_users_own(tmp_path: Path) -> None:
    file = str(classifier(tmp_path / "a.onnx"))
    with pytest.raises(UserError, match="leave --network out"):
        open_perception(file, "mine:Net")
    with pytest.raises(UserError, match="has no layer 'stage1'"):
        open_perception(file, layers=["stage1"])
