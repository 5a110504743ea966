"""The questions of the history benchmark, how each peer is asked, and what an interleaved run of them reports."""

import math
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import psycopg

from benchmarks.history_lake import END_US, START_US, SYMBOLS
from benchmarks.history_peers import Row, statement, to_psycopg
from lakehouse.history.latest import read_latest
from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.series.definitions import SERIES
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, TimeRange

LAKEHOUSE, POSTGRES, ROLLUP, DUCKDB = "lakehouse", "postgres", "rollup", "duckdb"
INFLUX, INFLUX_ROLLUP = "influx", "influx rollup"
SMALLER, COMPACTED = "smaller", "compacted"
"""The lakehouse reader on a lake of fewer rows, and on one without small commits."""
_REPORTED = (LAKEHOUSE, POSTGRES, ROLLUP, INFLUX, INFLUX_ROLLUP, DUCKDB, SMALLER, COMPACTED)
_RECENT_US = 7 * DAY_US
_KIND_SECONDS = 60.0
_WARM_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of question. ``interval`` is RAW or a bucket's width; an end is drawn from the last ``recent_us``."""

    name: str
    title: str
    span_us: int
    interval: str = "raw"
    width_us: int = 1
    limit: int = 1000
    series: str = "sentiment"
    recent_us: int = _RECENT_US
    of_all: bool = False


