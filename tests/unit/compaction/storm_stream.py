"""Ingestion without Kafka and Spark, as a process to be killed: `python storm_stream.py LAKE N_RECORDS`."""

import sys
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from lakehouse.catalog import Catalog
from lakehouse.position import TopicPartition
from lakehouse.records import RECORD_SCHEMA
from lakehouse.storage import LakeLocation
from streaming.ingest.intake import Intake
from streaming.ingest.source import to_ends
from tests.messages import sentiment, to_bytes

TOPIC, TOPIC_ID = "analyzed-sentiment", "id-1"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
BATCH_RECORDS = 4


def main() -> None:
    catalog, n_records = Catalog(LakeLocation.parse(sys.argv[1])), int(sys.argv[2])
    catalog.register_topic(topic=TOPIC, topic_id=TOPIC_ID)
    intake = Intake(catalog, catalog.ensure_build(), {TOPIC: TOPIC_ID})
    key = TopicPartition(TOPIC_ID, 0)
    intake.register({key: 0})
    while (begin := intake.position[key]) < n_records:
        records = [_to_record(offset) for offset in range(begin, min(begin + BATCH_RECORDS, n_records))]
        rows = pa.Table.from_pylist(records, schema=RECORD_SCHEMA)
        intake.take_in(rows, to_ends(rows))
        intake.flush()


def _to_record(offset: int) -> dict[str, object]:
    """Every seventh record is poison, every eleventh a copy of the one before it."""
    number = offset - 1 if offset % 11 == 10 else offset
    good = to_bytes(sentiment(START + timedelta(seconds=number), key=str(number)))
    return {
        "topic": TOPIC,
        "topic_id": TOPIC_ID,
        "kafka_partition": 0,
        "kafka_offset": offset,
        "broker_time": START + timedelta(hours=2),
        "key": b"btc",
        "value": b"{" if number % 7 == 3 else good,
    }


if __name__ == "__main__":
    main()
