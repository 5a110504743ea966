"""Sink of the analysis queries: messages to a topic, with progress in a checkpoint."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql.streaming.query import StreamingQuery

from lakehouse.process.kafka_settings import KafkaSettings
from streaming.analysis.checkpoint import remove_unfinished_batches
from streaming.spark.kafka_options import to_spark_options


def start_query(
    messages: DataFrame,
    *,
    name: str,
    topic: str,
    kafka: KafkaSettings,
    checkpoint_dir: Path,
    trigger_milliseconds: int,
) -> StreamingQuery:
    """Start writing keys and values to a topic, from the checkpoint where there is one. At least once."""
    remove_unfinished_batches(checkpoint_dir)
    return (
        messages.writeStream.queryName(name)
        .format("kafka")
        .options(**to_spark_options(kafka))
        .option("topic", topic)
        .option("checkpointLocation", str(checkpoint_dir))
        .outputMode("append")
        .trigger(processingTime=f"{trigger_milliseconds} milliseconds")
        .start()
    )
