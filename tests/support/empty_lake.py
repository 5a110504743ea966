"""A lake as ingestion begins it: topics are registered, its tables stand at their beginning, and hold nothing."""

from collections.abc import Mapping

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from streaming.ingest.batch import BatchIngestor


def create_empty_lake(
    location: LakeLocation, topic_ids: Mapping[str, str], *, n_partitions: int = 2
) -> BatchIngestor:
    """Return the ingestor of a new lake whose topics have these ids; the caller closes it."""
    catalog = Catalog(location)
    for topic, topic_id in topic_ids.items():
        catalog.register_topic(topic=topic, topic_id=topic_id)
    ingestor = BatchIngestor(catalog, catalog.ensure_build(), topic_ids)
    ingestor.register(
        {TopicPartition(topic_id, at): 0 for topic_id in topic_ids.values() for at in range(n_partitions)}
    )
    ingestor.flush()
    return ingestor
