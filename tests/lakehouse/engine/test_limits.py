"""Statements run within limits: how many at once, how long, in how much memory."""

import threading
from typing import Any

import pytest

from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.engine.limits import QueryLimits
from lakehouse.errors import BusyError, CostError
from lakehouse.schema.tables import GOLD_SENTIMENT
from tests.support.query_slots import hold_slot

ENDLESS = "SELECT sum(a.range * b.range) FROM range(100000000) a, range(100000000) b"
LARGE = "SELECT list(range) FROM range(20000000) GROUP BY range % 1000"
SMALL = "SELECT 1 + 1"


def run(session: DuckdbSession, statement: str) -> list[tuple[Any, ...]]:
    return session.fetch_rows(statement, [], spec=GOLD_SENTIMENT)


def test_statement_that_takes_too_long_is_stopped_and_says_how_to_ask_for_less() -> None:
    session = DuckdbSession(QueryLimits(run_seconds=0.05))
    with pytest.raises(CostError, match=r"stopped after it had used up 0\.05 s; ask for a shorter range"):
        run(session, ENDLESS)


def test_statement_after_a_stopped_one_runs() -> None:
    session = DuckdbSession(QueryLimits(run_seconds=1.0, n_at_once=1))
    with pytest.raises(CostError):
        run(session, ENDLESS)
    assert run(session, SMALL) == [(2,)]


def test_statement_that_needs_too_much_memory_is_stopped() -> None:
    session = DuckdbSession(QueryLimits(memory_bytes=50_000_000))
    with pytest.raises(CostError, match="the memory for queries"):
        run(session, LARGE)
    assert run(session, SMALL) == [(2,)]


def test_one_statement_more_than_may_run_is_refused_after_its_wait() -> None:
    session = DuckdbSession(QueryLimits(n_at_once=1, wait_seconds=0.01))
    ended = threading.Event()
    holder = hold_slot(session, ended)
    with pytest.raises(BusyError, match="1 heavy queries run already"):
        run(session, SMALL)
    ended.set()
    holder.join()
    assert run(session, SMALL) == [(2,)]


def test_without_limits_everything_runs() -> None:
    assert run(DuckdbSession(), SMALL) == [(2,)]
