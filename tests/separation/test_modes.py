"""The modes against the standard's text: rates, transport block sizes, limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.errors import UserError
from semjscc.links.separate_coding.source import MODE_BITS
from semjscc.separation.modes import mode_named, modes_for
from semjscc.separation.nr import calculate_tb_size

# TS 38.214 tables 5.1.3.1-1 to 5.1.3.1-3: target rate times 1024, by modulation order.
RATES = {
    2: [30, 40, 50, 64, 78, 99, 120, 157, 193, 251, 308, 379, 449, 526, 602, 679],
    4: [340, 378, 434, 490, 553, 616, 658],
    6: [438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948],
    8: [682.5, 711, 754, 797, 841, 885, 916.5, 948],
}
SIZES = st.integers(1, 300) | st.sampled_from([512, 1000, 1024, 2048, 8192])


@pytest.mark.parametrize(
    ("k", "order", "rate", "payload"),
    [
        # By hand after TS 38.214 section 5.1.3.2: the information bits, rounded to a multiple of
        # 2^n, then the next entry of table 5.1.3.2-1 or, above 3824, whole bytes of C blocks.
        (64, 2, 120, 24),  # 15 -> at least 24
        (512, 2, 449, 456),  # 449 -> 448 (n = 3)
        (256, 4, 616, 640),  # 616 -> 616 (n = 3)
        (2048, 8, 682.5, 11016),  # 10920 -> 11008 (n = 8), C = 2
    ],
)
def test_payload_is_the_transport_block_size(k: int, order: int, rate: float, payload: int) -> None:
    found = [m for m in modes_for(k) if (m.code, m.order, m.rate) == ("ldpc", order, rate / 1024)]
    assert [mode.payload_bits for mode in found] == [payload]


def test_long_blocks_have_every_line_of_the_tables() -> None:
    found = {(mode.order, mode.rate * 1024) for mode in modes_for(8192)}
    assert found == {(order, rate) for order, rates in RATES.items() for rate in rates}


@pytest.mark.parametrize("k", [20, 64, 341, 4096, 98304])
def test_sizes_of_all_lines_at_once_are_those_of_each_alone(k: int) -> None:
    for mode in modes_for(k):
        if mode.code == "ldpc":
            coded = k * mode.order
            sizes = calculate_tb_size(
                mode.order, mode.rate, num_coded_bits=coded, return_cw_length=False, device="cpu"
            )
            payload, block, blocks = (int(size) for size in sizes[:3])
            assert (mode.payload_bits, mode.block_bits, mode.blocks) == (payload, block, blocks)


@given(k=SIZES)
@settings(max_examples=15)
def test_modes_are_different_whole_bytes_that_a_decoder_can_recover(k: int) -> None:
    modes = modes_for(k)
    assert len({(m.code, m.order, m.payload_bits) for m in modes}) == len(modes)
    assert list(modes) == sorted(modes, key=lambda m: m.payload_bits)
    for mode in modes:
        assert mode.payload_bits == 8 * mode.payload_bytes >= 24
        assert mode.encoded_bits <= k * mode.order
        if mode.code == "polar":
            assert mode.payload_bits + 11 <= mode.encoded_bits <= 1024
            assert mode.payload_bits <= 140
        else:
            checksum = 16 if mode.payload_bits <= 3824 else 24
            # The lowest rate is 1/5; checksums of code blocks only raise it.
            assert mode.encoded_bits <= 5 * (mode.payload_bits + checksum) * 1.01
            assert mode.payload_bits + checksum <= 0.95 * mode.encoded_bits
            assert mode.rate * 1024 in RATES[mode.order]


@pytest.mark.parametrize(
    ("k", "order", "rate", "blocks", "bits"),
    [
        # By hand after TS 38.212 section 5.2.2: a transport block of B bits with its checksum (24
        # bits above 3824, else 16) is ceil(B / (8448 - 24)) blocks of equal length with a checksum
        # of 24 bits each, or with base graph 2 (rates up to 1/4) ceil(B / (3840 - 24)) of them.
        (8192, 8, 797, 7, 51240 // 7 + 24),
        (8192, 2, 120, 1, 1928 + 16),
        (27648, 2, 120, 2, (6408 + 24) // 2 + 24),
        (98304, 6, 466, 33, (270576 + 24) // 33 + 24),
    ],
)
def test_long_payloads_are_cut_into_code_blocks(
    k: int, order: int, rate: float, blocks: int, bits: int
) -> None:
    (mode,) = [m for m in modes_for(k) if (m.order, m.rate) == (order, rate / 1024)]
    assert (mode.blocks, mode.block_bits) == (blocks, bits)


def test_a_mode_fits_its_field_of_the_control_record() -> None:
    assert max(len(modes_for(k)) for k in (*range(1, 400, 13), 540, 1000, 196_608)) < 1 << MODE_BITS


def test_low_rates_are_repeated_and_others_are_not() -> None:
    modes = [mode for mode in modes_for(1000) if mode.code == "ldpc"]
    low = next(mode for mode in modes if mode.rate == 120 / 1024)
    # 234.4 bits -> 232 -> 240, and CRC-16; the base graph goes down to rate 1/5.
    assert (low.payload_bits, low.encoded_bits) == (240, 5 * 256)
    assert all(m.encoded_bits == 1000 * m.order for m in modes if m.rate > 0.21)


def test_too_few_symbols_carry_nothing() -> None:
    assert modes_for(1) == modes_for(5) == ()
    assert modes_for(6) != ()


def test_names_lead_back_to_modes() -> None:
    for mode in modes_for(75):
        assert mode_named(mode.name, 75) is mode
    assert mode_named("ldpc-16qam-640", 256).rate == 616 / 1024


def test_wrong_requests_say_what_to_do() -> None:
    with pytest.raises(UserError, match="at least 1 symbol, not 0"):
        modes_for(0)
    with pytest.raises(UserError, match="75 symbols have no mode ldpc-4qam-9999; remake the table"):
        mode_named("ldpc-4qam-9999", 75)
