"""Results files: what is written comes back, what is foreign is refused."""

import json
import math
import re
import subprocess
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

import semjscc
from records import RECORD
from semjscc.data.base import ImageSet
from semjscc.errors import UserError
from semjscc.links import NoChannel
from semjscc.perception.base import Perception
from semjscc.perception.built_in.networks import ResNet
from semjscc.results.records import (
    KIND,
    OPTIONAL,
    Record,
    Results,
    load_results,
    make_meta,
    save_results,
)


def write(path: Path, record: dict[str, Any], **changes: Any) -> Path:
    path.write_text(json.dumps({"kind": KIND, "meta": {}, "records": [record], **changes}))
    return path


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    clean = replace(RECORD, link="none", snr_db=None, ratio=None, ratio_measured=None, psnr_db=None)
    results = Results({"version": "0", "command": "vergleiche \udcff für"}, [RECORD, clean])
    save_results(results, tmp_path / "new" / "results.json")
    assert load_results(tmp_path / "new" / "results.json") == results
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["results.json"]


@pytest.mark.parametrize(
    ("changes", "exact"),
    [
        ({}, 0),
        ({"psnr_db": None, "ssim": None}, None),  # no image
        ({"psnr_db": None, "ssim": 1.0, "snr_db": None, "ratio": None}, 2000),  # no channel
        ({"psnr_db": None, "ssim": 0.9}, None),  # one or more were exact, and nobody counted
    ],
)
def test_what_earlier_records_tell_of_exact_images(
    tmp_path: Path, changes: dict[str, Any], exact: int | None
) -> None:
    old = asdict(replace(RECORD, draws=2, **changes))
    del old["exact"]
    (record,) = load_results(write(tmp_path / "r.json", old)).records
    assert record.exact == exact


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_json_has_no_word_for_leaves_the_old_file(tmp_path: Path, number: float) -> None:
    path = tmp_path / "results.json"
    save_results(Results({}, [RECORD]), path)
    with pytest.raises(ValueError, match="JSON"):
        save_results(Results({}, [replace(RECORD, psnr_db=number)]), path)
    assert load_results(path).records == [RECORD]


def test_a_folder_that_is_a_file_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        save_results(Results({}, []), tmp_path / "file" / "results.json")


def test_unknown_keys_are_left_aside_and_whole_numbers_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "r.json", asdict(RECORD) | {"snr_db": 10, "later": [1]}, more=1)
    assert load_results(path).records == [RECORD]


@pytest.mark.parametrize("key", [f.name for f in fields(Record) if f.name not in OPTIONAL])
def test_a_record_that_lacks_a_key_is_refused(tmp_path: Path, key: str) -> None:
    record = asdict(RECORD)
    del record[key]
    with pytest.raises(UserError, match=f"record 0 .* lacks {key}"):
        load_results(write(tmp_path / "r.json", record))


def test_results_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    record = {key: value for key, value in asdict(RECORD).items() if key not in OPTIONAL}
    assert load_results(write(tmp_path / "r.json", record)).records == [RECORD]
    record |= {"right": 3}
    with pytest.raises(UserError, match="right is of the wrong type"):
        load_results(write(tmp_path / "r.json", record))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("link", None),
        ("value", "0.9"),
        ("images", 1.5),
        ("snr_db", []),
        ("images", True),
        ("value", True),
        ("exact", False),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(UserError, match=f"{key} is of the wrong type"):
        load_results(write(tmp_path / "r.json", asdict(RECORD) | {key: value}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        *(({key: 0}, f"{key} must lie between 1 and") for key in ("images", "draws")),
        *(
            ({key: value}, f"{key} must lie between 0 and 1")
            for key in ("value", "ci_low", "ci_high", "delivered")
            for value in (-1, 1e308, 10**400, 1.001)
        ),
        *(({"ssim": value}, "ssim must lie between -1 and 1") for value in (-2, 1.5)),
        *(
            ({key: value}, f"{key} must lie between 0 and")
            for key in ("channel_uses", "control_bits", "payload_bits", "exact")
            for value in (-1, 10**30)
        ),
        *(
            ({key: value}, f"{key} must lie between -1000 and 1000")
            for key in ("psnr_db", "snr_db", "assumed_snr_db")
            for value in (1e308, -1001)
        ),
        ({"ci_low": 0.9, "ci_high": 0.8}, "ci_low lies above ci_high"),
        ({"ratio": "x"}, "a bandwidth ratio is written like 1/24, not 'x'"),
        ({"ratio": "1e999999999"}, "a bandwidth ratio is written like 1/24"),
    ],
)
def test_numbers_that_no_measurement_gives_are_refused(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    file = write(tmp_path / "r.json", asdict(RECORD) | changes)
    with pytest.raises(UserError, match=f"^record 0 in {re.escape(str(file))}: {re.escape(said)}"):
        load_results(file)


def test_infinity_in_other_words_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "r.json", asdict(RECORD) | {"psnr_db": 12345})
    file.write_text(file.read_text().replace("12345", "1e999"))
    with pytest.raises(UserError, match="psnr_db must lie between"):
        load_results(file)


