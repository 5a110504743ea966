"""Recorder of the class-data archives of Spark and the embedded broker, with which both start with less work.

    .venv/bin/python setup/class_archives.py

A broker, ingestion and the analysis run on a few messages in a folder that goes away; their JVMs write the archives
when they end. It does nothing while jars and Java are those of the archives.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pyspark.sql import SparkSession

from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import CONTRACTS, RAW_NEWS
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.stopping import end_process
from streaming.analysis.queries import all_queries
from streaming.analysis.service import AnalysisService, AnalysisSettings
from streaming.broker.embedded import EmbeddedBroker
from streaming.errors import StreamingError
from streaming.feed.publication.backfill import select_evenly
from streaming.feed.stream import Feed
from streaming.ingest.run import IngestService, IngestSettings
from streaming.jars.folder import ARCHIVES, KAFKA_JARS, SPARK_JARS
from streaming.kafka.messages import Message, to_rfc3339, to_value
from streaming.kafka.producer import Publisher
from streaming.kafka.topics import create_topics
from streaming.spark.class_archives import (
    broker_archive,
    own_jars,
    recording_options,
    spark_archive,
)
from streaming.spark.java import find_jdk
from streaming.spark.session import LOCAL_JVM_OPTIONS, build_session

N_MESSAGES = 300
WAIT_SECONDS = 300.0


def main() -> int:
    try:
        make_archives()
    except StreamingError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def make_archives() -> None:
    """Bring both archives up to date, each in one step, and remove those of other jars. Idempotent."""
    jdk = find_jdk()
    spark, broker = spark_archive(jdk, own_jars(SPARK_JARS)), broker_archive(jdk, KAFKA_JARS)
    if spark.exists() and broker.exists():
        return
    print("setup: recording the classes of Spark and Kafka", flush=True)
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    for old in ARCHIVES.iterdir():
        old.unlink()
    drafts = spark.with_suffix(".draft"), broker.with_suffix(".draft")
    with tempfile.TemporaryDirectory(prefix="class-archives-") as folder:
        _record(Path(folder), *drafts)
    for draft, archive in zip(drafts, (spark, broker), strict=True):
        if not draft.exists():
            raise StreamingError(f"a JVM has ended without its class archive {archive.name}")
        draft.replace(archive)


def _record(folder: Path, spark_draft: Path, broker_draft: Path) -> None:
    broker = EmbeddedBroker(folder / "broker")
    with _options_of_java(recording_options(broker_draft)):
        broker.start()
        broker.wait_ready(WAIT_SECONDS)
    try:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap)
        create_topics(kafka.for_kafka_python())
        _publish(kafka)
        options = {
            "spark.driver.extraJavaOptions": f"{LOCAL_JVM_OPTIONS} {shlex.join(recording_options(spark_draft))}"
        }
        session = build_session(
            app_name="class archives", master="local[2]", jars_dir=SPARK_JARS, overrides=options
        )
        _run_stream(session, kafka, folder)
        _end_jvm(session)
    finally:
        broker.stop(WAIT_SECONDS)


@contextmanager
def _options_of_java(options: tuple[str, ...]) -> Iterator[None]:
    """Give options to each `java` that is started meanwhile; the last one to end leaves its archive."""
    os.environ["JDK_JAVA_OPTIONS"] = shlex.join(options)
    try:
        yield
    finally:
        del os.environ["JDK_JAVA_OPTIONS"]


def _publish(kafka: KafkaSettings) -> None:
    now_us = time.time_ns() // 1_000
    messages = select_evenly(Feed(seed=1), start_us=now_us - 60_000_000, end_us=now_us, n=N_MESSAGES)
    publisher = Publisher(kafka.for_kafka_python())
    for message in (*messages, _news(now_us)):
        publisher.send(message)
    publisher.flush()
    publisher.close()


def _news(now_us: int) -> Message:
    value = to_value(
        RAW_NEWS,
        event_time_us=now_us,
        natural_key=("1",),
        source="wire",
        dated_by="published",
        title="Bitcoin rises",
        guid="1",
        collected_time=to_rfc3339(now_us),
    )
    return Message(topic=RAW_NEWS.topic, key=b"wire", value=value, publish_us=now_us)


def _run_stream(session: SparkSession, kafka: KafkaSettings, folder: Path) -> None:
    """Run ingestion and the analysis until each of their queries has a batch behind it."""
    lake = LakeLocation.parse(str(folder / "lake"))
    queries = all_queries(lake=lake)
    checkpoints = folder / "checkpoints"
    ingest = IngestService(
        lambda: session,
        IngestSettings(
            lake=lake, kafka=kafka, topics=tuple(CONTRACTS), checkpoint_dir=checkpoints / "ingest"
        ),
    )
    analysis = AnalysisService(
        lambda: session, AnalysisSettings(kafka=kafka, queries=queries, checkpoint_dir=checkpoints)
    )
    threads = [threading.Thread(target=service.run, daemon=True) for service in (ingest, analysis)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + WAIT_SECONDS
    while len(list(checkpoints.rglob("commits/0"))) < len(queries) + 1:
        if time.monotonic() > deadline or not all(thread.is_alive() for thread in threads):
            raise StreamingError("the stream has not finished a batch")
        time.sleep(0.2)
    for service in (ingest, analysis):
        service.stop()
    for thread in threads:
        thread.join()


def _end_jvm(session: SparkSession) -> None:
    session.sparkContext.setLogLevel("OFF")
    gateway = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(WAIT_SECONDS)


if __name__ == "__main__":
    end_process(main())
