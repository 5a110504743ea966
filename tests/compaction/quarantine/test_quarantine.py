"""Quarantined messages, counted by rule and shown byte for byte."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from compaction.quarantine.messages import list_quarantined, show_quarantined
from lakehouse import lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.lake import Lake
from lakehouse.messages.records import RECORD_SCHEMA
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.source import to_ends
from tests.support.messages import sentiment, to_bytes
from tests.support.python_command import run_python

START = datetime(2026, 11, 1, tzinfo=UTC)
TOPIC = "analyzed-sentiment"
BAD_SCORE = to_bytes(sentiment(START, score=7))


@pytest.fixture
def reader(tmp_path: Path) -> Lake:
    """Lake of three rejected messages and a valid one."""
    catalog = Catalog(LakeLocation.parse(str(tmp_path)))
    catalog.register_topic(topic=TOPIC, topic_id="id-1")
    values = [b"{", BAD_SCORE, to_bytes(sentiment(START)), b"\xff"]
    rows = [
        {
            "topic": TOPIC,
            "topic_id": "id-1",
            "kafka_partition": 0,
            "kafka_offset": offset,
            "broker_time": START,
            "key": b"btc",
            "value": value,
            "headers": [{"key": "trace", "value": b"1"}],
        }
        for offset, value in enumerate(values)
    ]
    records = pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), {TOPIC: "id-1"})
    ingestor.register({TopicPartition("id-1", 0): 0})
    ingestor.ingest(records, to_ends(records))
    ingestor.flush()
    ingestor.close()
    return lake.open(str(tmp_path))


def _show(reader: Lake, offset: int) -> Any:
    return show_quarantined(reader, ("id-1", 0, offset))


def test_rejected_messages_are_counted_by_rule(reader: Lake) -> None:
    found = list_quarantined(reader)
    assert sum(rule.n_messages for rule in found) == 3
    (of_score,) = [rule for rule in found if rule.field == "score"]
    assert (of_score.topic, of_score.n_messages, of_score.newest) == (TOPIC, 1, "id-1/0/1")
    assert of_score.first_broker_time == "2026-11-01T00:00:00Z"


def test_message_is_shown_as_it_came_with_the_rule_and_todays_validation(reader: Lake) -> None:
    found = _show(reader, 1)
    assert (found["field"], found["key"], found["value"]) == ("score", "btc", BAD_SCORE.decode())
    assert found["headers"] == [{"key": "trace", "value": "1"}]
    assert found["validation_now"] == f"rejected: {found['reason']}"


def test_bytes_that_are_no_text_are_escaped(reader: Lake) -> None:
    assert _show(reader, 3)["value"] == "\\xff"


def test_message_that_was_not_rejected_is_not_there(reader: Lake) -> None:
    assert _show(reader, 2) is None


def test_command_lists_and_shows(reader: Lake) -> None:
    command = ["-m", "compaction", "quarantine", "--lake", reader.location.uri, "--json"]
    listed = run_python(*command).stdout
    shown = run_python(*command, "show", "id-1/0/1").stdout
    assert sum(rule["n_messages"] for rule in json.loads(listed)["rules"]) == 3
    assert json.loads(shown)["messages"][0]["kafka_offset"] == 1