_DAILY: dict[str, Any] = {"interval": "1d", "width_us": DAY_US}
KINDS = (
    Kind(name="raw", title="raw 24 h, newest 1,000", span_us=DAY_US),
    Kind(name="minutes", title="24 h in 5-min buckets", span_us=DAY_US, interval="5m", width_us=5 * MINUTE_US),
    Kind(name="hours", title="30 days hourly", span_us=30 * DAY_US, interval="1h", width_us=HOUR_US),
    Kind(name="latest", title="latest per symbol", span_us=DAY_US, limit=1, recent_us=DAY_US, of_all=True),
    Kind(name="all_symbols", title="all symbols 7 days daily", span_us=7 * DAY_US, **_DAILY, of_all=True),
    Kind(name="days", title="all 90 days daily", span_us=90 * DAY_US, **_DAILY, recent_us=HOUR_US),
    Kind(name="prediction", title="predictions with realised", span_us=DAY_US, series="prediction"),
    Kind(name="raw", title="raw 24 h, any of 90 days", span_us=DAY_US, recent_us=89 * DAY_US),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: symbol and [start, end)."""

    kind: Kind
    symbol: str
    start_us: int
    end_us: int


Asker = Callable[[Asked], list[Row]]


def draw(kind: Kind, chance: random.Random) -> Asked:
    """Draw a window; of buckets of an hour and more on whole hours, where the rollups of all peers are exact."""
    end_us = END_US - chance.randrange(kind.recent_us)
    if kind.width_us >= HOUR_US:
        end_us = -(-end_us // HOUR_US) * HOUR_US
    return Asked(kind, chance.choice(SYMBOLS), max(START_US, end_us - kind.span_us), end_us)


def ask_lakehouse(reader: Lake, asked: Asked) -> list[Row]:
    kind = asked.kind
    if kind.name == "latest":
        time_range = TimeRange(asked.start_us, asked.end_us)
        newest = read_latest(reader, SERIES[kind.series], SYMBOLS, time_range, columns=("message_id",))
        return [(symbol, *row) for symbol, row in newest.items()]
    symbols = SYMBOLS if kind.of_all else (asked.symbol,)
    answers = []
    for symbol in symbols:
        page = read_history(reader, _to_query(asked, symbol))
        rows = page.rows if kind.interval == "raw" else [row[:5] for row in page.rows]
        answers += [(symbol, *row) for row in rows] if kind.of_all else rows
    return answers


def _to_query(asked: Asked, symbol: str) -> HistoryQuery:
    series = SERIES[asked.kind.series]
    return HistoryQuery(
        series=series,
        symbol=symbol,
        time_range=TimeRange(asked.start_us, asked.end_us),
        interval=asked.kind.interval,
        limit=asked.kind.limit,
        as_of_us=END_US,
        axis=series.time_column,
    )


def ask_postgres(connection: psycopg.Connection[Row], asked: Asked, peer: str) -> list[Row]:
    sql = to_psycopg(statement(asked.kind.name, peer))
    with connection.cursor(binary=True) as cursor:
        return cursor.execute(sql.encode(), _bound(asked), prepare=True).fetchall()


def ask_duckdb(connection: duckdb.DuckDBPyConnection, asked: Asked) -> list[Row]:
    sql = statement(asked.kind.name, DUCKDB)
    names = set(re.findall(r"\$(\w+)", sql))
    return connection.execute(
        sql, {name: value for name, value in _bound(asked).items() if name in names}
    ).fetchall()


def _bound(asked: Asked) -> dict[str, Any]:
    return {
        "symbol": asked.symbol,
        "symbols": list(SYMBOLS),
        "start": asked.start_us,
        "end": asked.end_us,
        "width": asked.kind.width_us,
    }


def assert_equal(asked: Asked, answers: dict[str, list[Row]]) -> None:
    """Raise AssertionError unless all give the same rows; averages may differ in the last digits."""
    expected = answers[LAKEHOUSE]
    for peer, rows in answers.items():
        newest_first = asked.kind.interval == "raw" and asked.kind.name != "latest"
        ascending = rows[::-1] if newest_first and peer != LAKEHOUSE else rows
        if len(ascending) != len(expected):
            raise AssertionError(f"{peer} has {len(ascending)} rows, not {len(expected)}, of {asked}")
        for own, other in zip(expected, ascending, strict=True):
            if not all(map(_is_same, own, other)):
                raise AssertionError(f"{peer} has {other}, not {own}, of {asked}")


def _is_same(own: Any, other: Any) -> bool:
    if isinstance(own, float) and isinstance(other, float):
        return math.isclose(own, other, rel_tol=1e-12, abs_tol=1e-12)
    return bool((" ".join(own) if isinstance(own, list) and isinstance(other, str) else own) == other)


def run_interleaved(
    askers: dict[str, Asker],
    n_rounds: int,
    *,
    kinds: Sequence[Kind] = KINDS,
    same_rows: bool = True,
    seed: int = 1,
    kind_seconds: float = _KIND_SECONDS,
) -> dict[str, dict[str, list[float]]]:
    """{title of the question: {peer: seconds}}. Each question goes to all peers in turn.

    Their answers must be equal where they have the ``same_rows``. A kind that takes long is asked fewer times.
    """
    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    chance = random.Random(seed)
    peers = list(askers)
    for kind in kinds:
        kind_started = time.monotonic()
        for _ in range(n_rounds):
            if time.monotonic() - kind_started > kind_seconds:
                break
            asked, answers = draw(kind, chance), {}
            chance.shuffle(peers)
            for peer in peers:
                started = time.perf_counter()
                answers[peer] = askers[peer](asked)
                seconds[kind.title][peer].append(time.perf_counter() - started)
            if same_rows:
                assert_equal(asked, answers)
    return seconds


def measure(
    title: str,
    askers: dict[str, Asker],
    n_rounds: int,
    *,
    kinds: Sequence[Kind] = KINDS,
    same_rows: bool = True,
) -> None:
    """Report a run, after a third as many other questions."""
    run_interleaved(
        askers, max(3, n_rounds // 3), kinds=kinds, same_rows=same_rows, seed=2, kind_seconds=_WARM_SECONDS
    )
    report(title, run_interleaved(askers, n_rounds, kinds=kinds, same_rows=same_rows))


def report(title: str, seconds: dict[str, dict[str, list[float]]]) -> None:
    """One line a question: p50 and p95 of each peer in ms, and the reader's p50 as a share of each peer's."""
    print(f"\n{title}: p50 / p95 in ms (lakehouse p50 as a share)")
    for question, by_peer in seconds.items():
        own = percentile(by_peer[LAKEHOUSE], 0.5)
        cells = []
        for peer in _REPORTED:
            if peer in by_peer:
                p50, p95 = (percentile(by_peer[peer], share) for share in (0.5, 0.95))
                cells.append(f"{peer} {p50 * 1e3:7.2f} /{p95 * 1e3:7.2f} ({own / p50:5.2f})")
        n_asked = len(by_peer[LAKEHOUSE])
        print(f"  {question:26} n={n_asked:<4} {'  '.join(cells)}", flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
