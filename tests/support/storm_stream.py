"""Ingestion without Kafka and Spark, as a process to be killed: `python storm_stream.py LAKE N_RECORDS [NOW N_OLD]`.

Of N_RECORDS the first N_OLD are of the days from 200 to 100 before NOW (epoch seconds), the others of that instant.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from streaming.ingest.batch import BatchIngestor
from streaming.ingest.source import to_ends
from tests.support.messages import sentiment, to_bytes
from tests.support.records import to_record, to_records

TOPIC, TOPIC_ID = "analyzed-sentiment", "id-1"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
BATCH_RECORDS = 4
OLDEST_DAYS, OLD_DAYS = 200, 100


@dataclass(frozen=True, slots=True)
class Times:
    """When each record's event was; the same for the same offset, however often the stream is started."""

    start: datetime = START
    n_old: int = 0

    def event_time(self, number: int) -> datetime:
        if number >= self.n_old:
            return self.start + timedelta(seconds=number)
        span = timedelta(days=OLDEST_DAYS - OLD_DAYS)
        return self.start - timedelta(days=OLDEST_DAYS) + span * number / self.n_old


def main() -> None:
    catalog, n_records = Catalog(LakeLocation.parse(sys.argv[1])), int(sys.argv[2])
    times = (
        Times(datetime.fromtimestamp(int(sys.argv[3]), UTC), int(sys.argv[4])) if sys.argv[3:] else Times()
    )
    catalog.register_topic(topic=TOPIC, topic_id=TOPIC_ID)
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), {TOPIC: TOPIC_ID})
    key = TopicPartition(TOPIC_ID, 0)
    ingestor.register({key: 0})
    while (begin := ingestor.position[key]) < n_records:
        records = [
            _to_record(offset, times) for offset in range(begin, min(begin + BATCH_RECORDS, n_records))
        ]
        rows = to_records(records)
        ingestor.ingest(rows, to_ends(rows))
        ingestor.flush()


def _to_record(offset: int, times: Times) -> dict[str, object]:
    """Return a record: every seventh is poison, every eleventh a copy of the one before it."""
    number = offset - 1 if offset % 11 == 10 else offset
    event_time = times.event_time(number)
    good = to_bytes(sentiment(event_time, key=str(number)))
    return to_record(
        TOPIC,
        TOPIC_ID,
        offset=offset,
        broker_time=event_time + timedelta(hours=1),
        key=b"btc",
        value=b"{" if number % 7 == 3 else good,
    )


if __name__ == "__main__":
    main()
