"""Models of Hugging Face transformers: as the library itself has them, frozen, with gradients."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from semjscc.cli import main
from semjscc.cli.options import check_network
from semjscc.errors import UserError
from semjscc.importance.gradient import ImportanceForm, importance_weights, score_gradients
from semjscc.importance.maps import importance_map
from semjscc.perception.base import Perception
from semjscc.perception.huggingface import files as hub
from semjscc.perception.huggingface.processor import read_processor, whole
from semjscc.perception.processing import ProcessorPreprocess
from semjscc.perception.store import open_perception, weights_file
from semjscc.results.fingerprint import link_fingerprint
from semjscc.results.records import load_results
from semjscc.tasks import Segmentation

transformers = pytest.importorskip(
    "transformers", reason="needs the extra hf: pip install 'semjscc[hf]'"
)

NAMES = {0: "cat", 1: "dog", 2: "crane", 3: "crane"}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
SQUARE = {"size": {"height": 32, "width": 32}}
ALL = {"do_resize": True, "do_rescale": True, "do_normalize": True, "resample": 2}

Settings = dict[str, Any]


def of_type(kind: str, **settings: Any) -> Settings:
    return {"image_processor_type": f"{kind}ImageProcessor", **ALL, **IMAGENET, **settings}


def saved(folder: Path, model: Any, processor: Settings) -> Path:
    """A model with random weights whose logits differ, as ``save_pretrained`` writes it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = model()
        for name, weights in made.named_parameters():
            if weights.ndim > 1 and "embed" not in name:
                torch.nn.init.normal_(weights, std=(2 / weights[0].numel()) ** 0.5)
    made.save_pretrained(folder)
    (folder / hub.PROCESSOR).write_text(json.dumps(processor))
    return folder


def convnext() -> Any:
    shape: Settings = {"depths": [1, 1, 2, 1], "hidden_sizes": [8, 8, 16, 16]}
    config = transformers.ConvNextConfig(**shape, id2label=NAMES)
    return transformers.ConvNextForImageClassification(config)


def vit(**settings: Any) -> Any:
    shape: Settings = {"hidden_size": 16, "num_hidden_layers": 8, "intermediate_size": 32}
    config = transformers.ViTConfig(
        **shape,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
        **(settings or {"id2label": NAMES}),
    )
    return transformers.ViTForImageClassification(config)


def segformer() -> Any:
    shape: Settings = {"depths": [1, 1, 1, 2], "hidden_sizes": [8, 8, 16, 16]}
    config = transformers.SegformerConfig(
        **shape,
        num_attention_heads=[1, 1, 1, 1],
        decoder_hidden_size=16,
        id2label=NAMES,
        semantic_loss_ignore_index=3,
    )
    return transformers.SegformerForSemanticSegmentation(config)


@pytest.fixture(scope="module", autouse=True)
def quiet() -> None:
    transformers.utils.logging.disable_progress_bar()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("models")
    small = of_type("ConvNext", size={"shortest_edge": 32}, crop_pct=0.875, resample=3)
    return {
        "convnext": saved(place / "convnext", convnext, small),
        "vit": saved(place / "vit", vit, of_type("ViT", **SQUARE)),
        "segformer": saved(
            place / "segformer", segformer, of_type("Segformer", size={"height": 64, "width": 64})
        ),
    }


@pytest.fixture(scope="module")
def opened(folders: dict[str, Path]) -> dict[str, Perception]:
    return {name: open_perception(f"hf:{folder}") for name, folder in folders.items()}


