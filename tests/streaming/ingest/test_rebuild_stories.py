"""A rebuild says the same stories, those of texts that have expired included."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from compaction.fsck.lake_check import check_lake
from compaction.retention.expire import expire_lake
from lakehouse import lake as lakes
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.lake import Lake
from lakehouse.messages.records import RECORD_SCHEMA
from lakehouse.process.retention import Retention
from lakehouse.time_range import to_us
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.exclusion import exclude
from streaming.ingest.rebuild import rebuild
from streaming.ingest.source import to_ends
from tests.support.messages import sentiment, to_bytes
from tests.support.record_accounting import read_table

TOPIC, TOPIC_ID = "analyzed-sentiment", "id-1"
FIRST_DAY = datetime(2026, 6, 1, 23, tzinfo=UTC)
DAY = timedelta(days=1)
KEEP = Retention.parse("bronze=7,quarantine=100,duplicates=100,gold_sentiment=98")
TITLES = ("Kraken wins licence to operate in Ireland", "Bitcoin slips below $61,000 as dollar firms")
N_PER_DAY = 3


def _records(day: int) -> list[dict[str, Any]]:
    """Return three results of a day: one of two stories that go on for days, twice, and one of its own."""
    titles = (TITLES[day % 2], TITLES[day % 2], f"Bitcoin price analysis {day}")
    return [
        {
            "topic": TOPIC,
            "topic_id": TOPIC_ID,
            "kafka_partition": 0,
            "kafka_offset": day * N_PER_DAY + at,
            "broker_time": FIRST_DAY + day * DAY + timedelta(hours=3),
            "key": b"btc",
            "value": to_bytes(
                sentiment(FIRST_DAY + day * DAY + timedelta(hours=at), key=f"{at}", title=title)
            ),
        }
        for at, title in enumerate(titles)
    ]


@pytest.fixture
def lake(tmp_path: Path) -> LakeLocation:
    """Ten days, a commit each, with rollups and stories."""
    catalog = Catalog(LakeLocation.parse(str(tmp_path)))
    catalog.register_topic(topic=TOPIC, topic_id=TOPIC_ID)
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), {TOPIC: TOPIC_ID})
    ingestor.register({TopicPartition(TOPIC_ID, 0): 0})
    for day in range(10):
        records = pa.Table.from_pylist(_records(day), schema=RECORD_SCHEMA)
        ingestor.ingest(records, to_ends(records))
        ingestor.flush()
    ingestor.close()
    refresh_rollups(Lake(catalog.location))
    refresh_stories(Lake(catalog.location), offsets_per_commit=4)
    return catalog.location


def _stories(lake: LakeLocation) -> list[dict[str, Any]]:
    return read_table(lake, "gold_story").sort_by("kafka_offset").to_pylist()


def _rebuild(lake: LakeLocation) -> None:
    rebuild(lake=lake, reason="test", progress=lambda line: None, runtime_dir=lake.to_path().parent)


def test_rebuild_of_all_from_bronze_says_the_same(lake: LakeLocation) -> None:
    before = _stories(lake)
    _rebuild(lake)
    assert _stories(lake) == before
    assert len({row["story_id"] for row in before}) < len(before)


@pytest.mark.parametrize("n_days", [10, 105])
def test_rebuild_after_bronze_and_gold_expired_says_the_same(lake: LakeLocation, n_days: int) -> None:
    before = _stories(lake)
    expire_lake(lakes.open(lake.uri), KEEP, now_us=to_us(FIRST_DAY + n_days * DAY), dry_run=False)
    _rebuild(lake)
    assert _stories(lake) == before
    assert check_lake(lake) == []


def test_a_story_whose_first_text_is_excluded_is_told_by_its_next_one(lake: LakeLocation) -> None:
    first, second = _stories(lake)[:2]
    assert second["story_id"] == first["message_id"]
    exclude(
        lake=lake,
        record_id=(TOPIC_ID, 0, 0),
        reason="wrong",
        excluded_by="test",
        progress=lambda line: None,
        runtime_dir=lake.to_path().parent,
    )
    assert _stories(lake)[0]["message_id"] == _stories(lake)[0]["story_id"] == second["message_id"]
