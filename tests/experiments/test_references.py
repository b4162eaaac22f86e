"""Trainings of a plan that refer to one another: in order, and to the right kind."""

from pathlib import Path

import pytest

from semjscc.errors import UserError
from semjscc.experiments.references import check_trainings
from semjscc.training.recipe import CodecRecipe, PerceptionRecipe, ReceiverRecipe, Recipe

SMALL = {"width": 8, "ratios": ["1/24"]}
JUDGE = Recipe("judge", perception=PerceptionRecipe(options={"width": 4}, layers=("stage1",)))
FIRST = Recipe("first", codec=CodecRecipe(options=SMALL))


def codec(
    perception: str = "signs-a", start: str | None = None, others: tuple[str, ...] = ()
) -> Recipe:
    more = tuple(ReceiverRecipe(name) for name in others)
    chosen = CodecRecipe(options=SMALL, perception=perception, others=more)
    return Recipe("second", codec=chosen, start=start)


def places(recipes: list[Recipe], runs: Path) -> dict[str, Path]:
    named = {recipe.name: runs / recipe.name for recipe in recipes}
    return named | {f"runs/{name}": place for name, place in named.items()}


@pytest.mark.parametrize(
    ("recipes", "message"),
    [
        ([FIRST, codec(start="second")], "start is this training itself"),
        ([FIRST, codec(start="runs/second")], "start is this training itself"),
        ([codec(start="first"), FIRST], "start is first, which the plan trains only afterwards"),
        ([codec("judge"), JUDGE], "codec.perception is judge, which the plan trains only after"),
        ([codec(others=("judge",)), JUDGE], "of codec.others is judge, which the plan trains only"),
        ([JUDGE, codec(start="judge")], "judge, a training of a perception: it must be a codec"),
        ([FIRST, codec("runs/first")], "first, a training of a codec: it must be a perception"),
        ([FIRST, codec(start="nope")], "no checkpoint at nope"),
    ],
)
def test_a_mistake_names_the_training(recipes: list[Recipe], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"^training second: .*{message}") as error:
        check_trainings(recipes, places(recipes, tmp_path))
    assert "\n" not in str(error.value)


def test_what_an_earlier_training_makes_is_not_missed(tmp_path: Path) -> None:
    recipes = [JUDGE, FIRST, codec("runs/judge", "first", ("signs-a",))]
    check_trainings(recipes, places(recipes, tmp_path))
    assert not list(tmp_path.iterdir())
