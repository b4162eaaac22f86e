"""The commands as a user types them, on the weights that ship."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from command_line import refusal, run_json
from semjscc.checkpoint import locate
from semjscc.cli import main
from semjscc.codecs.bandwidth import channel_uses, parse_ratio
from semjscc.data.drawn.signs import render
from semjscc.images import read_image, write_png
from semjscc.radio.waveform.airtime import modem_airtime
from semjscc.radio.waveform.profiles import AUDIO, SDR

EVALUATE = ["evaluate", "--ratio", "1/48", "--data", "signs", "--limit", "12"]


@pytest.fixture
def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluations without their report, figures and pictures, which take most of their time."""
    monkeypatch.setattr("semjscc.experiments.evaluation.draw", lambda *_: None)


@pytest.fixture
def sign(tmp_path: Path) -> Path:
    path = tmp_path / "sign.png"
    Image.fromarray(render("test", 0).image).save(path)
    return path


def test_what_the_system_refuses_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = [
        "reproduce",
        "recipes/experiments/signs.yaml",
        "--quick",
        "--out",
        str(tmp_path / "out"),
    ]
    assert "File name too long" in refusal([*plan, "--runs", str(tmp_path / ("r" * 300))], capsys)


@pytest.mark.usefixtures("one_kind_of_figure")
def test_quick_demo_writes_all_it_promises(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.cli.measure.QUICK_IMAGES", 8)
    results = run_json(["demo", "--quick", "--out", str(tmp_path)], capsys)
    assert json.loads((tmp_path / "results.json").read_text()) == results
    points = {(record["link"], record["snr_db"]) for record in results["records"]}
    snrs = {0.0, 5.0, 10.0, 15.0, 20.0}
    links = ("djscc", "semantic", "separate")
    assert points == {("none", None)} | {(link, s) for link in links for s in snrs}
    for record in results["records"]:
        assert record["images"] == 8
        assert 0 <= record["ci_low"] <= record["value"] <= record["ci_high"] <= 1
        if record["link"] != "none":
            assert record["channel_uses"] == channel_uses(64, 64, parse_ratio("1/48")) == 256
            assert record["control_bits"] > 0
    for name in ("accuracy.png", "transmission.png"):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 200
    assert "<html" in (tmp_path / "report.html").read_text()


@pytest.mark.usefixtures("unpublished")
def test_table_is_for_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], terminal: Callable[[int], None]
) -> None:
    words = [*EVALUATE, "--links", "none,semantic", "--snr", "0,20", "--out", str(tmp_path)]

    def table() -> list[str]:
        assert main(words) == 0
        return [line for line in capsys.readouterr().out.splitlines() if str(tmp_path) not in line]

    piped = table()
    assert any("semantic" in line for line in piped)
    assert any("20" in line for line in piped)
    terminal(100)
    assert table() == piped  # it fits, and nothing is cut
    assert max(map(len, piped)) <= 100
    terminal(40)
    assert max(map(len, table())) <= 40


@pytest.mark.usefixtures("unpublished")
def test_same_seed_same_numbers_other_seed_other_noise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*EVALUATE, "--links", "djscc", "--snr", "0", "--out", str(tmp_path)]
    first = run_json(words, capsys)["records"]
    assert run_json(words, capsys)["records"] == first
    other = run_json([*words, "--seed", "1"], capsys)["records"]
    assert other[0]["psnr_db"] != first[0]["psnr_db"]


def test_more_than_memory_holds_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*EVALUATE, "--links", "none", "--snr", "0", "--out", str(tmp_path)]
    assert "more than 67,108,864 pixels" in refusal([*words, "--size", "999999999"], capsys)

    def nothing_left(*_: object, **__: object) -> None:
        raise MemoryError

    def torch_has_none(*_: object, **__: object) -> None:
        torch.empty(2**60)

    for run in (nothing_left, torch_has_none):
        monkeypatch.setattr("semjscc.experiments.evaluation.run", run)
        assert "not enough memory" in refusal(words, capsys)


@pytest.mark.usefixtures("unpublished")
def test_wrong_belief_about_the_snr_costs_quality(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*EVALUATE, "--links", "djscc", "--snr", "0", "--out", str(tmp_path)]
    right = run_json(words, capsys)["records"][0]
    wrong = run_json([*words, "--assumed-snr", "20"], capsys)["records"][0]
    assert wrong["assumed_snr_db"] == 20
    assert wrong["psnr_db"] < right["psnr_db"]


