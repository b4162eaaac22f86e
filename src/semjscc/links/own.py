"""A link of the user's own, as ``my.module:Link``."""

from copy import copy

from semjscc.codecs.base import Codec
from semjscc.errors import UserError, printable
from semjscc.links.base import Link
from semjscc.parts.named import find_part, make_part


def own_link(part: str, name: str) -> Link:
    """The link that a class or function of the user's own gives, called without arguments.

    Args:
        part: ``my.module:Name``, in the user's own words.
        name: what tables shall call it, in place of the name that it gives itself.

    Raises:
        UserError: there is none, or it is no link.
    """
    found = find_part(part, "link")
    if isinstance(found, type) and issubclass(found, Codec):
        said = printable(part)
        raise UserError(f"{said} is a codec, and needs its weights: {said}@runs/NAME")
    # A copy, since a function may give the same object under every name.
    link = copy(make_part(part, "link", Link))
    try:
        link.name = name
    except AttributeError as error:  # a frozen dataclass, a property
        said = f"the link {printable(part)} cannot be called {printable(name)}"
        raise UserError(f"{said}: let its attribute 'name' be one that can be set") from error
    return link
