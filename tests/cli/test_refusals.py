"""Mistakes are found before anything is imported that takes seconds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from semjscc.checkpoint import MODEL

POINT, OUT = ["--ratio", "1/24", "--snr", "5"], ["--out", "out"]
REPORT = ["report", "image.png", *OUT]
GRID = ["evaluate", *POINT, *OUT, "--links"]
WAVES = ["channel", "image.png", "x.cf32"]
EVERY = ["evaluate", "--links", "semantic,none"]
RADIO = ["modulate", "image.png", "--out", "x.cf32"]
IMAGE = ["transmit", "image.png", "--snr"]
CLIP = ["transmit", "clip.mp4", "--snr", "3"]
EXPORT = ["export", "--weights", "signs"]
PLANNED = ["export", "--weights", "photo", *OUT]
SETTLED = [*PLANNED, "--link", "semantic+uniform", *POINT]
PLAN = ["plan", "--size", "640x480"]
MARKED = [*IMAGE, "3", "--link", "semantic+importance", "--important"]

MISTAKES: list[tuple[list[str], str]] = [
    (["transmit", "nothere.png", "--snr", "3"], "nothere.png does not exist"),
    (["transmit", "~nosuchuser/x.png", "--snr", "3"], "nobody's home is ~nosuchuser"),
    ([*IMAGE, "ten"], "an SNR is a number of dB, not 'ten'"),
    ([*IMAGE, "-5,0"], "an SNR is a number of dB, not '-5,0'"),
    ([*IMAGE, "nan"], "SNR must be a number of dB between"),
    ([*IMAGE, "3", "--assumed-snr", "x"], "--assumed-snr: an SNR is a number of dB"),
    ([*IMAGE, "3", "--assumed-snr", "nan"], "--assumed-snr: SNR must be a number of dB between"),
    ([*IMAGE, "3", "--network", "a:B"], "--network and --task are of a --perception"),
    ([*IMAGE, "3", "--ratio", "x"], "written like 1/24"),
    ([*IMAGE, "3", "--ratio", "1/99999999999999999999"], "in 20 letters at most"),
    (["transmit", "loop.png", "--snr", "3"], "loop.png is a link that leads nowhere"),
    ([*IMAGE, "3", "--out", "image.png"], "image.png is what is read, and would be written over"),
    ([*IMAGE, "3", "--out", "link.png"], "would be written over"),
    ([*IMAGE, "3", "--out", "new"], "no ending of an image format"),
    ([*IMAGE, "3", "--link", "semantc"], "did you mean 'semantic'"),
    ([*IMAGE, "3", "--link", "label"], "the link 'label' brings no image: compare it with eval"),
    ([*IMAGE, "3", "--link", "distill"], "for cifar10-jpeg: --weights cifar10-jpeg"),
    ([*IMAGE, "3", "--link", "runs/none"], "no link 'runs/none' for photo"),
    ([*IMAGE, "3", "--link", "semantic+semantic+energy"], "a link has one policy"),
    ([*IMAGE, "3", "--link", "none+semantic"], "the link none takes no policy"),
    ([*IMAGE, "3", "--link", "semantic+importance:mask"], "a mask belongs to one picture"),
    (
        [*IMAGE, "3", "--link", "semantic+importance:x"],
        "no importance 'x': there are network, predicted",
    ),
    ([*IMAGE, "3", "--link", "semantic+semantic:saliency"], "tunes symbols to a network"),
    ([*IMAGE, "3", "--important", "1,2,3,4"], "--important needs a policy that weighs"),
    ([*MARKED, "1,2,3"], "--important takes a box x,y,w,h of whole pixels"),
    ([*MARKED, "0,0,33,9"], "the box 0,0,33,9 does not lie within the picture of 32 x 32 pixels"),
    ([*MARKED, "0,0,9,0"], "the box 0,0,9,0 is empty"),
    ([*MARKED, "nothere.png"], "nothere.png does not exist"),
    ([*MARKED, "image.png", "--out", "link.png"], "link.png is what is read"),
    ([*IMAGE, "3", "--link", "./semantic"], "the folder ./semantic has no model.safetensors"),
    ([*IMAGE, "3", "--weights", "sings"], "no shipped weights 'sings': did you mean 'signs'?"),
    ([*IMAGE, "3", "--perception", "runs/none"], "no checkpoint at runs/none"),
    *(
        ([*IMAGE, "3", "--perception", several], f"one network is taken here, and {several} are")
        for several in ("a.onnx,hf:m/vit", "hf:m/vit,b.onnx", "signs-a,signs-c")
    ),
    ([*IMAGE, "3", "--perception", "sings-a"], "did you mean 'signs-a'"),
    ([*IMAGE, "3", "--perception", "mobilenet-v2=nothere"], "no weights at nothere"),
    ([*IMAGE, "3", "--seed", "x"], "invalid int value"),
    ([*IMAGE, "3", "--limit", "5"], "--limit is of moving pictures, and image.png is not among"),
    ([*IMAGE, "3", "--fps", "5"], "--fps is of moving pictures, and image.png is not among them"),
    ([*CLIP], "moving pictures need a file: name one with --out, such as received.mp4"),
    ([*CLIP, "--out", "x.gif"], "no ending of moving pictures that are written: take .mp4, .mov"),
    ([*CLIP, "--out", "clip.mp4"], "clip.mp4 is what is read, and would be written over"),
    ([*CLIP, "--out", "x.mp4"], "clip.mp4 cannot be read as moving pictures: it is cut off, dam"),
    (["transmit", "nothere.mp4", "--snr", "3"], "nothere.mp4 does not exist"),
    (["modulate", "image.png", "nothere.png", "--out", "x.cf32"], "nothere.png does not exist"),
    (["modulate", "clip.mp4", "--out", "x.wav"], "clip.mp4 cannot be read as moving pictures"),
    (["modulate", "clip.mp4", "image.png", "--out", "x.wav"], "takes images, or one clip alone"),
    ([*RADIO, "--symbols-per-second", "9"], "--symbols-per-second is of moving pictures, and imag"),
    (["demodulate", "image.png", "--out", "x.avi"], "no ending of moving pictures that are writt"),
    (["demodulate", "image.png", *OUT, "--fps", "9"], "--fps is of moving pictures: name a file"),
    ([*RADIO, "--gap", "-1"], "--gap is a number of seconds"),
    ([*RADIO, "--link", "no"], "no link 'no' for photo"),
    *(
        ([*RADIO, "--link", link], f"does not carry the link '{link}': it carries linear, linear-a")
        for link in ("none", "capacity", "label", "hybrid", "hybrid+importance-energy")
    ),
    (["modulate", "image.png", "--out", "image.png/x.cf32"], "no file can be made in"),
    *(
        (
            ["plan", "--size", size],
            f"--size is WIDTHxHEIGHT in whole pixels, such as 640x480, not '{size}'",
        )
        for size in (
            "640",
            "640x",
            "-640x480",
            "640x480x3",
            "6e2x480",
            "640.0x480",
            "nanxinf",
            "²0x20",
        )
    ),
    *(
        (["plan", "--size", size], f"an image has 16 to 32767 pixels a side, not {said} (width x")
        for size, said in (("640x0", "640 x 0"), ("15x640", "15 x 640"), ("16X32768", "16 x 32768"))
    ),
    *(
        (
            [*PLAN, option, number],
            f"{option} is a number of {unit} from 1e-09 to 1e+12, not {number}",
        )
        for option, unit in (
            ("--seconds", "seconds"),
            ("--power", "watts"),
            ("--symbol-rate", "symbols a second"),
        )
        for number in ("nan", "inf", "-inf", "0", "-1")
    ),
    ([*PLAN, "--power", "x"], "argument --power: invalid float value: 'x'"),
    ([*PLAN, "--ratio", "0"], "a bandwidth ratio lies between 0 and 1"),
    ([*PLAN, "--ratio", "nan"], "written like 1/24"),
    ([*PLAN, "--ratio", "1/48", "--seconds", "2"], "and --ratio states one: leave one out"),
    ([*PLAN, "--profile", "sdr", "--symbol-rate", "5"], "--profile of the modem: leave one out"),
    (["plan"], "plan takes an image file or --size WIDTHxHEIGHT, one of the two"),
    ([*PLAN, "image.png"], "plan takes an image file or --size WIDTHxHEIGHT, one of the two"),
    (["plan", "640x480"], "there is no file 640x480: a size is written --size 640x480"),
    (["plan", "nothere.png"], "nothere.png does not exist"),
    (["plan", "semantic"], "semantic is no image whose size can be read"),
    (["plan", "--size", "8000x6000"], "the image has 8000 x 6000 pixels, 6000000 symbols at 1/24"),
    (
        [*PLAN, "--seconds", "0.001"],
        "640 x 480 pixels do not fit into 0.001 s: even ratio 1/384, the smallest of codecs, takes "
        "0.00629 s by sdr and 2.71 s by audio",
    ),
    (
        [*PLAN, "--seconds", "0.001", "--symbol-rate", "1e6"],
        "1/384, the smallest of codecs, takes 0.0024 s by your radio",
    ),
    (["modulate", "image.png", "--out", "semantic"], "is a folder"),
    ([*GRID, "none", "--size", "0"], "--size must be at least 1"),
    ([*GRID, "none", "--perception", "signs-a,sings-c"], "did you mean 'signs-c'"),
    (["demodulate", "nothere.cf32", "--out", "out"], "nothere.cf32 does not exist"),
    (["demodulate", "image.png", "--out", "image.png"], "it is a file"),
    (["demodulate", "image.png", "--out", "out", "--weights", "x"], "no shipped weights 'x'"),
    (["demodulate", "image.png", "--out", "out", "--network", "a:B"], "are of a --perception"),
    (["channel", "nothere.cf32", "x.cf32"], "nothere.cf32 does not exist"),
    ([*WAVES, "--snr", "x"], "an SNR is a number of dB"),
    *(
        ([*WAVES, option, number], f"{option} lies between {low} and {high}, not at {number}")
        for option, low, high in (
            ("--cfo", "-1e+09", "1e+09"),
            ("--sro", "-10000", "10000"),
            ("--delay", "0", "3600"),
            ("--gain", "-120", "120"),
            ("--delay-spread", "0", "1"),
            ("--doppler", "0", "1e+06"),
            ("--phase-noise", "0", "1e+09"),
            ("--iq-gain", "-20", "20"),
            ("--dc-i", "-100", "100"),
            ("--iq-phase", "-90", "90"),
            ("--dc-q", "-100", "100"),
            ("--clip", "-20", "60"),
        )
        for number in ("nan", "inf", "-inf")
    ),
    ([*WAVES, "--power", "nan"], "--power is a number of dB from -120 to 120, not nan"),
    ([*WAVES, "--power", "3", "--dc-i", "0"], "--power does nothing without what refers to it"),
    ([*WAVES, "--seed", "1"], "--seed does nothing where nothing is random"),
    ([*WAVES, "--seed", "0", "--phase-noise", "0"], "--seed does nothing where nothing is random"),
    *(
        (
            [*RADIO, "--link", link, "--weights", "photo"],
            f"--weights does nothing for {link}: leave",
        )
        for link in ("linear", "linear-adaptive", "linear-adaptive+uniform")
    ),
    ([*WAVES, "--rate", "nan"], "--rate is a positive number of samples a second, not nan"),
    ([*WAVES, "--doppler", "5"], "take --profile two-ray, tdl-a, tdl-b or tdl-c"),
    ([*WAVES, "--delay-spread", "1e-6"], "--delay-spread does nothing where there is no multipath"),
    ([*WAVES, "--profile", "moderate", "--doppler", "5"], "to moderate, which has its own"),
    ([*GRID, "semantc"], "did you mean 'semantic'"),
    ([*GRID, "semantic", "--data", "owner/name"], "say which weights fit name: --weights"),
    ([*EVERY, "--ratio", "1/x", "--snr", "5", *OUT], "written like 1/24"),
    ([*EVERY, "--ratio", "1/24", "--snr", ",", *OUT], "this one is empty"),
    ([*GRID, "none", "--jobs", "0"], "--jobs must be at least 1"),
    ([*GRID, "none", "--task", "a:B"], "--network and --task are of a --perception"),
    ([*GRID, "none", "--assumed-error", "inf"], "--assumed-error: SNR must be a number of dB"),
    ([*GRID, "none", "--assumed-error", "1", "--assumed-snr", "2"], "say two things: leave one"),
    ([*GRID, "none,semantic", "--accounting", "file"], "--accounting is of separate coding"),
    ([*GRID, "x=djscc,x=semantic"], "two links are called 'x'"),
    ([*EVERY, *POINT, "--out", "image.png"], "it is a file"),
    ([*EVERY, *POINT, "--data", "semantic", "--out", "semantic/out"], "lies in the data"),
    (["report", "nothere.json", "--out", "out"], "nothere.json does not exist"),
    ([*REPORT, "--width", "nan"], "--width is in inches, from 2 to 20: nan is no such width"),
    ([*REPORT, "--ratio", "1/x"], "written like 1/24"),
    ([*REPORT, "--links", ","], "this one is empty"),
    ([*REPORT, "--links", "djscc", "--against", "separate@5.0"], "--links leaves out separate@5.0"),
    (["train", "nothere.yaml"], "no recipe at nothere.yaml"),
    (["train", "--optimiser.steps", "-1e3", "nothere.yaml"], "no recipe at nothere.yaml"),
    (["train", "image.png", "--processes", "0"], "--processes must be at least 1"),
    (["reproduce", "nothere.yaml"], "no plan at nothere.yaml"),
    (["links", "nothere"], "no link, family or weights 'nothere'"),
    (["train", "image.png", "--save-seconds", "nan"], "--save-seconds is a number of seconds, 0"),
    ([*EXPORT, "--out", "image.png"], "cannot write to image.png: it is a file"),
    ([*EXPORT, "--out", "."], "holds something else ("),
    ([*EXPORT, *OUT, "--link", "separate"], "link separate is no codec of ours with weights"),
    (
        [*EXPORT, *OUT, "--link", "semantic+semantic"],
        "more than a network: export semantic",
    ),
    ([*EXPORT, *OUT, "--calibrate", "nothere"], "nothere does not exist"),
    (["export", *OUT], "say which weights semantic is of: --weights cifar10-jpeg|"),
    (["export", *OUT, "--weights", "photo"], "export semantic+uniform, whose plan"),
    ([*PLANNED, "--link", "semantic+uniform"], "is exported for images of one size, a ratio"),
    ([*PLANNED, "--link", "semantic+uniform+progressive"], "makes a plan for each picture"),
    ([*SETTLED, "--size", "9x9"], "--size has 16 to 4096 pixels a side here"),
    ([*SETTLED, "--size", "9"], "--size is WIDTHxHEIGHT in whole pixels"),
    ([*SETTLED, "--size", "64x64", "--calibrate", "image.png"], "leave --calibrate out"),
    ([*EXPORT, *OUT, "--snr", "3"], "are of codecs with a plan, and semantic has none"),
    (["export", *OUT, "--weights", "cifar10-jpeg"], "the package has no images of cifar10-jpeg"),
    (["web", "--task", "a:B"], "--network and --task are of a --perception"),
    (["web", "--port", "0"], "--port is a number from 1 to"),
    (["transmt"], "invalid choice: 'transmt'"),
    ([], "the following arguments are required: COMMAND"),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str, bool]]:
    """Code, message and whether torch was imported, of each mistake, all in one process."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "loop.png").symlink_to("loop.png")
    Image.new("RGB", (32, 32)).save(folder / "image.png")
    (folder / "link.png").symlink_to("image.png")
    (folder / "semantic").mkdir()
    (folder / "clip.mp4").write_text("no clip")
    program = f"""
import contextlib, io, json, sys
from semjscc.cli import main
answers = []
for words in {[words for words, _ in MISTAKES]!r}:
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = main(words)
    answers.append((code, said.getvalue(), "torch" in sys.modules))
print(json.dumps(answers))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True,
        env=os.environ,
    )  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == [
        "clip.mp4",
        "image.png",
        "link.png",
        "loop.png",
        "semantic",
    ]
    return json.loads(done.stdout)


@pytest.mark.parametrize("place", range(len(MISTAKES)), ids=lambda p: " ".join(MISTAKES[p][0]))
def test_mistakes_are_one_line_and_at_once(
    place: int, answers: list[tuple[int, str, bool]]
) -> None:
    code, said, torch_was_imported = answers[place]
    assert code == 2
    assert said.startswith("semjscc: ")
    assert said.count("\n") == 1
    assert MISTAKES[place][1] in said
    assert not torch_was_imported


def test_what_a_short_command_imports(tmp_path: Path) -> None:
    """Each of these takes a second or more, and `transmit` needs none of them."""
    Image.new("RGB", (64, 64)).save(tmp_path / "image.png")
    program = """
import sys
from semjscc.cli import main
assert main(["transmit", "image.png", "--snr", "3", "--json"]) == 0
print(*sys.modules, file=sys.stderr)
import torch
from semjscc.blueprints import on_no_device
from semjscc.codecs.store import CODECS, build_codec
with on_no_device():
    for name in CODECS:  # of which torch asks for it where initial weights are drawn
        build_codec(name, {})
assert "torch._dynamo" not in sys.modules
own = torch.compile, torch.compiler.disable
import semjscc.radio.frame_decoding, semjscc.separation.transport
assert "torch._dynamo" not in sys.modules  # which Sionna asks for
assert own == (torch.compile, torch.compiler.disable)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ,
    )  # fmt: skip
    slow = {
        "torch._dynamo",
        "sympy",
        "torchmetrics",
        "scipy",
        "matplotlib",
        "lightning",
        "datasets",
        "av",
    }
    modules = set(done.stderr.splitlines()[-1].split())
    assert "torch" in modules
    assert not slow & modules
    assert json.loads(done.stdout)["ratio"] == "1/24"
    assert MODEL not in done.stderr
