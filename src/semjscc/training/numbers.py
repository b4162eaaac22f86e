"""What a number in a recipe may be."""

import math


def check_number(name: str, number: int | None, least: int) -> None:
    """Refuse too small a number; None is none at all."""
    if number is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")


def check_range(name: str, value: float, most: float) -> None:
    """Refuse what does not lie between 0 and ``most``."""
    if not 0 <= value <= most:
        raise ValueError(f"{name} lies between 0 and {most:g}, not {value}")


def check_finite(name: str, value: float) -> None:
    """Refuse what is negative, infinite or no number."""
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is 0 or more, and finite, not {value}")
