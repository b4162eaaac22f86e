"""Codecs on disk: exact round trips, and strangers' files refused in one line."""

import json
import os
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from semjscc.checkpoint import METADATA_KEY, save_weights
from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.base import Codec
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.codecs.store import build_codec, load_codec
from semjscc.errors import UserError

SIXTH = Fraction(1, 6)
ADAPTIVE: dict[str, Any] = {"width": 8}
DEEPJSCC: dict[str, Any] = {"ratio": "1/6", "snr_db": 10.0}


def description(codec: object, options: object, **more: object) -> dict[str, Any]:
    return {"kind": "codec", "codec": codec, "options": options, **more}


def build(name: str, options: dict[str, Any]) -> Codec:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_codec(name, options).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return build("adaptive", ADAPTIVE).state_dict()


def refusal(path: Path) -> str:
    """The message with which a file is refused; it must be one printable line."""
    with pytest.raises(UserError) as raised:
        load_codec(path)
    message = str(raised.value)
    assert message.isprintable()
    assert len(message) < 400
    return message


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize(
    ("name", "options", "kind"),
    [("adaptive", ADAPTIVE, Adaptive), ("deepjscc", DEEPJSCC, DeepJSCC)],
)
def test_round_trip_keeps_weights_and_description(
    tmp_path: Path, name: str, options: dict[str, Any], kind: type[Codec], dtype: torch.dtype
) -> None:
    codec = build(name, options)
    path, metadata = tmp_path / "codec.safetensors", description(name, options, note="ä")
    save_weights(path, {n: w.to(dtype) for n, w in codec.state_dict().items()}, metadata)
    loaded, described = load_codec(path)
    assert type(loaded) is kind
    assert described == metadata
    assert not loaded.training
    assert loaded.ratios == codec.ratios
    assert loaded.snr_range_db == codec.snr_range_db
    for key, tensor in loaded.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, codec.state_dict()[key].to(dtype).float())
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    tolerance = 0.0 if dtype == torch.float32 else 1e-2
    torch.testing.assert_close(
        loaded.encode(images, torch.tensor([10.0]), SIXTH).symbols,
        codec.encode(images, torch.tensor([10.0]), SIXTH).symbols,
        atol=tolerance,
        rtol=0,
    )


@pytest.mark.parametrize("name", ["os.system", "Adaptive", "", "\n"])
def test_name_outside_the_table_is_refused(
    tmp_path: Path, weights: dict[str, Tensor], name: str
) -> None:
    path = tmp_path / "codec.safetensors"
    save_weights(path, weights, description(name, {}))
    assert "there are adaptive, deep, deepjscc" in refusal(path)


@pytest.mark.parametrize("name", ["os:system", "builtins:eval", "builtins:str", "no_such:Codec"])
def test_code_in_a_checkpoint_is_refused_where_nobody_names_it_and_where_it_is_no_codec(
    tmp_path: Path, weights: dict[str, Tensor], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("codec.safetensors")
    save_weights(path, weights, description(name, {"command": "touch ran"}))
    assert f"name it before an @: {name}@codec.safetensors" in refusal(path)
    with pytest.raises(UserError, match=f"the codec {name}"):
        load_codec(path, name)
    with pytest.raises(UserError, match=f"holds no mine:Codec but the codec {name}"):
        load_codec(path, "mine:Codec")
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    "metadata",
    [
        description(["adaptive"], ADAPTIVE),
        description({"adaptive": 1}, ADAPTIVE),
        description(None, ADAPTIVE),
        description("adaptive", None),
        description("adaptive", [8]),
        description("adaptive", "width"),
        description("adaptive", {"width": "wide"}),
        description("adaptive", {"width": 8.5}),
        description("adaptive", {"width": -8}),
        description("adaptive", {"width": None}),
        description("adaptive", {"unknown": 1}),
        description("adaptive", {"self": 1}),
        description("adaptive", {"ratios": []}),
        description("adaptive", {"ratios": 5}),
        description("adaptive", {"ratios": [None]}),
        description("adaptive", {"ratios": ["1/5"]}),
        description("adaptive", {"ratios": ["2"]}),
        description("adaptive", {"ratios": ["x"]}),
        description("deepjscc", {"ratio": None}),
        {"kind": "codec"},
        {"kind": "codec", "codec": "adaptive"},
        {"kind": "codec", "options": ADAPTIVE},
        {"kind": "perception", "codec": "adaptive", "options": ADAPTIVE},
        {"kind": None},
        {"kind": "two\nlines \x1b[31m"},
    ],
    ids=lambda metadata: json.dumps(metadata)[:60],
)
def test_damaged_description_is_refused(
    tmp_path: Path, weights: dict[str, Tensor], metadata: dict[str, Any]
) -> None:
    path = tmp_path / "codec.safetensors"
    save_weights(path, weights, metadata)
    refusal(path)


