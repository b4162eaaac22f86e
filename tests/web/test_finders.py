"""Networks that find things on the page: boxes and masks over the images, and no map of ONNX."""

from pathlib import Path

import pytest
import torch

from semjscc.errors import UserError
from semjscc.images import to_float
from semjscc.web import models
from semjscc.web.compare import look
from semjscc.web.examples import examples
from semjscc.web.models import OWN, bring, judges, load_judge, preferred_judge
from semjscc.web.pictures import importance_picture
from semjscc.web.result_html import original_card
from semjscc.web.updates import AS_TRAINED, ask

pytest.importorskip("onnxruntime", reason="needs the extra onnx: pip install 'semjscc[onnx]'")
pytest.importorskip("onnx", reason="makes its models with onnx")

from onnx_models import NAMES, detector, segmenter


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_BROUGHT", {})
    load_judge.cache_clear()


def test_what_is_brought_can_be_chosen(tmp_path: Path) -> None:
    assert preferred_judge() == OWN
    told = {"task": "segmentation", "classes": NAMES}
    bring(str(segmenter(tmp_path / "parts.onnx", told)))
    assert judges()[-1] == preferred_judge() == "parts.onnx"
    assert load_judge("parts.onnx").task.name == "segmentation"
    picture = examples()[0].picture
    asked = ask(picture, "signs", "parts.onnx", AS_TRAINED, "1/24", "awgn", 5.0)
    assert asked.judge == "parts.onnx"
    with pytest.raises(UserError, match=r"has a network parts\.onnx already"):
        bring(str(tmp_path / "parts.onnx"))


def test_what_only_judges_says_not_what_matters_and_a_person_may(tmp_path: Path) -> None:
    bring(str(segmenter(tmp_path / "b.onnx", {"task": "segmentation", "classes": NAMES})))
    wish = examples()[0].picture, "signs", "b.onnx", AS_TRAINED, "1/24", "awgn", 5.0, ["importance"]
    with pytest.raises(UserError, match="an ONNX model only judges"):
        ask(*wish)
    assert ask(*wish, 0.5, "0,0,9,9").more[0].name == "importance"


def test_boxes_and_masks_are_drawn_over_the_image(tmp_path: Path) -> None:
    image = to_float(examples()[0].picture.pixels)[None]
    found = {"scores": "probabilities", "boxes": "centre", "unit": "pixels"}
    bring(str(detector(tmp_path / "a.onnx", {"task": "detection", "classes": NAMES, **found})))
    bring(str(segmenter(tmp_path / "b.onnx", {"task": "segmentation", "classes": NAMES})))
    for name in ("a.onnx", "b.onnx"):
        seen = look(image, load_judge(name))
        assert seen.shown.shape == (3, 320, 320)
        assert seen.right == {one.label for one in seen.things}
        assert importance_picture(image[0], load_judge(name)) is None
    named = look(image, load_judge("signs-a"))
    assert torch.equal(named.shown, image[0])
    assert named.right == {named.things[0].label}


def test_the_original_without_a_map(tmp_path: Path) -> None:
    bring(str(segmenter(tmp_path / "b.onnx", {"task": "segmentation", "classes": NAMES})))
    seen = look(torch.rand(1, 3, 32, 32), load_judge("b.onnx"))
    card = original_card("data:,a", None, seen, (32, 32))
    assert "importance" not in card
    assert '<img alt="original" class="drawn"' in card
    assert 'class="wrong"' not in card
