"""A lake that batch ingestion makes of the generated feed, without broker or Spark."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from lakehouse import lake
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.time_range import HOUR_US, to_time, to_us
from streaming.feed.faults import FaultRates
from streaming.feed.prices.behaviour import Behaviour
from streaming.feed.stream import FEED_TOPICS, Feed, messages_between
from streaming.ingest.batch import BatchIngestor
from streaming.kafka.messages import Message
from tests.support.records import to_record, to_records

START = datetime(2026, 1, 5, tzinfo=UTC)
N_DAYS = 3
BATCH_HOURS = 6
FAULT_RATES = FaultRates(late=0.02, duplicates=0.02, poison=0.004)


def build_feed_lake(path: Path, *, n_days: float = N_DAYS, seed: int = 11, link: float = 0.5) -> LakeLocation:
    """Build two assets over some days, a commit for every six hours, with forecasts scored and rollups refreshed."""
    location = LakeLocation.parse(str(path))
    catalog = Catalog(location)
    topics = {topic: f"Id-{topic}" for topic in FEED_TOPICS}
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), topics)
    for topic, topic_id in topics.items():
        catalog.register_topic(topic=topic, topic_id=topic_id)
    feed = Feed(
        seed=seed,
        symbols=frozenset({"btc", "eth"}),
        fault_rates=FAULT_RATES,
        behaviour=Behaviour(link=link),
    )
    ends = {TopicPartition(topic_id, 0): 0 for topic_id in topics.values()}
    ingestor.register(ends)
    start_us, step_us = to_us(START), BATCH_HOURS * HOUR_US
    for from_us in range(start_us, start_us + round(n_days * 24 * HOUR_US), step_us):
        messages = messages_between(feed, start_us=from_us, end_us=from_us + step_us)
        ingestor.ingest(_to_records(messages, topics, ends), dict(ends))
        ingestor.flush()
    ingestor.close()
    refresh_rollups(lake.open(str(path)))
    refresh_scores(lake.open(str(path)))
    return location


def _to_records(
    messages: Sequence[Message], topics: dict[str, str], ends: dict[TopicPartition, int]
) -> pa.Table:
    """Return messages as Kafka delivers them, in one partition a topic; ``ends`` move past them."""
    rows = []
    for message in messages:
        key = TopicPartition(topics[message.topic], 0)
        rows.append(
            to_record(
                message.topic,
                key.topic_id,
                offset=ends[key],
                broker_time=to_time(message.publish_us),
                key=message.key,
                value=message.value,
            )
        )
        ends[key] += 1
    return to_records(rows)
