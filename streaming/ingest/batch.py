"""Ingestion of batches of records into gold, quarantine, duplicates and bronze, with their positions.

Rows are derived from bytes and from what gold holds, so a batch that is ingested again, whole or in part and after a
crash at any point, ends in the same rows.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.dedup.deduplicator import Candidate, Deduplicator
from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.position import Position, TopicPartition, common_position, read_position
from lakehouse.delta.table import ensure_table
from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.corrections import read_excluded
from lakehouse.messages.record_id import RecordId, parse_record_id
from lakehouse.messages.records import to_arrow_rows, to_bronze, validate_batch, with_ingest_time
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import BRONZE, DUPLICATES, GOLD_TABLES, QUARANTINE
from streaming.ingest.positioned_writer import CommitReport, PositionedWriter

BRONZE_WAIT_SECONDS = 5.0
BRONZE_WAIT_BYTES = 64 * 1024 * 1024
EMPTY_ADVANCE_SECONDS = 3.0
INGESTED_TABLES = (*GOLD_TABLES, QUARANTINE, DUPLICATES, BRONZE)

KnownDuplicates = Mapping[RecordId, RecordId]
"""{record that is known to be a duplicate: the record that is stored}"""


@dataclass(slots=True)
class BatchReport:
    """Figures of one batch, for its log line."""

    n_records: int = 0
    n_quarantined: int = 0
    n_quarantined_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By topic and rule."""
    n_duplicates: int = 0
    newest_broker_time: datetime | None = None
    seconds: float = 0.0
    commits: list[CommitReport] = field(default_factory=list)


class BatchIngestor:
    """Ingests batches of records into the tables of one build. One at a time on a lake: others lose their commits."""

    def __init__(self, catalog: Catalog, build: Build, topics: Mapping[str, str]) -> None:
        """Open the tables, creating those that are missing. ``topics`` maps each topic's name to its current id."""
        self.build = build
        self.topics = dict(topics)
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="commit")
        self._writers: dict[str, PositionedWriter] = {}
        self._deduplicators: dict[str, Deduplicator] = {}
        self._excluded = read_excluded(catalog)
        for spec in INGESTED_TABLES:
            self._open(catalog, spec)

    @property
    def position(self) -> Position:
        """Common position on storage: everything before it is accounted for in every table."""
        return self._common(lambda writer: writer.committed)

    @property
    def buffered(self) -> Position:
        """Common position including rows that wait in memory."""
        return self._common(lambda writer: writer.buffered)

    @property
    def derived_buffered(self) -> Position:
        """Position as `buffered`, of the derived tables alone: what a rebuild has read of bronze."""
        derived = [writer for name, writer in self._writers.items() if name != BRONZE.name]
        common = Position()
        for topic, topic_id in self.topics.items():
            own = [
                writer.buffered.of_topics([topic_id])
                for writer in self._writers_of(topic)
                if writer in derived
            ]
            common = common.advanced(common_position(own).offsets)
        return common

    def positions(self) -> dict[str, Position]:
        """Return each table's position on storage, for the partitions of its topics."""
        return {name: writer.committed for name, writer in self._writers.items()}

    def register(self, beginnings: Mapping[TopicPartition, int]) -> None:
        """Register every partition in every table: those of a new topic from the first offset that Kafka still has.

        A partition that was added to a known topic begins at 0: what expired of it before it was read is a loss.
        """
        with self._lock:
            for topic, topic_id in self.topics.items():
                for writer in self._writers_of(topic):
                    is_known = len(writer.buffered.of_topics([topic_id])) > 0
                    keys = {
                        key: 0 if is_known else offset
                        for key, offset in beginnings.items()
                        if key.topic_id == topic_id and key not in writer.buffered
                    }
                    writer.buffer(writer.spec.to_arrow_schema().empty_table(), keys)
            self._flush(self._writers.values())

    def ingest(
        self,
        records: pa.Table,
        ends: Mapping[TopicPartition, int],
        *,
        known_duplicates: KnownDuplicates = MappingProxyType({}),
    ) -> BatchReport:
        """Ingest every record before ``ends`` that is not ingested yet. ``records`` has RECORD_SCHEMA's columns."""
        started = time.monotonic()
        ingest_time_us = time.time_ns() // 1000
        report = BatchReport(n_records=records.num_rows)
        with self._lock:
            ends = self._without_gaps(ends)
            bronze = with_ingest_time(BRONZE, to_bronze(records), ingest_time_us)
            self._writers[BRONZE.name].buffer(bronze, ends)
            for topic, topic_id in self.topics.items():
                topic_ends = {key: end for key, end in ends.items() if key.topic_id == topic_id}
                if topic_ends:
                    own = records.filter(pc.equal(records["topic"], topic))
                    self._ingest_topic(topic, own, topic_ends, ingest_time_us, known_duplicates, report)
            if records.num_rows:
                report.newest_broker_time = pc.max(records["broker_time"]).as_py()
            report.commits += self._flush_due()
        report.seconds = time.monotonic() - started
        return report

    def flush_due(self) -> list[CommitReport]:
        """Commit what has waited long enough; called on a clock, so that a quiet topic's position still advances."""
        with self._lock:
            return self._flush_due()

    def flush(self) -> list[CommitReport]:
        """Commit everything that waits, gold first."""
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
            self._deduplicators[contract.topic] = Deduplicator(table, location, contract)

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
        """Return the ends, with 0 for partitions below one of them that are new as well and have no record yet.

        A position is read up to the first partition that is absent, so tables register partitions without gaps.
        """
        known = self._writers[BRONZE.name].buffered
        below = (TopicPartition(key.topic_id, lower) for key in ends for lower in range(key.partition))
        return {key: 0 for key in below if key not in known} | dict(ends)

    def _ingest_topic(
        self,
        topic: str,
        records: pa.Table,
        ends: Mapping[TopicPartition, int],
        ingest_time_us: int,
        known_duplicates: KnownDuplicates,
        report: BatchReport,
    ) -> None:
        spec = CONTRACTS[topic].table
        batch = validate_batch(topic, records, excluded=self._excluded)
        gold, duplicates = self._deduplicate(topic, batch.accepted, known_duplicates)

        def buffer(table: TableSpec, rows: pa.Table) -> pa.Table:
            return self._writers[table.name].buffer(with_ingest_time(table, rows, ingest_time_us), ends)

        buffer(spec, gold)
        rejected = buffer(QUARANTINE, batch.rejected)
        report.n_quarantined += rejected.num_rows
        report.n_quarantined_by.update((topic, rule) for rule in rejected["rule"].to_pylist())
        report.n_duplicates += buffer(DUPLICATES, duplicates).num_rows

    def _deduplicate(
        self, topic: str, accepted: pa.Table, known_duplicates: KnownDuplicates
    ) -> tuple[pa.Table, pa.Table]:
        """Split accepted rows into those of gold and those of duplicates, both in the order of offsets."""
        order = [("kafka_offset", "ascending"), ("kafka_partition", "ascending")]
        rows = accepted.take(pc.sort_indices(accepted, sort_keys=order))
        candidates = _to_candidates(topic, rows)
        stored = self._deduplicators[topic].find_stored(candidates, known_duplicates=known_duplicates)
        is_gold = [row.record_id == record_id for row, record_id in zip(candidates, stored, strict=True)]
        mask = pa.array(is_gold, pa.bool_())
        others = [record_id for record_id, own in zip(stored, is_gold, strict=True) if not own]
        return rows.filter(mask), _to_duplicates(topic, rows.filter(pc.invert(mask)), others)

    def _flush_due(self) -> list[CommitReport]:
        now = time.monotonic()
        gold = [self._writers[spec.name] for spec in GOLD_TABLES]
        commits = self._flush(writer for writer in gold if _is_due(writer, now))
        rest = [writer for writer in self._writers.values() if writer not in gold]
        return commits + self._flush(writer for writer in rest if _is_due(writer, now))

    def _flush(self, writers: Iterable[PositionedWriter]) -> list[CommitReport]:
        return [commit for commit in self._pool.map(PositionedWriter.flush, writers) if commit is not None]


