"""What a client is told of an error, and what our log says of it."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from semjscc.errors import UserError

if TYPE_CHECKING:
    from gradio import Error

pytestmark = pytest.mark.skipif(
    find_spec("gradio") is None, reason="no page: pip install 'semjscc[web]'"
)


def told_of(error: Exception) -> "Error":
    """Imported here, as Gradio takes seconds and not every process that collects this runs it."""
    from semjscc.web.uploads import checked_blocks

    return checked_blocks.told_of(error)


def test_a_mistake_of_the_clients_is_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert told_of(UserError("choose an image first")).message == "choose an image first"
    assert capsys.readouterr().err == ""


def test_any_other_error_is_one_line_to_the_client_and_in_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def look() -> None:
        raise LookupError("no such class\nat all")

    with pytest.raises(LookupError) as caught:
        look()
    said = told_of(caught.value)
    assert "LookupError: no such class" in said.message
    assert not said.print_exception
    assert capsys.readouterr().err == f"semjscc: warning: {said.message}\n"


@pytest.mark.parametrize(("typed", "taken"), [(77, 20), (-6.5, -5), (3.5, 3.5), (None, 0)])
def test_a_typed_number_is_within_the_slider(typed: float | None, taken: float) -> None:
    """As its box shows it as soon as it is left."""
    import gradio as gr

    from semjscc.web.uploads.checked_blocks import _within

    assert _within(gr.Slider(-5, 20), typed) == taken
    assert _within(gr.Textbox(), "77") == "77"
