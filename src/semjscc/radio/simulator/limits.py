"""What the numbers of a simulated channel may be, and which of them count: needs no torch."""

from collections.abc import Mapping

from semjscc.errors import UserError

LIMITS = {
    "snr_db": (-100.0, 100.0),
    "power": (1e-12, 1e12),
    "bandwidth": (1e-3, 1e12),
    "cfo_hz": (-1e9, 1e9),
    "sro_ppm": (-10_000.0, 10_000.0),
    "delay_s": (0.0, 3600.0),
    "gain_db": (-120.0, 120.0),
    "delay_spread_s": (0.0, 1.0),
    "doppler_hz": (0.0, 1e6),
    "linewidth_hz": (0.0, 1e9),
    "iq_gain_db": (-20.0, 20.0),
    "iq_phase_deg": (-90.0, 90.0),
    "dc_i": (-100.0, 100.0),
    "dc_q": (-100.0, 100.0),
    "clip_db": (-20.0, 60.0),
}
"""What each number may be; beyond lies a slip of the hand."""
TDL = ("tdl-a", "tdl-b", "tdl-c")
SPREADING = ("two-ray", *TDL)
"""Multipath profiles that take a delay spread and a Doppler shift; ITU-R F.1487 has its own."""
_OF_SPREADING = ("delay_spread_s", "doppler_hz")


def check_limits(
    numbers: Mapping[str, float | None], called: Mapping[str, str] | None = None
) -> None:
    """Refuse a number that is beyond what it may be.

    Args:
        numbers: by field of a simulation; None for what nobody stated.
        called: what the user calls a field, such as ``--cfo``, where it is not its name.

    Raises:
        UserError: there is one.
    """
    for field, number in numbers.items():
        low, high = LIMITS[field]
        if number is not None and not low <= number <= high:
            name = (called or {}).get(field, field)
            raise UserError(f"{name} lies between {low:g} and {high:g}, not at {number}")


def check_counts(
    numbers: Mapping[str, float | None], profile: str, called: Mapping[str, str] | None = None
) -> None:
    """Refuse a number that is stated and changes nothing, since the profile takes none.

    Args:
        numbers: as of `check_limits`.
        profile: multipath by its name.
        called: as of `check_limits`.

    Raises:
        UserError: there is one; it says which profiles take it.
    """
    stated = [field for field in _OF_SPREADING if numbers.get(field) is not None]
    if not stated or profile in SPREADING:
        return
    name, word = (called or {}).get(stated[0], stated[0]), (called or {}).get("profile", "profile")
    why = "where there is no multipath" if profile == "none" else f"to {profile}, which has its own"
    known = f"{', '.join(SPREADING[:-1])} or {SPREADING[-1]}"
    raise UserError(f"{name} does nothing {why}: leave it out, or take {word} {known}")
