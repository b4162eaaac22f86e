"""Put trained runs among the weights that ship: float16, with a model card beside each.

    python tools/ship.py runs/signs-semantic [...]
    python tools/ship.py --beside photo-djscc runs/scenes-djscc [...]

The second stores how weights differ from those that they began with, in a quarter of the room.

Without a run it writes the cards of all that ship anew.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from semjscc.channels import AWGN
from semjscc.checkpoint import (
    BESIDE,
    WEIGHTS,
    load_weights,
    locate,
    save_difference,
    save_weights,
    write_atomically,
)
from semjscc.parts.named import is_part
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
    card = model_card(metadata, sum(tensor.numel() for tensor in weights.values()))
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


def describe_loss(loss: dict[str, Any]) -> str:
    """The formula that the recipe's loss stands for."""
    distortion = "log distortion" if loss.get("distortion") == "log-mse" else "distortion"
    if not loss["weight"]:
        return f"{distortion} alone"
    # What a recipe of an earlier version did not say.
    loss = {"term": "features", "temperature": 1.0, **loss}
    terms = {
        "features": f"error of the features {', '.join(loss['layers'] or ['of the network'])}",
        "task": "cross-entropy with the label",
        "fisher": f"KL of the results to second order, at temperature {loss['temperature']:g}",
        "distillation": f"KL of the results at temperature {loss['temperature']:g}",
    }
    return f"{distortion} + {loss['weight']:g} x {terms[loss['term']]}"


def beginning(recipe: dict[str, Any]) -> str:
    """What the training began with, if not with random weights."""
    return f", after those of {Path(recipe['start']).stem}" if recipe.get("start") else ""


def measured(facts: dict[str, Any], kind: type) -> dict[str, Any]:
    """What the task's metrics came to on val, by their names: numbers, or one for each ratio."""
    others = ("val_images", "val_snr_db", "val_psnr_db")
    return {
        name.removeprefix("val_"): value
        for name, value in facts.items()
        if name.startswith("val_") and name not in others and isinstance(value, kind)
    }


def model_card(metadata: dict[str, Any], parameters: int) -> str:
    """The card: what it is, how it came about, what it reached on val, where it ends."""
    recipe, data, facts = metadata["recipe"], metadata["data"], metadata["facts"]
    name, optimiser = recipe["name"], recipe["optimiser"]
    cropped = recipe["data"].get("crop") is not None
    option, stored = "", "in float16"
    if (beside := metadata.get(BESIDE)) is not None:
        option = f"--beside {beside['weights']} "
        stored = f"as the difference from {beside['weights']}, four bits a number"
    lines = [
        f"# {name}",
        "",
        "Made by "
        + ", ".join(f"`semjscc train {each}`" for each in trainings(name, recipe.get("start")))
        + f" and `python tools/ship.py {option}runs/{name}`,",
        f"version {metadata['version']}; stored {stored}.",
        "",
        f"- kind: {metadata['kind']}, {parameters:,} parameters",
        f"- data: {data['name']}, {data['images']:,} training images {'in crops ' * cropped}of "
        f"{facts['image_side']} x {facts['image_side']} pixels, fingerprint {data['fingerprint']}",
        f"- training: {optimiser['steps']:,} steps of {optimiser['batch']} images, seed "
        f"{recipe['seed']}, {optimiser['precision']}{beginning(recipe)}",
    ]
    if metadata["kind"] == "codec":
        low, high = metadata["snr_range_db"]
        metrics = measured(facts, dict)
        loss = recipe["loss"]
        lines += [
            f"- codec: {metadata['codec']}, SNR {low:g} to {high:g} dB, ratios "
            + ", ".join(metadata["ratios"]),
            f"- loss: {describe_loss(loss)}",
        ]
        if is_part(metadata["codec"]):
            lines.append(
                f"- use: `--links {metadata['codec']}@{name}`, whose code does not ship with it"
            )
        if (channel := recipe["codec"].get("channel", AWGN)) != AWGN:
            lines.append(f"- trained through the channel {channel}")
        if loss["weight"] and loss.get("term", "features") == "features":
            form = loss["importance"]
            lines.append(f"- importance: {json.dumps(form) if form else 'uniform'}")
        lines += [
            f"- perception network: {metadata['perception']}",
            "",
            f"On the first {facts['val_images']:,} images of val, AWGN at "
            f"{facts['val_snr_db']:g} dB:",
            "",
            f"| ratio | {' | '.join(metrics)} | PSNR |",
            f"| --- | {'--- | ' * len(metrics)}--- |",
        ]
        lines += [
            f"| {ratio} | {''.join(f'{of[ratio]:.1%} | ' for of in metrics.values())}"
            f"{quality:.2f} dB |"
            for ratio, quality in facts["val_psnr_db"].items()
        ]
        limits = "Other kinds of images and SNRs outside the range were not trained for."
    else:
        lines += [
            f"- network: {metadata['network']} {json.dumps(metadata['options'])}, "
            f"{len(metadata['class_names'])} classes",
            *(
                f"- {metric} on {facts['val_images']:,} images of val: {value:.2%}"
                for metric, value in measured(facts, float).items()
            ),
        ]
        limits = "It knows these classes on these kinds of images and nothing else."
    return "\n".join([*lines, "", f"Limits: {limits}", ""])


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
