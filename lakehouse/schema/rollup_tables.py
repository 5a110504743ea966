"""Tables of rollups: partial sums of gold rows per minute and per hour, which add up again."""

from lakehouse.schema.spec import Column, TableSpec

_SYMBOL = Column("symbol", "string", "lower-case ticker, e.g. btc")
_BUCKET_TIME = Column("bucket_time", "timestamp", "UTC instant at which the minute or hour begins")
_N_ROWS = Column("n_rows", "long", "rows of gold in this partial sum")
_ORIGINS = Column("origins", "integer", "origins of the rows as bits: 1 collected, 2 generated, 4 replay")
_EVENT_DATE = Column("event_date", "date", "UTC day of bucket_time; partition column")
_MONTH_DATE = Column("month_date", "date", "first day of bucket_time's UTC month; partition column")

_SENTIMENT_SUMS = (
    _N_ROWS,
    Column("score_sum", "decimal(38,17)", "exact sum of the scores as decimals of 17 places"),
    Column("score_min", "double", "lowest score"),
    Column("score_max", "double", "highest score"),
    Column("n_positive", "long", "rows labelled positive"),
    Column("n_negative", "long", "rows labelled negative"),
    _ORIGINS,
)
_PRICE_SUMS = (
    _N_ROWS,
    Column("open", "double", "first price by event_time, topic, partition and offset, in quote"),
    Column("open_time", "timestamp", "event_time of the first price"),
    Column("open_topic_id", "string", "topic id of the first price"),
    Column("open_partition", "integer", "partition of the first price"),
    Column("open_offset", "long", "offset of the first price"),
    Column("high", "double", "highest price, in quote"),
    Column("low", "double", "lowest price, in quote"),
    Column("close", "double", "last price in the order of open, in quote"),
    Column("close_time", "timestamp", "event_time of the last price"),
    Column("close_topic_id", "string", "topic id of the last price"),
    Column("close_partition", "integer", "partition of the last price"),
    Column("close_offset", "long", "offset of the last price"),
    Column("volume_sum", "double", "traded amount in base units; null where no row has one"),
    _ORIGINS,
)
_MARKET = (
    Column("venue", "string", "exchange, lower case"),
    Column("quote", "string", "quote currency, lower case, e.g. usd"),
)


def _rollup(name: str, grain: str, columns: tuple[Column, ...], date: Column) -> TableSpec:
    return TableSpec(
        name=name,
        grain=f"one partial sum of {grain}; equal keys add up",
        columns=(_SYMBOL, *columns, date),
        partition_by=(date.name,),
        sort_by=("symbol", "bucket_time"),
        stats_on=("symbol", "bucket_time"),
    )


_SENTIMENT = (_BUCKET_TIME, *_SENTIMENT_SUMS)
_PRICE = (*_MARKET, _BUCKET_TIME, *_PRICE_SUMS)
GOLD_SENTIMENT_1M = _rollup(
    "gold_sentiment_1m", "scored texts about one symbol in one minute", _SENTIMENT, _EVENT_DATE
)
GOLD_SENTIMENT_1H = _rollup(
    "gold_sentiment_1h", "scored texts about one symbol in one hour", _SENTIMENT, _MONTH_DATE
)
GOLD_PRICE_1M = _rollup("gold_price_1m", "one market's prices in one minute", _PRICE, _EVENT_DATE)
GOLD_PRICE_1H = _rollup("gold_price_1h", "one market's prices in one hour", _PRICE, _MONTH_DATE)
ROLLUP_TABLES = (GOLD_SENTIMENT_1M, GOLD_SENTIMENT_1H, GOLD_PRICE_1M, GOLD_PRICE_1H)
