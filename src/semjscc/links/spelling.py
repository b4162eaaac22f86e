"""A link's name as text, of which it is not known whether there is such a link."""

from semjscc.allocation.sources import allocation_text, parse_allocation
from semjscc.decibels import number_text
from semjscc.errors import UserError
from semjscc.links.catalogue import SEPARATE
from semjscc.links.endings import split_endings
from semjscc.links.policies import split_policy


def link_text(name: str) -> str:
    """The one spelling of a link's name, as results have it; any other text as it is."""
    try:
        base, endings = split_endings(name)
        base, policy = split_policy(base)
        behind = "" if policy is None else f"+{allocation_text(*parse_allocation(policy))}"
        scheme, at, design_snr_db = base.partition("@")
        if at and scheme.startswith(SEPARATE):
            base = f"{scheme}@{number_text(float(design_snr_db))}"
    except (UserError, ValueError):
        return name
    return f"{base}{behind}{endings.text}"
