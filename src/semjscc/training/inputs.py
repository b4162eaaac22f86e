"""What a run follows from besides its recipe: training images, other weights, the user's own code.

It is written down when a run begins, and must still be so whenever the run goes on: else its
loss would change midway, and its model would name weights that it was not made with.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from semjscc.checkpoint import MODEL, locate, read_metadata, write_atomically
from semjscc.data import ImageSet, Split, load_data
from semjscc.data.decoded import file_stamps, load_decoded
from semjscc.data.joined import join
from semjscc.errors import UserError, printable
from semjscc.parts.named import code_of
from semjscc.perception.names import EFFICIENTNET
from semjscc.perception.store import weights_file
from semjscc.training.crops import centre
from semjscc.training.recipe import DataRecipe, Recipe
from semjscc.training.runs.run import ELSEWHERE
from semjscc.training.runs.state import RESUME

INPUTS = "inputs.json"


@dataclass(frozen=True)
class Inputs:
    """What a run is made from.

    Attributes:
        origins: SHA-256 of weights, by what they are to the run.
        data: fingerprint of the training images.
        code: of parts that are not ours, by module, as far as it is known.
    """

    origins: dict[str, str]
    data: str
    code: dict[str, str]


def load_images(data: DataRecipe, split: Split, most: int | None = None) -> ImageSet:
    """The images of a recipe, of each source ``most`` at the most; labels are -1 where it has none.

    With ``crop``, train is the images as they are, and val their centres, of at most twice the
    crop's side and not scaled.

    Raises:
        UserError: the data cannot be had, or is not fit to use.
    """
    images = join([_load(source, data, split, most) for source in data.sources])
    if data.crop is None or split == "train":
        return images
    return replace(images, images=[centre(image, 2 * data.crop) for image in images.images])


def _load(source: str, data: DataRecipe, split: Split, most: int | None) -> ImageSet:
    limit = most or (data.limit if split == "train" else None)
    if data.crop is not None and source != "signs":
        return load_decoded(source, split, val_fraction=data.val_fraction, limit=limit)
    return load_data(
        source,
        split,
        size=data.size,
        val_fraction=data.val_fraction,
        limit=limit,
        needs_labels=False,
        needs_masks=data.masks,
        needs_boxes=data.boxes,
    )


def origins(recipe: Recipe) -> dict[str, str]:
    """SHA-256 of the weights that a recipe's result depends on, by what they are to it.

    Raises:
        UserError: there are no such weights.
    """
    names = {"start": recipe.start}
    if recipe.codec is not None and recipe.loss.weight:
        names["perception"] = recipe.codec.perception
        names |= {f"perception {one.perception}": one.perception for one in recipe.codec.others}
    return {
        part: hashlib.sha256(_file(part, name).read_bytes()).hexdigest()
        for part, name in names.items()
        if name is not None
    }


def code(recipe: Recipe) -> dict[str, str]:
    """What the code of the user's own parts comes to, by module, where it is known.

    Raises:
        UserError: there is no such module.
    """
    codec, names = recipe.codec, list[str | None]()
    networks = [] if recipe.perception is None else [recipe.perception]
    if codec is not None:
        names += [codec.codec, codec.channel]
        form = recipe.loss.importance
        if recipe.loss.weight and recipe.loss.term == "features" and form is not None:
            names.append(form.function)
    if codec is not None and recipe.loss.weight:
        networks = [codec, *codec.others]
    for one in networks:
        names += [one.network, one.task]
    return code_of(names)


def start_file(name: str) -> Path:
    """The weights that a training begins with: ours, or those of EfficientNet-Lite0.

    Raises:
        UserError: there are none.
    """
    return weights_file(name) if name == EFFICIENTNET else locate(name)


def _file(part: str, name: str) -> Path:
    return start_file(name) if part == "start" else weights_file(name)


def inputs_today(recipe: Recipe) -> Inputs:
    """What the recipe would be trained from now; images are read anew where a file has changed.

    Raises:
        UserError: weights or data cannot be had.
    """
    stamps = tuple(stamp for source in recipe.data.sources for stamp in file_stamps(source))
    return Inputs(origins(recipe), _fingerprint(recipe.data, stamps), code(recipe))


@lru_cache(maxsize=8)
def _fingerprint(data: DataRecipe, _files: Sequence[tuple[str, int, int, int]]) -> str:
    return load_images(data, "train").full_print


def keep_inputs(folder: Path, now: Inputs) -> None:
    """Write down what a run begins from, or check that it goes on from the same.

    Raises:
        UserError: weights, images or code are others than the run began with, or the file cannot
            be written or read.
    """
    begun, file = _begun_with(folder), folder / INPUTS
    if begun is not None:
        _compare(folder, begun, now)
    if begun is None or not file.is_file():
        if file.exists() and not _holds_inputs(file):
            raise UserError(
                f"{printable(str(file))} was not written by a training, and would be written over: "
                f"{ELSEWHERE}"
            )
        text = json.dumps(asdict(now), indent=1) + "\n"
        write_atomically(file, lambda temporary: temporary.write_text(text))


def _holds_inputs(file: Path) -> bool:
    try:
        kept = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(kept, dict) and {"origins", "data"} <= kept.keys()


def _begun_with(folder: Path) -> Inputs | None:
    """What is known of a run's beginning: nothing where it has trained nothing yet."""
    file, model = folder / INPUTS, folder / MODEL
    if not model.is_file() and not (folder / RESUME).is_file():
        return None
    try:
        if file.is_file():
            kept = json.loads(file.read_text())
            return Inputs(dict(kept["origins"]), str(kept["data"]), dict(kept.get("code", {})))
        if model.is_file():  # from before there was such a file
            kept = read_metadata(model)
            return Inputs(dict(kept.get("origins", {})), str(kept["data"]["fingerprint"]), {})
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder} does not say what it was trained from: {ELSEWHERE}") from error
    return None


def _compare(folder: Path, begun: Inputs, now: Inputs) -> None:
    parts = sorted(begun.origins.keys() | now.origins.keys())
    other = [part for part in parts if begun.origins.get(part) != now.origins.get(part)]
    edited = sorted(
        name for name in begun.code if now.code.get(name, begun.code[name]) != begun.code[name]
    )
    if other:
        what = f"weights than there are now ({', '.join(other)})"
    elif begun.data != now.data:
        what = "images than there are now"
    elif edited:
        what = f"code than there is now ({', '.join(edited)})"
    else:
        return
    raise UserError(f"{folder} was trained from other {what}: {ELSEWHERE}")
