"""History questions to the lakehouse reader, PostgreSQL, the same with rollups, and DuckDB, in one interleaved run."""

import argparse
import gc
import math
import multiprocessing
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from benchmarks.history_lake import END_US, START_US, SYMBOLS, append_small_commits, ensure_lake
from benchmarks.history_peers import TABLES, Row, load_duckdb, postgres, statement, to_psycopg
from lakehouse import lake
from lakehouse.catalog import Catalog
from lakehouse.history import HistoryQuery, read_history
from lakehouse.lake import Lake
from lakehouse.latest import read_latest
from lakehouse.rollup_refresh import refresh_rollups
from lakehouse.series import SERIES
from lakehouse.settings import Settings
from lakehouse.storage import LakeLocation
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, TimeRange

CACHE = Path(".runtime/bench")
LAKEHOUSE, POSTGRES, ROLLUP, DUCKDB = "lakehouse", "postgres", "rollup", "duckdb"
FILES = "files"
"""The lakehouse reader with no columns in memory."""
BUDGET_BYTES = Settings().columns_budget_bytes
_N_SMALL_COMMITS = 2_000
_RECENT_US = 7 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of question. ``interval`` is "brut" or a bucket's width; an end is drawn from the last ``recent_us``."""

    name: str
    title: str
    span_us: int
    interval: str = "brut"
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
    Kind(name="latest", title="latest per symbol", span_us=DAY_US, limit=1, of_all=True),
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
    """A window that was hardly asked before; buckets of an hour and more on whole hours, where a rollup is exact."""
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
        rows = page.rows if kind.interval == "brut" else [row[:5] for row in page.rows]
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
        asked={},
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
    """Raises AssertionError unless all give the same rows; averages may differ in the last digits."""
    expected = answers[LAKEHOUSE]
    for peer, rows in answers.items():
        newest_first = asked.kind.interval == "brut" and asked.kind.name != "latest"
        found = rows[::-1] if newest_first and peer not in (LAKEHOUSE, FILES) else rows
        if len(found) != len(expected):
            raise AssertionError(f"{peer} has {len(found)} rows, not {len(expected)}, of {asked}")
        for own, other in zip(expected, found, strict=True):
            if not all(map(_is_same, own, other)):
                raise AssertionError(f"{peer} has {other}, not {own}, of {asked}")


def _is_same(own: Any, other: Any) -> bool:
    if isinstance(own, float) and isinstance(other, float):
        return math.isclose(own, other, rel_tol=1e-12, abs_tol=1e-12)
    return bool((" ".join(own) if isinstance(own, list) and isinstance(other, str) else own) == other)


def run_interleaved(
    askers: dict[str, Asker], n_rounds: int, kinds: Sequence[Kind] = KINDS
) -> dict[str, dict[str, list[float]]]:
    """{title of the question: {peer: seconds}}. Each question goes to all peers in turn; answers must be equal."""
    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    chance = random.Random(1)
    peers = list(askers)
    for kind in kinds:
        for _ in range(n_rounds):
            asked, answers = draw(kind, chance), {}
            chance.shuffle(peers)
            for peer in peers:
                started = time.perf_counter()
                answers[peer] = askers[peer](asked)
                seconds[kind.title][peer].append(time.perf_counter() - started)
            assert_equal(asked, answers)
    return seconds