def pixels(height: int = 50, width: int = 70, seed: int = 0) -> np.ndarray:
    """Patches of random colours: an image with edges and plain places."""
    patches = np.random.default_rng(seed).integers(
        0, 256, (height // 5, width // 5, 3), dtype=np.uint8
    )
    return patches.repeat(5, axis=0).repeat(5, axis=1)


def as_image(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values).permute(2, 0, 1)[None].float() / 255


def processor_of(settings: Settings, folder: Path) -> Any:
    (folder / hub.PROCESSOR).write_text(json.dumps(settings))
    return transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")


FAMILIES = ["convnext", "vit", "segformer"]


@pytest.mark.parametrize("name", FAMILIES)
def test_logits_are_those_of_the_library(
    name: str, folders: dict[str, Path], opened: dict[str, Perception]
) -> None:
    perception, values = opened[name], pixels()
    processor = transformers.AutoImageProcessor.from_pretrained(folders[name], backend="pil")
    auto = (
        transformers.AutoModelForSemanticSegmentation
        if name == "segformer"
        else transformers.AutoModelForImageClassification
    )
    model = auto.from_pretrained(folders[name]).eval()
    with torch.no_grad():
        expected = model(**processor(values, return_tensors="pt")).logits
    found = perception(as_image(values))
    assert expected.std() > 0.01
    # The processor rounds what it resized to 8 bits.
    torch.testing.assert_close(found, expected, rtol=0, atol=0.03 * float(expected.std()))
    assert perception.name == name
    assert perception.class_names == tuple(NAMES.values())
    assert perception.task.name == ("segmentation" if name == "segformer" else "classification")
    assert weights_file(f"hf:{folders[name]}") == folders[name] / "model.safetensors"


def test_a_class_that_the_loss_ignores_is_ignored(opened: dict[str, Perception]) -> None:
    task = opened["segformer"].task
    assert isinstance(task, Segmentation)
    assert task.ignored == (3,)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        (
            "convnext",
            {
                "convnext.encoder.stages.0": (8, 8, 8),
                "convnext.encoder.stages.1": (8, 4, 4),
                "convnext.encoder.stages.2": (16, 2, 2),
                "convnext.encoder.stages.3": (16, 1, 1),
            },
        ),
        ("vit", dict.fromkeys(("vit.layers.1", "vit.layers.3", "vit.layers.5"), (17, 16))),
        (
            "segformer",
            {
                "segformer.stages.0": (8, 16, 16),
                "segformer.stages.1": (8, 8, 8),
                "segformer.stages.2": (16, 4, 4),
                "segformer.stages.3": (16, 2, 2),
            },
        ),
    ],
)
def test_default_layers_are_spread_over_the_depth_and_have_importance(
    name: str, shapes: dict[str, tuple[int, ...]], opened: dict[str, Perception]
) -> None:
    perception, images = opened[name], torch.cat([as_image(pixels(seed=i)) for i in range(2)])
    features, gradients, _ = score_gradients(perception, images, "logit")
    assert {layer: tuple(one.shape[1:]) for layer, one in features.items()} == shapes
    for weights in importance_weights(gradients, ImportanceForm()).values():
        torch.testing.assert_close(weights.flatten(1).mean(dim=1), torch.ones(2))
        assert weights.std() > 0.01
    alone = perception.features(images)  # stops early, and leaves all as it was
    for layer, feature in features.items():
        torch.testing.assert_close(alone[layer], feature)
    assert importance_map(perception, images).shape == (2, 50, 70)


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_reach_the_image_and_no_weights(name: str, opened: dict[str, Perception]) -> None:
    images = as_image(pixels()).requires_grad_()
    opened[name](images).square().sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert not any(weights.requires_grad for weights in opened[name].parameters())


def test_layers_by_name_also_inside_of_blocks(folders: dict[str, Path]) -> None:
    layers = ["vit.layers.0.attention", "vit", "input"]  # the first two return several things
    perception = open_perception(f"hf:{folders['vit']}", layers=layers)
    features, gradients, output = score_gradients(perception, as_image(pixels()), "logit")
    assert perception.layers == tuple(layers)
    assert features["vit"].shape == (1, 17, 16)
    assert all(bool(gradient.abs().sum() > 0) for gradient in gradients.values())
    plain = open_perception(f"hf:{folders['vit']}")(as_image(pixels()))
    torch.testing.assert_close(output, plain)
    with pytest.raises(UserError, match="vit has no layer 'stage9'"):
        open_perception(f"hf:{folders['vit']}", layers=["stage9"])


@pytest.mark.parametrize("name", FAMILIES)
def test_it_can_be_sent_to_another_process(name: str, opened: dict[str, Perception]) -> None:
    content = pickle.dumps(opened[name])
    before = torch.random.get_rng_state()
    other = pickle.loads(content)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.testing.assert_close(other(as_image(pixels())), opened[name](as_image(pixels())))
    assert not other.network.model.training


def test_results_are_known_by_weights_and_settings_not_by_the_place(
    folders: dict[str, Path], opened: dict[str, Perception], tmp_path: Path
) -> None:
    def known(perception: Perception) -> str | None:
        return link_fingerprint(perception)  # pyright: ignore[reportArgumentType]

    first = known(opened["segformer"])
    assert first is not None
    copied = shutil.copytree(folders["segformer"], tmp_path / "segformer")
    assert known(open_perception(f"hf:{copied}")) == first
    config = json.loads((copied / hub.CONFIG).read_text())
    (copied / hub.CONFIG).write_text(json.dumps(config | {"layer_norm_eps": 0.1}))
    assert known(open_perception(f"hf:{copied}")) != first


