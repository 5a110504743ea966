"""Bucket histories through rollups beside the same from gold alone: `python -m benchmarks.rollups`.

Answers of both are compared, and each run asks for another symbol and window.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from compaction.rewriting.compact import compact_lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.series.definitions import SENTIMENT
from lakehouse.time_range import DAY_US, SECOND_US, TimeRange, to_us

TOPIC_ID = "BenchTopic"
N_PARTITIONS = 3
N_SYMBOLS = 20
N_DAYS = 90
END = datetime(2026, 4, 1, tzinfo=UTC)
START = END - timedelta(days=N_DAYS)
N_RUNS = 40
N_WARM_UP = 5


class GoldWriter:
    """Appends generated rows in the order of time; partitions are skewed, as symbols make them."""

    def __init__(self, lake: LakeLocation) -> None:
        catalog = Catalog(lake)
        catalog.register_topic(topic="analyzed-sentiment", topic_id=TOPIC_ID)
        location = catalog.table_location(GOLD_SENTIMENT.name, catalog.ensure_build())
        self.table: DeltaTable = ensure_table(location, GOLD_SENTIMENT)
        self.random = np.random.default_rng(1)
        self.ends = [0] * N_PARTITIONS
        self.is_new = True

    def write(self, *, start_us: int, end_us: int, n_rows: int) -> None:
        """Append rows spread evenly over a range, in one commit."""
        symbols = self.random.integers(0, N_SYMBOLS, n_rows)
        partitions = np.minimum(symbols % 5, N_PARTITIONS - 1)
        offsets = np.zeros(n_rows, dtype=np.int64)
        before = list(self.ends)
        for partition in range(N_PARTITIONS):
            mine = partitions == partition
            offsets[mine] = self.ends[partition] + np.arange(mine.sum())
            self.ends[partition] += int(mine.sum())
        times = pa.array(np.linspace(start_us, end_us - 1, n_rows).astype(np.int64))
        instants = times.cast(pa.timestamp("us", tz="UTC"))
        columns = {
            "symbol": pa.array([f"s{number:02d}" for number in symbols]),
            "event_time": instants,
            "score": pa.array(np.round(self.random.uniform(-1, 1, n_rows), 4)),
            "label": pa.array(self.random.choice(["positive", "neutral", "negative"], n_rows)),
            "origin": pa.repeat("generated", n_rows),
            "topic_id": pa.repeat(TOPIC_ID, n_rows),
            "kafka_partition": pa.array(partitions.astype(np.int32)),
            "kafka_offset": pa.array(offsets),
            "event_date": instants.cast(pa.date32()),
        }
        rows = pa.table(
            [columns.get(f.name, pa.nulls(n_rows, f.type)) for f in GOLD_SENTIMENT.to_arrow_schema()],
            schema=GOLD_SENTIMENT.to_arrow_schema(),
        )
        keys = [TopicPartition(TOPIC_ID, partition) for partition in range(N_PARTITIONS)]
        append(
            self.table,
            GOLD_SENTIMENT,
            rows,
            expected={} if self.is_new else dict(zip(keys, before, strict=True)),
            advanced=dict(zip(keys, self.ends, strict=True)),
        )
        self.is_new = False


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rollups", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of gold over 90 days")
    parser.add_argument("--rounds", type=int, default=N_RUNS, help=f"of each question (default {N_RUNS})")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        location = LakeLocation.parse(str(Path(folder) / "lake"))
        writer = GoldWriter(location)
        per_day = options.rows // N_DAYS
        for day in range(N_DAYS):
            start_us = to_us(START) + day * DAY_US
            for half in range(2):
                writer.write(
                    start_us=start_us + half * DAY_US // 2,
                    end_us=start_us + (half + 1) * DAY_US // 2,
                    n_rows=per_day // 2,
                )
        gold_alone = Lake(location)
        raw = {name: _measure(gold_alone, options.rounds, *question) for name, question in _QUESTIONS.items()}
        lake = Lake(location)
        _print_seconds("first refresh", lambda: refresh_rollups(lake))
        compact_lake(location, wait_for_late_rows=False)
        _print_answers("compacted, position current", lake, raw, options.rounds)
        for minute in range(60):
            writer.write(
                start_us=to_us(END) + minute * 60 * SECOND_US,
                end_us=to_us(END) + (minute + 1) * 60 * SECOND_US,
                n_rows=max(1, per_day // 1440),
            )
            if minute == 30:
                _print_answers("30 small commits behind", lake, raw, options.rounds)
            if minute > 30:
                refresh_rollups(lake)
        _print_answers("29 refreshes of one minute uncompacted", lake, raw, options.rounds)
        _print_seconds("refresh of a new process with nothing new", lambda: refresh_rollups(Lake(location)))
        writer.write(start_us=to_us(END), end_us=to_us(END) + 60 * SECOND_US, n_rows=1000)
        _print_seconds(
            "refresh of a new process with 1,000 new rows", lambda: refresh_rollups(Lake(location))
        )
        writer.write(start_us=to_us(END), end_us=to_us(END) + 60 * SECOND_US, n_rows=1000)
        _print_seconds("refresh of a running process with 1,000 new rows", lambda: refresh_rollups(lake))
        _print_seconds("compaction that merges", lambda: compact_lake(location, wait_for_late_rows=False))
        _print_answers("merged", lake, raw, options.rounds)


_QUESTIONS = {"30 days hourly": ("1h", 30), "89 days daily": ("1d", 89), "24 h in 5 min": ("5m", 1)}
Measured = tuple[float, float, list[int]]


def _measure(lake: Lake, n_runs: int, interval: str, n_days: int) -> Measured:
    """Return p50 and p95 in milliseconds, and the counts of every answer, to compare."""
    milliseconds, n_points = [], []
    for run in range(n_runs):
        end_us = to_us(END) - run * 137 * SECOND_US - 1
        query = HistoryQuery(
            series=SENTIMENT,
            symbol=f"s{run % N_SYMBOLS:02d}",
            time_range=TimeRange(end_us - n_days * DAY_US, end_us),
            interval=interval,
            limit=10_000,
            as_of_us=end_us,
            axis="event_time",
        )
        started = time.perf_counter()
        page = read_history(lake, query)
        milliseconds.append((time.perf_counter() - started) * 1e3)
        n_points.append(sum(row[1] for row in page.rows))
    timed = sorted(milliseconds[N_WARM_UP:])
    return statistics.median(timed), timed[int(len(timed) * 0.95)], n_points


def _print_answers(state: str, lake: Lake, raw: dict[str, Measured], n_runs: int) -> None:
    for name, question in _QUESTIONS.items():
        p50, p95, counts = _measure(lake, n_runs, *question)
        assert counts == raw[name][2], f"{name}: other answers than from gold alone"
        print(
            f"{state}: {name}: {p50:.1f} ms p50, {p95:.1f} p95; gold alone {raw[name][0]:.1f}, {raw[name][1]:.1f}",
            flush=True,
        )


def _print_seconds(title: str, act: Callable[[], object]) -> None:
    started = time.perf_counter()
    act()
    print(f"{title}: {time.perf_counter() - started:.2f} s", flush=True)


if __name__ == "__main__":
    main()
