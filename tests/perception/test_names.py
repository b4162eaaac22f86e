"""Names of networks, told apart before anything is loaded."""

from pathlib import Path

import pytest

from semjscc.errors import UserError
from semjscc.perception.names import check_one
from semjscc.perception.store import open_perception


def test_a_list_is_refused_where_one_network_is_taken() -> None:
    for several in ("a.onnx,hf:m/vit", "hf:m/vit,a.onnx", "mobilenet-v2=a,signs-a", "a,b"):
        with pytest.raises(UserError, match=r"one network is taken here, .* are several: name one"):
            open_perception(several)


def test_a_path_that_there_is_may_hold_a_comma(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b.onnx").touch()
    for name in ("a,b.onnx", "hf:a,b.onnx", "mobilenet-v2=a,b.onnx", "signs-a"):
        check_one(name)
