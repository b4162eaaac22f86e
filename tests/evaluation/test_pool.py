"""What one of several processes says of the work that it was given."""

import pytest

from semjscc.errors import UserError
from semjscc.evaluation import pool


def test_a_fault_in_a_users_own_code_is_said_where_its_lines_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("no key")

    monkeypatch.setitem(pool._here, "work", None)
    monkeypatch.setattr(pool, "_measure", fail)
    said = r"test_pool:\S+fail failed: LookupError: no key \(test_pool.py, line \d+\)"
    with pytest.raises(UserError, match=said):
        pool._measure_here(0, [0])
