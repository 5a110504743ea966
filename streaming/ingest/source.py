"""Kafka source of the ingestion stream, which starts at the tables' positions and not at a checkpoint."""

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col

from lakehouse.delta.position import Position, TopicPartition
from lakehouse.messages.records import RECORD_SCHEMA
from lakehouse.messages.timestamps import FIRST_TIME_US, LAST_TIME_US
from streaming.kafka.clock import Stamped
from streaming.spark.kafka_source import kafka_reader


def to_starting_offsets(position: Position, topics: Mapping[str, str]) -> str:
    """Return Spark's `startingOffsets` for a position.

    A partition that is not registered yet is read from its beginning.

    >>> to_starting_offsets(Position.from_json({"Zk3": [5, 7]}), {"raw-price": "Zk3"})
    '{"raw-price": {"0": 5, "1": 7}}'
    """
    offsets: dict[str, dict[str, int]] = {}
    for topic, topic_id in topics.items():
        positions = position.of_topics([topic_id])
        offsets[topic] = {str(key.partition): positions[key] for key in positions}
    return json.dumps(offsets)


def read_records(
    spark: SparkSession,
    *,
    kafka_options: Mapping[str, str],
    position: Position,
    topics: Mapping[str, str],
    max_records_per_batch: int,
) -> DataFrame:
    """Return the records of all topics from a position on, as a stream."""
    return (
        kafka_reader(
            spark, kafka_options, topics=topics, starting_offsets=to_starting_offsets(position, topics)
        )
        .option("maxOffsetsPerTrigger", str(max_records_per_batch))
        .option("includeHeaders", "true")
        .load()
        .select(
            "topic",
            col("partition").alias("kafka_partition"),
            col("offset").alias("kafka_offset"),
            col("timestamp").alias("broker_time"),
            "key",
            "value",
            "headers",
        )
    )


def to_records(batch: pa.Table, topics: Mapping[str, str]) -> pa.Table:
    """Return a collected batch with each topic's id and timestamps that tables can hold, in RECORD_SCHEMA."""
    names = batch["topic"].combine_chunks().dictionary_encode()
    ids = pa.array([topics[name] for name in names.dictionary.to_pylist()], pa.string())
    topic_ids = ids.take(names.indices)
    with_ids = batch.add_column(1, "topic_id", topic_ids)
    times_us = with_ids["broker_time"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    bounded = pc.min_element_wise(pc.max_element_wise(times_us, FIRST_TIME_US), LAST_TIME_US)
    at = with_ids.schema.get_field_index("broker_time")
    with_ids = with_ids.set_column(at, "broker_time", bounded)
    return pa.table([with_ids[field.name].cast(field.type) for field in RECORD_SCHEMA], schema=RECORD_SCHEMA)


def to_ends(records: pa.Table) -> dict[TopicPartition, int]:
    """Return one past the last offset of each partition that the records cover."""
    ends = records.group_by(["topic_id", "kafka_partition"]).aggregate([("kafka_offset", "max")])
    rows = ends.select(["topic_id", "kafka_partition", "kafka_offset_max"]).to_pydict()
    columns = (rows["topic_id"], rows["kafka_partition"], rows["kafka_offset_max"])
    return {
        TopicPartition(topic_id, partition): last + 1
        for topic_id, partition, last in zip(*columns, strict=True)
    }


def to_newest(records: pa.Table) -> list[Stamped]:
    """Return the newest offset and broker time of each partition that the records are of."""
    newest = records.group_by(["topic_id", "kafka_partition"]).aggregate(
        [("kafka_offset", "max"), ("broker_time", "max")]
    )
    times_us = newest["broker_time_max"].cast(pa.int64()).to_pylist()
    columns = (newest[name].to_pylist() for name in ("topic_id", "kafka_partition", "kafka_offset_max"))
    return [
        Stamped(TopicPartition(topic_id, partition), offset, time_us)
        for topic_id, partition, offset, time_us in zip(*columns, times_us, strict=True)
    ]


def planned_ends(checkpoint: Path, batch_id: int, topics: Mapping[str, str]) -> dict[TopicPartition, int]:
    """Return where Spark planned a batch to end in each partition; nothing where its checkpoint is gone.

    Every record before it is in this batch or an earlier one. The offsets after the last record have none: markers and
    aborted records of transactions, and what the clean-up of a log removed. Spark's write-ahead log holds the plan,
    whose last line is of the only source; a batch of `foreachBatch` has no reference to it.
    """
    try:
        lines = (checkpoint / "offsets" / str(batch_id)).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {
        TopicPartition(topics[topic], int(partition)): end
        for topic, ends in json.loads(lines[-1]).items()
        for partition, end in ends.items()
    }


def forget_checkpoints(directory: Path) -> None:
    """Remove the checkpoints of earlier runs: the tables' positions are the only record of progress."""
    for old in directory.glob("run-*"):
        for path in sorted(old.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        old.rmdir()
