"""Compaction of a table of many small files by each engine, and histories before and after: `make bench-compaction`."""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from benchmarks.compaction_engines import ENGINES, table_of
from benchmarks.measured_process import Cost, run_measured
from benchmarks.rollups import N_SYMBOLS, START, GoldWriter
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table
from lakehouse.history.page import HistoryQuery, read_history
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.series.definitions import SENTIMENT
from lakehouse.time_range import DAY_US, TimeRange, to_us

N_DAYS = 10
N_ROUNDS = 30
N_WARM_UP = 3
BEFORE, FRESH = "before", "sorted anew"
_QUERIES = {"10 days hourly": ("1h", N_DAYS), "10 days daily": ("1d", N_DAYS), "24 h in 5 min": ("5m", 1)}
_RAW = "24 h raw, newest 1,000"


@dataclass(frozen=True, slots=True)
class _Latency:
    """Latency of a query in milliseconds."""

    p50: float
    p95: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compaction", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the table (default 10,000,000)")
    parser.add_argument("--commits", type=int, default=2_000, help="commits that wrote them (default 2,000)")
    parser.add_argument("--engines", default=",".join(ENGINES), help="comma-separated (default: all)")
    options = parser.parse_args()
    engines = [name.strip() for name in options.engines.split(",")]
    with tempfile.TemporaryDirectory(prefix="cryptoviz-bench-") as folder:
        lakes = {BEFORE: LakeLocation.parse(f"{folder}/before")}
        n_files, size_bytes = write_small_commits(
            lakes[BEFORE], n_rows=options.rows, n_commits=options.commits
        )
        print(f"{'':24} {n_files:6} files {size_bytes / 1e6:8.0f} MB", flush=True)
        for engine in engines:
            lakes[engine] = LakeLocation.parse(f"{folder}/{engine.replace(' ', '-')}")
            shutil.copytree(lakes[BEFORE].to_path(), lakes[engine].to_path(), copy_function=os.link)
            _report(engine, run_measured("benchmarks.compaction_engines", engine, lakes[engine].uri))
        lakes[FRESH] = LakeLocation.parse(f"{folder}/fresh")
        _rewrite(lakes[BEFORE], lakes[FRESH])
        _report_latencies(_measure_all({name: Lake(lake) for name, lake in lakes.items()}))


def write_small_commits(lake: LakeLocation, *, n_rows: int, n_commits: int) -> tuple[int, int]:
    """Write commits of equal size in the order of time; return the number of files and their bytes."""
    started, writer = time.monotonic(), GoldWriter(lake)
    start_us, span_us = to_us(START), N_DAYS * DAY_US
    for number in range(n_commits):
        writer.write(
            start_us=start_us + span_us * number // n_commits,
            end_us=start_us + span_us * (number + 1) // n_commits,
            n_rows=n_rows // n_commits,
        )
    print(
        f"{n_rows:,} rows in {n_commits:,} commits written in {time.monotonic() - started:.0f} s", flush=True
    )
    sizes = table_of(lake)[1].get_add_actions(flatten=True)["size_bytes"].to_pylist()
    return len(sizes), sum(sizes)


def _rewrite(source: LakeLocation, target: LakeLocation) -> None:
    """Write the same rows to another lake, each day sorted and in one commit of delta-rs's own writer."""
    catalog = Catalog(target)
    for generation in Catalog(source).topic_generations():
        catalog.register_topic(topic=generation.topic, topic_id=generation.topic_id)
    table = ensure_table(catalog.table_location(GOLD_SENTIMENT.name, catalog.ensure_build()), GOLD_SENTIMENT)
    reader = Lake(source)
    snapshot = reader.snapshot(GOLD_SENTIMENT.name)[GOLD_SENTIMENT.name]
    for day in range(N_DAYS):
        start_us = to_us(START) + day * DAY_US
        time_range = TimeRange(start_us, start_us + DAY_US)
        paths = snapshot.files.select(time_column="event_time", time_range=time_range).paths
        rows = reader.session.fetch_arrow(
            "SELECT * FROM {rows} WHERE event_time >= $start AND event_time < $end",
            paths,
            spec=GOLD_SENTIMENT,
            start=time_range.start_time,
            end=time_range.end_time,
        )
        schema = GOLD_SENTIMENT.to_arrow_schema()
        position = snapshot.position.offsets if day == N_DAYS - 1 else {}
        append(
            table,
            GOLD_SENTIMENT,
            pa.table(rows.select(schema.names)).cast(schema),
            expected={},
            advanced=position,
        )


def _report(engine: str, cost: Cost) -> None:
    after = json.loads(cost.output.splitlines()[-1])
    print(
        f"{engine:24} {after['n_files']:6} files {after['size_bytes'] / 1e6:8.0f} MB {cost.seconds:8.1f} s  "
        f"peak {cost.peak_bytes / 1e6:6.0f} MB  read {cost.read_bytes / 1e6:6.0f} MB  "
        f"written {cost.written_bytes / 1e6:6.0f} MB",
        flush=True,
    )


def _measure_all(lakes: Mapping[str, Lake]) -> dict[str, dict[str, _Latency]]:
    """Return {query: {lake: latency}}, measured in turns without rollups and cache; answers are compared."""
    latencies: dict[str, dict[str, _Latency]] = {}
    for name, (interval, n_days) in {**_QUERIES, _RAW: ("raw", 1)}.items():
        milliseconds: dict[str, list[float]] = {lake: [] for lake in lakes}
        for number in range(N_ROUNDS + N_WARM_UP):
            query = _to_query(number, interval, n_days)
            answers = set()
            for lake, reader in lakes.items():
                started = time.perf_counter()
                page = read_history(reader, query)
                milliseconds[lake].append((time.perf_counter() - started) * 1e3)
                answers.add(repr(page.rows))
            assert len(answers) == 1, f"{name}: the lakes do not agree"
        latencies[name] = {lake: _to_latency(times[N_WARM_UP:]) for lake, times in milliseconds.items()}
    return latencies


def _to_query(number: int, interval: str, n_days: int) -> HistoryQuery:
    """Return a query of another symbol and range for each number."""
    end_us = to_us(START) + N_DAYS * DAY_US - number * 137_000_000
    return HistoryQuery(
        series=SENTIMENT,
        symbol=f"s{number % N_SYMBOLS:02d}",
        time_range=TimeRange(end_us - n_days * DAY_US, end_us),
        interval=interval,
        limit=1_000,
        as_of_us=end_us,
        axis="event_time",
    )


def _to_latency(milliseconds: list[float]) -> _Latency:
    ordered = sorted(milliseconds)
    return _Latency(statistics.median(ordered), ordered[int(len(ordered) * 0.95)])


def _report_latencies(latencies: Mapping[str, Mapping[str, _Latency]]) -> None:
    print(f"\np50 / p95 in ms, of {N_ROUNDS}, from files alone")
    for name, by_lake in latencies.items():
        print(f"{name}:")
        for lake, latency in by_lake.items():
            print(
                f"  {lake:24} {latency.p50:8.1f} / {latency.p95:8.1f}   {by_lake[BEFORE].p50 / latency.p50:5.1f}x "
                f"as fast as before, {latency.p50 / by_lake[FRESH].p50:4.2f} of sorted anew"
            )


if __name__ == "__main__":
    main()
