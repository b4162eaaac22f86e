"""A run that goes on to more steps than it was begun with.

It is as if it had been begun with the larger number, bit for bit: so a state can be gone on from
only where the learning rate was at every step what the longer recipe says. A constant rate is; so
the state before its decay is kept (`BEFORE_DECAY`).
"""

from dataclasses import replace
from pathlib import Path

from semjscc.checkpoint import MODEL
from semjscc.errors import UserError
from semjscc.training.optimisation.optimiser import OptimiserRecipe, rate_factor
from semjscc.training.recipe import Recipe
from semjscc.training.runs.state import BEFORE_DECAY, RESUME, AtomicCheckpointIO, read_state


def is_longer(recipe: Recipe, begun: Recipe) -> bool:
    """Whether a recipe is the one a run was begun with, but for more steps."""
    steps = recipe.optimiser.steps
    alike = replace(begun, optimiser=replace(begun.optimiser, steps=steps))
    return recipe == alike and steps > begun.optimiser.steps


def state_to_go_on_from(recipe: Recipe, begun: Recipe, folder: Path) -> Path | None:
    """The latest state that the longer recipe would have come to; None where nothing is trained.

    Raises:
        UserError: there is none, or it cannot be read.
    """
    states = [folder / name for name in (RESUME, BEFORE_DECAY) if (folder / name).is_file()]
    for state in states:
        if _same_rates(recipe.optimiser, begun.optimiser, read_state(state)["global_step"]):
            return state
    if not states:
        return None
    raise UserError(
        f"{folder} cannot go on to {recipe.optimiser.steps} steps, because its learning rate "
        f"followed from {begun.optimiser.steps}: only a rate with optimiser.schedule constant and "
        "warmup_steps does not"
    )


def _same_rates(one: OptimiserRecipe, other: OptimiserRecipe, steps: int) -> bool:
    return all(rate_factor(one, step) == rate_factor(other, step) for step in range(steps))


def make_longer(recipe: Recipe, begun: Recipe, folder: Path) -> None:
    """Prepare a run's folder to go on; its shorter result stays beside, under another name.

    Raises:
        UserError: as of `state_to_go_on_from`, or the folder cannot be written.
    """
    path = state_to_go_on_from(recipe, begun, folder)
    if path is not None:
        state = read_state(path)
        # Lightning would take the last batch of the shorter run for the end of the longer one.
        state["loops"]["fit_loop"]["epoch_loop.batch_progress"]["is_last_batch"] = False
        AtomicCheckpointIO().save_checkpoint(state, folder / RESUME)
    model = folder / MODEL
    if model.is_file():
        model.replace(model.with_stem(f"{model.stem}-{begun.optimiser.steps}-steps"))
