"""The stores of `make bench-stores`: how each is loaded, opened, asked, written to in small, and what lies on disk."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from benchmarks.history_lake import Batch, ensure_lake, small_batches
from benchmarks.history_peers import Row, copy_rows, load_postgres, postgres_server, read_days, to_plain
from benchmarks.history_questions import (
    INFLUX,
    INFLUX_ROLLUP,
    LAKEHOUSE,
    POSTGRES,
    ROLLUP,
    Asked,
    Asker,
    ask_lakehouse,
    ask_postgres,
)
from benchmarks.influx import Influx, ask_influx, influx, load_influx, to_points
from benchmarks.store_cost import Peak, disk_bytes, watched
from lakehouse import lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.history.warming import warm
from lakehouse.lake import Lake
from lakehouse.process.settings import Settings
from lakehouse.schema.tables import GOLD_SENTIMENT

if TYPE_CHECKING:
    from multiprocessing.pool import Pool

Write = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A store that is ready: its process, what is asked of it, what it does to be quicker later, a bare round trip."""

    pid: int
    askers: dict[str, Asker]
    warm: Callable[[], object]
    round_trip: Callable[[], object]
    to_write: Callable[[Batch], Write]
    """Prepares a batch; what it gives writes the rows and returns once they are accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Cost of loading. ``notes`` says what is in the seconds; ``rollup_bytes`` are not in ``n_bytes``."""

    seconds: float
    peak: Peak
    n_bytes: int
    rollup_bytes: int
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """``opened`` as it is asked; ``alone`` in a process that does nothing else and was asked nothing yet."""

    name: str
    folder: Path
    load: Load
    opened: Callable[[], AbstractContextManager[Opened]]
    alone: Callable[[], AbstractContextManager[Opened]]


def loaded_lake(folder: Path, n_rows: int) -> Store:
    """Return the lake, written by the day in a process of its own; the others are loaded with its rows."""
    with multiprocessing.get_context("spawn").Pool(1) as pool, watched(pool.apply(os.getpid)) as peak:
        started = time.monotonic()
        pool.apply(ensure_lake, (folder, n_rows), {"tables": (GOLD_SENTIMENT,)})
        seconds = time.monotonic() - started
    n_bytes = disk_bytes([table_folder(folder)])
    return Store(
        name=LAKEHOUSE,
        folder=folder,
        load=Load(
            seconds=seconds,
            peak=peak,
            n_bytes=n_bytes,
            rollup_bytes=disk_bytes([folder]) - n_bytes,
            notes="drawing rows, sorting, rollups, their compaction",
        ),
        opened=partial(_lake_opened, folder),
        alone=partial(_lake_alone, folder),
    )


def table_folder(folder: Path) -> Path:
    catalog = Catalog(LakeLocation.parse(str(folder)))
    return catalog.table_location(GOLD_SENTIMENT.name, catalog.current_build()).to_path()


@contextmanager
def _lake_opened(folder: Path) -> Iterator[Opened]:
    """In this process, as the API's processes read: there is no server between."""
    reader = _to_reader(folder)
    yield Opened(
        pid=os.getpid(),
        askers={LAKEHOUSE: partial(ask_lakehouse, reader)},
        warm=partial(warm, reader),
        round_trip=lambda: None,
        to_write=_lake_writer(folder),
    )


