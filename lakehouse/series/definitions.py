"""The three series of a symbol: what a point has, and the statement that reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT

MADE_AT = "made_at"
TARGET_TIME = "target_time"
AXES = (MADE_AT, TARGET_TIME)
ORIGIN_BITS: Mapping[str, int] = {"collected": 1, "generated": 2, "replay": 4}

# Rows come newest first in a total order, so that equal times paginate right.
_RAW = """
SELECT {columns}, topic_id, kafka_partition, kafka_offset
FROM {{rows}}
WHERE symbol = $symbol AND {time} >= $start AND {time} < $end AND {also}
ORDER BY {time} DESC, topic_id DESC, kafka_partition DESC, kafka_offset DESC
LIMIT $limit
"""
# Where the newest $limit rows of a range may be cut into slices: (instant, rows at or after it), and what all have.
_BOUNDS = """
WITH found AS (
    SELECT epoch_us({time}) AS us, hash(topic_id, kafka_partition, kafka_offset) AS key
    FROM {{rows}}
    WHERE symbol = $symbol AND {time} >= $start AND {time} < $end AND {also}
),
newest AS (SELECT us FROM found ORDER BY us DESC LIMIT $limit),
numbered AS (
    SELECT us, row_number() OVER (ORDER BY us DESC) AS n,
        count(*) OVER (ORDER BY us DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n_from
    FROM newest
),
whole AS (SELECT count(*) AS n_rows, coalesce(bit_xor(key), 0)::VARCHAR AS fingerprint FROM found)
SELECT us, n_from, n_rows, fingerprint FROM numbered CROSS JOIN whole
WHERE n % $slice = 0 OR n = least($limit, n_rows)
ORDER BY us DESC
"""
_RAW_BEFORE_KEY = """({time} < $key_time OR ({time} = $key_time
    AND (topic_id, kafka_partition, kafka_offset) < ($key_topic_id, $key_partition, $key_offset)))"""
ORIGINS = """bit_or(CASE origin WHEN 'collected' THEN 1 WHEN 'generated' THEN 2 ELSE 4 END) AS origins"""
_OFFSET_ORDER = "(event_time, topic_id, kafka_partition, kafka_offset)"
IN_MARKET = "venue = $venue AND quote = $quote"

# What nobody could score is in no bucket: it has no polarity, not a polarity of 0.
# A sum of decimals does not depend on the order of rows, which compaction changes; the clamp undoes rounding.
SENTIMENT_BUCKETS = f"""
SELECT epoch_us(event_time) // $width * $width AS bucket, count(*),
    greatest(min(score), least(max(score), sum(score::DECIMAL(18, 17))::DOUBLE / count(*))),
    min(score), max(score), count(*) FILTER (label = 'positive'), count(*) FILTER (label = 'negative'), {ORIGINS}
FROM {{rows}}
WHERE symbol = $symbol AND event_time >= $start AND event_time < $end AND score IS NOT NULL
GROUP BY bucket ORDER BY bucket DESC LIMIT $limit
"""
PRICE_BUCKETS = f"""
SELECT epoch_us(event_time) // $width * $width AS bucket,
    arg_min(price, {_OFFSET_ORDER}), max(price), min(price),
    arg_max(price, {_OFFSET_ORDER}), fsum(base_volume), count(*), {ORIGINS}
FROM {{rows}}
WHERE symbol = $symbol AND event_time >= $start AND event_time < $end AND {IN_MARKET}
GROUP BY bucket ORDER BY bucket DESC LIMIT $limit
"""
# The last price at or before each target, at most two minutes old. Joining on the minute keeps the build side as
# small as the page, however long the range is.
REALISED_PRICES = f"""
WITH targets AS (SELECT DISTINCT unnest($targets::BIGINT[]) AS target),
minutes AS (SELECT target, target // 60000000 - back AS minute FROM targets CROSS JOIN range(3) AS ago(back)),
prices AS (
    SELECT epoch_us(event_time) AS us, epoch_us(event_time) // 60000000 AS minute, price,
        {_OFFSET_ORDER} AS offset_order
    FROM {{rows}}
    WHERE symbol = $symbol AND event_time >= $start AND event_time < $end AND {IN_MARKET}
)
SELECT target, arg_max(price, offset_order)
FROM prices JOIN minutes USING (minute)
WHERE us <= target AND us >= target - $max_age
GROUP BY target
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: its table and its points. ``raw_columns`` start with the default time of the range."""

    name: str
    table: TableSpec
    raw_columns: tuple[str, ...]
    bucket_columns: tuple[str, ...] = ()
    bucket_statement: str | None = None
    also: str = "TRUE"

    @property
    def time_column(self) -> str:
        return self.raw_columns[0]

    @property
    def has_market(self) -> bool:
        return self.table is GOLD_PRICE

    def raw_statement(self, *, time_column: str, after_key: bool) -> str:
        """The statement for rows; every part of it is a constant of this module."""
        also = f"{self.also} AND {_RAW_BEFORE_KEY}" if after_key else self.also
        return _RAW.format(
            columns=", ".join(self._select(name) for name in self.raw_columns),
            time=time_column,
            also=also.format(time=time_column),
        )

    def bounds_statement(self, *, time_column: str, after_key: bool) -> str:
        """The statement that cuts the rows of `raw_statement` into slices."""
        also = f"{self.also} AND {_RAW_BEFORE_KEY}" if after_key else self.also
        return _BOUNDS.format(time=time_column, also=also.format(time=time_column))

    def _select(self, name: str) -> str:
        is_time = next(column.type for column in self.table.columns if column.name == name) == "timestamp"
        return f"epoch_us({name}) AS {name}_us" if is_time else name


SENTIMENT = Series(
    name="sentiment",
    table=GOLD_SENTIMENT,
    raw_columns=(
        "event_time",
        "score",
        "label",
        "model",
        "model_version",
        "source",
        "title",
        "url",
        "language",
        "terms",
        "message_id",
        "origin",
    ),
    bucket_columns=("event_time", "count", "mean", "min", "max", "positive", "negative", "origins"),
    bucket_statement=SENTIMENT_BUCKETS,
)
PREDICTION = Series(
    name="prediction",
    table=GOLD_PREDICTION,
    raw_columns=(
        "made_at",
        "target_time",
        "horizon",
        "model",
        "model_version",
        "base_price",
        "predicted_price",
        "lower",
        "upper",
        "nominal_coverage",
        "quote",
        "message_id",
        "origin",
    ),
    also="($model IS NULL OR model = $model) AND ($horizon IS NULL OR horizon = $horizon)",
)
PRICE = Series(
    name="prix",
    table=GOLD_PRICE,
    raw_columns=("event_time", "venue", "quote", "price", "base_volume", "message_id", "origin"),
    bucket_columns=("event_time", "open", "high", "low", "close", "volume", "count", "origins"),
    bucket_statement=PRICE_BUCKETS,
    also=IN_MARKET,
)
SERIES: Mapping[str, Series] = {series.name: series for series in (SENTIMENT, PREDICTION, PRICE)}
