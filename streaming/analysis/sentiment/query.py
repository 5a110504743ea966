"""Streaming query of sentiment: from raw-news to analyzed-sentiment, scored in Spark's Python workers."""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import array_sort, col, collect_set, concat_ws, count, count_if
from pyspark.sql.streaming.query import StreamingQuery

from lakehouse.aliases.versions import SEED_ALONE, AliasHistory, AliasReader, in_words
from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import ANALYZED_SENTIMENT, RAW_NEWS, UNSCORED
from lakehouse.process.kafka_settings import KafkaSettings
from streaming.analysis.progress import FAILED
from streaming.analysis.sentiment.results import Record, Result, read_texts, to_results
from streaming.analysis.sentiment.scorer import Scorer
from streaming.analysis.sentiment.scorers import DEFAULT_SCORERS, scorer_named
from streaming.analysis.sink import start_query
from streaming.errors import to_one_line
from streaming.spark.kafka_options import to_spark_options
from streaming.spark.kafka_source import kafka_reader

logger = logging.getLogger(__name__)

QUERY_NAME = "sentiment"
# A text takes about 0.2 ms: a batch of this size ends within seconds on two cores.
MAX_TEXTS_PER_BATCH = 10_000
_RESULTS = "key binary, value binary, label string, aliases string"
_RESULT_SCHEMA = pa.schema(
    [("key", pa.binary()), ("value", pa.binary()), ("label", pa.string()), ("aliases", pa.string())]
)


def start_sentiment(
    spark: SparkSession,
    *,
    kafka: KafkaSettings,
    checkpoint_dir: Path,
    trigger_milliseconds: int,
    scorers: tuple[str, ...] = DEFAULT_SCORERS,
    lake: LakeLocation | None = None,
) -> StreamingQuery:
    """Start the query from its checkpoint, or from the first text in Kafka.

    At least once: a restart repeats the messages of the last batch, with the same ids, and gold stores the first of
    each. Aliases are those of ``lake``; without a lake the initial ones.
    """
    if lake is not None:
        logger.info("aliases %s lake=%s", in_words(AliasReader(lake).refresh().newest), lake.uri)
    results = to_sentiments(read_news(spark, kafka), scorers, lake).observe(
        QUERY_NAME,
        count("value").alias("results"),
        count_if(col("label") == UNSCORED).alias("unscored"),
        count_if(col("value").isNull()).alias(FAILED),
        concat_ws("+", array_sort(collect_set("aliases"))).alias("aliases"),
    )
    return start_query(
        results.where(col("value").isNotNull()).select("key", "value"),
        name=QUERY_NAME,
        topic=ANALYZED_SENTIMENT.topic,
        kafka=kafka,
        checkpoint_dir=checkpoint_dir,
        trigger_milliseconds=trigger_milliseconds,
    )


def read_news(spark: SparkSession, kafka: KafkaSettings) -> DataFrame:
    """Return the records of raw-news as a stream."""
    options = to_spark_options(kafka)
    reader = kafka_reader(spark, options, topics=[RAW_NEWS.topic], starting_offsets="earliest")
    return reader.option("maxOffsetsPerTrigger", str(MAX_TEXTS_PER_BATCH)).load()


def to_sentiments(news: DataFrame, scorers: tuple[str, ...], lake: LakeLocation | None = None) -> DataFrame:
    """Return keys and values of analyzed-sentiment, with their labels and aliases, from records of raw-news.

    A record at which the analysis failed is a row of nulls.
    """
    return news.select("key", "value", "timestamp", "partition", "offset").mapInArrow(
        partial(score_batches, scorers=scorers, lake=lake and replace(lake)), _RESULTS
    )


def score_batches(
    batches: Iterable[pa.RecordBatch], scorers: tuple[str, ...], lake: LakeLocation | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the results of each batch of records, in a worker, which builds its scorers once.

    Aliases are read after the batch was planned, so that those of every record are there. A record at which reading or
    scoring fails is logged, and a row of nulls; the others have the results that they have without it.
    """
    aliases = _read_aliases(lake)
    models = [scorer_named(name) for name in scorers]
    for batch in batches:
        times_us = batch["timestamp"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
        records = list(zip(batch["key"].to_pylist(), batch["value"].to_pylist(), times_us, strict=True))
        sources = list(zip(batch["partition"].to_pylist(), batch["offset"].to_pylist(), strict=True))
        results = _score(records, sources, models, aliases)
        yield pa.RecordBatch.from_pydict(
            {name: [result and getattr(result, name) for result in results] for name in _RESULT_SCHEMA.names},
            schema=_RESULT_SCHEMA,
        )


def _score(
    records: list[Record], sources: list[tuple[int, int]], models: Sequence[Scorer], aliases: AliasHistory
) -> list[Result | None]:
    """Return the results of records, None for one at which the analysis fails; each alone where all together fail."""
    analyzed_time_us = time.time_ns() // 1_000
    try:
        return [*to_results(list(read_texts(records, aliases)), models, analyzed_time_us=analyzed_time_us)]
    except Exception as error:  # noqa: BLE001  whatever a text raises, it costs itself alone
        if len(records) == 1:
            (partition, offset), what = sources[0], to_one_line(error)
            logger.error(
                "text left out topic=%s partition=%d offset=%d error=%s",
                RAW_NEWS.topic,
                partition,
                offset,
                what,
            )
            return [None]
    alone = (
        _score([record], [source], models, aliases) for record, source in zip(records, sources, strict=True)
    )
    return [result for results in alone for result in results]


_readers: dict[str, AliasReader] = {}


def _read_aliases(lake: LakeLocation | None) -> AliasHistory:
    """Return the aliases that the lake has now; a worker reads each version once."""
    if lake is None:
        return SEED_ALONE
    if lake.uri not in _readers:
        _readers[lake.uri] = AliasReader(lake)
    return _readers[lake.uri].refresh()
