"""What one batch of records becomes: gold rows, quarantine rows, duplicates, bronze rows; and their commits.

Gold decides: of the records with one message_id, the one whose row is in gold has won, and every other is its
duplicate. All else is derived from bytes and gold, so a batch that is taken in again, whole or in part and after a
crash at any point, ends in the same rows. Within a partition the lower offset wins. A replay is its origin: where that,
or another replay of it, is in gold, it is a duplicate too, whatever it says.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from threading import Lock

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.dedup.message_ids import MessageIdIndex, Winner
from lakehouse.dedup.origins import OriginIndex
from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.position import Position, TopicPartition, common_position, read_position
from lakehouse.delta.table import ensure_table
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.corrections import read_excluded
from lakehouse.messages.records import to_arrow_rows, to_bronze, validate_batch, with_ingest_time
from lakehouse.messages.replays import Place, parse_record_id
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import BRONZE, DUPLICATES, GOLD_TABLES, QUARANTINE
from streaming.ingest.positioned_writer import Commit, PositionedWriter

BRONZE_WAIT_SECONDS = 5.0
BRONZE_WAIT_BYTES = 64 * 1024 * 1024
EMPTY_ADVANCE_SECONDS = 3.0
INTAKE_TABLES = (*GOLD_TABLES, QUARANTINE, DUPLICATES, BRONZE)

Forced = Mapping[tuple[str, int, int], Winner]
"""Records that are known to be duplicates, by (topic_id, partition, offset), and their winners."""


@dataclass(slots=True)
class BatchReport:
    """What one batch did, for its log line."""

    n_records: int = 0
    n_quarantined: int = 0
    n_quarantined_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By topic and rule."""
    n_duplicates: int = 0
    newest_broker_time: datetime | None = None
    seconds: float = 0.0
    commits: list[Commit] = field(default_factory=list)


