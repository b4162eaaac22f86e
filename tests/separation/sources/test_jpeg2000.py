"""JPEG 2000 without what size and setting say."""

import numpy as np
import pytest

from semjscc.separation.sources.jpeg2000 import Jpeg2000

CODER = Jpeg2000()


@pytest.mark.parametrize(("variant", "levels"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 5)])
def test_payload_of_mid_grey_is_one_empty_packet_for_each_resolution(
    variant: int, levels: int
) -> None:
    # T.800, B.10: a packet for each of three components and levels + 1 resolutions. Where nothing
    # is included its header is one byte: a bit that says so (0), or 1 and then 0 for each block.
    grey = np.full((32, 32, 3), 128, np.uint8)
    payload = CODER.strip(CODER.compress(grey, variant, 20), (32, 32), variant, 20)
    assert len(payload) == 3 * (levels + 1)
    assert set(payload) <= {0x00, 0x80}


@pytest.mark.parametrize(
    ("side", "levels"), [(1, ["0"]), (8, ["0", "1"]), (32, ["1", "2", "3"]), (512, ["3", "5"])]
)
def test_levels_worth_a_trial_grow_with_the_image(side: int, levels: list[str]) -> None:
    names = [
        CODER.variants[variant] for variant in CODER.useful_variants((side, 2 * side), "compact")
    ]
    assert names == [f"{level} levels" for level in levels]
