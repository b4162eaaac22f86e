"""Vision models of Hugging Face transformers: classification, segmentation, detection.

The extra ``hf``. Weights are safetensors alone, and code that comes with a model is never run.
"""

import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from semjscc.blueprints import on_no_device
from semjscc.errors import UserError, first_line, printable
from semjscc.perception.base import INPUT_LAYER, Perception
from semjscc.perception.huggingface.default_layers import default_layers
from semjscc.perception.huggingface.files import (
    CONFIG,
    WEIGHTS,
    model_folder,
    model_name,
    read_json,
    task_of,
)
from semjscc.perception.huggingface.processor import read_processor, whole
from semjscc.tasks import Classification, Detection, Segmentation, Task

_SIDE = 224
"""Of the image that finds the layers where the image processor does not resize to a fixed size."""


def load_hugging_face(source: str, layers: Sequence[str] | None = None) -> Perception:
    """A model of the Hugging Face hub, or of a folder that ``save_pretrained`` wrote.

    Args:
        source: ``OWNER/NAME`` or the folder.
        layers: whose features count; the ends of the encoder's stages where it is None, see
            `semjscc.perception.huggingface.default_layers`.

    Raises:
        UserError: it cannot be had, or is nothing that semjscc can use.
        ValueError: it has no such layer.
    """
    folder, name = model_folder(source), model_name(source)
    config = read_json(folder, CONFIG, name)
    task, kind = task_of(config, name)
    model, processor = _loaded(folder, kind, name)
    preprocess = read_processor(processor, name)
    if task != Classification.name:
        preprocess = whole(preprocess)
    class_names = _class_names(model.config, name)
    perception = Perception(
        BoxesOf(model) if task == Detection.name else LogitsOf(model),
        layers=layers or (INPUT_LAYER,),
        class_names=class_names,
        preprocess=preprocess,
        task=_task(task, model.config),
        name=name,
    )
    # Also a trial: what cannot look at an image shows at once, and in one line.
    height, width = preprocess.size if isinstance(preprocess.size, tuple) else (_SIDE, _SIDE)
    image = torch.zeros(1, 3, height, width)
    with torch.inference_mode():
        perception(image)
    if layers is None:
        perception.layers = default_layers(perception.network, preprocess(image), _encoder(model))
    return perception


class LogitsOf(nn.Module):
    """A model of transformers that returns its logits alone: (B, M) or (B, M, h, w).

    Layers are called what the model itself calls them. Another process gets configuration and
    weights and builds it anew, since the library keeps things about a model beside it.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    @property
    def patch_size(self) -> Any:
        """Sides of the patches that its tokens stand for; None where the model does not say."""
        config = self.model.config
        for part in (config, getattr(config, "backbone_config", None)):
            for name in ("patch_stride", "patch_size"):  # the step from one patch to the next
                if (said := getattr(part, name, None)) is not None:
                    return said
        return None

    @property
    def tokens_behind(self) -> int:
        """How many tokens follow those of the patches."""
        return int(getattr(self.model.config, "num_detection_tokens", 0))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W), preprocessed -> logits."""
        return self.model(images).logits

    def named_modules(self, *arguments: Any, **options: Any) -> Generator[Any, None, None]:
        """Those of the model."""
        return self.model.named_modules(*arguments, **options)

    def get_submodule(self, target: str) -> nn.Module:
        """That of the model."""
        return self.model.get_submodule(target)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (
            *(type(self), type(self.model)),
            *(self.model.config, self.model.state_dict()),
        )


class BoxesOf(LogitsOf):
    """A detector of transformers in the form of `semjscc.tasks.detection`: (B, Q, 4 + M).

    Where the model has one number more than classes, for "nothing", its probabilities are those of
    a softmax (DETR, Carion et al. 2020), else each class has its own (sigmoid). Both come out as
    logits of the same probabilities.
    """

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W), preprocessed -> boxes in parts of the image's sides, and logits."""
        output = self.model(images)
        middle, size = output.pred_boxes.split(2, dim=-1)
        logits = output.logits
        if logits.shape[-1] == self.model.config.num_labels + 1:
            sure = logits.log_softmax(dim=-1)[..., :-1]
            # log(p / (1 - p)), with care where p is nearly 1.
            logits = sure - torch.log(-torch.expm1(sure.clamp(max=-1e-6)))
        return torch.cat([middle - size / 2, middle + size / 2, logits], dim=-1)


