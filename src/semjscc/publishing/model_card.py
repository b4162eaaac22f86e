"""A model card: what a set of weights is, in Markdown."""

import json
from pathlib import Path
from typing import Any

from semjscc.channels import AWGN
from semjscc.parts.named import is_part


def model_card(metadata: dict[str, Any], parameters: int, origin: str) -> str:
    """The card: what it is, how it came about, what it reached on val, where it ends.

    Args:
        metadata: of the checkpoint.
        parameters: numbers in it.
        origin: by which commands it was made.
    """
    recipe, data, facts = metadata["recipe"], metadata["data"], metadata["facts"]
    name, optimiser = recipe["name"], recipe["optimiser"]
    cropped = recipe["data"].get("crop") is not None
    lines = [
        f"# {name}",
        "",
        origin,
        "",
        f"- kind: {metadata['kind']}, {parameters:,} parameters",
        f"- data: {data['name']}, {data['images']:,} training images {'in crops ' * cropped}of "
        f"{facts['image_side']} x {facts['image_side']} pixels, fingerprint {data['fingerprint']}",
        f"- training: {optimiser['steps']:,} steps of {optimiser['batch']} images, seed "
        f"{recipe['seed']}, {optimiser['precision']}{_beginning(recipe)}",
    ]
    if metadata["kind"] == "codec":
        low, high = metadata["snr_range_db"]
        metrics = _measured(facts, dict)
        loss = recipe["loss"]
        lines += [
            f"- codec: {metadata['codec']}, SNR {low:g} to {high:g} dB, ratios "
            + ", ".join(metadata["ratios"]),
            f"- loss: {_describe_loss(loss)}",
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
                for metric, value in _measured(facts, float).items()
            ),
        ]
        limits = "It knows these classes on these kinds of images and nothing else."
    return "\n".join([*lines, "", f"Limits: {limits}", ""])


def _describe_loss(loss: dict[str, Any]) -> str:
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


def _beginning(recipe: dict[str, Any]) -> str:
    """What the training began with, if not with random weights."""
    return f", after those of {Path(recipe['start']).stem}" if recipe.get("start") else ""


def _measured(facts: dict[str, Any], kind: type) -> dict[str, Any]:
    """What the task's metrics came to on val, by their names: numbers, or one for each ratio."""
    others = ("val_images", "val_snr_db", "val_psnr_db")
    return {
        name.removeprefix("val_"): value
        for name, value in facts.items()
        if name.startswith("val_") and name not in others and isinstance(value, kind)
    }
