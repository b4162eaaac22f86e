"""A link of the user's own, as ``my.module:Link``."""

from semjscc.codecs.base import Codec
from semjscc.errors import UserError, printable
from semjscc.links.base import Link
from semjscc.parts import find_part, make_part


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
    link = make_part(part, "link", Link)
    link.name = name
    return link
