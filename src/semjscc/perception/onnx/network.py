"""An ONNX model as a module without gradients, run by onnxruntime on the CPU."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from semjscc.errors import UserError, first_line, printable
from semjscc.perception.onnx.files import content_print
from semjscc.perception.onnx.outputs import detections, logits
from semjscc.perception.onnx.settings import OnnxSettings

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_ERRORS_ONLY = 3


class OnnxNetwork(nn.Module):
    """A model's output as its task wants it; no gradient passes.

    A model that takes so many images and no others gets them in such portions, the last filled up.
    Another process reads the file anew.

    Args:
        file: the model.
        settings: what its input and output mean.

    Raises:
        UserError: it is no model that can be run, does not go with the settings, or is not what it
            was when this process began to use it.
    """

    passes_gradients = False

    def __init__(self, file: Path, settings: OnnxSettings, content: str | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.content = content_print(file)
        self._file = file
        if content not in (None, self.content):
            raise UserError(f"{printable(str(file))} was changed meanwhile")
        self._session = _session(file)
        self._input = _only_input(self._session, file)
        self._names = _outputs(self._session, settings, file)

    def extra_repr(self) -> str:
        """What decides its results: by this an evaluation knows the network again."""
        return f"{self.content}, {self.settings}"

    @property
    def input_size(self) -> tuple[int | None, int | None]:
        """Height and width that the model takes, None where it takes any."""
        height, width = self._input.shape[1:3] if self._last else self._input.shape[2:]
        return (height if isinstance(height, int) else None), (
            width if isinstance(width, int) else None
        )

    @property
    def _last(self) -> bool:
        """Whether channels come last."""
        return self.settings.layout == "NHWC"

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W), preprocessed -> (B, M), (B, M, h, w) or (B, Q, 4 + M), float32.

        Raises:
            UserError: the output is not what the settings say.
        """
        given = images.detach().cpu()
        given = given.permute(0, 2, 3, 1) if self._last else given
        values = given.contiguous().numpy().astype(_TYPES[self._input.type])
        portions = self._run(values)
        try:
            made = [one.to(images.device) for one in _joined(portions, len(values))]
            return self._told(made, (images.shape[-2], images.shape[-1]))
        except ValueError as error:
            raise UserError(f"{printable(str(self._file))}: {error}") from error

    def _told(self, made: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Outputs as the task wants them; a `ValueError` where they are not what settings say."""
        settings = self.settings
        if settings.task == "detection":
            return detections(made, settings, size)
        one = made[0]
        if settings.task == "segmentation" and self._last and one.ndim == 4:
            one = one.movedim(-1, 1)
        return logits(one, settings.scores, of_each=False)

    def _run(self, values: NDArray[Any]) -> list[list[Any]]:
        """The outputs of all images, in portions."""
        count = self._input.shape[0]
        count = count if isinstance(count, int) else len(values)
        missing = -len(values) % count
        filled = np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])
        return [
            self._session.run(self._names, {self._input.name: part})
            for part in np.split(filled, len(filled) // count)
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._file, self.settings, self.content)


def _joined(portions: Sequence[Sequence[Any]], count: int) -> list[Tensor]:
    """The outputs of ``count`` images, float32; a `ValueError` where one has no row for each."""
    for output in portions[0]:
        if not isinstance(output, np.ndarray) or output.ndim < 1:
            raise ValueError("an output is no tensor with a row for each image")
    joined = (np.concatenate(parts)[:count] for parts in zip(*portions, strict=True))
    return [torch.from_numpy(one).float() for one in joined]


def _session(file: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = torch.get_num_threads()
    # Its threads would else keep the cores that torch is to have in between.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
    except Exception as error:  # of any kind: the file is a stranger's
        raise UserError(
            f"{printable(str(file))} is no ONNX model that onnxruntime {onnxruntime.__version__} "
            f"can run: {first_line(error)}"
        ) from error


def _only_input(session: Any, file: Path) -> Any:
    """The one input, of images."""
    said, inputs = printable(str(file)), session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        shapes = ", ".join(f"{printable(one.name)} {one.shape}" for one in inputs)
        raise UserError(f"{said} must take images alone, (N, 3, H, W), and takes {shapes}")
    if inputs[0].type not in _TYPES:
        raise UserError(
            f"{said} takes {printable(inputs[0].type)}: export it so that it takes float32"
        )
    return inputs[0]


def _outputs(session: Any, settings: OnnxSettings, file: Path) -> Sequence[str]:
    """The names of those that count."""
    there = [one.name for one in session.get_outputs()]
    said, listed = printable(str(file)), printable(", ".join(there))
    chosen = there if settings.outputs is None else list(settings.outputs)
    if unknown := [name for name in chosen if name not in there]:
        raise UserError(f"{said} has no output {printable(unknown[0])}; it has {listed}")
    if len(chosen) > (2 if settings.task == "detection" else 1):
        raise UserError(f"{said} has the outputs {listed}: name those that count by outputs: […]")
    return chosen