def report(title: str, seconds: dict[str, dict[str, list[float]]]) -> None:
    """One line a question: p50 and p95 of each peer in ms, and the reader's p50 as a share of each peer's."""
    print(f"\n{title}: p50 / p95 in ms (lakehouse p50 as a share)")
    for question, by_peer in seconds.items():
        own = _percentile(by_peer[LAKEHOUSE], 0.5)
        cells = []
        for peer in (LAKEHOUSE, POSTGRES, ROLLUP, DUCKDB, FILES):
            if peer in by_peer:
                p50, p95 = (_percentile(by_peer[peer], share) for share in (0.5, 0.95))
                cells.append(f"{peer} {p50 * 1e3:7.2f} /{p95 * 1e3:7.2f} ({own / p50:5.2f})")
        print(f"  {question:26} {'  '.join(cells)}", flush=True)


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure_memory(folder: Path, n_rounds: int) -> None:
    """Prints the peak memory of a fresh process that answers every question."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        peak_bytes = pool.apply(_peak_bytes, (str(folder), n_rounds))
    print(f"\npeak memory of a process that answers all of it: {peak_bytes / 1e6:.0f} MB")


def _peak_bytes(folder: str, n_rounds: int) -> int:
    reader = lake.open(folder, columns_budget_bytes=BUDGET_BYTES)
    run_interleaved({LAKEHOUSE: lambda asked: ask_lakehouse(reader, asked)}, n_rounds)
    # Not getrusage: its maximum also knows the process that this one was started from.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def measure_folding(folder: Path, n_commits: int) -> None:
    """Prints what the first question after a commit costs beyond a second, equal one."""
    reader = lake.open(str(folder), columns_budget_bytes=BUDGET_BYTES)
    asked = Asked(KINDS[1], SYMBOLS[0], END_US - DAY_US, END_US)
    ask_lakehouse(reader, asked)
    extra = []
    for i in range(n_commits):
        append_small_commits(folder, 1, from_us=END_US - HOUR_US + i)
        started = time.perf_counter()
        ask_lakehouse(reader, asked)
        asked_again = time.perf_counter()
        ask_lakehouse(reader, asked)
        extra.append(2 * asked_again - started - time.perf_counter())
    p50, p95 = (_percentile(extra, share) * 1e3 for share in (0.5, 0.95))
    print(f"\nfolding in a commit: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="sentiments (default 10,000,000)")
    parser.add_argument("--rounds", type=int, default=100, help="questions of each kind (default 100)")
    parser.add_argument("--without-peers", action="store_true", help="only the reader itself")
    options = parser.parse_args()
    cached = CACHE / f"history-{options.rows}"
    ensure_lake(cached, options.rows)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cryptoviz-bench-", dir=CACHE)))
        stale, current = (_copied(cached, scratch / name) for name in ("stale", "current"))
        refresh_rollups(lake.open(str(current)))
        if not options.without_peers:
            _compare(stack, current, stale, scratch / "native.duckdb", options.rounds)
        measure_memory(current, options.rounds)
        _change(current, options.rounds)
    return 0


def _copied(folder: Path, copy: Path) -> Path:
    """A lake of its own that shares the files."""
    shutil.copytree(folder, copy, copy_function=lambda source, target: Path(target).hardlink_to(source))
    return copy


def _asker(folder: Path, budget_bytes: int = BUDGET_BYTES) -> Asker:
    reader = lake.open(str(folder), columns_budget_bytes=budget_bytes)
    return lambda asked: ask_lakehouse(reader, asked)


def _compare(stack: ExitStack, current: Path, stale: Path, native_path: Path, n_rounds: int) -> None:
    catalog = Catalog(LakeLocation.parse(str(current)))
    build = catalog.current_build()
    folders = {spec.name: catalog.table_location(spec.name, build).to_path() for spec in TABLES}
    native = load_duckdb(native_path, folders)
    stack.callback(native.close)
    ask_native: Asker = lambda asked: ask_duckdb(native, asked)  # noqa: E731
    with ExitStack() as servers:
        askers = {LAKEHOUSE: _asker(current), DUCKDB: ask_native}
        try:
            connection = servers.enter_context(postgres(folders))
            askers |= {peer: partial(ask_postgres, connection, peer=peer) for peer in (POSTGRES, ROLLUP)}
        except FileNotFoundError as error:
            print(error)
        gc.freeze()
        run_interleaved(askers, max(3, n_rounds // 3))
        report("compacted", run_interleaved(askers, n_rounds))
    askers = {LAKEHOUSE: _asker(stale), DUCKDB: ask_native}
    run_interleaved(askers, max(3, n_rounds // 3))
    report("with rollups an hour stale", run_interleaved(askers, n_rounds))


def _change(folder: Path, n_rounds: int) -> None:
    """What commits cost: each by itself, while a stream commits every second, and many small ones uncompacted."""
    measure_folding(folder, 50)
    own = {LAKEHOUSE: _asker(folder)}
    stream = subprocess.Popen([sys.executable, "-m", "benchmarks.history_lake", str(folder)])
    try:
        run_interleaved(own, max(3, n_rounds // 3))
        report("while a stream commits every second", run_interleaved(own, n_rounds))
    finally:
        stream.terminate()
        stream.wait()
    started = time.monotonic()
    append_small_commits(folder, _N_SMALL_COMMITS, from_us=END_US - 2 * HOUR_US)
    print(f"\n{_N_SMALL_COMMITS:,} small commits in {time.monotonic() - started:.0f} s")
    own = {LAKEHOUSE: _asker(folder), FILES: _asker(folder, 0)}
    run_interleaved(own, max(3, n_rounds // 3))
    report(f"with {_N_SMALL_COMMITS:,} uncompacted small commits", run_interleaved(own, n_rounds))


if __name__ == "__main__":
    sys.exit(main())
