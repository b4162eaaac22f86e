"""The classes that a network is trained for, in one order in train and in val."""

from dataclasses import replace

from semjscc.data import ImageSet
from semjscc.data.base import TargetName
from semjscc.data.classes import misfit, places
from semjscc.errors import UserError, printable
from semjscc.perception.targets import are_numbers


def in_one_order(
    data: ImageSet, val: ImageSet, target: TargetName, chosen: tuple[str, ...]
) -> tuple[ImageSet, ImageSet, tuple[str, ...]]:
    """Train and val with the same numbers for the same classes, and the names of these.

    Args:
        data: for training.
        val: for validation, which may lack some of its classes or have them in another order.
        target: of the task.
        chosen: the recipe's names, which are matched with the data's; where they are others they
            stand for the data's by their order. None takes the data's.

    Raises:
        UserError: the data names no classes, or val has some that train has not.
    """
    classes = chosen or data.names_of(target)
    if not classes:
        raise UserError(f"{data.name} does not name the classes of its masks: perception.classes")
    both = [_ordered(images, target, data.names_of(target), chosen) for images in (data, val)]
    if target == "label":
        both = [replace(images, class_names=classes) for images in both]
    return both[0], both[1], classes


def _ordered(
    images: ImageSet, target: TargetName, own: tuple[str, ...], chosen: tuple[str, ...]
) -> ImageSet:
    given, name = images.names_of(target), printable(images.name)
    if are_numbers(images, target):
        return images
    by_name = bool(chosen) and not misfit(given, chosen, name, "the recipe")
    order = chosen if by_name else own
    if given == order:
        return images
    if problem := misfit(given, order, f"{name} ({images.split})", "train"):
        raise UserError(f"{problem}: name the classes of both in perception.classes")
    return images.renumbered(target, places(given, order), order)
