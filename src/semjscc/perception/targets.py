"""Whether what is right of images is of a network's classes, and in which order it has them."""

from semjscc.data.base import ImageSet, TargetName
from semjscc.data.classes import misfit, places
from semjscc.errors import UserError, printable
from semjscc.perception.base import Perception


def knows_targets(perception: Perception, data: ImageSet) -> bool:
    """Whether what is right of images is of the network's classes, by their names or numbers."""
    return not missing_targets(perception, data) and not unknown_classes(perception, data)


def missing_targets(perception: Perception, data: ImageSet) -> str:
    """What of images the network's task is about and they have not, one line; "" where they do."""
    target, name = perception.task.target, printable(data.name)
    if target == "label":
        there = bool(data.class_names) and bool((data.labels >= 0).all())
        return "" if there else f"{name} has no labels"
    if data.of_places(target) is not None:
        return ""
    return f"{name} has no {'boxes' if target == 'boxes' else 'masks'}"


def unknown_classes(perception: Perception, data: ImageSet) -> str:
    """Why the network's classes are not those of the data, one line without an end, or ""."""
    target, known = perception.task.target, perception.class_names
    given, names = data.names_of(target), (printable(data.name), printable(perception.name))
    if not are_numbers(data, target):
        return misfit(given, known, *names)
    if len(given) <= len(known):
        return ""
    return f"{names[0]} has {len(given)} classes without names, and {names[1]} knows {len(known)}"


def fitted(perception: Perception, data: ImageSet, remedy: str = "") -> ImageSet:
    """The images with the network's numbers for their classes, which are matched by name.

    Data whose names are the network's, or mere numbers, stays as it is.

    Args:
        perception: the network.
        data: which may lack classes that it knows, or have them in another order.
        remedy: what to do where there are classes that it does not know.

    Raises:
        UserError: there are, or the data has not what the network's task is about.
    """
    if missing := missing_targets(perception, data):
        raise UserError(missing)
    if problem := unknown_classes(perception, data):
        raise UserError(f"{problem}: {remedy}" if remedy else problem)
    numbers = numbers_of(perception, data)
    if numbers is None:
        return data
    return data.renumbered(perception.task.target, numbers, perception.class_names)


def numbers_of(perception: Perception, data: ImageSet) -> tuple[int, ...] | None:
    """The network's number of each class of data that it knows; None where it is the data's own."""
    target, known = perception.task.target, perception.class_names
    given = data.names_of(target)
    return None if given == known or are_numbers(data, target) else places(given, known)


def are_numbers(data: ImageSet, target: TargetName) -> bool:
    """Whether the classes of labels, masks or boxes have no names, and are called by numbers."""
    if target == "label":
        return data.numbered
    names = data.names_of(target)
    return names == tuple(map(str, range(len(names))))