class BatchIngestor:
    """Takes batches of records into the tables of one build. One at a time on a lake: others lose their commits."""

    def __init__(self, catalog: Catalog, build: Build, topics: Mapping[str, str]) -> None:
        """``topics`` maps each topic's name to its current id. Tables are created where they are missing."""
        self.build = build
        self.topics = dict(topics)
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="commit")
        self._writers: dict[str, PositionedWriter] = {}
        self._winners: dict[str, MessageIdIndex] = {}
        self._origins: dict[str, OriginIndex] = {}
        self._excluded = read_excluded(catalog)
        for spec in INTAKE_TABLES:
            self._open(catalog, spec)

    @property
    def position(self) -> Position:
        """The common position on storage: everything before it is accounted for in every table."""
        return self._common(lambda writer: writer.committed)

    @property
    def taken(self) -> Position:
        """The common position including rows that wait in memory."""
        return self._common(lambda writer: writer.taken)

    @property
    def derived_taken(self) -> Position:
        """As `taken`, of the derived tables alone: what a rebuild has read of bronze."""
        derived = [writer for name, writer in self._writers.items() if name != BRONZE.name]
        common = Position()
        for topic, topic_id in self.topics.items():
            mine = [
                writer.taken.of_topics([topic_id]) for writer in self._writers_of(topic) if writer in derived
            ]
            common = common.advanced(common_position(mine).offsets)
        return common

    def positions(self) -> dict[str, Position]:
        """Each table's position on storage, for the partitions of its topics."""
        return {name: writer.committed for name, writer in self._writers.items()}

    def register(self, beginnings: Mapping[TopicPartition, int]) -> None:
        """Makes every table know every partition, from the first offset that Kafka still has."""
        with self._lock:
            for topic in self.topics:
                for writer in self._writers_of(topic):
                    keys = {
                        k: o
                        for k, o in beginnings.items()
                        if k.topic_id == self.topics[topic] and k not in writer.taken
                    }
                    writer.offer(writer.spec.to_arrow_schema().empty_table(), keys)
            self._flush(self._writers.values())

    def take_in(
        self, records: pa.Table, ends: Mapping[TopicPartition, int], *, forced: Forced | None = None
    ) -> BatchReport:
        """Takes in every record before ``ends`` that is not taken in yet. ``records`` has RECORD_SCHEMA's columns."""
        started = time.monotonic()
        ingest_time_us = time.time_ns() // 1000
        report = BatchReport(n_records=records.num_rows)
        with self._lock:
            ends = self._without_gaps(ends)
            bronze = with_ingest_time(BRONZE, to_bronze(records), ingest_time_us)
            self._writers[BRONZE.name].offer(bronze, ends)
            for topic, topic_id in self.topics.items():
                topic_ends = {key: end for key, end in ends.items() if key.topic_id == topic_id}
                if topic_ends:
                    mine = records.filter(pc.equal(records["topic"], topic))
                    self._take_in_topic(topic, mine, topic_ends, ingest_time_us, forced or {}, report)
            if records.num_rows:
                report.newest_broker_time = pc.max(records["broker_time"]).as_py()
            report.commits += self._flush_due()
        report.seconds = time.monotonic() - started
        return report

    def flush_due(self) -> list[Commit]:
        """Commits what has waited long enough: called on a clock, so that a quiet topic's position still advances."""
        with self._lock:
            return self._flush_due()

    def flush(self) -> list[Commit]:
        """Commits everything that waits, gold first."""
        with self._lock:
            gold = self._flush(self._writers[spec.name] for spec in GOLD_TABLES)
            return gold + self._flush(self._writers.values())

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _open(self, catalog: Catalog, spec: TableSpec) -> None:
        location = catalog.table_location(spec.name, self.build)
        table = ensure_table(location, spec)
        of_table = [c for c in CONTRACTS.values() if c.table is spec]
        topics = [c.topic for c in of_table if c.topic in self.topics] if of_table else list(self.topics)
        position = read_position(table, [self.topics[topic] for topic in topics])
        self._writers[spec.name] = PositionedWriter(table, spec, position)
        for contract in of_table:
            self._winners[contract.topic] = MessageIdIndex(
                table, location, key_column=contract.key_column, time_column=contract.time_column
            )
            self._origins[contract.topic] = OriginIndex(table, location, spec)

    def _common(self, of: Callable[[PositionedWriter], Position]) -> Position:
        common = Position()
        for topic, topic_id in self.topics.items():
            positions = [of(writer).of_topics([topic_id]) for writer in self._writers_of(topic)]
            common = common.advanced(common_position(positions).offsets)
        return common

    def _writers_of(self, topic: str) -> list[PositionedWriter]:
        names = (CONTRACTS[topic].table.name, QUARANTINE.name, DUPLICATES.name, BRONZE.name)
        return [self._writers[name] for name in names]

    def _without_gaps(self, ends: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The ends, with 0 for partitions below one of them that are new as well and have no record yet.

        A position is read up to the first partition that is absent, so tables register partitions without gaps.
        """
        known = self._writers[BRONZE.name].taken
        below = (TopicPartition(key.topic_id, lower) for key in ends for lower in range(key.partition))
        return {key: 0 for key in below if key not in known} | dict(ends)

    def _take_in_topic(
        self,
        topic: str,
        records: pa.Table,
        ends: Mapping[TopicPartition, int],
        ingest_time_us: int,
        forced: Forced,
        report: BatchReport,
    ) -> None:
        spec = CONTRACTS[topic].table
        judged = validate_batch(topic, records, excluded=self._excluded)
        gold_at, duplicate_at, winners = self._decide(topic, judged.accepted, forced)
        gold = judged.accepted.take(gold_at)
        duplicates = to_duplicates(topic, judged.accepted.take(duplicate_at), winners)
        self._writers[spec.name].offer(with_ingest_time(spec, gold, ingest_time_us), ends)
        rejected = self._writers[QUARANTINE.name].offer(
            with_ingest_time(QUARANTINE, judged.rejected, ingest_time_us), ends
        )
        report.n_quarantined += rejected.num_rows
        report.n_quarantined_by.update((topic, rule) for rule in rejected["rule"].to_pylist())
        report.n_duplicates += (
            self._writers[DUPLICATES.name]
            .offer(with_ingest_time(DUPLICATES, duplicates, ingest_time_us), ends)
            .num_rows
        )

    def _decide(
        self, topic: str, accepted: pa.Table, forced: Forced
    ) -> tuple[pa.Array, pa.Array, list[Winner]]:
        """Which accepted rows are gold's and which are duplicates of whom. Adds the new winners to the index."""
        order = pc.sort_indices(
            accepted, sort_keys=[("kafka_offset", "ascending"), ("kafka_partition", "ascending")]
        )
        rows = accepted.take(order)
        index = self._winners[topic]
        contract = CONTRACTS[topic]
        times_us = rows[contract.time_column].cast(pa.int64()).to_pylist()
        buckets = index.load(rows[contract.key_column].to_pylist(), times_us)
        ids = rows["message_id"].to_pylist()
        own = zip(
            *(rows[name].to_pylist() for name in ("topic_id", "kafka_partition", "kafka_offset")), strict=True
        )
        origins, winner_of = self._origins_of(topic, rows)
        gold_at: list[int] = []
        duplicate_at: list[int] = []
        winners: list[Winner] = []
        for at, bucket, message_id, mine, origin in zip(
            order.to_pylist(), buckets, ids, own, origins, strict=True
        ):
            if mine in forced:
                winner = forced[mine]
            elif winner_of and origin is not None and origin in winner_of and message_id not in bucket:
                winner = winner_of[origin]
            else:
                winner = bucket.setdefault(message_id, mine)
            if winner is mine or winner == mine:
                gold_at.append(at)
                if winner_of is not None:
                    winner_of[mine if origin is None else origin] = mine
            else:
                duplicate_at.append(at)
                winners.append(winner)
        index.count_added(len(gold_at))
        return pa.array(gold_at, pa.int64()), pa.array(duplicate_at, pa.int64()), winners

    def _origins_of(
        self, topic: str, rows: pa.Table
    ) -> tuple[Iterable[Place | None], dict[Place, Winner] | None]:
        """The origin of each row, and which of them have a gold row; None where no row is a replay, as is the rule."""
        texts = rows["replayed_from"]
        if texts.null_count == rows.num_rows:
            return repeat(None, rows.num_rows), None
        origins = [None if text is None else parse_record_id(text) for text in texts.to_pylist()]
        found = self._origins[topic].find({origin for origin in origins if origin is not None})
        return origins, found

    def _flush_due(self) -> list[Commit]:
        now = time.monotonic()
        gold = [self._writers[spec.name] for spec in GOLD_TABLES]
        commits = self._flush(writer for writer in gold if _is_due(writer, now))
        rest = [writer for writer in self._writers.values() if writer not in gold]
        return commits + self._flush(writer for writer in rest if _is_due(writer, now))

    def _flush(self, writers: Iterable[PositionedWriter]) -> list[Commit]:
        return [commit for commit in self._pool.map(PositionedWriter.flush, writers) if commit is not None]


def to_duplicates(topic: str, accepted: pa.Table, winners: list[Winner]) -> pa.Table:
    """Rows of duplicates (without ingest_time) for accepted rows that lost to ``winners``, one each."""
    columns = {
        name: accepted[name]
        for name in ("topic_id", "kafka_partition", "kafka_offset", "broker_time", "message_id")
    }
    columns["topic"] = pa.repeat(topic, accepted.num_rows)
    columns["broker_date"] = accepted["broker_time"].cast(pa.date32())
    for at, name in enumerate(("stored_topic_id", "stored_partition", "stored_offset")):
        columns[name] = pa.array([winner[at] for winner in winners])
    return to_arrow_rows(DUPLICATES, columns, accepted.num_rows)


def _is_due(writer: PositionedWriter, now: float) -> bool:
    waited = writer.waiting_seconds(now)
    if writer.spec is BRONZE:
        return waited >= BRONZE_WAIT_SECONDS or writer.waiting_bytes >= BRONZE_WAIT_BYTES
    return writer.has_rows or waited >= EMPTY_ADVANCE_SECONDS
