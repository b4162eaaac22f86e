"""What a stranger reads first: how to cite, how to take part."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITATION: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_citation_is_a_citation_file_of_version_1_2() -> None:
    # Required by the schema of CFF 1.2.0, of the software and of a reference.
    assert {"cff-version", "message", "title", "authors"} <= set(CITATION)
    assert CITATION["cff-version"] == "1.2.0"
    (paper,) = CITATION["references"]
    assert {"type", "title", "authors"} <= set(paper)
    for author in [*CITATION["authors"], *paper["authors"]]:
        assert set(author) in ({"name"}, {"given-names", "family-names"})
    assert CITATION["license"] == PROJECT["license"]
    assert CITATION["abstract"] == PROJECT["description"]
    assert CITATION["keywords"] == PROJECT["keywords"]
    assert CITATION.get("version", PROJECT["version"]) == PROJECT["version"]


def test_the_documentation_cites_the_same() -> None:
    text = (ROOT / "docs" / "index.md").read_text()
    (paper,) = CITATION["references"]
    people = [f"{one['family-names']}, {one['given-names']}" for one in paper["authors"]]
    assert f"author = {{{' and '.join(people)}}}" in text
    assert f"title = {{{paper['title']}}}" in text
    assert f"title = {{{CITATION['title']}}}" in text
    assert f"eprint = {{{paper['url'].rpartition('/')[2]}}}" in text


def test_what_contributors_are_told_of_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    places = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?|[A-Za-z_]+\.(?:md|toml|cff))`", text)
    assert len(places) > 10
    homes = (ROOT, ROOT / "src" / "semjscc")
    assert [name for name in places if not any((home / name).exists() for home in homes)] == []
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for line in re.findall(r"make ([a-z ]+)", text) for word in line.split()}
    assert {"test", "lint", "docs", "wheel", "results"} <= named & targets
    links = re.findall(r"\]\(([^)#]+)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_changelog_begins_with_what_a_person_reads() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    newest, rest = re.split(r"^## All changes$", text, maxsplit=1, flags=re.M)
    (version,) = re.findall(r"^## (\d+\.\d+\.\d+)", newest, re.M)
    assert version >= PROJECT["version"]
    groups = re.findall(r"^[A-Z][A-Za-z ]+$", newest, re.M)
    assert groups == ["Photographs", "Tasks", "Allocation", "On the air", "Page", "Python", "Speed"]
    lines = [line for line in newest.splitlines() if line.startswith("- ")]
    assert 10 < len(lines) <= 25
    assert max(map(len, lines)) <= 125
    assert rest.count("\n- ") > len(lines)


def test_the_readme_is_read_in_two_minutes() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert len(" ".join(lines).split()) <= 900
    rows = [line.startswith("|") for line in lines]
    tables = "".join("|" if row else " " for row in rows).split()
    assert max(map(len, tables)) <= 2 + 8  # head and rule
