"""The names in headers: those of all codecs that ship, each with a record of its kind."""

import pytest

from semjscc import checkpoint
from semjscc.checkpoint import read_metadata
from semjscc.radio.waveform.codec_numbers import CODECS, IN_ORDER, PLANNED

SHIPPED = {
    file.stem: read_metadata(file)["codec"]
    for file in sorted(checkpoint.WEIGHTS.glob("*.safetensors"))
    if read_metadata(file)["kind"] == "codec"
}
NOT_ON_THE_AIR = {"feature", "task-loss", "distill", "semantic-balanced"}
"""Of CIFAR-10, for comparisons; they go by their kind and their fingerprint."""


@pytest.mark.parametrize("name", SHIPPED)
def test_a_codec_that_ships_has_a_number_and_announces_what_it_plans(name: str) -> None:
    if name.startswith("cifar10-jpeg-") and name.removeprefix("cifar10-jpeg-") in NOT_ON_THE_AIR:
        assert name not in CODECS
        return
    assert name in CODECS
    assert (name in PLANNED) == (SHIPPED[name] == "deep")


def test_numbers_stay_what_they_were() -> None:
    """Recordings of earlier versions hold them."""
    assert [CODECS.index(name) for name in ("adaptive", "signs-djscc", "photo-djscc")] == [2, 4, 15]
    assert CODECS.index("scenes-djscc") == 19
    assert len(CODECS) == len(set(CODECS)) <= IN_ORDER
