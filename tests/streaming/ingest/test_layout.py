"""A lake that an earlier version wrote is refused in one sentence, and a rebuild keeps its rows."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse import lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.errors import LayoutError
from lakehouse.messages.records import RECORD_SCHEMA
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.rebuild import rebuild
from tests.support.messages import price, to_bytes
from tests.support.record_accounting import read_table

TOPIC, TOPIC_ID = "raw-price", "id-1"
KEY = TopicPartition(TOPIC_ID, 0)
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def record(offset: int, value: bytes) -> dict[str, Any]:
    return {
        "topic": TOPIC,
        "topic_id": TOPIC_ID,
        "kafka_partition": 0,
        "kafka_offset": offset,
        "broker_time": START,
        "key": b"btc",
        "value": value,
        "headers": None,
    }


@pytest.fixture
def old_lake(tmp_path: Path) -> LakeLocation:
    """Build a lake with one row each of gold, quarantine and duplicates, whose build names no layout."""
    location = LakeLocation.parse(str(tmp_path / "lake"))
    catalog = Catalog(location)
    catalog.register_topic(topic=TOPIC, topic_id=TOPIC_ID)
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), {TOPIC: TOPIC_ID})
    ingestor.register({KEY: 0})
    good = to_bytes(price(START))
    records = [record(offset, value) for offset, value in enumerate((good, b"{", good))]
    ingestor.ingest(pa.Table.from_pylist(records, schema=RECORD_SCHEMA), {KEY: 3})
    ingestor.flush()
    ingestor.close()
    (path,) = (location.to_path() / "_catalog/builds").iterdir()
    entry = json.loads(path.read_text())
    del entry["layout"]
    path.write_text(json.dumps(entry))
    return location


def test_reader_and_ingestion_say_what_to_do_with_an_old_lake(old_lake: LakeLocation) -> None:
    for start in (Catalog(old_lake).ensure_build, lake.open(old_lake.uri).table("gold_price").arrow):
        with pytest.raises(LayoutError, match=r"has layout 1.* rebuild` keeps the rows .* or begin anew"):
            start()


def test_rebuild_of_an_old_lake_keeps_its_rows(old_lake: LakeLocation, tmp_path: Path) -> None:
    rebuild(lake=old_lake, reason="layout", progress=lambda line: None, runtime_dir=tmp_path)
    offsets = {
        name: read_table(old_lake, name)["kafka_offset"].to_pylist() for name in ("gold_price", "quarantine")
    }
    assert offsets == {"gold_price": [0], "quarantine": [1]}
    assert read_table(old_lake, "duplicates")["stored_offset"].to_pylist() == [0]
    assert lake.open(old_lake.uri).table("gold_price").arrow().num_rows == 1