@contextmanager
def _lake_alone(folder: Path) -> Iterator[Opened]:
    """Asked through a pipe; writes are another process's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(_open, (folder,))
        yield Opened(
            pid=pool.apply(os.getpid),
            askers={LAKEHOUSE: partial(_ask_pool, pool)},
            warm=lambda: pool.apply(_warm),
            round_trip=lambda: pool.apply(os.getpid),
            to_write=_lake_writer(folder),
        )


def _lake_writer(folder: Path) -> Callable[[Batch], Write]:
    """Open the table at the first batch and keeps it open, as ingestion does."""
    table = cache(lambda: small_batches(folder, 0, from_us=0)[0])
    return lambda batch: partial(batch.commit, table())


def _to_reader(folder: Path) -> Lake:
    return lake.open(str(folder), columns_budget_bytes=Settings().columns_budget_bytes)


def _ask_pool(pool: "Pool", asked: Asked) -> list[Row]:
    return pool.apply(_answer, (asked,))


_readers: list[Lake] = []  # of a process that does nothing but read


def _open(folder: Path) -> None:
    _readers.append(_to_reader(folder))


def _warm() -> None:
    warm(_readers[0])


def _answer(asked: Asked) -> list[Row]:
    return ask_lakehouse(_readers[0], asked)


def loaded_postgres(folder: Path, rows_from: Path) -> Store:
    """Load a PostgreSQL; raise FileNotFoundError where there is none."""
    with postgres_server(folder) as connection, watched(_postmaster(folder)) as peak:
        started = time.monotonic()
        load_postgres(connection, {GOLD_SENTIMENT.name: rows_from})
        seconds = time.monotonic() - started
        n_bytes, rollup_bytes = (
            _relation_bytes(connection, name) for name in (GOLD_SENTIMENT.name, "hour_rollup")
        )
    return Store(
        name=POSTGRES,
        folder=folder,
        load=Load(
            seconds=seconds,
            peak=peak,
            n_bytes=n_bytes,
            rollup_bytes=rollup_bytes,
            notes="reading the lake, COPY, btree, rollup, VACUUM ANALYZE",
        ),
        opened=partial(_postgres_opened, folder),
        alone=partial(_postgres_opened, folder),
    )


def _relation_bytes(connection: psycopg.Connection[Row], name: str) -> int:
    """Rows and indexes, without the write-ahead log."""
    row = connection.execute("SELECT pg_total_relation_size(%s::regclass)", [name]).fetchone()
    return int(row[0]) if row else 0


def _postmaster(folder: Path) -> int:
    return int((folder / "cluster" / "postmaster.pid").read_text().split()[0])


@contextmanager
def _postgres_opened(folder: Path) -> Iterator[Opened]:
    with postgres_server(folder) as connection:

        def to_write(batch: Batch) -> Write:
            return partial(copy_rows, connection, GOLD_SENTIMENT, to_plain(GOLD_SENTIMENT, batch.rows))

        yield Opened(
            pid=_postmaster(folder),
            askers={peer: partial(ask_postgres, connection, peer=peer) for peer in (POSTGRES, ROLLUP)},
            warm=lambda: None,
            round_trip=lambda: connection.execute("SELECT 1").fetchone(),
            to_write=to_write,
        )


def loaded_influx(folder: Path, rows_from: Path) -> Store:
    """Load an InfluxDB; raise FileNotFoundError where there is none."""
    with influx(folder) as store, watched(store.pid) as peak:
        load = load_influx(store, read_days(GOLD_SENTIMENT, rows_from))
    return Store(
        name=INFLUX,
        folder=folder,
        load=Load(
            seconds=load.accepted_seconds,
            peak=peak,
            n_bytes=disk_bytes([folder / "data", folder / "wal"]),
            rollup_bytes=0,
            notes=f"reading the lake, {load.encoding_seconds:.0f} s of lines, writes, rollup; "
            f"its own compaction ended after {load.compacted_seconds:.0f} s; bytes with rollup",
        ),
        opened=partial(_influx_opened, folder),
        alone=partial(_influx_opened, folder),
    )


@contextmanager
def _influx_opened(folder: Path) -> Iterator[Opened]:
    with influx(folder) as store:

        def to_write(batch: Batch) -> Write:
            return partial(store.write, to_points(to_plain(GOLD_SENTIMENT, batch.rows)).to_pylist())

        yield Opened(
            pid=store.pid,
            askers={INFLUX: _asker(store, rollup=False), INFLUX_ROLLUP: _asker(store, rollup=True)},
            warm=lambda: None,
            round_trip=store.ping,
            to_write=to_write,
        )


def _asker(store: Influx, *, rollup: bool) -> Asker:
    return lambda asked: ask_influx(store, asked, rollup=rollup)
