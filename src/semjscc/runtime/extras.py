"""What some commands need beside what every installation has."""

from importlib.util import find_spec

from semjscc.errors import UserError

EXTRAS = {
    "cluster": ("ray",),
    "data": ("datasets", "pyarrow"),
    "hf": ("transformers",),
    "onnx": ("onnx", "onnxruntime"),
    "train": ("lightning", "tensorboard"),
    "web": ("gradio", "fastapi"),
}
"""By name, as ``pip install 'semjscc[NAME]'`` has it, the modules that are looked for."""


def check_extra(extra: str, what: str) -> None:
    """Refuse to begin what needs an extra that is not installed.

    Args:
        extra: its name, one of `EXTRAS`.
        what: that needs it, for the message.

    Raises:
        UserError: a module is missing.
    """
    for module in EXTRAS[extra]:
        if find_spec(module) is None:
            raise UserError(f"{what} needs {module}: pip install 'semjscc[{extra}]'")
