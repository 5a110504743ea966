"""Every table of the lake, defined once."""

from collections.abc import Mapping
from dataclasses import replace

from lakehouse.schema.rollup_tables import ROLLUP_TABLES
from lakehouse.schema.spec import HEADER_LIST, MOVES, QUANTILES, STRING_LIST, Column, TableSpec
from lakehouse.schema.story_table import GOLD_STORY

_SOURCE_COLUMNS = (
    Column("message_id", "string", "key:event time in epoch microseconds:natural key; unique in the table"),
    Column("origin", "string", "collected, generated or replay: where the numbers come from"),
    Column("extra", "string", "fields of the message that the contract does not name, as JSON; null if none"),
    Column("topic_id", "string", "id of the Kafka topic; a recreated topic has another"),
    Column("kafka_partition", "integer", "partition of the topic"),
    Column("kafka_offset", "long", "offset in the partition"),
    Column("broker_time", "timestamp", "UTC instant at which the broker appended the message"),
    Column("ingest_time", "timestamp", "UTC instant at which the batch that wrote the row began"),
    Column(
        "replay_of",
        "string",
        "topic id/partition/offset of the record that the message is a replay of; null where it is none",
    ),
)
_POSITION_STATS = ("kafka_partition", "kafka_offset")
_FORECAST_COLUMNS = (
    Column("horizon", "string", "target_time - made_at, e.g. 5m, 1h, 24h"),
    Column("model", "string", "model that made the forecast"),
    Column("model_version", "string", "version of that model"),
    Column("base_price", "double", "price at made_at, in quote: what a random walk says of target_time"),
    Column("predicted_price", "double", "point forecast, in quote"),
    Column("lower", "double", "lower end of the interval, in quote; null where none was given"),
    Column("upper", "double", "upper end of the interval, in quote; null where none was given"),
    Column("nominal_coverage", "double", "share of outcomes that the interval is meant to cover, in (0, 1)"),
    Column("quote", "string", "currency of every price in the row, e.g. usd"),
    Column(
        "sigma",
        "double",
        "deviation of the log return until target_time, in (0, inf); null where none was given",
    ),
    Column(
        "p_up",
        "double",
        "probability that the price, if it moves, is above base_price: 0.5 without proven skill",
    ),
    Column(
        "p_up_base_rate", "double", "share of rises among the past moves of this symbol over this horizon"
    ),
    Column(
        "moves", MOVES, "probabilities that the price moves by more than a threshold (0.01: 1 %), up or down"
    ),
)


_PROBABILITY_COLUMNS = tuple(
    Column(
        f"p_{label}",
        "double",
        f"probability that a person labels the text {label}; null of a model that gives none",
    )
    for label in ("negative", "neutral", "positive")
)


def _by_event_date(
    *, name: str, grain: str, key: str, time: str, columns: tuple[Column, ...], stats: tuple[str, ...] = ()
) -> TableSpec:
    """Return a table of daily partitions, sorted by a key and a time."""
    return TableSpec(
        name=name,
        grain=grain,
        columns=(*columns, Column("event_date", "date", f"UTC day of {time}; partition column")),
        partition_by=("event_date",),
        sort_by=(key, time),
        stats_on=(key, time, *stats, *_POSITION_STATS),
    )


GOLD_SENTIMENT = _by_event_date(
    name="gold_sentiment",
    grain="one analysed text about one symbol",
    key="symbol",
    time="event_time",
    columns=(
        Column("symbol", "string", "lower-case ticker, e.g. btc"),
        Column("event_time", "timestamp", "UTC instant at which the analysed text was published"),
        Column("score", "double", "polarity in [-1, 1]; null where the text could not be scored"),
        Column("label", "string", "positive, neutral, negative, unscored or unsure, as the model decided"),
        *_PROBABILITY_COLUMNS,
        Column("model", "string", "model that scored the text"),
        Column("model_version", "string", "version of that model"),
        Column("source", "string", "where the text was published"),
        Column("title", "string", "headline of the text"),
        Column("url", "string", "address of the text"),
        Column("language", "string", "language of the text, BCP 47"),
        Column("terms", STRING_LIST, "terms of the text that carried the score"),
        Column("collected_time", "timestamp", "UTC instant at which a collector fetched the text"),
        Column("analyzed_time", "timestamp", "UTC instant at which the model scored the text"),
        *_SOURCE_COLUMNS,
    ),
)

GOLD_PREDICTION = _by_event_date(
    name="gold_prediction",
    grain="one forecast of one symbol's price by one model for one horizon",
    key="symbol",
    time="made_at",
    stats=("target_time",),
    columns=(
        Column("symbol", "string", "lower-case ticker, e.g. eth"),
        Column("made_at", "timestamp", "UTC instant at which the forecast was made"),
        Column("target_time", "timestamp", "UTC instant that the forecast is about"),
        *_FORECAST_COLUMNS,
        Column("quantiles", QUANTILES, "levels in (0, 1), ascending, and the prices at them, in quote"),
        *_SOURCE_COLUMNS,
    ),
)

