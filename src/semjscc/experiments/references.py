"""What the trainings of a plan take from one another: made before them, and of the right kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from semjscc.errors import UserError
from semjscc.training.check import check_recipe
from semjscc.training.recipe import Recipe
from semjscc.training.runs.run import is_done


def place_of(name: str, trained: Mapping[str, Path]) -> str:
    """Where the weights of that name, or of that run, lie."""
    return str(trained.get(name, name))


def with_places(recipe: Recipe, trained: Mapping[str, Path]) -> Recipe:
    """The recipe with the runs of its plan in place of the names it refers to."""
    start, codec = recipe.start, recipe.codec
    if start is not None:
        start = place_of(start, trained)
    if codec is not None:
        others = tuple(
            replace(one, perception=place_of(one.perception, trained)) for one in codec.others
        )
        codec = replace(codec, perception=place_of(codec.perception, trained), others=others)
    return replace(recipe, start=start, codec=codec)


def check_trainings(recipes: Sequence[Recipe], trained: Mapping[str, Path]) -> None:
    """Refuse the last training's mistakes before the first one begins.

    Args:
        recipes: of a plan, in order.
        trained: where its runs lie, by all names that stand for them.

    Raises:
        UserError: a training has one; the message names it.
    """
    coming: list[str] = []
    for number, recipe in enumerate(recipes):
        folder = trained[recipe.name]
        try:
            _check_order(recipe, recipes[:number], recipes[number:], trained)
            resolved = with_places(recipe, trained)
            if not is_done(resolved, folder):
                check_recipe(resolved, coming)
                coming.append(str(folder))
        except UserError as error:
            raise UserError(f"training {recipe.name}: {error}") from error


def _check_order(
    recipe: Recipe, before: Sequence[Recipe], after: Sequence[Recipe], trained: Mapping[str, Path]
) -> None:
    """Refuse what refers to itself, to what comes later, or to a training of another kind."""
    earlier = {trained[one.name]: one for one in before}
    later = {trained[one.name]: one for one in after}
    for key, name, kind in references(recipe):
        place = trained.get(name)
        if place is None:
            continue
        if place == trained[recipe.name]:
            raise UserError(f"{key} is this training itself: name weights that are there before it")
        if place in later:
            raise UserError(
                f"{key} is {later[place].name}, which the plan trains only afterwards: put that "
                "training before this one"
            )
        found = "perception" if earlier[place].codec is None else "codec"
        if found != kind:
            raise UserError(f"{key} is {name}, a training of a {found}: it must be a {kind}")


def references(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    """The key, the name and the wanted kind of all weights that a recipe names."""
    codec = recipe.codec
    if recipe.start is not None:
        yield "start", recipe.start, "perception" if codec is None else "codec"
    if codec is not None:
        yield "codec.perception", codec.perception, "perception"
        for one in codec.others:
            yield "a perception of codec.others", one.perception, "perception"
