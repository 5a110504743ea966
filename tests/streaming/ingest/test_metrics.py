"""Metrics of ingestion, as Prometheus reads them."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from prometheus_client import REGISTRY

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.records import RECORD_SCHEMA
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.committer import log_batch, log_commits
from tests.support.messages import sentiment, to_bytes

TOPIC, TOPIC_ID = "analyzed-sentiment", "id-1"
START = datetime(2026, 11, 1, tzinfo=UTC)


def value_of(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"cryptoviz_ingest_{name}", labels) or 0.0


def records(*values: bytes) -> pa.Table:
    rows = [
        {
            "topic": TOPIC,
            "topic_id": TOPIC_ID,
            "kafka_partition": 0,
            "kafka_offset": offset,
            "broker_time": START + timedelta(hours=1),
            "key": b"btc",
            "value": value,
            "headers": [],
        }
        for offset, value in enumerate(values)
    ]
    return pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)


@pytest.fixture
def ingestor(tmp_path: Path) -> BatchIngestor:
    catalog = Catalog(LakeLocation.parse(str(tmp_path / "lake")))
    opened = BatchIngestor(catalog, catalog.ensure_build(), {TOPIC: TOPIC_ID})
    opened.register({TopicPartition(TOPIC_ID, 0): 0})
    return opened


def test_batch_is_counted_by_what_became_of_its_records(ingestor: BatchIngestor) -> None:
    good = to_bytes(sentiment(START))
    refused = "quarantined_total", {"topic": TOPIC, "rule": "malformed_json"}
    names = ("records_total", "duplicates_total")
    before = [value_of(name) for name in names] + [value_of(refused[0], **refused[1])]

    report = ingestor.ingest(records(good, good, b"{"), {TopicPartition(TOPIC_ID, 0): 3})
    log_batch(1, report, read_seconds=0.1, lag={(TOPIC, 0): 42, (TOPIC, 1): 0})

    after = [value_of(name) for name in names] + [value_of(refused[0], **refused[1])]
    assert [now - then for now, then in zip(after, before, strict=True)] == [3, 1, 1]
    assert [value_of("lag_messages", topic=TOPIC, partition=at) for at in ("0", "1")] == [42, 0]


def test_batch_that_is_ingested_again_refuses_nothing_again(ingestor: BatchIngestor) -> None:
    batch, ends = records(b"{"), {TopicPartition(TOPIC_ID, 0): 1}
    assert sum(ingestor.ingest(batch, ends).n_quarantined_by.values()) == 1
    assert sum(ingestor.ingest(batch, ends).n_quarantined_by.values()) == 0


def test_commits_outside_of_batches_are_counted_once(ingestor: BatchIngestor) -> None:
    before = value_of("rows_total", table="bronze")
    report = ingestor.ingest(records(to_bytes(sentiment(START))), {TopicPartition(TOPIC_ID, 0): 1})
    log_batch(1, report, read_seconds=0.1, lag={})
    log_commits("flush", ingestor.flush())
    assert value_of("rows_total", table="bronze") - before == 1
    assert value_of("last_commit_time_seconds", table="bronze") > START.timestamp()


def test_commit_without_rows_is_a_commit_and_no_line(
    ingestor: BatchIngestor, caplog: pytest.LogCaptureFixture
) -> None:
    before = value_of("commits_total", table="bronze")
    ingestor.ingest(records(), {TopicPartition(TOPIC_ID, 0): 5})
    with caplog.at_level(logging.INFO):
        log_commits("flush", ingestor.flush())
    assert value_of("commits_total", table="bronze") - before == 1
    assert caplog.text == ""
