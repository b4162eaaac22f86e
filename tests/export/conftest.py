"""Small codecs as folders, written once."""

import pytest
import torch
from exported import Exported, smooth, speaking

from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.export.folder import Calibration, export


@pytest.fixture(scope="session")
def adaptive(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """An `adaptive` of few channels, with int8."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        codec = speaking(Adaptive(width=4))
    folder = tmp_path_factory.mktemp("adaptive") / "board"
    export(codec, folder, "`tiny`", Calibration(list(smooth(8, seed=2)), "8 smooth images"))
    return Exported(codec, folder)


@pytest.fixture(scope="session")
def deepjscc(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The field's reference, in float32 alone."""
    with torch.random.fork_rng():
        torch.manual_seed(6)
        codec = speaking(DeepJSCC("1/12", 7.0))
    folder = tmp_path_factory.mktemp("deepjscc") / "board"
    export(codec, folder, "`reference`", None)
    return Exported(codec, folder)