GOLD_PRICE = _by_event_date(
    name="gold_price",
    grain="one trade or ticker observation of one market",
    key="symbol",
    time="event_time",
    columns=(
        Column("symbol", "string", "base currency, lower case, e.g. btc"),
        Column("event_time", "timestamp", "UTC instant that the exchange gave"),
        Column("venue", "string", "exchange, lower case"),
        Column("quote", "string", "quote currency, lower case, e.g. usd"),
        Column("price", "double", "price of one base unit, in quote"),
        Column("base_volume", "double", "traded amount in base units; null for a ticker"),
        *_SOURCE_COLUMNS,
    ),
)

GOLD_NEWS = _by_event_date(
    name="gold_news",
    grain="one collected text",
    key="source",
    time="event_time",
    columns=(
        Column("source", "string", "short name of the feed that carried the text, e.g. coindesk"),
        Column("event_time", "timestamp", "UTC instant at which the text was published"),
        Column("dated_by", "string", "published, updated or first_seen: what event_time is"),
        Column("title", "string", "headline of the text, plain"),
        Column("summary", "string", "what the feed says beside the headline, plain; null where nothing"),
        Column("url", "string", "address of the text"),
        Column("language", "string", "language that the feed names, BCP 47; null where it names none"),
        Column("guid", "string", "identity that the feed gives the text; null where it gives none"),
        Column("collected_time", "timestamp", "UTC instant at which a collector fetched the text"),
        *_SOURCE_COLUMNS,
    ),
)

GOLD_SCORE = _by_event_date(
    name="gold_score",
    grain="one forecast beside the price that came of it",
    key="symbol",
    time="target_time",
    columns=(
        Column("symbol", "string", "lower-case ticker, e.g. eth"),
        Column("target_time", "timestamp", "UTC instant that the forecast is about"),
        Column("made_at", "timestamp", "UTC instant at which the forecast was made"),
        *_FORECAST_COLUMNS,
        Column(
            "outcome",
            "string",
            "realised, or no price: none of the forecast's own market counts for target_time",
        ),
        Column("realised_price", "double", "last price at or before target_time, in quote; null without one"),
        Column(
            "realised_time", "timestamp", "UTC instant of that price, at most two minutes before target_time"
        ),
        Column("error", "double", "predicted_price - realised_price, in quote; null without a price"),
        Column(
            "crps",
            "double",
            "continuous ranked probability score of the quantiles, of log returns in basis points; null without",
        ),
        Column("pit", "double", "level of the realised price among the quantiles; 0 below and 1 above all"),
        Column(
            "timeliness", "string", "live where the broker had the forecast before target_time, else replay"
        ),
        Column("venue", "string", "exchange of the realised price; null without one"),
        Column("message_id", "string", "message_id of the forecast; unique in the table"),
        Column("origin", "string", "origin of the forecast: collected, generated or replay"),
        Column("topic_id", "string", "id of the Kafka topic of the forecast"),
        Column("kafka_partition", "integer", "partition of the forecast"),
        Column("kafka_offset", "long", "offset of the forecast"),
        Column("broker_time", "timestamp", "UTC instant at which the broker appended the forecast"),
        Column("price_topic_id", "string", "id of the Kafka topic of the realised price"),
        Column("price_partition", "integer", "partition of the realised price"),
        Column("price_offset", "long", "offset of the realised price"),
    ),
)

_MESSAGE_COLUMNS = (
    Column("topic", "string", "Kafka topic"),
    Column("topic_id", "string", "id of the Kafka topic; a recreated topic has another"),
    Column("kafka_partition", "integer", "partition of the topic"),
    Column("kafka_offset", "long", "offset in the partition"),
    Column("broker_time", "timestamp", "UTC instant at which the broker appended the message"),
)
_BROKER_DATE = Column("broker_date", "date", "UTC day of broker_time; partition column")

BRONZE = TableSpec(
    name="bronze",
    grain="one Kafka message, byte for byte",
    columns=(
        *_MESSAGE_COLUMNS,
        Column("key", "binary", "key of the message, untouched"),
        Column("value", "binary", "value of the message, untouched"),
        Column("headers", HEADER_LIST, "headers of the message, untouched and in order"),
        Column("ingest_time", "timestamp", "UTC instant at which the batch that wrote the row began"),
        _BROKER_DATE,
    ),
    partition_by=("topic", "broker_date"),
    sort_by=("kafka_partition", "kafka_offset"),
    stats_on=("broker_time", *_POSITION_STATS),
    derived=False,
)

