"""Labels of several splits, numbered once."""

from typing import Any

import pytest

from semjscc.data.sources import PartName
from semjscc.data.tables.labels import Column, Labels, unite


def united(names: dict[PartName, tuple[str, ...]] | None = None, **values: list[Any]) -> Labels:
    parts: dict[PartName, Column] = {}
    for part in ("test", "train", "val"):
        if part in values:
            parts[part] = Column(part, values[part], (names or {}).get(part, ()))
    return unite(parts)


def test_words_are_numbered_by_the_alphabet_over_all_splits():
    labels = united(train=["dog", "cat", "dog"], test=["ant", "dog"])
    assert labels == Labels(
        {"train": [2, 1, 2], "test": [0, 2]}, {}, ("ant", "cat", "dog"), numbered=False
    )


def test_truth_values_are_words():
    labels = united(train=[True, False], test=[True])
    assert labels.numbers == {"train": [1, 0], "test": [1]}
    assert labels.class_names == ("False", "True")


@pytest.mark.parametrize("whole", [3, 3.0])
def test_numbers_are_called_by_themselves(whole: float):
    labels = united(train=[0, whole], test=[1])
    assert labels.numbers == {"train": [0, 3], "test": [1]}
    assert (labels.class_names, labels.numbered) == (("0", "1", "2", "3"), True)


@pytest.mark.parametrize("bad", [-1, 0.5, float("inf"), [1], 10**7])
def test_a_split_that_has_no_class_stops_nobody_else(bad: Any):
    labels = united(train=[0, 1], test=[0, bad])
    assert labels.numbers == {"train": [0, 1]}
    assert labels.class_names == ("0", "1")
    shown = f"test, row 1: the label is {bad}, not a number of 0, 1, 2 and so on"
    assert labels.problems == {"test": shown}


@pytest.mark.parametrize(
    ("missing", "said"), [(None, "None"), (float("nan"), "nan"), ("", "an empty text")]
)
@pytest.mark.parametrize("others", [["cat", "dog"], [0, 1]])
def test_a_row_without_a_label_is_called_so(missing: Any, said: str, others: list[Any]):
    # Whatever stands first, it does not decide whether the others are words.
    labels = united(train=others, test=[missing, *others])
    assert labels.numbers == {"train": [0, 1]}
    assert labels.problems == {"test": f"test, row 0 has no label: there is {said}"}
    first = united(val=[missing, *others], test=others)
    assert first.numbers == {"test": [0, 1]}


def test_a_letter_and_its_accent_are_one_word_in_both_spellings():
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    labels = united(train=[composed, decomposed, "bar"], test=[decomposed])
    assert labels.numbers == {"train": [1, 1, 0], "test": [1]}
    assert labels.class_names == ("bar", composed)


def test_names_that_a_table_tells_count_first():
    names: dict[PartName, tuple[str, ...]] = {"train": ("dog", "cat")}
    labels = united(names, train=[0, 1], val=["cat", "dog"], test=[1, 2])
    assert labels.numbers == {"train": [0, 1], "val": [1, 0]}
    assert labels.class_names == ("dog", "cat")
    assert labels.problems["test"].endswith("the label is 2, not a number from 0 to 1")


def test_splits_that_order_their_names_otherwise_are_renumbered():
    names: dict[PartName, tuple[str, ...]] = {"train": ("dog", "cat"), "test": ("cat", "dog")}
    assert united(names, train=[0, 1], test=[0, 1]).numbers == {"train": [0, 1], "test": [1, 0]}
    names["test"] = ("cat", "owl")
    problem = united(names, train=[0], test=[0]).problems["test"]
    assert problem == "test names its classes otherwise than the other splits do"


def test_two_classes_of_one_name_stay_two():
    both: tuple[str, ...] = ("crane", "owl", "crane")
    labels = united({"train": both, "test": both}, train=[0, 2], test=[2])
    assert labels.numbers == {"train": [0, 2], "test": [2]}
    assert (
        "names its classes"
        in united({"train": both, "test": ("owl",)}, train=[0], test=[0]).problems["test"]
    )


def test_numbers_beside_words_would_be_guesses():
    labels = united(train=["cat", "dog"], test=[0])
    assert labels.problems == {"test": "test, row 0: the label is 0, not one of cat, dog"}


def test_words_beside_numbers_and_empty_words_are_no_classes():
    assert united(train=[0, 1], test=["cat"]).problems["test"].endswith("0, 1, 2 and so on")
    hidden = united(train=["cat", "dog"], test=["", ""])
    assert hidden.class_names == ("cat", "dog")
    assert hidden.problems == {"test": "test, row 0 has no label: there is an empty text"}
