"""Streaming query of predictions: prices and sentiments from Kafka, one state per symbol, predictions to Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd  # type: ignore[import-untyped]
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, count, count_if, unix_millis
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.state import GroupStateTimeout

from lakehouse.messages.contract import PREDICTED_PRICE, SYMBOL_PATTERN
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.series.markets import DEFAULT_RULES, MarketRules, SymbolRules
from streaming.analysis.prediction.arrivals import TOPICS, Arrival, to_arrival
from streaming.analysis.prediction.forecaster import STATE_VERSION, Forecaster
from streaming.analysis.prediction.messages import to_value
from streaming.analysis.prediction.predictions import Prediction
from streaming.analysis.progress import FAILED
from streaming.analysis.sink import start_query
from streaming.spark.kafka_options import to_spark_options
from streaming.spark.kafka_source import kafka_reader
from streaming.spark.state_offsets_patch import patch_state_offsets

if TYPE_CHECKING:
    from pyspark.sql.streaming.state import GroupState

QUERY_NAME = "prediction"
MIN_TRIGGER_MILLISECONDS = 1_000
"""A minute is closed once a minute: shorter batches write states more often and make no prediction sooner."""
ROWS_PER_FRAME = 20_000
_MESSAGES = "key binary, value binary"
_STATE = "forecaster binary"


def start_predictions(
    spark: SparkSession,
    *,
    kafka: KafkaSettings,
    checkpoint_dir: Path,
    trigger_milliseconds: int,
    market_rules: MarketRules = DEFAULT_RULES,
) -> StreamingQuery:
    """Start the query from its checkpoint, which holds its state; safe to kill at any instant.

    A restart repeats at most the last batch's messages, byte for byte, and gold stores each id once. A new
    STATE_VERSION begins from Kafka's first message in a checkpoint of its own.
    """
    predictions = to_predictions(read_inputs(spark, kafka), market_rules).observe(
        QUERY_NAME, count("value").alias("results"), count_if(col("value").isNull()).alias(FAILED)
    )
    return start_query(
        predictions.where(col("value").isNotNull()),
        name=QUERY_NAME,
        topic=PREDICTED_PRICE.topic,
        kafka=kafka,
        checkpoint_dir=checkpoint_dir / f"prediction-v{STATE_VERSION}",
        trigger_milliseconds=max(trigger_milliseconds, MIN_TRIGGER_MILLISECONDS),
    )


def read_inputs(spark: SparkSession, kafka: KafkaSettings) -> DataFrame:
    """Return both input topics from their beginning, as one stream.

    Each batch reads both to their ends as of one moment. There is no limit per batch, since one topic would run ahead
    of the other and the order of messages would depend on the size of batches.
    """
    return kafka_reader(spark, to_spark_options(kafka), topics=TOPICS, starting_offsets="earliest").load()


def to_predictions(inputs: DataFrame, market_rules: MarketRules = DEFAULT_RULES) -> DataFrame:
    """Return messages of predictions, keyed by symbol, from messages of prices and sentiments.

    A message at which learning failed is a row of nulls.
    """
    keyed = inputs.select(
        col("key").cast("string").alias("symbol"),
        "topic",
        "partition",
        "offset",
        unix_millis("timestamp").alias("broker_ms"),
        "value",
    ).where(col("symbol").rlike(SYMBOL_PATTERN))

    def forecast(key: Any, frames: Iterable[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        return _forecast(market_rules.of(key[0]), key, frames, state)

    return keyed.groupBy("symbol").applyInPandasWithState(
        forecast, _MESSAGES, _STATE, "append", GroupStateTimeout.NoTimeout
    )


def _forecast(
    rules: SymbolRules, key: Any, frames: Iterable[pd.DataFrame], state: GroupState
) -> Iterator[pd.DataFrame]:
    (symbol,) = key
    forecaster = Forecaster.from_bytes(state.get[0], rules) if state.exists else Forecaster(symbol, rules)
    arrivals = [arrival for frame in frames for arrival in _to_arrivals(symbol, frame)]
    if not arrivals and not state.exists:
        return
    yield from _to_frames(symbol, forecaster.add(arrivals))
    if forecaster.n_failed:
        nothing = [None] * forecaster.n_failed
        yield pd.DataFrame({"key": nothing, "value": nothing}, dtype=object)
    state.update((forecaster.to_bytes(),))


def _to_arrivals(symbol: str, frame: pd.DataFrame) -> Iterator[Arrival]:
    key = symbol.encode()
    columns: list[list[Any]] = [
        frame[name].tolist() for name in ("topic", "partition", "offset", "broker_ms", "value")
    ]
    for topic, partition, offset, broker_ms, value in zip(*columns, strict=True):
        arrival = to_arrival(
            topic, partition=partition, offset=offset, broker_us=broker_ms * 1_000, key=key, value=value
        )
        if arrival is not None:
            yield arrival


def _to_frames(symbol: str, predictions: Iterator[Prediction]) -> Iterator[pd.DataFrame]:
    """Yield frames of bounded size, since a catch-up makes hundreds of thousands of messages."""
    values = map(to_value, predictions)
    while frame := list(islice(values, ROWS_PER_FRAME)):
        yield pd.DataFrame({"key": [symbol.encode()] * len(frame), "value": frame})


# At import, since Spark's workers import this module before they read the first batch.
patch_state_offsets()
