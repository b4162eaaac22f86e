"""What the numbers of a record can be, whoever wrote the file: reports compute with them."""

from collections.abc import Mapping
from typing import Any

from semjscc.codecs.bandwidth import LARGEST_COUNT, parse_ratio
from semjscc.errors import UserError

_LARGEST_DB = 1000

_SHARE, _COUNT, _DECIBELS = (0, 1), (0, LARGEST_COUNT), (-_LARGEST_DB, _LARGEST_DB)
_RANGES: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("value", "ci_low", "ci_high", "delivered"), _SHARE),
    "ssim": (-1, 1),
    **dict.fromkeys(("images", "draws"), (1, LARGEST_COUNT)),
    **dict.fromkeys(
        ("channel_uses", "control_bits", "payload_bits", "exact", "ratio_measured"), _COUNT
    ),
    **dict.fromkeys(("psnr_db", "snr_db", "assumed_snr_db"), _DECIBELS),
}


def check_ranges(fields: Mapping[str, Any], name: str) -> None:
    """Refuse numbers that no measurement gives.

    Args:
        fields: a record's, of the right types.
        name: of the record and its file, for the message.

    Raises:
        UserError: one is out of its range, or the ratio is none.
    """
    for key, (low, high) in _RANGES.items():
        number = fields.get(key)
        # In this form nan is out of every range.
        if number is not None and not low <= number <= high:
            raise UserError(f"{name}: {key} must lie between {low} and {high}")
    if fields["ci_low"] > fields["ci_high"]:
        raise UserError(f"{name}: ci_low lies above ci_high")
    if fields["ratio"] is not None:
        try:
            parse_ratio(fields["ratio"])
        except UserError as error:
            raise UserError(f"{name}: {error}") from error
