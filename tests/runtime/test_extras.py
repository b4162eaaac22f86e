"""What works without the extras, and what is said where one is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from semjscc.errors import UserError
from semjscc.runtime import extras
from semjscc.runtime.extras import EXTRAS, check_extra

BLOCK = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def remove(names):
    ABSENT.update(names)

ABSENT = set()
sys.meta_path.insert(0, Absent())
"""

LEAST = """
others = "av constriction huggingface_hub matplotlib pandas pycocotools rich scipy sionna"
remove([*EXTRA_MODULES, *others.split(), "skimage", "yaml"])
from fractions import Fraction
import torch
from semjscc.checkpoint import locate
from semjscc.codecs.store import load_codec
codec, _ = load_codec(locate("signs-semantic"))
images = torch.rand(1, 3, 64, 64)
with torch.inference_mode():
    encoded = codec.encode(images, torch.tensor([10.0]), Fraction(1, 24))
    received = codec.decode(encoded.symbols, torch.tensor([0.1]), Fraction(1, 24), (64, 64))
assert received.shape == images.shape
"""

WITHOUT_EXTRAS = """
remove(EXTRA_MODULES)
import numpy as np
import semjscc
got = semjscc.transmit(np.full((32, 32, 3), 99, np.uint8), "linear", snr_db=10, weights="signs")
results = semjscc.evaluate(["none", "linear"], "signs", ratio="1/24", snr_db=10, limit=1)
assert len(results.records) == 2
"""


@pytest.mark.parametrize("code", [LEAST, WITHOUT_EXTRAS], ids=["a codec", "a link"])
def test_what_needs_no_extra(code: str, tmp_path: Path) -> None:
    modules = f"EXTRA_MODULES = {[one for some in EXTRAS.values() for one in some]}"
    script = "\n".join([BLOCK, modules, code])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_extra_is_named(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=rf"this needs \w+: pip install 'semjscc\[{extra}\]'"):
        check_extra(extra, "this")


@pytest.mark.parametrize("extra", [extra for extra in EXTRAS if extra != "cluster"])
def test_an_extra_that_is_there_is_none_to_ask_for(extra: str) -> None:
    check_extra(extra, "this")