def _to_candidates(topic: str, rows: pa.Table) -> list[Candidate]:
    contract = CONTRACTS[topic]
    record_ids = zip(
        *(rows[name].to_pylist() for name in ("topic_id", "kafka_partition", "kafka_offset")), strict=True
    )
    times_us = rows[contract.time_column].cast(pa.int64()).to_pylist()
    texts = rows["replay_of"].to_pylist()
    originals = [None if text is None else parse_record_id(text) for text in texts]
    keys, message_ids = rows[contract.key_column].to_pylist(), rows["message_id"].to_pylist()
    return list(map(Candidate, record_ids, keys, times_us, message_ids, originals))


def _to_duplicates(topic: str, rows: pa.Table, stored: list[RecordId]) -> pa.Table:
    """Return rows of duplicates (without ingest_time) for accepted rows, with the ``stored`` record of each."""
    columns = {
        name: rows[name]
        for name in ("topic_id", "kafka_partition", "kafka_offset", "broker_time", "message_id")
    }
    columns["topic"] = pa.repeat(topic, rows.num_rows)
    columns["broker_date"] = rows["broker_time"].cast(pa.date32())
    for at, name in enumerate(("stored_topic_id", "stored_partition", "stored_offset")):
        columns[name] = pa.array([record_id[at] for record_id in stored])
    return to_arrow_rows(DUPLICATES, columns, rows.num_rows)


def _is_due(writer: PositionedWriter, now: float) -> bool:
    waited = writer.waiting_seconds(now)
    if writer.spec is BRONZE:
        return waited >= BRONZE_WAIT_SECONDS or writer.waiting_bytes >= BRONZE_WAIT_BYTES
    return writer.has_rows or waited >= EMPTY_ADVANCE_SECONDS