PROCESSORS = {
    "margin": of_type("ConvNext", size={"shortest_edge": 48}, crop_pct=0.875, resample=3),
    "large": of_type("ConvNext", size={"shortest_edge": 384}, crop_pct=1.0, resample=3),
    "stretched": of_type("ViT", size={"height": 40, "width": 56}),
    "old": of_type("ViT", size=48) | {"feature_extractor_type": "ViTFeatureExtractor"},
    "cut": of_type(
        "MobileNetV2",
        size={"shortest_edge": 41},
        do_center_crop=True,
        crop_size={"height": 32, "width": 36},
    ),
    "offset": of_type(
        "EfficientNet", **SQUARE, resample=0, rescale_offset=True, rescale_factor=1 / 127.5
    ),
    "bgr": of_type("MobileViT", size={"shortest_edge": 36}, do_center_crop=True, crop_size=32)
    | {"do_normalize": False},
    "bare": of_type("ViT", do_resize=False, do_rescale=False),
}


@pytest.mark.parametrize("name", PROCESSORS)
@pytest.mark.parametrize("size", [(60, 95), (130, 45)])
def test_preprocessing_is_that_of_the_processor(
    name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    processor = processor_of(PROCESSORS[name], tmp_path)
    preprocess = read_processor(processor, "some")
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    for values in (pixels(*size), noise):
        expected = torch.as_tensor(processor(values, return_tensors="np")["pixel_values"])
        found = preprocess(as_image(values))
        assert found.shape == expected.shape
        std = torch.tensor(preprocess.std)[:, None, None]
        levels = (found - expected).abs() * std * 255
        # Of 255: the processor rounds to 8 bits, after rows and after columns. We do not.
        assert levels.max() < 1.3
        assert levels.mean() < 0.4


def test_what_the_network_sees_of_an_image() -> None:
    cut = ProcessorPreprocess(resized=256, crop=(224, 224), size=(224, 224))
    assert cut.seen(100, 200) == (88, 88)  # 7/8 of the short side
    assert whole(cut).seen(100, 200) == (100, 200)
    assert whole(cut)(torch.rand(1, 3, 50, 90)).shape == (1, 3, 224, 224)
    images = torch.rand(1, 3, 64, 128, requires_grad=True)
    cut(images).sum().backward()
    assert images.grad is not None
    touched = images.grad[0, 0] != 0
    assert bool(touched[6:58, 38:90].all())
    assert not bool(touched[:, :34].any())
    assert not bool(touched[:2].any())


def test_a_processor_that_does_more_is_refused(tmp_path: Path) -> None:
    padded = of_type("ViT", **SQUARE, do_pad=True, pad_size={"height": 40, "width": 40})
    lanczos = of_type("ViT", **SQUARE, resample=1)
    for settings in (padded, lanczos):
        with pytest.raises(UserError, match=r"some: its image processor \(ViTImageProcessor\)"):
            read_processor(processor_of(settings, tmp_path), "some")


def configured(**changed: Any) -> Callable[[Path], None]:
    return lambda folder: edited(folder, hub.CONFIG, lambda config: config.update(changed))


def edited(folder: Path, name: str, edit: Callable[[Settings], object]) -> None:
    settings = json.loads((folder / name).read_text())
    edit(settings)
    (folder / name).write_text(json.dumps(settings))


def only_pickled(folder: Path) -> None:
    (folder / hub.WEIGHTS).rename(folder / "pytorch_model.bin")


def for_what(kind: str) -> Callable[[Path], None]:
    return lambda folder: edited(
        folder, hub.CONFIG, lambda config: config.update(architectures=[kind])
    )


REFUSALS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no processor": (lambda f: (f / hub.PROCESSOR).unlink(), "has no preprocessor_config.json"),
    "no config": (lambda f: (f / hub.CONFIG).unlink(), "has no config.json"),
    "only a pickle": (only_pickled, "has no model.safetensors, but pytorch_model.bin"),
    "no weights": (lambda f: (f / hub.WEIGHTS).unlink(), "has no model.safetensors: save"),
    "pose": (for_what("VitPoseForPoseEstimation"), "or object detection"),
    "text": (for_what("BertForMaskedLM"), "is a BertForMaskedLM: take a model for image class"),
    "odd": (for_what("os.system"), "does not say what it is for"),
    "code": (
        lambda f: edited(f, hub.CONFIG, lambda c: c.update(auto_map={"AutoModel": "my.Model"})),
        "needs code of its own .auto_map.",
    ),
    "processor code": (
        lambda f: edited(f, hub.PROCESSOR, lambda c: c.update(auto_map={"x": "my.X"})),
        "needs code of its own .auto_map.",
    ),
    "kernel": (
        lambda f: edited(f, hub.CONFIG, lambda c: c.update(attn_implementation="owner/kernel")),
        "needs code of its own .attn_implementation.",
    ),
    "inner kernel": (
        lambda f: edited(
            f, hub.CONFIG, lambda c: c.update(inner=[{"_attn_implementation": {"": "owner/x"}}])
        ),
        "needs code of its own ._attn_implementation.",
    ),
    "broken": (lambda f: (f / hub.CONFIG).write_text("{"), "config.json cannot be read"),
    "list": (lambda f: (f / hub.PROCESSOR).write_text("[]"), "it holds no object"),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_unfit_folders_are_one_line(reason: str, folders: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["vit"], tmp_path / "model")
    spoil, message = REFUSALS[reason]
    spoil(folder)
    for look in (check_network, open_perception):
        with pytest.raises(UserError, match=message) as caught:
            look(f"hf:{folder}")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (for_what("NoSuchForImageClassification"), "knows no NoSuchForImageClassification"),
        (for_what("ResNetForImageClassification"), "do not fit|cannot be loaded"),
        (lambda f: (f / hub.WEIGHTS).write_text("text"), "cannot be loaded by transformers"),
        (
            lambda f: edited(f, hub.CONFIG, lambda c: c.update(num_hidden_layers=9)),
            "the weights in model.safetensors do not fit a ViTForImageClassification: vit.layers.8",
        ),
        (
            configured(id2label={"0": "cat", "1": "dog"}),
            r"^model: model.safetensors has classifier.bias of 4, and config.json describes 2, "
            "one for each class that it lists$",
        ),
        (
            configured(intermediate_size=40),
            r"^model: model.safetensors has vit.layers.0.mlp.fc1.bias of 32, and config.json "
            "describes 40$",
        ),
        (
            configured(hidden_act="nope"),
            "^model: config.json does not describe a model that transformers can build: "
            "KeyError: 'nope'$",
        ),
        (
            configured(num_attention_heads=0),
            "^model: config.json does not describe a model that .* build: .*by zero",
        ),
        (configured(hidden_size="x"), "does not describe a model .*'hidden_size' expected int"),
        (
            lambda f: edited(f, hub.PROCESSOR, lambda c: c.update(size={"height": 9, "width": 9})),
            "model cannot look at images of 9 x 9 pixels",
        ),
    ],
)
def test_what_cannot_be_loaded_is_one_line(
    spoil: Callable[[Path], object], message: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["vit"], tmp_path / "model")
    spoil(folder)
    with pytest.raises(UserError, match=message) as caught:
        open_perception(f"hf:{folder}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("count", [0, 1])
def test_a_model_that_tells_nothing_apart_is_refused(count: int, tmp_path: Path) -> None:
    folder = saved(tmp_path / "few", lambda: vit(num_labels=count), of_type("ViT", **SQUARE))
    with pytest.raises(UserError, match=rf"few knows {count} class.* classification needs at"):
        open_perception(f"hf:{folder}")


def test_names_of_the_hub(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    asked: list[bool] = []

    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    def download(name: str, *, local_files_only: bool, **_: object) -> str:
        asked.append(local_files_only)
        if name != "owner/vit":
            raise LocalEntryNotFoundError("nothing\nis kept")
        return str(folders["vit"])

    def listed(_hub: object, name: str, **_: object) -> SimpleNamespace:
        weights = "model.safetensors" if name == "owner/vit" else "pytorch_model.bin"
        names = (hub.CONFIG, hub.PROCESSOR, weights)
        return SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in names])

    monkeypatch.setenv("SEMJSCC_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", offline)
    with pytest.raises(UserError, match=r"owner/other is no folder, and .* cannot be reached"):
        open_perception("hf:owner/other")
    assert open_perception("hf:owner/vit").name == "owner/vit"  # kept from an earlier time
    assert asked == [True] * 3
    hub._fetched.cache_clear()
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", listed)
    assert open_perception("hf:owner/vit").name == "owner/vit"
    assert asked[3:] == [False] * 2
    with pytest.raises(UserError, match=r"owner/pickled has no model.safetensors, but pytorch_mo"):
        open_perception("hf:owner/pickled")
    hub._fetched.cache_clear()


