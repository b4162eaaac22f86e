"""Paths as people write them, folders of one's own, and files that are read and never written."""

import os
from pathlib import Path

import pytest
from hypothesis import given

from semjscc.errors import UserError
from semjscc.paths import cache_folder, check_folder_name, check_writable, keep_apart, user_path
from texts import texts


def test_homes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert user_path("~/runs") == Path("/home/me/runs")
    assert user_path("./~/runs") == Path("~/runs")
    assert user_path("runs") == Path("runs")
    with pytest.raises(UserError, match="nobody's home is ~nosuchuser"):
        user_path("~nosuchuser/x")


def test_caches_lie_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEMJSCC_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == Path("/home/me/.cache/semjscc")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    assert cache_folder() == Path("/var/cache/semjscc")
    monkeypatch.setenv("SEMJSCC_CACHE", "/fast")
    assert cache_folder() == Path("/fast")


def test_who_has_no_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEMJSCC_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert cache_folder() is None


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/x", "a\0", "a\n", "~", "a b"])
def test_no_folder_is_called_that(name: str) -> None:
    with pytest.raises(ValueError, match="no folder can be called"):
        check_folder_name(name)


@given(name=texts())
def test_what_is_taken_for_a_name_stays_in_its_folder(name: str) -> None:
    try:
        check_folder_name(name)
    except ValueError:
        return
    assert os.path.normpath(f"runs/{name}") == f"runs/{name}"


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    source, other = tmp_path / "a.png", tmp_path / "b.png"
    source.write_bytes(b"1")
    other.write_bytes(b"2")
    (tmp_path / "link.png").symlink_to(source)
    (tmp_path / "hard.png").hardlink_to(source)
    keep_apart([source, tmp_path / "missing.png"], [other, tmp_path / "new.png"])
    for name in ("a.png", "link.png", "hard.png", "../" + tmp_path.name + "/a.png"):
        with pytest.raises(UserError, match="would be written over"):
            keep_apart([other, source], [tmp_path / name])


def test_places_where_no_file_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    for good in ("file", "new", "new/folder/file"):
        check_writable(tmp_path / good)
    for bad, why in (("", "is a folder"), ("file/x", "no file can be made in .*file")):
        with pytest.raises(UserError, match=why):
            check_writable(tmp_path / bad)
    monkeypatch.setattr(os, "access", lambda *_: False)
    check_writable(Path(os.devnull))
    with pytest.raises(UserError, match="no file can be made in"):
        check_writable(tmp_path / "new")