@pytest.mark.parametrize("snr_db", ["ten", None, [10.0], float("nan"), float("inf"), 1e6])
def test_snr_that_no_link_can_have_is_refused(tmp_path: Path, snr_db: object) -> None:
    path = tmp_path / "codec.safetensors"
    weights = build("deepjscc", DEEPJSCC).state_dict()
    save_weights(path, weights, description("deepjscc", {"ratio": "1/6", "snr_db": snr_db}))
    refusal(path)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"format": "pt"},
        {METADATA_KEY: ""},
        {METADATA_KEY: "{"},
        {METADATA_KEY: "[]"},
        {METADATA_KEY: "3"},
        {METADATA_KEY: "{}"},
        {METADATA_KEY: "[" * 100_000},
    ],
    ids=lambda metadata: str(metadata)[:30],
)
def test_foreign_safetensors_file_is_refused(
    tmp_path: Path, weights: dict[str, Tensor], metadata: dict[str, str] | None
) -> None:
    path = tmp_path / "codec.safetensors"
    save_file(weights, path, metadata)
    assert "not written by semjscc" in refusal(path)


def test_missing_weight_is_refused(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    path = tmp_path / "codec.safetensors"
    fewer = dict(list(weights.items())[1:])
    save_weights(path, fewer, description("adaptive", ADAPTIVE))
    assert "do not fit their network" in refusal(path)


def test_weight_too_many_is_refused(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    path = tmp_path / "codec.safetensors"
    save_weights(path, weights | {"more": torch.ones(1)}, description("adaptive", ADAPTIVE))
    assert "do not fit their network" in refusal(path)


def test_weights_of_another_shape_are_refused(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    path = tmp_path / "codec.safetensors"
    save_weights(path, weights, description("adaptive", {"width": 12}))
    assert "do not fit their network" in refusal(path)
    save_weights(path, weights, description("deepjscc", DEEPJSCC))
    assert "do not fit their network" in refusal(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_weights_that_are_not_finite_are_refused(
    tmp_path: Path, weights: dict[str, Tensor], value: float, dtype: torch.dtype
) -> None:
    path = tmp_path / "codec.safetensors"
    spoiled = {name: tensor.clone().to(dtype) for name, tensor in weights.items()}
    next(reversed(spoiled.values())).view(-1)[-1] = value
    save_weights(path, spoiled, description("adaptive", ADAPTIVE))
    assert "not finite" in refusal(path)


@pytest.mark.parametrize("kept", [0, 4, 8, 100, 0.5, 0.999])
def test_truncated_file_is_refused(tmp_path: Path, weights: dict[str, Tensor], kept: float) -> None:
    path = tmp_path / "codec.safetensors"
    save_weights(path, weights, description("adaptive", ADAPTIVE))
    data = path.read_bytes()
    path.write_bytes(data[: kept if isinstance(kept, int) else int(len(data) * kept)])
    assert "not a readable safetensors file" in refusal(path)


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def test_pickle_under_a_safetensors_name_is_refused_and_never_run(tmp_path: Path) -> None:
    path, trace = tmp_path / "codec.safetensors", tmp_path / "trace"
    path.write_bytes(pickle.dumps(Payload(trace)))
    assert "not a readable safetensors file" in refusal(path)
    torch.save({"x": Payload(trace)}, path)
    assert "not a readable safetensors file" in refusal(path)
    assert not trace.exists()
    pickle.loads(pickle.dumps(Payload(trace)))  # the payload would have worked
    assert trace.exists()


def test_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no checkpoint at" in refusal(tmp_path / "nothing.safetensors")
    assert "no checkpoint at" in refusal(tmp_path)


def test_enormous_network_is_refused_before_it_takes_memory(
    tmp_path: Path, weights: dict[str, Tensor]
) -> None:
    path = tmp_path / "huge.safetensors"
    save_weights(path, weights, description("adaptive", {"width": 10**7}))
    assert "do not fit" in refusal(path)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("adaptive", {"nope": 1}, "codec adaptive has no option 'nope'; it has ratios, width"),
        ("adaptive", {"widht": 1}, "codec adaptive has no option 'widht': did you mean 'width'?"),
        ("deepjscc", {"width": 8}, "codec deepjscc has no option 'width'; it has ratio, snr_db"),
        ("adaptive", {"width": "abc"}, "codec adaptive: option width is a whole number, not 'abc'"),
        ("adaptive", {"width": 8.5}, "codec adaptive: option width is a whole number, not 8.5"),
        ("adaptive", {"width": True}, "codec adaptive: option width is a whole number, not true"),
        ("adaptive", {"width": 0}, "codec adaptive: option width must be at least 1, not 0"),
        ("adaptive", {"ratios": "1/24"}, "option ratios is a list such as [a, b], not '1/24'"),
        ("adaptive", {"ratios": []}, "codec adaptive: option ratios is empty"),
        ("deep", {"width": 1}, "codec deep: width must be at least 2, not 1"),
        ("deep", {"encoder_blocks": [1]}, "codec deep: option encoder_blocks is a list of 2"),
        ("deep", {"decoder_blocks": [1, 0, 1]}, "option decoder_blocks must be at least 1, not 0"),
        ("deepjscc", {"snr_db": "ten"}, "codec deepjscc: option snr_db is a number, not 'ten'"),
        ("adaptive", [8], "codec adaptive: its options are a block of keys"),
    ],
)
def test_options_are_checked_by_what_the_codec_takes(name: str, options: Any, message: str) -> None:
    with pytest.raises(UserError) as raised:
        build_codec(name, options)
    assert message in str(raised.value)


def test_ratios_may_be_numbers() -> None:
    options = {"width": 2, "ratios": [0.125, "1/24"]}
    assert build("adaptive", options).ratios == (Fraction(1, 24), Fraction(1, 8))
    assert build("deepjscc", {"ratio": 0.125, "snr_db": 3}).ratios == (Fraction(1, 8),)
