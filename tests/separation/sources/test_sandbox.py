"""Payloads that hang, eat memory, kill the decoder or lie about their size."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from coder_checks import picture
from hostile_coder import Hostile
from semjscc.separation.sources.base import Setting
from semjscc.separation.sources.jpeg import Jpeg
from semjscc.separation.sources.sandbox import Sandbox
from semjscc.separation.sources.search.scaling import reconstruct
from semjscc.separation.sources.search.search import encode

SIZE = (4, 6)
FIRST = Setting(0, 0, 0)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with closing(Sandbox(seconds=2)) as sandbox:
        yield sandbox


def outcome(sandbox: Sandbox, *files: bytes) -> list[int | None]:
    """The value of every pixel, or None."""
    payloads = [(file, FIRST) for file in files]
    images = sandbox.reconstruct_all(Hostile(), payloads, SIZE, "file")
    assert all(image is None or image.shape == (*SIZE, 3) for image in images)
    return [None if image is None else int(image[0, 0, 0]) for image in images]


def test_a_process_with_many_open_files_decodes_all_the_same() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] < 1500:
        pytest.skip("so many files may not be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1500, limits[1]))
    try:
        with ExitStack() as files, closing(Sandbox(seconds=5)) as sandbox:
            for _ in range(1100):
                files.enter_context(Path(os.devnull).open())
            assert outcome(sandbox, b"abc") == [3]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_evil_payloads_cost_only_themselves(sandbox: Sandbox) -> None:
    assert outcome(sandbox, b"a", b"sleep", b"bc", b"kill", b"kill") == [1, None, 2, None, None]
    assert outcome(sandbox, b"a") == [1]


def test_memory_and_errors_cost_not_even_the_process(sandbox: Sandbox) -> None:
    assert outcome(sandbox, b"a") == [1]
    process = sandbox._process
    assert outcome(sandbox, b"memory", b"raise", b"exit", b"bc") == [None, None, None, 2]
    assert sandbox._process is process


def test_wrong_size_and_type_are_refused(sandbox: Sandbox) -> None:
    assert outcome(sandbox, b"size", b"a", b"type", b"a") == [None, 1, None, 1]


def test_what_a_library_prints_is_no_picture(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    assert outcome(sandbox, b"print", b"a") == [5, 1]
    assert capfd.readouterr() == ("", "")


def test_endless_loop_ends_with_its_processor_time() -> None:
    # The clock would let it run for 200 s.
    with closing(Sandbox(seconds=0.5)) as sandbox:
        sandbox._clock_s = 200
        start = time.monotonic()
        assert outcome(sandbox, b"spin") == [None]
        assert time.monotonic() - start < 150


def test_images_are_those_decoded_here() -> None:
    images = [picture("photograph", 32, 32, seed) for seed in range(4)]
    found = [encode(Jpeg(), image, 150, "compact") for image in images]
    payloads = [(one.payload, one.setting) for one in found if one]
    payloads.insert(2, (b"garbage", Setting(9, 9, 9)))
    with closing(Sandbox()) as sandbox:
        back = sandbox.reconstruct_all(Jpeg(), payloads, (32, 32), "compact")
    assert back[2] is None
    for image, (payload, setting) in zip(
        back[:2] + back[3:], payloads[:2] + payloads[3:], strict=True
    ):
        assert image is not None
        expected = reconstruct(Jpeg(), payload, setting, (32, 32), "compact")
        np.testing.assert_array_equal(image, expected)


def test_batches_of_many_bytes(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semjscc.separation.sources.sandbox._BATCH_BYTES", 250)
    assert outcome(sandbox, bytes(200), bytes(100), b"raise", bytes(50)) == [200, 100, None, 50]
    assert outcome(sandbox) == []


def test_large_images_pass_through_the_pipe(sandbox: Sandbox) -> None:
    (image,) = sandbox.reconstruct_all(Hostile(), [(b"abc", FIRST)], (1000, 700), "file")
    assert image is not None
    assert image.shape == (1000, 700, 3)


def test_small_images_cost_little_each(sandbox: Sandbox) -> None:
    assert outcome(sandbox, b"a") == [1]
    start = time.monotonic()
    assert outcome(sandbox, *[b"ab"] * 500) == [2] * 500
    # A tenth of this on an idle core; starting a process for each would take ten times as long.
    assert time.monotonic() - start < 500 * 1e-2


def test_coder_that_the_process_cannot_load_is_told_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("semjscc.separation.sources.sandbox._COMMAND", "raise SystemExit(3)")
    with closing(Sandbox()) as broken, pytest.raises(RuntimeError, match="does not start"):
        broken.reconstruct_all(Jpeg(), [(b"", FIRST)], SIZE, "compact")


def test_no_process_is_left_behind() -> None:
    with closing(Sandbox()) as sandbox:
        outcome(sandbox, b"a")
        process = sandbox._process
        assert isinstance(process, subprocess.Popen)
        assert process.poll() is None
    assert process.poll() is not None


def test_the_process_begins_without_torch() -> None:
    """Which takes ten times as long to import as all else that decodes."""
    program = "import sys; import semjscc.separation.sources.sandbox; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    modules = done.stdout.decode().split()
    assert "av" in modules
    assert "torch" not in modules


def test_several_callers_get_their_own_images(sandbox: Sandbox) -> None:
    files = [[bytes(count)] * 40 for count in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda own: outcome(sandbox, *own), files))
    assert found == [[len(own[0])] * 40 for own in files]