QUARANTINE = TableSpec(
    name="quarantine",
    grain="one Kafka message that could not become a gold row",
    columns=(
        *_MESSAGE_COLUMNS,
        Column(
            "rule", "string", "rule of the contract that failed; excluded: an operator took it out of gold"
        ),
        Column("field", "string", "field of the message that failed; null where the whole message did"),
        Column("reason", "string", "what was wrong and what is accepted, in words"),
        Column("key", "binary", "key of the message, untouched"),
        Column("value", "binary", "value of the message, untouched"),
        Column("headers", HEADER_LIST, "headers of the message, untouched and in order"),
        Column("ingest_time", "timestamp", "UTC instant at which the batch that wrote the row began"),
        _BROKER_DATE,
    ),
    partition_by=("broker_date",),
    sort_by=("topic", "kafka_partition", "kafka_offset"),
    stats_on=("topic", "broker_time", *_POSITION_STATS, "rule"),
)

DUPLICATES = TableSpec(
    name="duplicates",
    grain="one Kafka message whose message_id was in gold already",
    columns=(
        *_MESSAGE_COLUMNS,
        Column("message_id", "string", "the message_id that came again"),
        Column("stored_topic_id", "string", "topic id of the message that became the gold row"),
        Column("stored_partition", "integer", "partition of the message that became the gold row"),
        Column("stored_offset", "long", "offset of the message that became the gold row"),
        Column("ingest_time", "timestamp", "UTC instant at which the batch that wrote the row began"),
        _BROKER_DATE,
    ),
    partition_by=("broker_date",),
    sort_by=("topic", "kafka_partition", "kafka_offset"),
    stats_on=("topic", "broker_time", *_POSITION_STATS),
)

LOSSES = TableSpec(
    name="losses",
    grain="one range of offsets that an operator accepted as lost to one table",
    columns=(
        Column("table_name", "string", "table that will never see the range"),
        Column("topic", "string", "Kafka topic"),
        Column("topic_id", "string", "id of the topic that the range belonged to"),
        Column("kafka_partition", "integer", "partition of the topic"),
        Column("from_offset", "long", "first offset that is lost"),
        Column(
            "to_offset", "long", "one past the last lost offset; null where nobody can know (topic recreated)"
        ),
        Column("cause", "string", "expired or recreated"),
        Column("reason", "string", "the operator's own words"),
        Column("accepted_by", "string", "who accepted it"),
        Column("accepted_time", "timestamp", "UTC instant at which it was accepted"),
    ),
    derived=False,
)

CORRECTIONS = TableSpec(
    name="corrections",
    grain="one Kafka message that an operator took out of gold",
    columns=(
        Column("topic", "string", "Kafka topic"),
        Column("topic_id", "string", "id of the topic"),
        Column("kafka_partition", "integer", "partition of the topic"),
        Column("kafka_offset", "long", "offset in the partition"),
        Column("reason", "string", "the operator's own words"),
        Column("excluded_by", "string", "who excluded it"),
        Column("excluded_time", "timestamp", "UTC instant at which it was excluded"),
    ),
    derived=False,
)

SENTIMENT_SHADOW = replace(
    _by_event_date(
        name="sentiment_shadow",
        grain="one text about one symbol, scored by a model in the shadow and by what was published then",
        key="symbol",
        time="event_time",
        columns=(
            Column("symbol", "string", "lower-case ticker, e.g. btc"),
            Column("event_time", "timestamp", "UTC instant at which the text was published"),
            Column("text_id", "string", "message_id of the text in gold_news"),
            Column("title", "string", "headline of the text"),
            Column("language", "string", "language of the text, BCP 47"),
            Column("number", "integer", "number of the model in the shadow"),
            Column("model", "string", "name of its kind of model"),
            Column("model_version", "string", "version of that model"),
            Column("score", "double", "its polarity in [-1, 1]; null where it gives none"),
            Column("label", "string", "its label"),
            *_PROBABILITY_COLUMNS,
            Column("published_model", "string", "model whose result is published"),
            Column("published_version", "string", "version of that model"),
            Column("published_score", "double", "its polarity in [-1, 1]; null where it gives none"),
            Column("published_label", "string", "its label"),
            Column("topic_id", "string", "id of the Kafka topic of the text"),
            Column("kafka_partition", "integer", "partition of the text"),
            Column("kafka_offset", "long", "offset of the text"),
            Column("broker_time", "timestamp", "UTC instant at which the broker appended the text"),
        ),
    ),
    derived=False,
)

ASSET_TABLES = (GOLD_SENTIMENT, GOLD_PREDICTION, GOLD_PRICE)
"""The gold tables whose rows are about a symbol."""
GOLD_TABLES = (*ASSET_TABLES, GOLD_NEWS)
"""The tables that messages become rows of. Each is sorted by its messages' key, then by their event time."""
TABLES: Mapping[str, TableSpec] = {
    spec.name: spec
    for spec in (
        BRONZE,
        *GOLD_TABLES,
        GOLD_SCORE,
        GOLD_STORY,
        QUARANTINE,
        DUPLICATES,
        LOSSES,
        CORRECTIONS,
        SENTIMENT_SHADOW,
        *ROLLUP_TABLES,
    )
}
