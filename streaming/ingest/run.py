"""Ingestion service: preflight, stream, commit; started again with backoff until it is asked to stop."""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.storage import LakeLocation
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.stopping import StopRequestedError, call_until_stopped
from streaming.errors import DataLossError
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.committer import Committer, log_commits
from streaming.ingest.conditions import ConditionLog
from streaming.ingest.preflight import find_losses
from streaming.ingest.source import forget_checkpoints, planned_ends, read_records
from streaming.ingest.topic_watch import TopicWatch
from streaming.spark.kafka_options import to_spark_options
from streaming.spark.supervision import keep_running

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings:
    """Everything the service needs, built once at its entry point."""

    lake: LakeLocation
    kafka: KafkaSettings
    topics: tuple[str, ...]
    checkpoint_dir: Path
    trigger_milliseconds: int = 250
    max_records_per_batch: int = 50_000


class IngestService:
    """Service that runs until `stop`. It holds no state: it may be killed at any instant and started again."""

    def __init__(
        self,
        spark_factory: Callable[[], SparkSession],
        settings: IngestSettings,
        *,
        stopping: threading.Event | None = None,
    ) -> None:
        self._spark_factory = spark_factory
        self._settings = settings
        self._catalog = Catalog(settings.lake)
        self._stopping = stopping or threading.Event()
        self._ended = threading.Event()

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    def stop(self) -> None:
        """Ask the service to commit what waits and to return from `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Ingest until `stop`.

        Raises: DataLossError or CompactedTopicError, which only an operator can resolve; SparkLostError, after which
        only a new process can go on.
        """
        try:
            spark = call_until_stopped(self._spark_factory, self._stopping)
            keep_running(lambda: self._run_once(spark), name="ingest", spark=spark, stopping=self._stopping)
        except StopRequestedError:
            return
        finally:
            self._ended.set()

    def _run_once(self, spark: SparkSession) -> None:
        """Run one query, from preflight to a request to stop, a failure, or a new build to write to."""
        build = self._catalog.ensure_build()
        with TopicWatch(self._settings.kafka, self._settings.topics, self._stopping) as watch:
            conditions = _log_conditions(watch)
            ingestor = self._open_ingestor(build, watch)
            checkpoint = self._new_checkpoint()
            committer = Committer(
                ingestor,
                watch,
                planned_ends=partial(planned_ends, checkpoint, topics=ingestor.topics),
                conditions=conditions,
            )
            query = self._start(spark, ingestor, committer, checkpoint)
            try:
                self._watch(query, committer, build)
                committer.close()
                query.stop()
                committer.finish()
                log_commits("flush", ingestor.flush())
            finally:
                committer.abandon()
                ingestor.close()
                query.stop()
            error = query.exception()
            if error is not None and not self._stopping.is_set():
                raise error

    def _open_ingestor(self, build: Build, watch: TopicWatch) -> BatchIngestor:
        described = watch.describe()
        spans = watch.offsets()
        beginnings = {key: first for key, (first, _) in spans.items()}
        for topic, description in described.items():
            if topic not in self._catalog.current_topics():
                self._catalog.register_topic(topic=topic, topic_id=description.topic_id)
        registered = self._catalog.current_topics()
        ingestor = BatchIngestor(
            self._catalog, build, {topic: registered[topic] for topic in self._settings.topics}
        )
        ingestor.register(beginnings)
        losses = find_losses(
            positions=ingestor.positions(),
            registered=ingestor.topics,
            described=described,
            beginnings=beginnings,
        )
        if losses:
            ingestor.close()
            raise DataLossError([loss.in_words() for loss in losses])
        lag = sum(end - ingestor.position[key] for key, (_, end) in spans.items())
        logger.info(
            "ingest starts build=%s position=%s lag_messages=%d",
            build.build_id,
            ingestor.position.to_json(),
            lag,
        )
        return ingestor

    def _new_checkpoint(self) -> Path:
        """Remove the checkpoints of earlier runs, and return the folder of this one's."""
        directory = self._settings.checkpoint_dir
        directory.mkdir(parents=True, exist_ok=True)
        forget_checkpoints(directory)
        return directory / f"run-{uuid.uuid4().hex[:12]}"

    def _start(
        self, spark: SparkSession, ingestor: BatchIngestor, committer: Committer, checkpoint: Path
    ) -> StreamingQuery:
        settings = self._settings
        records = read_records(
            spark,
            kafka_options=to_spark_options(settings.kafka),
            position=ingestor.position,
            topics=ingestor.topics,
            max_records_per_batch=settings.max_records_per_batch,
        )
        return (
            records.writeStream.queryName("ingest")
            .option("checkpointLocation", str(checkpoint))
            .trigger(processingTime=f"{settings.trigger_milliseconds} milliseconds")
            .foreachBatch(committer.enqueue)
            .start()
        )

    def _watch(self, query: StreamingQuery, committer: Committer, build: Build) -> None:
        while query.isActive and not committer.has_failed and not self._stopping.wait(TICK_SECONDS):
            committer.flush_due()
            if self._catalog.current_build().number != build.number:
                logger.info("build changed from=%s", build.build_id)
                return


def _log_conditions(watch: TopicWatch) -> ConditionLog:
    """Log what the cluster does to messages, as far as it shows before the first record is read."""
    conditions = ConditionLog(watch.describe().values())
    newest = watch.newest()
    conditions.log_topics(newest)
    asked_us = time.time_ns() // 1_000
    conditions.note_ends({key: end for key, (_, end) in watch.offsets().items()}, time_us=asked_us)
    conditions.observe(newest, time_us=time.time_ns() // 1_000)
    return conditions
