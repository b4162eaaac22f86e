"""The blocks of the tutorial run one after the other, and say what stands around them."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

PAGE = (Path(__file__).parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")


def test_its_blocks_do_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    assert len(blocks) > 8
    assert PAGE.count("limit=40") == 1
    names: dict[str, Any] = {}
    with torch.random.fork_rng():
        for number, block in enumerate(blocks):
            text = block.replace("limit=40", "limit=16").replace("range(50)", "range(30)")
            text = text.replace("limit=32).batch(range(32))", "limit=16).batch(range(16))")
            exec(compile(text, f"block {number}", "exec"), names)
    printed = capsys.readouterr().out
    assert re.search(r"^SNR (4\.9|5\.0)\d dB$", printed, re.M)
    assert "k = 96, R = 1/32\n" in printed
    share = re.findall(r"^stage\d: a tenth of the features has (\d+)%", printed, re.M)
    assert len(share) == 3
    assert all(int(one) > 10 for one in share)
    table = names["table"]
    assert table.value["semantic"] > table.value["djscc"] + 0.2
    assert table.psnr_db["semantic"] < table.psnr_db["djscc"]
