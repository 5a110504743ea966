"""Spark's Kafka source with our options: nothing is skipped, and an absent broker is noticed soon."""

from collections.abc import Iterable, Mapping

from pyspark.sql import SparkSession
from pyspark.sql.streaming.readwriter import DataStreamReader

BROKER_TIMEOUT_MS = "10000"
"""Kafka's own default is a minute, two where a task fetches records (`pollTimeoutMs`), and five where its admin client
is closed while its last call times out: it then sleeps until its next metadata refresh."""


def kafka_reader(
    spark: SparkSession, options: Mapping[str, str], *, topics: Iterable[str], starting_offsets: str
) -> DataStreamReader:
    """Return a reader of committed records of topics; its stream fails rather than skip what Kafka lost."""
    return (
        spark.readStream.format("kafka")
        .options(**options)
        .option("subscribe", ",".join(topics))
        .option("startingOffsets", starting_offsets)
        .option("failOnDataLoss", "true")
        .option("kafka.isolation.level", "read_committed")
        .option("kafka.request.timeout.ms", BROKER_TIMEOUT_MS)
        .option("kafka.default.api.timeout.ms", BROKER_TIMEOUT_MS)
        .option("kafka.metadata.max.age.ms", BROKER_TIMEOUT_MS)
        .option("kafkaConsumer.pollTimeoutMs", BROKER_TIMEOUT_MS)
    )
