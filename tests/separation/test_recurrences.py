"""Against Sionna's own functions, which go bit by bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sionna.phy.fec.crc import CRCEncoder
from sionna.phy.nr.utils import generate_prng_seq

from semjscc.separation.modes import mode_named
from semjscc.separation.recurrences import checksum_matrix, gold_sequence
from semjscc.separation.transport import _ldpc, _QuickChecksum


@given(length=st.integers(1, 3000), initial=st.integers(0, 2**31 - 1))
def test_gold_sequence_is_sionnas(length: int, initial: int) -> None:
    assert np.array_equal(gold_sequence(length, initial), generate_prng_seq(length, initial))


@pytest.mark.parametrize("name", ["CRC24A", "CRC24B", "CRC24C", "CRC16", "CRC11", "CRC6"])
@given(length=st.integers(1, 2000))
def test_checksum_matrix_is_sionnas(name: str, length: int) -> None:
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
