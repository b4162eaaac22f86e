"""A few bytes through the 5G code, within the same k symbols."""

import pytest
import torch

from semjscc.linear.planning.announcement import LENGTH_BITS, Block, block_uses
from semjscc.linear.planning.side_block import (
    MARGIN_DB,
    block_for,
    likely_uses,
    receive_block,
    send_block,
)
from semjscc.separation.table import choose_mode

K = 4096
LONGEST = (1 << LENGTH_BITS) - 1


def test_lengths_grow_by_eighths_of_an_octave_up_to_three_eighths_of_all() -> None:
    uses = [block_uses(K, length) for length in range(LONGEST + 1)]
    assert uses[0] == 0
    assert uses[-1] == 3 * K // 8
    assert uses == sorted(uses)
    assert uses[-9] == uses[-1] // 2
    assert block_uses(1, 1) == 1


@pytest.mark.parametrize("snr_db", [0.0, 10.0])
def test_the_block_is_the_shortest_that_carries_the_bytes(snr_db: float) -> None:
    payload = bytes(range(60))
    block = block_for(payload, K, snr_db)
    assert block is not None
    for length, enough in ((block.length, True), (block.length - 1, False)):
        mode = choose_mode(block_uses(K, length), snr_db - MARGIN_DB)
        assert (mode is not None and mode.payload_bytes >= len(payload)) == enough
    # What drafts reckon with is about that.
    assert likely_uses(payload, snr_db) == pytest.approx(block.uses(K), rel=0.25)


@pytest.mark.parametrize(("size", "snr_db"), [(60, -30.0), (4000, 10.0)])
def test_there_is_none_where_none_is_reliable_or_long_enough(size: int, snr_db: float) -> None:
    assert block_for(bytes(size), K, snr_db) is None


def test_the_bytes_come_back_or_are_known_to_be_lost() -> None:
    payload = bytes(range(40, 90))
    block = block_for(payload, K, 10.0)
    assert block is not None
    symbols = send_block(payload, block, K)
    assert symbols.shape == (block.uses(K),)
    noise = torch.full((len(symbols),), 0.1)
    back = receive_block(symbols, noise, block, K)
    assert back is not None
    assert back[: len(payload)] == payload
    assert not any(back[len(payload) :])
    assert receive_block(symbols.flip(0), noise, block, K) is None
    assert receive_block(symbols, noise, Block(block.length, 63), K) is None
