"""A lake of many rows over 90 days for the history benchmark: written by the day, in the order of time."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction

from compaction.rewriting.compact import compact_lake
from compaction.rewriting.plan import TARGET_FILE_BYTES
from compaction.rewriting.sorted_file import SortedRunWriter
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import POST_COMMIT_HOOKS, append, ensure_table, open_table
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.lake import Lake
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, SECOND_US, to_us

ALL = (GOLD_SENTIMENT, GOLD_PREDICTION, GOLD_PRICE)
N_DAYS = 90
SYMBOLS = tuple(f"s{i:02d}" for i in range(20))
START_US = to_us(datetime(2026, 7, 1, tzinfo=UTC))
END_US = START_US + N_DAYS * DAY_US
TOPICS = {GOLD_SENTIMENT.name: "Sentiment", GOLD_PREDICTION.name: "Prediction", GOLD_PRICE.name: "Price"}
ROWS_OF_SMALL_COMMIT = 20
CACHE = Path(".runtime/bench")
_SEED = 5

Columns = dict[str, Any]
Integers = npt.NDArray[np.int64]


def ensure_lake(
    folder: Path, n_rows: int, *, tables: Collection[TableSpec] = ALL, minutes_between_prices: int = 1
) -> None:
    """Build the lake unless it is there: n sentiments, n / 2 predictions, a price a minute and symbol.

    One sorted file a day, as compaction leaves them, by its own writer. Its rollups lack the last hour.
    """
    done = folder / "complete"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    location = LakeLocation.parse(str(folder))
    catalog = Catalog(location)
    build = catalog.ensure_build()
    for name, topic_id in TOPICS.items():
        catalog.register_topic(topic=name, topic_id=topic_id)
    rng = np.random.default_rng(_SEED)
    newest = []
    drawn: tuple[tuple[TableSpec, Callable[[int], Columns]], ...] = (
        (GOLD_SENTIMENT, lambda day: _sentiment(rng, day, n_rows // N_DAYS)),
        (GOLD_PREDICTION, lambda day: _prediction(rng, day, n_rows // 2 // N_DAYS)),
        (GOLD_PRICE, lambda day: _price(rng, day, minutes_between_prices)),
    )
    for spec, of_day in drawn:
        if spec not in tables:
            continue
        table, offset = ensure_table(catalog.table_location(spec.name, build), spec), None
        for day in range(N_DAYS):
            before, last_hour = _split(of_day(day), spec, END_US - HOUR_US)
            offset = _append_sorted(table, spec, before, offset)
        newest.append((table, spec, last_hour, offset))
        print(f"{spec.name}: {offset:,} rows, {time.monotonic() - started:.0f} s", flush=True)
    refresh_rollups(Lake(location))
    compact_lake(location, wait_for_late_rows=False)  # the rollups alone need it
    for table, spec, last_hour, offset in newest:
        _append(table, spec, last_hour, offset)
    print(f"rollups of all but the last hour, {time.monotonic() - started:.0f} s", flush=True)
    done.touch()


def add_lake_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `cached_lake` reads."""
    parser.add_argument(
        "--price-minutes", type=int, default=1, help="minutes between two prices of a symbol (default 1)"
    )
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help=f"folder of the lakes that are kept (default {CACHE})"
    )


def cached_lake(options: argparse.Namespace, n_rows: int) -> Path:
    """Return the lake of so many sentiments in the cache, built where it is not there yet."""
    is_default = options.price_minutes == 1
    folder: Path = options.cache / (
        f"history-{n_rows}" if is_default else f"history-{n_rows}-{options.price_minutes}m"
    )
    ensure_lake(folder, n_rows, minutes_between_prices=options.price_minutes)
    return folder


def _split(columns: Columns, spec: TableSpec, at_us: int) -> tuple[Columns, Columns]:
    early = columns[spec.sort_by[-1]] < at_us
    return _filtered(columns, early), _filtered(columns, ~early)


