"""How a cluster is named, what its tasks need, and what is said where none answers."""

import socket
import time

import pytest

from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.runtime import cluster as module
from semjscc.runtime import extras
from semjscc.runtime.cluster import Cluster, Needs, check_reachable, parse_needs


@pytest.fixture(autouse=True)
def ray_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here needs it but for the question whether it is installed."""
    monkeypatch.setattr(extras, "find_spec", lambda _: object())


@pytest.mark.parametrize(
    ("text", "needs", "said"),
    [
        ("cores=2,gpus=0.5,memory=8", Needs(2, 0.5, 8 * 2**30), "2 cores, 0.5 GPU and 8 GiB"),
        ("gpus=2", Needs(1, 2.0), "1 core and 2 GPUs"),
        (" memory=0.5 ", Needs(memory=2**29), "1 core and 0.5 GiB"),
        ("", Needs(), "1 core"),
    ],
)
def test_needs_as_people_state_them(text: str, needs: Needs, said: str) -> None:
    assert parse_needs(text) == needs
    assert needs.describe() == said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cores", "is written like cores=2,gpus=1,memory=8, not 'cores'"),
        ("core=2", "not 'core=2': did you mean 'cores'?"),
        ("cores=1,cores=2", "says cores twice"),
        ("cores=two", "takes numbers"),
        ("cores=1.5", "takes numbers"),
        ("memory=inf", "takes numbers"),
        ("cores=0", "at least one core, not 0"),
        ("gpus=1.5", "a part of a GPU, or some whole ones, not 1.5"),
        ("gpus=nan", "a part of a GPU"),
        ("memory=0", "some memory"),
    ],
)
def test_needs_that_nothing_has(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_needs(text)


@pytest.mark.parametrize("text", ["auto", "head:6379", "ray://10.0.0.1:10001", "[::1]:6379"])
def test_an_address(text: str) -> None:
    assert Cluster(text).address == text


@pytest.mark.parametrize("text", ["head", "head:", "head:0", "head:99999", "http://head:80"])
def test_what_is_no_address_is_told(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "--links", "none", "--ratio", "1/24", "--snr", "5", "--out", "unused"]
    assert main([*words, f"--cluster={text}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"semjscc: '{text}' is no address of a cluster: give auto")
    assert len(said.splitlines()) == 1


def test_where_nobody_answers_it_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        began = time.monotonic()
        with pytest.raises(UserError, match=f"'ray://{host}:{port}' .something else is there.: "):
            check_reachable(f"ray://{host}:{port}")
        assert time.monotonic() - began < 10
    with pytest.raises(UserError, match="Connection refused"):
        check_reachable(f"{host}:{port}")


def test_who_speaks_the_protocol_is_let_through() -> None:
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        check_reachable(f"127.0.0.1:{port}")
    finally:
        server.stop(None).wait()


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"needs ray: pip install 'semjscc\[cluster\]'"):
        check_reachable("auto")


def test_needs_are_of_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "--links", "none", "--ratio", "1/24", "--snr", "5", "--out", "unused"]
    assert main([*words, "--needs", "cores=2"]) == 2
    assert "--needs is of the tasks on a --cluster" in capsys.readouterr().err
