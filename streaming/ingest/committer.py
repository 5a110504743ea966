"""Commits of batches in a thread: Spark reads the next batch while the one before it is validated and committed.

Spark counts a batch as done before it is committed. That harms nothing: each run starts from the tables' positions.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from pyspark.sql import DataFrame

from lakehouse.delta.position import TopicPartition
from streaming.ingest import metrics
from streaming.ingest.batch import BatchIngestor, BatchReport
from streaming.ingest.conditions import ConditionLog
from streaming.ingest.metrics import Lag
from streaming.ingest.positioned_writer import CommitReport
from streaming.ingest.source import to_ends, to_newest, to_records
from streaming.ingest.splitter import BatchSplitter
from streaming.ingest.topic_watch import TopicWatch

logger = logging.getLogger(__name__)

MAX_QUEUED_BATCHES = 2

PlannedEnds = Callable[[int], Mapping[TopicPartition, int]]
"""Returns where a batch, of this number, was planned to end in each partition."""


@dataclass(frozen=True, slots=True)
class _Batch:
    batch_id: int
    records: pa.Table
    planned: Mapping[TopicPartition, int]
    read_seconds: float
    read_time_us: int


class Committer:
    """Thread that commits batches in the order in which they are queued, and ends at the first failure."""

    def __init__(
        self,
        ingestor: BatchIngestor,
        watch: TopicWatch,
        *,
        planned_ends: PlannedEnds,
        conditions: ConditionLog,
    ) -> None:
        self._ingestor = ingestor
        self._watch = watch
        self._planned_ends = planned_ends
        self._conditions = conditions
        self._splitter = BatchSplitter()
        self._planned: dict[TopicPartition, int] = dict(ingestor.position.offsets)
        self._queue: queue.Queue[_Batch | None] = queue.Queue(maxsize=MAX_QUEUED_BATCHES)
        self._failure: Exception | None = None
        self._abandoned = threading.Event()
        self._closed = threading.Event()
        self._reading = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="committer", daemon=True)
        self._thread.start()

    @property
    def has_failed(self) -> bool:
        return self._failure is not None

    def enqueue(self, batch: DataFrame, batch_id: int) -> None:
        """Collect a micro-batch of Spark as Arrow and queue it; waits where the committer is behind."""
        with self._reading:
            if self._closed.is_set():
                return
            started = time.monotonic()
            planned = self._planned_ends(batch_id)
            parts = self._splitter.parts(batch, n_offsets=self._n_offsets(planned))
            for at, part in enumerate(parts, start=1):
                if self._closed.is_set():
                    return
                records = to_records(part.toArrow(), self._ingestor.topics)
                self._splitter.note_size(n_records=records.num_rows, n_bytes=records.nbytes)
                ends = planned if at == len(parts) else {}
                self._put(_Batch(batch_id, records, ends, time.monotonic() - started, _now_us()))
                started = time.monotonic()

    def _n_offsets(self, planned: Mapping[TopicPartition, int]) -> int | None:
        """Return how many offsets a batch covers; None where its plan is gone."""
        if not planned:
            return None
        before, self._planned = self._planned, dict(planned)
        return sum(end - before.get(key, 0) for key, end in planned.items())

    def close(self) -> None:
        """Wait for the batch that is being read and accept no more, so that Spark is not stopped within a batch."""
        self._closed.set()
        with self._reading:
            pass

    def flush_due(self) -> None:
        """Commit what has waited long enough."""
        if self._queue.empty():
            log_commits("flush", self._ingestor.flush_due())

    def finish(self) -> None:
        """Return when everything queued is committed. Raises what made the committer fail."""
        self._put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def abandon(self) -> None:
        """End after the commit in flight and drop the rest, which is read again at the next start. Idempotent."""
        self._abandoned.set()
        self._thread.join()

    def _put(self, batch: _Batch | None) -> None:
        """Wait for room in the queue; a batch that finds none before `close` is dropped, to be read again."""
        while not self._abandoned.is_set() and self._failure is None:
            if batch is not None and self._closed.is_set():
                return
            try:
                self._queue.put(batch, timeout=0.2)
            except queue.Full:
                continue
            return

    def _work(self) -> None:
        while not self._abandoned.is_set():
            try:
                batch = self._queue.get(timeout=0.2)
            except queue.Empty:
                continue
            if batch is None:
                return
            try:
                self._commit(batch)
            except Exception as error:  # noqa: BLE001  raised again by finish, in the supervisor's thread
                self._failure = error
                return

    def _commit(self, batch: _Batch) -> None:
        self._watch.assert_ids(self._ingestor.topics)
        buffered = self._ingestor.buffered
        beyond = {key: end for key, end in batch.planned.items() if end > buffered[key]}
        report = self._ingestor.ingest(batch.records, to_ends(batch.records) | beyond)
        self._conditions.observe(to_newest(batch.records), time_us=batch.read_time_us)
        log_batch(batch.batch_id, report, read_seconds=batch.read_seconds, lag=self._lag())

    def _lag(self) -> Lag:
        """Return how far the tables are behind, and note the ends: the next batch tells brokers' clocks by them."""
        asked_us = _now_us()
        ends = {key: end for key, (_, end) in self._watch.offsets().items()}
        self._conditions.note_ends(ends, time_us=asked_us)
        position = self._ingestor.buffered
        topics = {topic_id: topic for topic, topic_id in self._ingestor.topics.items()}
        return {
            (topics[key.topic_id], key.partition): max(0, end - position[key])
            for key, end in ends.items()
            if key.topic_id in topics
        }


def log_batch(batch_id: int, report: BatchReport, *, read_seconds: float, lag: Lag) -> None:
    """Log a batch in one line: results of its records, duration, and how far behind it leaves the tables."""
    if not report.n_records and not report.commits:
        return
    newest = report.newest_broker_time
    freshness = (datetime.now(UTC) - newest).total_seconds() if newest else 0.0
    metrics.count_batch(report, read_seconds=read_seconds, freshness_seconds=freshness, lag=lag)
    metrics.count_commits(report.commits)
    logger.info(
        "batch=%d records=%d gold=%d quarantined=%d duplicates=%d commits=%s read_seconds=%.3f seconds=%.3f "
        "lag_messages=%d freshness_seconds=%.3f",
        batch_id,
        report.n_records,
        sum(commit.n_rows for commit in report.commits if commit.table.startswith("gold_")),
        report.n_quarantined,
        report.n_duplicates,
        _in_words(report.commits),
        read_seconds,
        report.seconds,
        sum(lag.values()),
        freshness,
    )


def log_commits(occasion: str, commits: Iterable[CommitReport]) -> None:
    """Log commits that were made outside of a batch, where they carried rows."""
    listed = list(commits)
    metrics.count_commits(listed)
    if any(commit.n_rows for commit in listed):
        logger.info("%s commits=%s", occasion, _in_words(listed))


def _now_us() -> int:
    return time.time_ns() // 1_000


def _in_words(commits: Iterable[CommitReport]) -> str:
    return ",".join(f"{commit.table}@{commit.version}+{commit.n_rows}" for commit in commits) or "none"
