"""Streaming query of sentiment: from raw-news to analyzed-sentiment, scored in Spark's Python workers."""

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import array_sort, col, collect_set, concat_ws, count, count_if
from pyspark.sql.streaming.query import StreamingQuery

from lakehouse.aliases.versions import SEED_ALONE, AliasHistory, AliasReader, in_words
from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import ANALYZED_SENTIMENT, RAW_NEWS, UNSCORED
from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.sentiment_models.versions import NO_MODELS, ModelHistory, ModelReader
from streaming.analysis.progress import FAILED
from streaming.analysis.sentiment.publishing import ScorerSettings, published_scorers
from streaming.analysis.sentiment.results import Record, Result, Text, read_texts, to_results
from streaming.analysis.sentiment.scorer import Scorer
from streaming.analysis.sink import start_query
from streaming.errors import to_one_line
from streaming.spark.kafka_options import to_spark_options
from streaming.spark.kafka_source import kafka_reader

logger = logging.getLogger(__name__)

QUERY_NAME = "sentiment"
# A text takes about 0.2 ms: a batch of this size ends within seconds on two cores.
MAX_TEXTS_PER_BATCH = 10_000
DEFAULT_SETTINGS = ScorerSettings()
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
    scorers: ScorerSettings = DEFAULT_SETTINGS,
    lake: LakeLocation | None = None,
) -> StreamingQuery:
    """Start the query from its checkpoint, or from the first text in Kafka.

    At least once: a restart repeats the messages of the last batch, with the same ids, and gold stores the first of
    each. Aliases and published models are those of ``lake``; without a lake the initial ones.
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


def to_sentiments(news: DataFrame, scorers: ScorerSettings, lake: LakeLocation | None = None) -> DataFrame:
    """Return keys and values of analyzed-sentiment, with their labels and aliases, from records of raw-news.

    A record at which the analysis failed is a row of nulls.
    """
    return news.select("key", "value", "timestamp", "partition", "offset").mapInArrow(
        partial(score_batches, scorers=scorers, lake=lake and replace(lake)), _RESULTS
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What the lake says about texts: names of assets, and which models score."""

    scorers: ScorerSettings
    aliases: AliasHistory
    models: ModelHistory

    def scorers_of(self, text: Text) -> tuple[Scorer, ...]:
        """Return the scorers of a text's results."""
        return published_scorers(
            self.scorers, self.models, time_us=text.broker_time_us, language=text.language
        )


def score_batches(
    batches: Iterable[pa.RecordBatch], scorers: ScorerSettings, lake: LakeLocation | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the results of each batch of records, in a worker, which builds its scorers once.

    Aliases and models are read after the batch was planned, so that those of every record are there. A record at which
    reading or scoring fails is logged, and a row of nulls; the others have the results that they have without it.
    """
    catalogue = read_catalogue(scorers, lake)
    for batch in batches:
        times_us = batch["timestamp"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
        records = list(zip(batch["key"].to_pylist(), batch["value"].to_pylist(), times_us, strict=True))
        sources = list(zip(batch["partition"].to_pylist(), batch["offset"].to_pylist(), strict=True))
        results = _score(records, sources, catalogue)
        yield pa.RecordBatch.from_pydict(
            {name: [result and getattr(result, name) for result in results] for name in _RESULT_SCHEMA.names},
            schema=_RESULT_SCHEMA,
        )


def _score(
    records: list[Record], sources: list[tuple[int, int]], catalogue: Catalogue
) -> list[Result | None]:
    """Return the results of records, None for one at which the analysis fails; each alone where all together fail."""
    try:
        return [*score_texts(read_texts(records, catalogue.aliases), catalogue)]
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
    alone = (_score([record], [source], catalogue) for record, source in zip(records, sources, strict=True))
    return [result for results in alone for result in results]


def score_texts(texts: Iterable[Text], catalogue: Catalogue) -> Iterator[Result]:
    """Yield the results of texts in their order; neighbours with the same scorers are scored together."""
    analyzed_time_us = time.time_ns() // 1_000
    for scorers, neighbours in groupby(texts, key=catalogue.scorers_of):
        yield from to_results(list(neighbours), scorers, analyzed_time_us=analyzed_time_us)


_readers: dict[str, tuple[AliasReader, ModelReader]] = {}


def read_catalogue(scorers: ScorerSettings, lake: LakeLocation | None) -> Catalogue:
    """Return what the lake has now; a worker reads each document once."""
    if lake is None:
        return Catalogue(scorers=scorers, aliases=SEED_ALONE, models=NO_MODELS)
    if lake.uri not in _readers:
        _readers[lake.uri] = AliasReader(lake), ModelReader(lake)
    aliases, models = _readers[lake.uri]
    return Catalogue(scorers=scorers, aliases=aliases.refresh(), models=models.refresh())