def _rebuilt(
    made: type[LogitsOf], kind: Any, config: Any, weights: Mapping[str, Tensor]
) -> LogitsOf:
    with torch.random.fork_rng(devices=[]):
        model = kind(config)
    model.load_state_dict(weights)
    return made(model.requires_grad_(False).eval())


def _loaded(folder: Path, kind: str, name: str) -> tuple[Any, Any]:
    """The model and its image processor."""
    with _one_line(folder, kind, name):
        import transformers

        with _quiet():
            processor = transformers.AutoImageProcessor.from_pretrained(
                folder, backend="pil", local_files_only=True, trust_remote_code=False
            )
            if not hasattr(transformers, kind):
                raise UserError(f"{name}: transformers {transformers.__version__} knows no {kind}")
            model, report = getattr(transformers, kind).from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                ignore_mismatched_sizes=True,  # which are told below, by name
                output_loading_info=True,
            )
    for what in ("missing_keys", "error_msgs"):
        if report.get(what):
            first = printable(str(sorted(map(str, report[what]))[0]))
            raise UserError(f"{name}: the weights in {WEIGHTS} do not fit a {kind}: {first}")
    mismatched: list[Any] = sorted(report.get("mismatched_keys") or ())
    if mismatched:
        key, there, wanted = mismatched[0]
        said = _of_other_size(str(key), there, wanted, model.config.num_labels)
        raise UserError(f"{name}: {said}")
    if any(not torch.isfinite(weights).all() for weights in model.state_dict().values()):
        raise UserError(f"{name}: {WEIGHTS} holds weights that are not finite")
    # The same model elsewhere gives the same results, which must not be measured anew.
    model.config.name_or_path = model.name_or_path = ""
    return model, processor


def _encoder(model: nn.Module) -> str:
    """The part without the head."""
    names = (str(getattr(model, "base_model_prefix", "")), "backbone")
    return next((name for name in names if name in dict(model.named_children())), "")


def _class_names(config: Any, name: str) -> list[str]:
    """In the order of their numbers; as the library calls them where they have none."""
    given = config.id2label or {number: f"LABEL_{number}" for number in range(config.num_labels)}
    known = {int(number): str(label) for number, label in given.items()}
    if sorted(known) != list(range(len(known))):
        raise UserError(f"{name}: the numbers of its classes (id2label) are not 0, 1, 2 …")
    return [known[number] for number in range(len(known))]


def _task(task: str, config: Any) -> Task:
    if task == Classification.name:
        return Classification()
    if task == Detection.name:
        return Detection()
    ignored = getattr(config, "semantic_loss_ignore_index", None)
    # 255 is always ignored, and what is no number of 0 to 255 stands in no mask.
    if isinstance(ignored, int) and not isinstance(ignored, bool) and 0 <= ignored < 255:
        return Segmentation(ignored=[ignored])
    return Segmentation()


def _of_other_size(key: str, there: Sequence[int], wanted: Sequence[int], classes: int) -> str:
    """One line on weights whose shape is not that of the model which the configuration describes.

    Args:
        key: their name.
        there: their shape.
        wanted: that of the model.
        classes: how many it has.
    """
    shapes = [" x ".join(map(str, shape)) for shape in (there, wanted)]
    said = f"{WEIGHTS} has {printable(key)} of {shapes[0]}, and {CONFIG} describes {shapes[1]}"
    by_class = wanted[:1] != there[:1] and wanted[1:] == there[1:] and wanted[0] == classes
    return f"{said}, one for each class that it lists" if by_class else said


@contextmanager
def _one_line(folder: Path, kind: str, name: str) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # of any kind: the files are a stranger's, the library is large
        if (reason := _cannot_be_built(folder, kind)) is not None:
            raise UserError(
                f"{name}: {CONFIG} does not describe a model that transformers can build: {reason}"
            ) from error
        raise UserError(f"{name} cannot be loaded by transformers: {first_line(error)}") from error


def _cannot_be_built(folder: Path, kind: str) -> str | None:
    """What is wrong with a configuration, whatever the weights are; None where nothing is."""
    try:
        import transformers

        made = getattr(transformers, kind)
        with _quiet(), on_no_device():
            made(
                made.config_class.from_pretrained(
                    folder, local_files_only=True, trust_remote_code=False
                )
            )
    except ImportError:  # of a package that this kind of model needs
        return None
    except Exception as error:  # of any kind, as above
        said = " ".join(str(error).split())
        # A missing key says no more than the key.
        return printable(f"{type(error).__name__}: {said}" if isinstance(error, KeyError) else said)
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars and notes."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