def test_whole_numbers_are_floats_where_floats_are_meant(tmp_path: Path) -> None:
    whole = {"value": 1, "ci_high": 1, "psnr_db": 20, "channel_uses": 512}
    (record,) = load_results(write(tmp_path / "r.json", asdict(RECORD) | whole)).records
    kinds = [type(value) for key, value in asdict(record).items() if key in whole]
    assert sorted(kind.__name__ for kind in kinds) == ["float", "float", "float", "int"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"kind": NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "no results"),
        (b'{"kind": "package"}', "no results"),
        (b'{"kind": "semjscc results"}', "lacks"),
        (b'{"kind": "semjscc results", "meta": {}, "records": [3]}', "is no record"),
    ],
)
def test_foreign_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        load_results(path)


def test_a_file_that_is_not_there_is_refused_without_control_characters(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*no\?there") as caught:
        load_results(tmp_path / "no\x1bthere")
    assert "\x1b" not in str(caught.value)


def small_meta(names: tuple[str, ...] = ()) -> dict[str, Any]:
    labels = torch.zeros(2, dtype=torch.int64)
    images = torch.zeros(2, 3, 16, 16, dtype=torch.uint8)
    data = ImageSet("toy", "val", images, labels, ("a",), "r1", "f1", names=names)
    perception = Perception(
        ResNet(2, width=4), layers=["stage1"], class_names=["a", "b"], name="tiny"
    )
    return make_meta(
        links=[NoChannel()], data=data, perceptions=[perception], command="semjscc x", seed=3
    )


def test_meta_says_where_results_come_from() -> None:
    meta = small_meta()
    assert meta["data"] == {
        "name": "toy",
        "revision": "r1",
        "fingerprint": "f1",
        "split": "val",
        "images": 2,
    }
    assert small_meta(("a/0.png", "a/1.png"))["data"]["names"] == ["a/0.png", "a/1.png"]
    assert (meta["perception"], meta["seed"], meta["device"]) == ("tiny", 3, "cpu")
    assert meta["version"] == semjscc.__version__
    assert meta["links"] == [{"name": "none"}]
    assert meta["date"].endswith("+00:00")
    assert json.loads(json.dumps(meta, allow_nan=False)) == meta


def answer(monkeypatch: pytest.MonkeyPatch, top: Path) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, stdout=f"{top}\nabc123\n")

    monkeypatch.setattr("subprocess.run", run)


def test_the_commit_is_that_of_the_packages_own_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "src" / "semjscc"
    package.mkdir(parents=True)
    monkeypatch.setattr(semjscc, "__file__", str(package / "__init__.py"))
    answer(monkeypatch, tmp_path)
    assert small_meta()["commit"] == "abc123"
    answer(monkeypatch, tmp_path.parent)  # installed below another project's checkout
    assert small_meta()["commit"] is None


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(),
        subprocess.TimeoutExpired("git", 5),
        subprocess.CalledProcessError(128, "git"),
    ],
)
def test_without_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("subprocess.run", run)
    assert small_meta()["commit"] is None
