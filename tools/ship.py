"""Put trained runs among the weights that ship: float16, with a model card beside each.

    python tools/ship.py runs/signs-semantic [...]
    python tools/ship.py --beside photo-djscc runs/scenes-djscc [...]

The second stores how weights differ from those that they began with, in a quarter of the room.

Without a run it writes the cards of all that ship anew.
"""

import argparse
from pathlib import Path

import torch

from semjscc.checkpoint import (
    BESIDE,
    WEIGHTS,
    load_weights,
    locate,
    save_difference,
    save_weights,
    write_atomically,
)
from semjscc.publishing.model_card import model_card
from semjscc.training.recipe import load_recipe

RECIPES = Path(__file__).parents[1] / "recipes"


def ship(run: Path, beside: str | None = None) -> Path:
    """Write ``weights/NAME.safetensors`` for the run ``NAME``, or its difference from others."""
    weights, metadata = load_weights(locate(str(run)))
    metadata.pop(BESIDE, None)  # what is read is whole, however it was stored
    metadata.pop("receiver", None)  # where it lay; what ships is known by its name
    target = WEIGHTS / f"{metadata['recipe']['name']}.safetensors"
    if beside is not None:
        save_difference(target, weights, metadata, beside)
        return target
    half = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in weights.items()
    }
    if any(not torch.isfinite(tensor).all() for tensor in half.values()):
        raise SystemExit(f"{run} has weights too large for float16")
    save_weights(target, half, metadata)
    return target


def write_card(target: Path) -> Path:
    """Write ``NAME.md`` beside ``NAME.safetensors``."""
    weights, metadata = load_weights(target)
    name, beside = metadata["recipe"]["name"], metadata.get(BESIDE)
    option, stored = "", "in float16"
    if beside is not None:
        option = f"--beside {beside['weights']} "
        stored = f"as the difference from {beside['weights']}, four bits a number"
    steps = trainings(name, metadata["recipe"].get("start"))
    trained = ", ".join(f"`semjscc train {each}`" for each in steps)
    made = f"Made by {trained} and `python tools/ship.py {option}runs/{name}`,"
    origin = f"{made}\nversion {metadata['version']}; stored {stored}."
    card = model_card(metadata, sum(tensor.numel() for tensor in weights.values()), origin)
    path = target.with_suffix(".md")
    write_atomically(path, lambda file: file.write_text(card))
    return path


def trainings(name: str, start: str | None) -> list[str]:
    """The recipes by which weights came about, from the first that begins with what ships."""
    before: list[str] = []
    if start is not None and Path(start).parent in (Path("runs"), Path("weights")):
        first = Path(start).stem
        before = trainings(first, load_recipe(RECIPES / f"{first}.yaml").start)
    return [*before, f"recipes/{name}.yaml"]


def main() -> None:
    """Ship every run named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="*")
    parser.add_argument("--beside", metavar="NAME", help="store the difference from these weights")
    words = parser.parse_args()
    shipped = [ship(run, words.beside) for run in words.runs]
    for target in shipped or sorted(WEIGHTS.glob("*.safetensors")):
        print(write_card(target))


if __name__ == "__main__":
    main()
