"""Small codecs as folders, written once."""

from fractions import Fraction

import pytest
import torch
from exported import Exported, smooth, speaking

from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.deep import Deep
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.export.folder import Calibration, export
from semjscc.export.planned import Planned


@pytest.fixture(scope="session")
def adaptive(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """An `adaptive` of few channels, with int8."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        codec = Adaptive(width=4)
        speaking(codec)
    folder = tmp_path_factory.mktemp("adaptive") / "board"
    export(codec, folder, "`tiny`", Calibration(list(smooth(8, seed=2)), "8 smooth images"))
    return Exported(codec, folder)


@pytest.fixture(scope="session")
def deepjscc(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The field's reference, in float32 alone."""
    with torch.random.fork_rng():
        torch.manual_seed(6)
        codec = DeepJSCC("1/12", 7.0)
        speaking(codec)
    folder = tmp_path_factory.mktemp("deepjscc") / "board"
    export(codec, folder, "`reference`", None)
    return Exported(codec, folder)


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A `deep` of few channels for images of 37 x 50 pixels (height x width), 1/20 and 8 dB."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        codec = Deep(width=4, encoder_blocks=(1, 1), decoder_blocks=(1, 1, 1))
        speaking(codec)
    folder = tmp_path_factory.mktemp("planned") / "board"
    export(Planned(codec, (37, 50), Fraction(1, 20), 8.0), folder, "`tiny+uniform`", None)
    return Exported(codec, folder)