def test_mistyped_names_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, message in [("hf:", "needs a model"), ("hf:nothere", "a model of the hub is hf:OW")]:
        with pytest.raises(UserError, match=message):
            check_network(name)
    check_network("hf:owner/name")  # the hub is asked later
    monkeypatch.setattr("semjscc.runtime.extras.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"needs transformers: pip install 'semjscc\[hf\]'"):
        check_network("hf:owner/name")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for part, count in (("train", 8), ("test", 3)):
        (folder / part).mkdir()
        for index in range(count):
            Image.fromarray(pixels(30, 40, index)).save(folder / part / f"{index}.png")
    return folder


@pytest.mark.usefixtures("undrawn")
def test_evaluate_takes_it(folders: dict[str, Path], photos: Path, tmp_path: Path) -> None:
    words = ["--links", "none", "--data", str(photos), "--metric", "agreement"]
    words += ["--perception", f"hf:{folders['vit']}", "--ratio", "1/24", "--snr", "5"]
    assert main(["evaluate", *words, "--out", str(tmp_path / "out")]) == 0
    (record,) = load_results(tmp_path / "out" / "results.json").records
    assert (record.value, record.perception) == (1.0, "vit")
    assert record.fingerprint


def test_train_takes_it(folders: dict[str, Path], photos: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.yaml"
    network = f"'hf:{folders['segformer']}'"
    recipe.write_text(
        f"name: tiny\ndata: {{source: {photos}, crop: 16, val_fraction: 0.3}}\n"
        f"codec: {{options: {{width: 8, ratios: [1/24]}}, perception: {network}}}\n"
        "loss: {weight: 0.1, importance: {temper: 0.5}}\n"
        "optimiser: {steps: 2, batch: 2, precision: 32-true}\n"
    )
    assert main(["train", str(recipe), "--out", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "model.safetensors").is_file()


def yolos() -> Any:
    shape: Settings = {"hidden_size": 16, "num_hidden_layers": 4, "intermediate_size": 32}
    config = transformers.YolosConfig(
        **shape,
        num_attention_heads=2,
        image_size=[64, 96],
        patch_size=16,
        num_detection_tokens=9,
        id2label=NAMES,
    )
    return transformers.YolosForObjectDetection(config)


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sizes = {"shortest_edge": 64, "longest_edge": 96}
    return saved(
        tmp_path_factory.mktemp("detector"), yolos, of_type("Yolos", size=sizes, do_pad=True)
    )


@pytest.mark.parametrize("size", [(60, 70), (50, 100), (100, 45)])
def test_boxes_are_those_of_the_library(detector: Path, size: tuple[int, int]) -> None:
    perception = open_perception(f"hf:{detector}")
    assert perception.task.name == "detection"
    assert len(perception.layers) == 3
    image = pixels(*size)
    processor = transformers.AutoImageProcessor.from_pretrained(detector, backend="pil")
    model = transformers.YolosForObjectDetection.from_pretrained(detector)
    prepared = processor(image, return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        output = model(prepared)
        found = perception(torch.from_numpy(image).permute(2, 0, 1)[None] / 255)
    (wanted,) = processor.post_process_object_detection(output, 0.0, [size])
    scale = torch.tensor([size[1], size[0], size[1], size[0]])
    assert (found[0, :, :4] * scale - wanted["boxes"]).abs().max() < 0.5
    sure, classes = found[0, :, 4:].sigmoid().max(dim=1)
    assert (sure - wanted["scores"]).abs().max() < 0.01
    assert (classes == wanted["labels"]).float().mean() > 0.8


@pytest.mark.parametrize("size", [(64, 64), (60, 75), (100, 45)])
def test_importance_lies_on_the_patches_of_a_detector(
    detector: Path, size: tuple[int, int]
) -> None:
    perception, image = open_perception(f"hf:{detector}"), as_image(pixels(*size))
    height, width = perception.preprocess(image).shape[-2:]
    _, gradients, _ = score_gradients(perception, image, "logit")
    # One token is for the class, and nine behind the patches are for what is found.
    patches = gradients[perception.layers[0]].abs().mean(dim=2)[0, 1:-9]
    grid = patches.unflatten(0, (height // 16, width // 16))
    spread = F.interpolate(grid[None, None], image.shape[-2:], mode="bilinear", antialias=True)
    expected = spread / spread.amax()
    torch.testing.assert_close(importance_map(perception, image), expected[0])


@pytest.mark.usefixtures("undrawn")
def test_a_detector_takes_part_in_an_evaluation(detector: Path, tmp_path: Path) -> None:
    words = ["evaluate", "--data", "scenes", "--size", "128", "--limit", "2", "--links", "none"]
    words += ["--perception", f"hf:{detector}", "--metric", "agreement", "--ratio", "1/24"]
    assert main([*words, "--snr", "0", "--out", str(tmp_path)]) == 0
    metrics = {record.metric for record in load_results(tmp_path / "results.json").records}
    assert metrics == {"map50 agreement", "map agreement"}