def test_transmit_says_what_it_spent(
    sign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "received.png"
    words = ["transmit", str(sign), "--link", "semantic", "--snr", "10", "--ratio", "1/6"]
    report = run_json([*words, "--out", str(out)], capsys)
    assert report["channel_uses"] == channel_uses(64, 64, parse_ratio("1/6"))
    assert report["ratio_measured"] == pytest.approx(1 / 6)
    assert report["psnr_db"] > 15
    assert report["warning"] is None
    assert report["seconds_on_air"] == {
        profile.name: modem_airtime(profile, report["channel_uses"]).seconds
        for profile in (SDR, AUDIO)
    }
    assert read_image(out).shape == (3, 64, 64)
    assert main([*words, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert str(report["channel_uses"]) in printed
    on_air = "on the air    0.00573 s by sdr, 2.47 s by audio, the profiles of the modem"
    assert on_air in printed.splitlines()
    assert report["before"]["label"] in printed
    assert printed.splitlines()[-1] == f"written to    {out}"


def test_transmit_draws_what_is_seen(
    sign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, seen = tmp_path / "received.png", tmp_path / "seen.svg"
    words = ["transmit", str(sign), "--link", "none", "--snr", "10", "--out", str(out)]
    assert main([*words, "--seen", str(seen), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seen"] == str(seen)
    assert "<svg" in seen.read_text()
    assert main([*words, "--seen", str(seen)]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f"written to    {out}, and what is seen to {seen}"
    for name, said in (("seen.txt", "no ending of a figure"), ("received.png", "the same file")):
        assert main([*words, "--seen", str(tmp_path / name)]) == 2
        assert said in capsys.readouterr().err


def test_transmit_without_a_channel_names_no_ratio(
    sign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "transmit",
        str(sign),
        "--link",
        "none",
        "--snr",
        "10",
        "--out",
        str(tmp_path / "a.png"),
    ]
    report = run_json(words, capsys)
    assert (report["ratio"], report["ratio_measured"], report["channel_uses"]) == (None, None, 0)
    assert report["seconds_on_air"] is None
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "no channel" in printed
    assert "k/n" not in printed
    assert "on the air" not in printed
    assert main([*words, "--ratio", "1/6", "--seed", "4", "--channel", "cut@.5"]) == 0
    said = "the link none meets no channel: --channel and --ratio and --seed decide nothing"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("size", [(16, 16), (67, 101), (140, 264)])
def test_transmit_takes_any_size_and_warns_of_strange_images(
    size: tuple[int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    out = tmp_path / "received.png"
    words = ["transmit", str(tmp_path / "noise.png"), "--snr", "3", "--out", str(out)]
    assert run_json(words, capsys)["codec"] == "deep"
    assert read_image(out).shape == (3, *size)
    report = run_json([*words, "--weights", "signs"], capsys)
    assert read_image(out).shape == (3, *size)
    assert report["warning"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--links", "djscc", "--snr", "nan"], "SNR must be a number"),
        (["--links", "djscc", "--snr", "inf"], "SNR must be a number"),
        (["--links", "djscc", "--snr", "ten"], "an SNR is a number of dB, not 'ten'"),
        (["--links", "djscc", "--snr", ","], "empty"),
        (["--links", "djscc", "--snr", "5", "--ratio", "1/5"], "ratio 1/5"),
        (["--links", "djscc", "--snr", "5", "--ratio", "x"], "written like 1/24"),
        (["--links", "magic", "--snr", "5"], "label, djscc, semantic"),
        (["--links", "djscc", "--snr", "5", "--channel", "wire"], "no channel 'wire'"),
        (["--links", "djscc", "--snr", "5", "--weights", "mars"], "no shipped weights 'mars'"),
        (["--links", "djscc", "--snr", "5", "--limit", "0"], "--limit must be at least 1"),
        (["--links", "djscc", "--snr", "5", "--data", "no/such/file.parquet"], "does not exist"),
        (["--links", "djscc", "--snr", "5", "--data", "nothere"], "nothere does not exist"),
        (["--links", "djscc", "--snr", "5", "--data", "/dev/null"], "/dev/null is a device"),
        (["--links", "djscc", "--snr", "5", "--frequency", "3"], "unknown words: --frequency 3"),
        (["--links", "djscc"], "required: --snr"),
    ],
)
def test_mistakes_get_one_line(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = dict(zip(EVALUATE[1::2], EVALUATE[2::2], strict=True))
    rest = [word for option in usual.keys() - words for word in (option, usual[option])]
    out = ["--out", str(tmp_path / "out")]
    assert message in refusal(["evaluate", *rest, *out, *words], capsys)


def test_unwritable_output_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    words = [*EVALUATE, "--links", "none", "--snr", "5", "--out", str(tmp_path / "file")]
    assert "cannot write" in refusal(words, capsys)


def test_transmit_refuses_what_is_no_image(
    sign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "notes.png"
    text.write_text("not an image")
    words = ["transmit", "--snr", "3", "--out", str(tmp_path / "received.png")]
    assert "notes.png" in refusal([*words, str(text)], capsys)
    assert "missing.png" in refusal([*words, str(tmp_path / "missing.png")], capsys)
    write_png(read_image(sign)[:, :15], tmp_path / "small.png")
    assert "16" in refusal([*words, str(tmp_path / "small.png")], capsys)
    assert not (tmp_path / "received.png").exists()


def test_interruption_keeps_finished_points(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from semjscc.experiments import evaluation as experiment

    save = experiment.save_results

    def save_then_stop(results: experiment.Results, path: Path) -> None:
        save(results, path)
        if len(results.records) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "save_results", save_then_stop)
    words = [*EVALUATE, "--links", "djscc", "--snr", "0,10,20", "--out", str(tmp_path)]
    assert main(words) == 130
    assert len(json.loads((tmp_path / "results.json").read_text())["records"]) == 2
    assert "stopped" in capsys.readouterr().err


def test_networks_of_one_name_are_told_a_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "copy").symlink_to(locate("signs-a"))
    words = ["--links", "none", "--snr", "5", "--perception", f"signs-a,{tmp_path / 'copy'}"]
    said = refusal([*EVALUATE, *words, "--out", str(tmp_path / "out")], capsys)
    assert "two networks are called 'signs-a': rename the file or folder of one, or eval" in said


@pytest.mark.usefixtures("unpublished")
def test_two_spellings_of_a_link_and_a_channel_are_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    links = "linear-adaptive+energy+repeat@0.5,linear-adaptive+energy:network+repeat@1/2"
    words = [*EVALUATE, "--links", links, "--snr", "5", "--channel", "bursts@1/2"]
    found = run_json([*words, "--out", str(tmp_path)], capsys)
    (record,) = found["records"]
    assert record["link"] == "linear-adaptive+energy+repeat@0.5"
    assert record["channel"] == "bursts@0.5"


def test_a_second_ctrl_c_does_not_spoil_the_end() -> None:
    script = """
import atexit, signal, sys
from semjscc import cli
signal.signal(signal.SIGINT, signal.default_int_handler)
atexit.register(signal.raise_signal, signal.SIGINT)
cli.choose_threads = lambda _: signal.raise_signal(signal.SIGINT)
sys.exit(cli.main(["links"]))
"""
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "semjscc: stopped; what was finished is kept\n"


def test_module_runs_as_the_command() -> None:
    words = [sys.executable, "-m", "semjscc", "evaluate", "--snr"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("link", "ratio"), [("semantic", "1/24"), ("deepjscc-6", "1/6")])
def test_ratio_that_nobody_names_is_said_where_it_is_another(
    link: str, ratio: str, sign: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["transmit", str(sign), "--link", link, "--snr", "10", "--weights", "cifar10-jpeg"]
    assert main([*words, "--out", str(sign.with_name("received.png")), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["ratio"] == ratio
    said = f"warning: {link} has no ratio 1/24: the nearest, {ratio}, counts"
    assert (said in printed.err) == (ratio != "1/24")


@pytest.mark.usefixtures("one_kind_of_figure")
def test_folders_are_printed_as_they_are_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x[v2]" / "[/v1]" / ("long" * 30)
    words = ["--links", "ours[red]=semantic", "--snr", "5", "--out", str(out)]
    assert main([*EVALUATE, *words]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith(f"Pictures, numbers and report.html are in {out}\n")
    assert "ours[red]" in printed
    assert (out / "report.html").is_file()


@pytest.mark.parametrize(("code", "expected"), [(None, 2), (0, 2), (143, 143)])
def test_own_code_that_ends_the_program_is_no_success(
    code: int | None,
    expected: int,
    sign: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def ends(*_: object) -> None:
        raise SystemExit(code)

    monkeypatch.setattr("semjscc.transmission.transmit", ends)
    words = [
        "transmit",
        str(sign),
        "--link",
        "none",
        "--snr",
        "3",
        "--out",
        str(tmp_path / "a.png"),
    ]
    if expected == code:
        with pytest.raises(SystemExit, match=str(code)):
            main(words)
        return
    assert main(words) == expected
    assert "code of your own ended the program" in capsys.readouterr().err


def test_a_notebooks_backend_need_not_be_installed() -> None:
    code = "from semjscc.cli import main; main(['links']); import matplotlib"
    environment = os.environ | {"MPLBACKEND": "module://not_installed_here"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=False
    )
    assert found.returncode == 0, found.stderr
