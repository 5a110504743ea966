"""History questions to the lakehouse reader, PostgreSQL, the same with rollups, and DuckDB, in one interleaved run."""

import argparse
import gc
import multiprocessing
import shutil
import stat
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.history_lake import END_US, SYMBOLS, add_lake_options, append_small_commits, cached_lake
from benchmarks.history_peers import TABLES, load_duckdb, postgres
from benchmarks.history_questions import (
    COMPACTED,
    DUCKDB,
    KINDS,
    LAKEHOUSE,
    POSTGRES,
    ROLLUP,
    SMALLER,
    Asked,
    Asker,
    ask_duckdb,
    ask_lakehouse,
    ask_postgres,
    measure,
    percentile,
    run_interleaved,
)
from lakehouse import lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.history.warming import warm
from lakehouse.process.settings import Settings
from lakehouse.time_range import DAY_US, HOUR_US
from tests.support.processes import ChildProcess

BUDGET_BYTES = Settings().columns_budget_bytes
_N_ROWS = 10_000_000
_N_SMALL_COMMITS = 2_000
_PARTS = ("peers", "size", "memory", "commits")


def measure_memory(folder: Path, n_rounds: int) -> None:
    """Print the peak memory of a fresh process that answers every question."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        peak_bytes = pool.apply(_peak_bytes, (str(folder), n_rounds))
    print(f"\npeak memory of a process that answers all of it: {peak_bytes / 1e6:.0f} MB")


def _peak_bytes(folder: str, n_rounds: int) -> int:
    run_interleaved({LAKEHOUSE: _asker(Path(folder))}, n_rounds)
    # Not getrusage: its maximum also knows the process that this one was started from.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def measure_folding(folder: Path, n_commits: int) -> None:
    """Print the cost of the first question after a commit beyond a second, equal one."""
    ask = _asker(folder)
    asked = Asked(KINDS[1], SYMBOLS[0], END_US - DAY_US, END_US)
    ask(asked)
    extra = []
    for i in range(n_commits):
        append_small_commits(folder, 1, from_us=END_US - HOUR_US + i)
        started = time.perf_counter()
        ask(asked)
        asked_again = time.perf_counter()
        ask(asked)
        extra.append(2 * asked_again - started - time.perf_counter())
    p50, p95 = (percentile(extra, share) * 1e3 for share in (0.5, 0.95))
    print(f"\nfolding in a commit: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--rows", type=int, default=_N_ROWS, help=f"sentiments (default {_N_ROWS:,})")
    parser.add_argument("--rounds", type=int, default=40, help="questions of each kind (default 40)")
    parser.add_argument("--part", choices=_PARTS, action="append", help="only this part (default: all)")
    parser.add_argument(
        "--commits", type=int, default=_N_SMALL_COMMITS, help=f"uncompacted (default {_N_SMALL_COMMITS:,})"
    )
    parser.add_argument("--folded", type=int, default=50, help="commits folded in one by one (default 50)")
    add_lake_options(parser)
    options = parser.parse_args()
    parts = options.part or _PARTS
    cached = cached_lake(options, options.rows)
    with ExitStack() as stack:
        scratch = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="cryptoviz-bench-", dir=options.cache))
        )
        stale, current = (_copied(cached, scratch / name) for name in ("stale", "current"))
        refresh_rollups(lake.open(str(current)))
        compacted = _copied(current, scratch / "compacted")
        if "peers" in parts:
            _compare(current, stale, scratch, _postgres_folder(options.cache, options.rows), options.rounds)
        if "size" in parts and options.rows > _N_ROWS:
            _grow(current, cached_lake(options, _N_ROWS), options.rounds)
        if "memory" in parts:
            measure_memory(current, options.rounds)
        if "commits" in parts:
            _change(current, compacted, options)
    return 0


def _copied(folder: Path, copy: Path) -> Path:
    """Copy a lake by links to its files."""
    shutil.copytree(folder, copy, copy_function=lambda source, target: Path(target).hardlink_to(source))
    return copy


def _postgres_folder(cache: Path, n_rows: int) -> Path:
    """Return the folder of PostgreSQL's data. As root it runs as another user, who needs access to it."""
    folder = cache.resolve() / f"postgres-{n_rows}"
    is_open = all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents)
    return folder if is_open else Path(tempfile.gettempdir()) / f"cryptoviz-{folder.name}"


def _asker(folder: Path, budget_bytes: int = BUDGET_BYTES) -> Asker:
    """Return the reader of a server process that has warmed up."""
    reader = lake.open(str(folder), columns_budget_bytes=budget_bytes)
    warm(reader)
    return lambda asked: ask_lakehouse(reader, asked)


def _compare(current: Path, stale: Path, scratch: Path, postgres_folder: Path, n_rounds: int) -> None:
    catalog = Catalog(LakeLocation.parse(str(current)))
    build = catalog.current_build()
    folders = {spec.name: catalog.table_location(spec.name, build).to_path() for spec in TABLES}
    with ExitStack() as peers:
        native = load_duckdb(scratch / "native.duckdb", folders)
        peers.callback(native.close)
        askers: dict[str, Asker] = {LAKEHOUSE: _asker(current), DUCKDB: partial(ask_duckdb, native)}
        try:
            connection = peers.enter_context(postgres(folders, postgres_folder))
            askers |= {peer: partial(ask_postgres, connection, peer=peer) for peer in (POSTGRES, ROLLUP)}
        except FileNotFoundError as error:
            print(error)
        gc.freeze()
        measure("compacted", askers, n_rounds)
        askers = {LAKEHOUSE: _asker(stale), DUCKDB: askers[DUCKDB]}
        measure("with rollups an hour stale", askers, n_rounds)


def _grow(folder: Path, smaller: Path, n_rounds: int) -> None:
    """Ask the same questions of a lake of fewer rows, which has as many symbols and days."""
    askers = {LAKEHOUSE: _asker(folder), SMALLER: _asker(smaller)}
    measure(f"beside {_N_ROWS:,} rows", askers, n_rounds, same_rows=False)


def _change(folder: Path, compacted: Path, options: argparse.Namespace) -> None:
    """Report the cost of commits: one by one, beside a stream that commits every second, and many small ones."""
    n_rounds, n_commits = options.rounds, options.commits
    measure_folding(folder, options.folded)
    stream = ChildProcess.of_module(
        "benchmarks.history_lake", str(folder), log_path=folder.with_name("stream.log")
    )
    stream.start()
    try:
        title = "while a stream commits every second"
        measure(title, {LAKEHOUSE: _asker(folder), COMPACTED: _asker(compacted)}, n_rounds, same_rows=False)
    finally:
        stream.end()
    started = time.monotonic()
    append_small_commits(folder, n_commits, from_us=END_US - 2 * HOUR_US)
    committed = time.monotonic()
    askers = {LAKEHOUSE: _asker(folder), COMPACTED: _asker(compacted)}
    took = f"{committed - started:.0f} s to commit, {time.monotonic() - committed:.0f} s to open twice"
    measure(f"with {n_commits:,} uncompacted small commits ({took})", askers, n_rounds, same_rows=False)


if __name__ == "__main__":
    sys.exit(main())
