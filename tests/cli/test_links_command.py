"""What there is, on one screen; more of one by its name."""

import json
import sys
from pathlib import Path

import pytest

from semjscc.allocation.policy import POLICIES
from semjscc.checkpoint import MODEL, WEIGHTS, read_metadata, save_weights
from semjscc.cli import main
from semjscc.codecs.deep import Deep
from semjscc.families import families, shipped_schemes
from semjscc.links import untrained_links
from semjscc.links.policies import DIVIDES


def shown(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["links", *words]) == 0
    return capsys.readouterr().out


def test_everything_is_named_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    words = shown([], capsys).replace(",", " ").split()
    schemes = {scheme for family in families() for scheme in shipped_schemes(family)}
    networks = {
        f.stem for f in WEIGHTS.glob("*.safetensors") if read_metadata(f)["kind"] != "codec"
    }
    assert "efficientnet-lite0" in words
    assert {*untrained_links(), *families(), *schemes, *networks, *POLICIES} <= set(words)


def test_all_of_it_fits_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = shown([], capsys).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", untrained_links())
def test_what_a_link_is_stands_by_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown([name], capsys)
    assert "the same" not in text
    like = {"linear-adaptive": "as linear,", "capacity": "of separate", "finite": "of separate"}
    assert like.get(name, "") in text


@pytest.mark.parametrize(
    ("name", "what", "result"),
    [
        ("signs-a", "resnet for classification", "99.3% accuracy"),
        ("scenes-detector-a", "efficientnet-detector for detection", "93.5% map50"),
    ],
)
def test_a_network_says_its_task_and_main_metric(
    name: str, what: str, result: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown([name], capsys)
    assert what in text
    assert result in text
    assert text.strip() in shown([name.partition("-")[0]], capsys)  # its family


@pytest.mark.parametrize("name", ["signs-semantic", "semantic", "signs", "signs-a", "separate"])
def test_details_by_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, cards = shown([name], capsys), json.loads(shown([name, "--json"], capsys))
    assert all(card["name"] in text for card in cards)
    assert {"signs-semantic": 1, "semantic": len(families()), "signs": 4}.get(name, 1) == len(cards)
    if name == "signs-semantic":
        assert "--links semantic --weights signs" in text
        assert "99.4% accuracy, 23.2 dB" in text
        assert cards[0]["recipe"] == read_metadata(WEIGHTS / f"{name}.safetensors")["recipe"]
    if name == "signs-a":
        assert "--perception signs-a" in text
        assert "pedestrian crossing" in text


@pytest.mark.parametrize(
    ("name", "use", "policy"),
    [
        ("hybrid+semantic", ["--links hybrid+semantic"], "semantic: "),
        ("separate+semantic", ["--links separate+semantic"], "semantic: "),
        (
            "separate+importance-energy@2",
            ["--links separate+importance-energy@2"],
            "importance-energy@2: ",
        ),
        ("separate-roi", ["--links separate-roi"], ""),
        ("separate-roi@10", ["--links separate-roi@10"], ""),
        ("separate@10", ["--links separate@10"], ""),
        ("separate-jpeg@10+semantic", ["--links separate-jpeg@10+semantic"], "semantic: "),
        ("linear-adaptive+energy", ["--links linear-adaptive+energy"], "energy: "),
        (
            "semantic+importance-energy@0.5",
            [
                f"--links semantic+importance-energy@0.5 --weights {one}"
                for one in ("photo", "scenes")  # whose codecs divide power
            ],
            "importance-energy@0.5: ",
        ),
        ("hybrid+uniform", ["--links hybrid+uniform"], "uniform: every region has the same"),
        (
            "hybrid+importance:saliency",
            ["--links hybrid+importance:saliency"],
            "importance:saliency: the more a region matters",
        ),
        (
            "djscc+semantic",
            [
                f"--links djscc+semantic --weights {one}"
                for one in families()
                if "djscc" in shipped_schemes(one)
            ],
            "semantic: ",
        ),
        ("signs-djscc+semantic", ["--links djscc+semantic --weights signs"], "semantic: "),
        ("efficientnet-lite0", ["--perception efficientnet-lite0"], ""),
        ("mobilenet-v2", ["--perception mobilenet-v2=PATH"], ""),
    ],
)
def test_whatever_a_link_or_network_may_be_called_has_details(
    name: str, use: list[str], policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line.split(maxsplit=1) for line in shown([name], capsys).splitlines()]
    assert [line[1] for line in lines if line[0] == "use"] == use
    told = [line[1] for line in lines if line[0] == "policy"]
    assert len(told) == (len(use) if policy else 0)
    assert all(line.startswith(policy) for line in told)


def test_details_say_where_importance_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert "by the network" in shown(["hybrid+importance-energy"], capsys)
    assert "stands out in the picture" in shown(["hybrid+importance-energy:saliency"], capsys)
    assert "importance" not in shown(["hybrid+uniform"], capsys)


def test_one_codec_alone_divides_power_as_every_policy_asks() -> None:
    assert Deep.name == DIVIDES


def test_details_of_several(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(["none", "signs-a"], capsys)
    assert text.index("none") < text.index("signs-a")


@pytest.mark.parametrize(
    "metadata",
    [
        {"kind": "codec"},
        {"kind": "perception"},
        {"kind": "\x1b[31mred"},
        {"kind": "codec", "facts": [], "recipe": 3, "ratios": "1/24", "data": None},
        {"kind": "codec", "facts": {"val_psnr_db": {"1/24": "x"}, "val_accuracy": 3}},
        {"kind": "perception", "class_names": ["a\n\x1b[31m"], "layers": {}},
    ],
)
def test_a_strangers_card_may_lack_anything(
    metadata: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_weights(tmp_path / "run" / MODEL, {}, metadata)
    text = shown([str(tmp_path / "run")], capsys)
    assert "\x1b" not in text
    assert len(text.splitlines()) < 20


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sings", "no link, family or weights 'sings': did you mean 'signs'?"),
        ("semantc", "did you mean 'semantic'?"),
        ("xyzxyz", "no link, family or weights 'xyzxyz'; there are: semjscc links"),
        ("runs/none", "no link, family or weights 'runs/none'"),
        ("nothing+semantic", "no link, family or weights 'nothing+semantic'"),
        ("signs+semantic", "no link 'signs+semantic'"),
        ("none+semantic", "the link none takes no policy: linear-adaptive, hybrid, separate and"),
        ("hybrid+semantc", "there is no +semantc: did you mean 'semantic'?"),
        ("signs-djscc+importance-energy", "the codec 'adaptive' spends alike on all regions"),
        ("hybrid+importance:salency", "no importance 'salency': did you mean 'saliency'?"),
        ("signs-djscc+uniform", "the codec 'adaptive' has no plan for its power"),
        ("linear-adaptive+progresive", "there is no +progresive: did you mean 'progressive'?"),
        ("linear@3", "no link 'linear@3'"),
        ("mobilenet-v2=nothere", "mobilenet-v2: no weights at nothere"),
        ("efficientnet-lite", "did you mean 'efficientnet-lite0'?"),
    ],
)
def test_unknown_names_are_one_line(
    name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["links", name]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
