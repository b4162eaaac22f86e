"""Measured thresholds, the choice of a mode, and the tool that makes the table."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from semjscc.errors import UserError
from semjscc.separation.bounds import finite_bits, snr_for
from semjscc.separation.modes import mode_named, modes_for
from semjscc.separation.table import (
    MARGIN_DB,
    block_snr,
    choose_mode,
    read_table,
    thresholds_for,
)
from semjscc.separation.throughput import _lowest, is_reliable, lost_blocks, threshold

TABLE = {
    64: {"polar-4qam-24": -1.0, "ldpc-4qam-72": 4.4, "ldpc-16qam-120": 8.8},
    256: {"polar-4qam-32": -6.5, "ldpc-4qam-152": -0.5, "ldpc-16qam-432": 5.6},
}


@given(limit=st.integers(-50, 50), guess=st.integers(-60, 60), lowest=st.integers(-70, 70))
@settings(max_examples=100)
def test_search_finds_the_lowest_place_that_will_do(limit: int, guess: int, lowest: int) -> None:
    found = _lowest(lambda place: place >= lowest, guess, limit)
    assert found == (lowest if lowest <= limit else None)


def test_decisions_end_as_soon_as_they_are_settled() -> None:
    asked: list[int] = []

    def losing(share: float, part: range) -> int:
        asked.append(len(part))
        return sum(int((i + 1) * share) - int(i * share) for i in part)

    for share, reliable, most in [(0.5, False, 100), (0.0, True, 700), (0.02, False, 2000)]:
        asked.clear()
        assert is_reliable(lambda part, s=share: losing(s, part), 2000, 100) is reliable
        assert sum(asked) <= most
    asked.clear()
    # One in a hundred is still allowed, and takes all of the blocks to tell.
    assert is_reliable(lambda part: losing(0.01, part), 2000, 100)
    assert sum(asked) == 2000


def test_threshold_is_where_one_block_in_a_hundred_is_lost() -> None:
    mode = mode_named("ldpc-16qam-120", 64)
    found = threshold(mode, 64, 500)
    assert found is not None
    assert found == round(found, 1)
    # Blocks that the measurement did not see; three standard deviations.
    unseen = range(5000, 6000)
    assert lost_blocks(mode, 64, found + 0.3, unseen) <= binom.ppf(0.9987, 1000, 0.01)
    assert lost_blocks(mode, 64, found - 0.5, unseen) >= binom.ppf(0.9987, 1000, 0.01)


def test_threshold_looks_no_higher_than_it_is_told() -> None:
    mode = mode_named("ldpc-16qam-24", 20)
    found = threshold(mode, 20, 100)
    assert found is not None
    assert threshold(mode, 20, 100, below_db=found) is None
    assert threshold(mode, 20, 100, below_db=found + 0.1, gap_db=3.0) == found


def names(k: int) -> set[str]:
    return {mode.name for mode in modes_for(k)}


@pytest.mark.parametrize(
    ("k", "snr_db", "name"),
    [
        (64, -1.1, None),
        (64, -1.0, "polar-4qam-24"),
        (64, 4.3, "polar-4qam-24"),
        (64, 8.8, "ldpc-16qam-120"),
        (256, 5.6, "ldpc-16qam-432"),
    ],
)
def test_largest_payload_that_is_reliable_is_chosen(
    k: int, snr_db: float, name: str | None
) -> None:
    table = {64: {n: snr for n, snr in TABLE[64].items() if n in names(64)}, 256: TABLE[256]}
    assert set(table[64]) == set(TABLE[64])
    mode = choose_mode(k, snr_db, table)
    assert (mode.name if mode else None) == name


def test_a_length_without_neighbours_below_leans_on_the_next_longer() -> None:
    measured = read_table()
    estimates = thresholds_for(128, {256: measured[256]})
    both = estimates.keys() & measured[128].keys()
    assert len(both) >= 20
    excess = [estimates[name] - measured[128][name] for name in both]
    assert min(excess) >= -0.1
    assert max(excess) < 0.9
    assert thresholds_for(5, TABLE) == {}
    assert choose_mode(5, 30.0, TABLE) is None


@pytest.mark.parametrize("k", [512, 1024, 2048])
def test_estimates_agree_with_what_was_measured(k: int) -> None:
    measured = read_table()
    estimates = thresholds_for(k, {size: one for size, one in measured.items() if size != k})
    # Polar codes of more than 1,000 symbols merely repeat: theirs is another law.
    excess = [
        estimates[name] - snr for name, snr in measured[k].items() if not name.startswith("polar")
    ]
    assert len(excess) >= 20
    assert min(excess) > -0.05
    assert max(excess) < 2 * MARGIN_DB + 0.05


def test_long_payloads_pay_for_their_code_blocks_and_gain_nothing_by_their_length() -> None:
    mode = next(m for m in modes_for(138_240) if (m.order, m.rate) == (4, 616 / 1024))
    assert (mode.blocks, mode.block_bits) == (40, 8424)
    needed = block_snr(mode, 138_240)
    # Each code block must be lost only once in 40 * 99.5: 0.99 ** (1 / 40) = 1 - 0.00025123.
    assert needed == pytest.approx(snr_for(3456, 8424, 0.00025123), abs=0.002)
    # A single code of this length would come far closer to capacity.
    assert 0.1 < needed - snr_for(138_240, mode.payload_bits) < 0.6


def test_lengths_beyond_the_table_lean_on_its_largest() -> None:
    estimates = thresholds_for(300, TABLE)
    assert estimates
    assert choose_mode(300, 30.0, TABLE) is not None


def test_an_empty_table_sends_nothing() -> None:
    assert choose_mode(64, 30.0, {}) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"thresholds": {"x": {}}}'])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mcs.json"
    file.write_text(text)
    with pytest.raises(UserError, match=r"not a table of modes: make it with python tools"):
        read_table(file)


def test_shipped_thresholds_belong_to_modes_and_respect_the_bound() -> None:
    table = read_table()
    assert table
    for k, thresholds in table.items():
        for name, snr_db in thresholds.items():
            mode = mode_named(name, k)
            # The normal approximation may be off by a few bits for short blocks.
            assert mode.payload_bits <= finite_bits(k, snr_db) + 3, (k, name)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "mcs_table.py"
    spec = importlib.util.spec_from_file_location("mcs_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tool_keeps_what_pays_and_goes_on_where_it_stopped(
    tool: ModuleType, tmp_path: Path
) -> None:
    file = tmp_path / "mcs.json"
    tool.measure(12, 50, file, 15.0)
    first = json.loads(file.read_text())
    measured = first["thresholds"]["12"]
    tool.measure(12, 50, file, 18.0)
    table = json.loads(file.read_text())
    assert table["blocks"] == 50
    assert {name: table["thresholds"]["12"][name] for name in measured} == measured
    assert len(table["thresholds"]["12"]) > len(measured)
    # A larger payload costs more SNR among those that are kept.
    kept = [(int(name.split("-")[2]), snr) for name, snr in measured.items() if snr is not None]
    assert sorted(kept) == sorted(kept, key=lambda item: item[1])
    assert read_table(file)[12]


def test_tool_refuses_to_mix_and_merges_what_fits(tool: ModuleType, tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    tool.measure(6, 20, one, 45.0)
    with pytest.raises(SystemExit, match="was measured with --blocks 20"):
        tool.measure(7, 60, one, 45.0)
    tool.measure(7, 20, other, 20.0)
    tool.merge(one, [other], 20)
    assert set(json.loads(one.read_text())["thresholds"]) == {"6", "7"}
