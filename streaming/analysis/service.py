"""Analysis service: queries side by side in one Spark, each restarted with backoff on its own.

A query is a row of `streaming.analysis.queries`: a name, its topics and a function that starts it. Its progress is in
its checkpoint, and its output has deterministic ids, so that gold stores repeated messages once.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.stopping import StopRequestedError, call_until_stopped
from streaming.analysis.progress import ProgressLog
from streaming.ingest.topic_watch import TopicWatch
from streaming.spark.supervision import keep_running

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
TICKS_BETWEEN_TOPIC_CHECKS = 20


class StartQuery(Protocol):
    """Function that starts a query, which continues from its checkpoint where there is one."""

    def __call__(
        self, spark: SparkSession, *, kafka: KafkaSettings, checkpoint_dir: Path, trigger_milliseconds: int
    ) -> StreamingQuery: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisQuery:
    """One query of the analysis: its input topics, its output topic, and the function that starts it."""

    name: str
    inputs: tuple[str, ...]
    output: str
    start: StartQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """Settings of the service, built once at its entry point."""

    kafka: KafkaSettings
    queries: tuple[AnalysisQuery, ...]
    checkpoint_dir: Path
    trigger_milliseconds: int = 250


class AnalysisService:
    """Service that runs queries until `stop`. At least once: it may be killed at any instant."""

    def __init__(
        self,
        spark_factory: Callable[[], SparkSession],
        settings: AnalysisSettings,
        *,
        stopping: threading.Event | None = None,
    ) -> None:
        self._spark_factory = spark_factory
        self._settings = settings
        self._stopping = stopping or threading.Event()
        self._failures: list[BaseException] = []

    def stop(self) -> None:
        """Request the end of the queries and of `run`. Input without written output is read again by the next run."""
        self._stopping.set()

    def run(self) -> None:
        """Analyse until `stop`. Raises: CompactedTopicError, which needs an operator, and SparkLostError."""
        try:
            spark = call_until_stopped(self._spark_factory, self._stopping)
        except StopRequestedError:
            return
        threads = [
            threading.Thread(target=self._keep_running, args=(spark, query), name=query.name, daemon=True)
            for query in self._settings.queries
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def _keep_running(self, spark: SparkSession, query: AnalysisQuery) -> None:
        try:
            keep_running(
                lambda: self._run_once(spark, query), name=query.name, spark=spark, stopping=self._stopping
            )
        except BaseException as error:  # noqa: BLE001  raised again by `run`, in the caller's thread
            self._failures.append(error)
            self.stop()

    def _run_once(self, spark: SparkSession, query: AnalysisQuery) -> None:
        """Run one query until a stop is requested, it fails, or one of its topics was created again."""
        settings = self._settings
        with TopicWatch(settings.kafka, (*query.inputs, query.output), self._stopping) as watch:
            ids = watch.ids()
            running = query.start(
                spark,
                kafka=settings.kafka,
                checkpoint_dir=checkpoint_of(settings.checkpoint_dir, query, ids),
                trigger_milliseconds=settings.trigger_milliseconds,
            )
            logger.info("%s starts topics=%s", query.name, ",".join(query.inputs))
            try:
                self._watch(running, ProgressLog(query.name), watch, ids)
            finally:
                running.stop()
            error = running.exception()
            if error is not None and not self._stopping.is_set():
                raise error

    def _watch(
        self, running: StreamingQuery, progress: ProgressLog, watch: TopicWatch, ids: dict[str, str]
    ) -> None:
        ticks = 0
        while running.isActive and not self._stopping.wait(TICK_SECONDS):
            progress.log_new(running)
            ticks += 1
            if ticks % TICKS_BETWEEN_TOPIC_CHECKS == 0:
                watch.assert_ids(ids)
        progress.log_new(running)


def checkpoint_of(directory: Path, query: AnalysisQuery, topic_ids: dict[str, str]) -> Path:
    """Return the folder of a query's checkpoint. An input topic that was created again has a new one."""
    return directory / query.name / ".".join(topic_ids[topic] for topic in query.inputs)
