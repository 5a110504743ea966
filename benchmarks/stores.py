"""The same rows and questions for the lakehouse, PostgreSQL and InfluxDB: load, disk, memory, answers, small writes."""

import argparse
import gc
import os
import random
import signal
import stat
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.history_lake import END_US, SYMBOLS, small_batches
from benchmarks.history_questions import (
    KINDS,
    Asked,
    Kind,
    assert_equal,
    draw,
    measure,
    percentile,
    run_interleaved,
)
from benchmarks.store_cost import evict, watched
from benchmarks.stores_opened import (
    Opened,
    Store,
    loaded_influx,
    loaded_lake,
    loaded_postgres,
    table_folder,
)
from lakehouse.time_range import DAY_US

CACHE = Path(".runtime/bench")
QUESTIONS = tuple(kind for kind in KINDS if kind.series == "sentiment")
"""Without predictions and what became of them: InfluxQL has no join."""
_N_ROWS = 2_000_000
_N_ROUND_TRIPS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """Sizes of a run: rows of sentiments, rounds of questions, starts of a process, small writes."""

    n_rows: int
    n_rounds: int
    n_starts: int
    n_writes: int
    kinds: Sequence[Kind]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stores", description=__doc__)
    parser.add_argument("--rows", type=int, default=_N_ROWS, help=f"sentiments (default {_N_ROWS:,})")
    parser.add_argument("--rounds", type=int, default=40, help="questions of each kind (default 40)")
    parser.add_argument("--starts", type=int, default=5, help="of a process, for each kind (default 5)")
    parser.add_argument("--writes", type=int, default=100, help="of 20 rows (default 100)")
    names = [kind.name for kind in QUESTIONS]
    parser.add_argument("--kind", choices=names, action="append", help="only this question (default: all)")
    options = parser.parse_args()
    kinds = [kind for kind in QUESTIONS if kind.name in (options.kind or names)]
    size = _Size(
        n_rows=options.rows,
        n_rounds=options.rounds,
        n_starts=options.starts,
        n_writes=options.writes,
        kinds=kinds,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that all blocks end
    try:
        with _scratch() as scratch:
            _compare(scratch, size)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


@contextmanager
def _scratch() -> Iterator[Path]:
    """Make a folder on one disk for all stores, which PostgreSQL's own user can reach."""
    CACHE.mkdir(parents=True, exist_ok=True)
    is_open = all(parent.stat().st_mode & stat.S_IXOTH for parent in (CACHE.resolve() / "folder").parents)
    with tempfile.TemporaryDirectory(
        prefix="cryptoviz-stores-", dir=CACHE.resolve() if is_open else None
    ) as folder:
        os.chmod(folder, 0o711)
        yield Path(folder)


def _compare(scratch: Path, size: _Size) -> None:
    stores = list(_loaded(scratch, size.n_rows))
    print(f"\n{size.n_rows:,} sentiments of {len(SYMBOLS)} symbols in 90 days, {os.cpu_count()} cores")
    _report_loads(stores)
    with ExitStack() as stack:
        opened = {store.name: stack.enter_context(store.opened()) for store in stores}
        for one in opened.values():
            one.warm()
        gc.freeze()
        askers = {peer: ask for one in opened.values() for peer, ask in one.askers.items()}
        measure("warm", askers, size.n_rounds, kinds=size.kinds)
        _report("a round trip that asks nothing", {name: _round_trips(one) for name, one in opened.items()})
        gc.unfreeze()
    for store in stores:
        _report_memory(store, size.kinds)
    _report_first_answers(stores, size)
    _report_small_writes(stores, size.n_writes)


def _loaded(scratch: Path, n_rows: int) -> Iterator[Store]:
    own = loaded_lake(scratch / "lake", n_rows)
    yield own
    rows_from = table_folder(own.folder)
    others: tuple[Callable[[], Store], ...] = (
        partial(loaded_postgres, scratch / "postgres", rows_from),
        partial(loaded_influx, scratch / "influx", rows_from),
    )
    for load in others:
        try:
            yield load()
        except FileNotFoundError as error:
            print(error, flush=True)


def _report_loads(stores: Sequence[Store]) -> None:
    own = stores[0].load
    print(
        "\nload: seconds, MB on disk + rollups, peak MB resident (without pages of files); ratios to the lakehouse"
    )
    for store in stores:
        load = store.load
        print(
            f"  {store.name:10} {load.seconds:6.1f} s ({load.seconds / own.seconds:5.2f})"
            f"  {load.n_bytes / 1e6:7.1f} + {load.rollup_bytes / 1e6:4.1f} MB ({load.n_bytes / own.n_bytes:5.2f})"
            f"  {load.peak.n_bytes / 1e6:6.0f} ({load.peak.own_bytes / 1e6:.0f})  {load.notes}",
            flush=True,
        )


def _round_trips(opened: Opened) -> list[float]:
    return [_seconds(opened.round_trip) for _ in range(_N_ROUND_TRIPS)]


def _report_memory(store: Store, kinds: Sequence[Kind]) -> None:
    """Each store alone, so that what is sampled slows down no timed answer."""
    with store.alone() as opened, watched(opened.pid) as peak:
        opened.warm()
        for peer, ask in opened.askers.items():
            run_interleaved({peer: ask}, 10, kinds=kinds, same_rows=False)
    print(
        f"{'memory while asked':32} {store.name:10} peak {peak.n_bytes / 1e6:.0f} MB resident, "
        f"{peak.own_bytes / 1e6:.0f} MB without pages of files",
        flush=True,
    )


def _report_first_answers(stores: Sequence[Store], size: _Size) -> None:
    """Of processes that were just started, their files not in the kernel's memory either; their start is not in it."""
    chance = random.Random(3)
    processes = [(store.name, store, True) for store in stores] + [("not warmed", stores[0], False)]
    starts: dict[str, list[float]] = defaultdict(list)
    print("\nthe first answer of a process, files not in memory")
    for kind in size.kinds:
        seconds: dict[str, list[float]] = defaultdict(list)
        for _ in range(size.n_starts):
            asked, answers = draw(kind, chance), {}
            for name, store, is_warmed in processes:
                evict(store.folder)
                started = time.perf_counter()
                with store.alone() as opened:
                    if is_warmed:
                        opened.warm()
                    starts[name].append(time.perf_counter() - started)
                    ask = opened.askers[store.name]
                    started = time.perf_counter()
                    answers[name] = ask(asked)
                    seconds[name].append(time.perf_counter() - started)
            answers.pop("not warmed")
            assert_equal(asked, answers)
        _report(kind.title, seconds)
    _report("start until ready", starts)


def _report_small_writes(stores: Sequence[Store], n_writes: int) -> None:
    """Report writes of a few rows, one after another, each asked for until an answer has it."""
    kind = next(kind for kind in QUESTIONS if kind.name == "latest")
    accepted: dict[str, list[float]] = {}
    seen: dict[str, list[float]] = {}
    for store in stores:
        _, batches = small_batches(stores[0].folder, n_writes, from_us=END_US)
        with store.opened() as opened:
            accepted[store.name], seen[store.name] = [], []
            ask = opened.askers[store.name]
            asked = Asked(kind, "", END_US - DAY_US, END_US + DAY_US)
            ask(asked)
            for batch in batches:
                write, newest = opened.to_write(batch), batch.rows["message_id"][-1].as_py()
                started = time.perf_counter()
                write()
                accepted[store.name].append(time.perf_counter() - started)
                while all(row[1] != newest for row in ask(asked)):
                    pass
                seen[store.name].append(time.perf_counter() - started)
    print("\nwrites of 20 rows, one after another")
    _report("accepted", accepted)
    _report("and in an answer", seen)


def _report(title: str, seconds: dict[str, list[float]]) -> None:
    own = percentile(next(iter(seconds.values())), 0.5)
    cells = []
    for name, values in seconds.items():
        p50, p95 = (percentile(values, share) for share in (0.5, 0.95))
        share = f"({own / p50:5.2f})" if p50 else ""
        cells.append(f"{name} {p50 * 1e3:7.2f} /{p95 * 1e3:7.2f} {share}")
    print(f"  {title:32} n={len(next(iter(seconds.values()))):<4} {'  '.join(cells)}", flush=True)


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
