"""Against Sionna's own functions, which go bit by bit."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sionna.phy.fec.crc import CRCEncoder
from sionna.phy.nr.utils import generate_prng_seq

from semjscc.separation.modes import mode_named
from semjscc.separation.recurrences import checksum_matrix, gold_sequence
from semjscc.separation.transport import _ldpc, _QuickChecksum


@given(
    lengths=st.lists(st.integers(1, 3000), min_size=3, max_size=6),
    initial=st.integers(0, 2**31 - 1),
)
@settings(max_examples=25)
def test_gold_sequence_is_sionnas(lengths: list[int], initial: int) -> None:
    theirs = generate_prng_seq(max(lengths), initial)
    for length in lengths:
        assert np.array_equal(gold_sequence(length, initial), theirs[:length])


LONGEST = 2000


@cache
def longest_matrix(name: str) -> tuple[CRCEncoder, np.ndarray]:
    encoder = CRCEncoder(name)
    return encoder, encoder._gen_crc_mat(LONGEST, encoder.crc_pol)


@pytest.mark.parametrize("name", ["CRC24A", "CRC24B", "CRC24C", "CRC16", "CRC11", "CRC6"])
@given(length=st.integers(1, LONGEST))
def test_checksum_matrix_is_sionnas(name: str, length: int) -> None:
    # Zeros before a message change no checksum: that of fewer bits is the end of the longest.
    encoder, theirs = longest_matrix(name)
    assert np.array_equal(checksum_matrix(length, encoder.crc_pol), theirs[-length:])


@pytest.mark.parametrize("length", [1, 2, 23, 24, 25, 100])
@pytest.mark.parametrize("name", ["CRC24A", "CRC16", "CRC6"])
def test_checksum_matrix_of_a_few_bits_is_sionnas(name: str, length: int) -> None:
    encoder = CRCEncoder(name)
    theirs = encoder._gen_crc_mat(length, encoder.crc_pol)
    assert np.array_equal(checksum_matrix(length, encoder.crc_pol), theirs)


def test_transport_blocks_of_many_bits_are_soon_ready() -> None:
    # Several code blocks: a checksum for each, and one for the whole.
    encoder = _ldpc(mode_named("ldpc-16qam-12040", 8192))
    for checksum in (encoder.tb_crc_encoder, encoder.cb_crc_encoder):
        assert isinstance(checksum, _QuickChecksum)
        theirs = CRCEncoder._gen_crc_mat(checksum, checksum.k, checksum.crc_pol)
        assert np.array_equal(checksum._g_mat_crc, theirs)
