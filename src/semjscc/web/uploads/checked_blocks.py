"""Blocks that look at what a client sends before Gradio does: the page is not all that may send.

Gradio copies a file that a client names into its folder before a component sees it, and asks
whether the client uploaded it only where ``launch()`` was called, which `web.server` does not.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState

from semjscc.errors import UserError
from semjscc.parts.own_code import failure_of, with_kind
from semjscc.web.uploads.reading import AGAIN, is_uploaded


class CheckedBlocks(gr.Blocks):
    """A page that reads no file but uploads, and answers what it never sends with one line.

    Args:
        folder: for uploads.
        settings: see `gradio.Blocks`.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self._folder = folder

    async def preprocess_data(
        self,
        block_fn: Any,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """Gradio's own, behind our checks.

        Raises:
            gradio.Error: a file was not uploaded, or a value is none that the page offers.
        """
        if not all(is_uploaded(path, self._folder) for path in _paths(inputs)):
            raise told(AGAIN)
        try:
            for block, value in zip(block_fn.inputs, inputs, strict=True):
                if isinstance(block, gr.Dropdown | gr.Textbox) and not isinstance(value, str):
                    raise TypeError(f"{block.label} is a word")
            pairs = zip(block_fn.inputs, inputs, strict=True)
            inputs = [_within(block, value) for block, value in pairs]
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except Exception as error:
            raise told("the page offers no such choice: load it again") from error


def told(message: str) -> gr.Error:
    """An error that the client alone is told of, in one line."""
    return gr.Error(message, duration=10, print_exception=False)


def told_of(error: Exception) -> gr.Error:
    """The same of any error; what is neither the client's fault nor foreseen is in our log too."""
    if isinstance(error, UserError):
        return told(str(error))
    if (said := failure_of(error)) is None:
        said = f"this cannot be shown: {with_kind(error)}"
    print(f"semjscc: warning: {said}", file=sys.stderr, flush=True)
    return told(said)


def _within(block: Any, value: Any) -> Any:
    """A slider's number as its box shows it in the end: any may be typed, and none becomes 0."""
    if not isinstance(block, gr.Slider) or not isinstance(value, int | float | None):
        return value
    return max(block.minimum, min(block.maximum, value or 0))


def _paths(value: Any) -> Iterator[Any]:
    """What stands as a path in anything that came as JSON."""
    if isinstance(value, dict):
        if "path" in value:
            yield value["path"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _paths(one)
