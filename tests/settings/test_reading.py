"""YAML and words to dataclasses: the value that was meant, or one line that says why not."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.errors import UserError
from semjscc.settings.reading import read_settings
from texts import texts


@dataclass(frozen=True)
class Wheel:
    radius: float
    kind: Literal["road", "track"] = "road"
    spokes: int | None = None

    def __post_init__(self) -> None:
        if self.radius <= 0:
            raise ValueError(f"radius is positive, not {self.radius}")


@dataclass(frozen=True)
class Bicycle:
    name: str
    wheels: tuple[Wheel, ...] = ()
    spare: Wheel | None = None
    gears: tuple[int, ...] = (1,)
    size: tuple[int, float] = (1, 2.0)
    owner: str | None = None
    bell: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    source: tuple[str, ...] | str = ""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "bicycle.yaml"


def read(file: Path, text: str, *words: str) -> Bicycle:
    file.write_text(text, encoding="utf-8")
    return read_settings(Bicycle, "bicycle", file, words)


def test_every_kind_of_field_is_read(file: Path) -> None:
    text = """
name: fast
wheels: [{radius: 3}, {radius: 1e-3, kind: track, spokes: 1e1}]
spare: {radius: .5}
gears: [1, 2, 3]
size: [7, 8]
owner: "2024"
bell: true
options: {deep: {list: [1, x, null]}}
source: [a, b]
"""
    assert read(file, text) == Bicycle(
        name="fast",
        wheels=(Wheel(3.0), Wheel(0.001, "track", 10)),
        spare=Wheel(0.5),
        gears=(1, 2, 3),
        size=(7, 8.0),
        owner="2024",
        bell=True,
        options={"deep": {"list": [1, "x", None]}},
        source=("a", "b"),
    )


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["--name", "2024"], {"name": "2024"}),
        (["--name=no"], {"name": "no"}),
        (["--owner", "null"], {"owner": None}),
        (["--spare.radius", "-1e-3"], None),
        (["--spare.radius", "1e-3"], {"spare": Wheel(0.001)}),
        (["--spare", "{radius: 4}", "--spare.spokes=8"], {"spare": Wheel(4.0, spokes=8)}),
        (["--gears", "[4, 5]"], {"gears": (4, 5)}),
        (["--options.a.b", "1.5"], {"options": {"a": {"b": 1.5}}}),
        (["--bell", "true", "--bell", "false"], {"bell": False}),
        (["--source", "a,b"], {"source": "a,b"}),
        (["--source", "[a, b]"], {"source": ("a", "b")}),
    ],
)
def test_words_take_the_place_of_lines(
    file: Path, words: list[str], changed: dict[str, Any] | None
) -> None:
    text = "{name: plain, owner: me}"
    if changed is None:
        with pytest.raises(UserError, match=r"radius is positive, not -0\.001"):
            read(file, text, *words)
    else:
        assert read(file, text, *words) == Bicycle(**{"name": "plain", "owner": "me"} | changed)


def test_words_change_no_other_block_of_the_same_anchor(file: Path) -> None:
    text = "name: x\noptions: {one: &same {a: 1}, two: *same}"
    assert read(file, text, "--options.two.a", "2").options == {"one": {"a": 1}, "two": {"a": 2}}


def test_dates_and_keys_are_the_text_that_they_are(file: Path) -> None:
    text = "name: =\nowner: 2024-13-45\noptions: {day: 2024-01-01, yes: 1, 017: 2, 1:30: '1:30'}"
    found = read(file, text)
    assert (found.name, found.owner) == ("=", "2024-13-45")
    assert found.options == {"day": "2024-01-01", "yes": 1, "017": 2, "1:30": "1:30"}
    assert read(file, "name: a\ngears: [0x1F, 0b11, 1_000, 0]").gears == (31, 3, 1000, 0)


def test_merged_blocks_may_be_overridden(file: Path) -> None:
    text = "name: x\noptions: {base: &base {a: 1, b: 2}, more: {<<: *base, b: 3}}"
    assert read(file, text).options["more"] == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nbell: true\nname: b", "line 3: 'name' stands twice, in line 1 too"),
        ("name: a\nspare:\n  radius: 1\n  'radius': 2", "line 4: 'radius' stands twice, in line 3"),
        (
            "name: a\nwheels:\n- radius: 1\n- {radius: 1, radius: 2}",
            "line 4: 'radius' stands twice",
        ),
        ("name: a\noptions: {a: {b: 1, b: 2}}", "line 2: 'b' stands twice, in line 2 too"),
        ("name: a\n\nwheel: 3", "line 3: a bicycle has no 'wheel': did you mean 'wheels'?"),
        ("name: a\nspokes: 3", "line 2: a bicycle has no 'spokes': did you mean 'wheels.spokes'?"),
        ("name: a\nxyz: 3", "line 2: a bicycle has no 'xyz'; it has name, wheels, spare, gears"),
        ("name: a\nspare: {radios: 3}", "line 2: spare has no 'radios': did you mean 'radius'?"),
        ("bell: true", "line 1: a bicycle needs 'name'"),
        ("name: a\nspare:\n  kind: road", "line 3: spare needs 'radius'"),
        ("name: a\nwheels:\n- radius: 1\n- kind: road", "line 4: wheels.2 needs 'radius'"),
        ("name: no", "line 1: name is text, not false: put it in quotes"),
        ("name: 2024", "line 1: name is text, not 2024: put it in quotes"),
        ("name:", "line 1: name is text, not null"),
        ("name: a\nbell: 1", "line 2: bell is true or false, not 1"),
        ("name: a\ngears: 3", "line 2: gears is a list such as [a, b], not 3"),
        ("name: a\ngears: [1, two]", "line 2: gears.2 is a whole number, not 'two'"),
        ("name: a\ngears: [true]", "line 2: gears.1 is a whole number, not true"),
        ("name: a\ngears: [1.5]", "line 2: gears.1 is a whole number, not 1.5"),
        ("name: a\nsize: [1]", "line 2: size is a list of 2, not one of 1"),
        ("name: a\nspare: {radius: wide}", "line 2: spare.radius is a number, not 'wide'"),
        ("name: a\nspare: {radius: 1, kind: mud}", "spare.kind is one of road, track, not 'mud'"),
        (
            "name: a\nspare: {radius: 1, spokes: [2]}",
            "a whole number or null, not a list",
        ),
        ("name: a\nspare: 3", "line 2: spare is a block of keys or null, not 3"),
        ("name: a\nspare: {radius: 0}", "radius is positive, not 0"),
        ("name: a\noptions: &x {a: *x}", "it contains itself"),
        (
            "name: a\nbell: !!bool x",
            "line 2: bell has the tag !!bool: write the value alone",
        ),
        ("name: a\nowner: !!timestamp 99", "line 2: owner has the tag !!timestamp"),
        ("name: a\ngears: [1, !!int x]", "line 2: gears.2 has the tag !!int"),
        ("name: a\nbell: !mine 3", "line 2: bell has the tag !mine"),
        ("name: a\nowner: !!str 3", "line 2: owner has the tag !!str"),
        ("name: a\noptions: !!set {b}", "line 2: options has the tag !!set"),
        ("name: a\noptions: {!!int b: 3}", "line 2: options.b has the tag !!int"),
        (
            "name: a\nbell: !!python/object:os.system x",
            "has the tag !!python/object:os.system",
        ),
        (
            "name: a\n\ngears: [017]",
            "line 3: gears.1 is 017, which YAML 1.1 reads as 15",
        ),
        (
            "name: 017",
            'which YAML 1.1 reads as 15: write 17 or 15, or "017" in quotes for text',
        ),
        ("name: a\nspare: {radius: -0_17}", "spare.radius is -0_17, which YAML 1.1 reads as -15"),
        (
            "name: a\nspare:\n  radius: 1:30",
            "line 3: spare.radius is 1:30, which YAML 1.1",
        ),
        ("name: a\nspare: {radius: 1:30.5}", "reads as 90.5: write 90.5, or"),
        ("name: a\noptions: {b: [1:30]}", "options.b.1 is 1:30, which"),
        ("name: a\ngears: [1" + "0" * 5000 + "]", "line 2: not YAML: Exceeds the limit"),
        ("name: a\n? [1]\n: 2", "line 2: a key is a word"),
        ("name: [", "not YAML"),
        ("name: a\n\tbell: 1", "line 2: not YAML"),
        ("- name", "a bicycle is made of lines such as 'name: mine'"),
        ("", "a bicycle is made of lines such as 'name: mine'"),
    ],
)
def test_mistakes_are_named_with_line_and_key(file: Path, text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(file, text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"bicycle {file}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nmae", "x"], "option --nmae: a bicycle has no 'nmae': did you mean 'name'?"),
        (["--spare.radius", "w"], "option --spare.radius: spare.radius is a number, not 'w'"),
        (["--spare.radius", "0"], "option --spare.radius: radius is positive, not 0.0"),
        (["--spare", "{radius: 0}"], "option --spare: radius is positive, not 0.0"),
        (["--spare.radios", "1"], "option --spare.radios: spare has no 'radios': did you mean"),
        (["--spare", "{radios: 1}"], "option --spare: spare has no 'radios': did you mean"),
        (["--sparr.kind", "road"], "option --sparr.kind: a bicycle has no 'sparr': did you mean"),
        (["--gears", "[1, two]"], "option --gears: gears.2 is a whole number, not 'two'"),
        (["--options.a", "["], "option --options.a: not YAML"),
        (["--gears", "[1, 017]"], "option --gears: gears.2 is 017, which YAML 1.1 reads as 15"),
        (["--spare.radius", "1:30"], "option --spare.radius: spare.radius is 1:30, which YAML 1.1"),
        (["--bell", "!!bool x"], "option --bell: bell has the tag !!bool"),
        (["--name"], "--name needs a value"),
        (["name"], "unknown word 'name'"),
        (["--"], "unknown word '--'"),
        (["--name.first", "x"], "name is no block of keys, so that it has no 'first'"),
        (["--bell", "maybe"], "bell is true or false, not 'maybe'"),
        (["--spare", "{radius: 1, radius: 2}"], "'radius' stands twice"),
        (["--bell", "["], "option --bell: not YAML"),
    ],
)
def test_mistakes_on_the_command_line_too(file: Path, words: list[str], message: str) -> None:
    text = "name: a\nspare:\n  radius: 1\noptions: {b: 1}"
    with pytest.raises(UserError) as caught:
        read(file, text, *words)
    assert message in str(caught.value)
    assert f"{file}, line" not in str(caught.value)


def test_a_mistake_of_the_file_beside_an_option_has_its_line(file: Path) -> None:
    text = "name: a\nspare:\n  radius: 1\n  kind: mud"
    with pytest.raises(UserError, match=r"line 4: spare\.kind is one of road, track, not 'mud'"):
        read(file, text, "--spare.radius", "2")
    with pytest.raises(UserError, match=f"bicycle {file}: radius is positive"):
        read(file, "name: a\nspare: {radius: 0}", "--spare.spokes", "2", "--bell", "true")


def test_pipes_are_read() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader):
        with os.fdopen(writer, "w") as stream:
            stream.write("name: fast")
        path = Path(f"/dev/fd/{reader}")
        assert read_settings(Bicycle, "bicycle", path) == Bicycle("fast")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no bicycle at"):
        read_settings(Bicycle, "bicycle", tmp_path / "none.yaml")
    with pytest.raises(UserError, match="File name too long"):
        read_settings(Bicycle, "bicycle", tmp_path / ("x" * 300))
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not YAML"):
        read_settings(Bicycle, "bicycle", tmp_path / "bytes.yaml")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(options=st.dictionaries(texts(), PLAIN, max_size=3), name=texts(1))
def test_what_yaml_writes_is_read_back(file: Path, options: dict[str, Any], name: str) -> None:
    text = yaml.safe_dump({"name": name, "options": options})
    assert read(file, text) == Bicycle(name=name, options=options)