def _filtered(columns: Columns, mask: npt.NDArray[np.bool_]) -> Columns:
    return {
        name: column.filter(pa.array(mask)) if isinstance(column, pa.Array) else column[mask]
        for name, column in columns.items()
    }


def append_small_commits(folder: Path, n_commits: int, *, from_us: int, every_seconds: float = 0.0) -> None:
    """Commit a few sentiments of the seconds after ``from_us`` again and again."""
    table, batches = small_batches(folder, n_commits, from_us=from_us)
    for batch in batches:
        batch.commit(table)
        time.sleep(every_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of sentiments, the partition that they come from, its offset before them and after them."""

    rows: pa.Table
    key: TopicPartition
    begin: int | None
    end: int

    def commit(self, table: DeltaTable) -> None:
        append(
            table, GOLD_SENTIMENT, self.rows, expected={self.key: self.begin}, advanced={self.key: self.end}
        )


def small_batches(folder: Path, n_batches: int, *, from_us: int) -> tuple[DeltaTable, Iterator[Batch]]:
    """Return the table of sentiments, and batches of a few rows of the seconds after ``from_us`` to commit to it."""
    catalog = Catalog(LakeLocation.parse(str(folder)))
    table = open_table(catalog.table_location(GOLD_SENTIMENT.name, catalog.current_build()), GOLD_SENTIMENT)

    def batches() -> Iterator[Batch]:
        rng = np.random.default_rng(_SEED)
        begin = table.transaction_version(TopicPartition(TOPICS[GOLD_SENTIMENT.name], 0).app_id)
        for i in range(n_batches):
            times = from_us + np.arange(ROWS_OF_SMALL_COMMIT) + i * SECOND_US // 10
            rows, key, end = _to_rows(GOLD_SENTIMENT, _sentiments_at(rng, times), begin)
            yield Batch(rows=rows, key=key, begin=begin, end=end)
            begin = end

    return table, batches()


def _append(table: Any, spec: TableSpec, columns: Columns, offset: int | None) -> int:
    rows, key, end = _to_rows(spec, columns, offset)
    append(table, spec, rows, expected={key: offset}, advanced={key: end})
    return end


def _append_sorted(table: Any, spec: TableSpec, columns: Columns, offset: int | None) -> int:
    """Commit the rows of one day as one sorted run."""
    rows, key, end = _to_rows(spec, columns, offset)
    ordered = rows.sort_by([(name, "ascending") for name in (*spec.sort_by, "kafka_offset")])
    day = rows["event_date"][0].as_py().isoformat()
    folder = f"event_date={day}/"
    location = LakeLocation.parse(table.table_uri)
    (location.to_path() / folder).mkdir(parents=True, exist_ok=True)
    writer = SortedRunWriter(location, spec, folder=folder, partition=(day,), target_bytes=TARGET_FILE_BYTES)
    files = writer.write(ordered.drop_columns(["event_date"]).to_batches())
    for file in files:
        file.data_change = True
    table.create_write_transaction(
        files,
        mode="append",
        schema=spec.to_delta_schema(),
        partition_by=list(spec.partition_by),
        commit_properties=CommitProperties(app_transactions=[Transaction(key.app_id, end)]),
        post_commithook_properties=POST_COMMIT_HOOKS,
    )
    table.update_incremental()
    return end


def _to_rows(spec: TableSpec, columns: Columns, offset: int | None) -> tuple[pa.Table, TopicPartition, int]:
    """Rows with the offsets that follow, the partition that they come from, and the offset after them."""
    times: Integers = columns[spec.sort_by[-1]]
    first, n_rows = offset or 0, len(times)
    numbers = np.arange(first, first + n_rows)
    key = TopicPartition(TOPICS[spec.name], 0)
    columns |= {
        "origin": _constant("generated", n_rows),
        "topic_id": _constant(key.topic_id, n_rows),
        "kafka_partition": np.zeros(n_rows, dtype=np.int32),
        "kafka_offset": numbers,
        "message_id": pc.binary_join_element_wise(
            columns["symbol"], pa.array(times).cast(pa.string()), _text(numbers), ":"
        ),
        "broker_time": times,
        "ingest_time": times,
        "event_date": pa.array((times // DAY_US).astype(np.int32)),
    }
    schema = spec.to_arrow_schema()
    return (
        pa.Table.from_arrays([_column(columns, field, n_rows) for field in schema], schema=schema),
        key,
        first + n_rows,
    )


def _column(columns: Columns, field: pa.Field, n_rows: int) -> pa.Array:
    if field.name not in columns:
        return pa.nulls(n_rows, field.type)
    return pa.array(columns[field.name]).cast(field.type)


def _sentiment(rng: np.random.Generator, day: int, n_rows: int) -> Columns:
    return _sentiments_at(rng, _instants(rng, day, n_rows))


def _sentiments_at(rng: np.random.Generator, times: Integers) -> Columns:
    n_rows = len(times)
    scores = np.round(rng.uniform(-1, 1, n_rows), 4)
    labels = np.where(scores > 0.05, "positive", np.where(scores < -0.05, "negative", "neutral"))
    numbers = _text(rng.integers(0, 10**9, n_rows))
    return {
        "symbol": _pick(rng, SYMBOLS, n_rows),
        "event_time": times,
        "score": scores,
        "label": pa.array(labels.tolist()),
        "model": _constant("lexicon", n_rows),
        "model_version": _constant("1", n_rows),
        "source": _pick(rng, ("wire", "board", "paper"), n_rows),
        "title": pc.binary_join_element_wise("Market says something about number", numbers, " "),
        "url": pc.binary_join_element_wise("https://news.example/articles", numbers, "/"),
        "language": _constant("en", n_rows),
        "terms": pa.array([["surge", "rally"]] * n_rows),
    }


def _prediction(rng: np.random.Generator, day: int, n_rows: int) -> Columns:
    made_at = _instants(rng, day, n_rows)
    prices = rng.uniform(90, 110, n_rows)
    return {
        "symbol": _pick(rng, SYMBOLS, n_rows),
        "made_at": made_at,
        "target_time": made_at + HOUR_US,
        "horizon": _constant("1h", n_rows),
        "model": _pick(rng, ("walk", "drift"), n_rows),
        "model_version": _constant("1", n_rows),
        "base_price": prices,
        "predicted_price": prices + 1,
        "lower": prices - 5,
        "upper": prices + 5,
        "nominal_coverage": np.full(n_rows, 0.9),
        "quote": _constant("usd", n_rows),
    }


def _price(rng: np.random.Generator, day: int, minutes_between: int) -> Columns:
    minutes = START_US + day * DAY_US + np.arange(0, DAY_US // MINUTE_US, minutes_between) * MINUTE_US
    times = np.repeat(minutes, len(SYMBOLS)) + np.tile(np.arange(len(SYMBOLS)), len(minutes))
    return {
        "symbol": pa.array(list(SYMBOLS) * len(minutes)),
        "event_time": times,
        "venue": _constant("simx", len(times)),
        "quote": _constant("usd", len(times)),
        "price": np.round(rng.uniform(90, 110, len(times)), 2),
        "base_volume": np.round(rng.uniform(0, 3, len(times)), 3),
    }


def _instants(rng: np.random.Generator, day: int, n_rows: int) -> Integers:
    instants: Integers = np.sort(rng.integers(0, DAY_US, n_rows)) + START_US + day * DAY_US
    return instants


def _pick(rng: np.random.Generator, values: tuple[str, ...], n_rows: int) -> pa.Array:
    codes = pa.array(rng.integers(0, len(values), n_rows).astype(np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array(values)).cast(pa.string())


def _constant(value: str, n_rows: int) -> pa.Array:
    return pa.repeat(value, n_rows)


def _text(numbers: Integers) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.history_lake", description="Commits every second."
    )
    parser.add_argument("folder", type=Path)
    append_small_commits(parser.parse_args().folder, 10**6, from_us=END_US - HOUR_US, every_seconds=1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
