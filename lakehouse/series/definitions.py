"""The three series of a symbol: the columns of a point, and the statements that read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from lakehouse.schema.spec import TableSpec
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT
from lakehouse.series.aggregates import PRICE_FIGURES, SENTIMENT_FIGURES, Figures, equal_to_bound
from lakehouse.series.grid import bucket_sql
from lakehouse.time_range import MINUTE_US

MADE_AT = "made_at"
TARGET_TIME = "target_time"
AXES = (MADE_AT, TARGET_TIME)
MAX_REALISED_AGE_US = 2 * MINUTE_US
"""The price that a forecast came to is the last at or before its target, and at most so old."""
PRICE_GRACE_US = 5 * MINUTE_US
"""Lateness that a price may have. Exchanges are asked every 10 s; a page, a retry or a restart takes longer."""
TEXT_GRACE_US = 10 * MINUTE_US
"""Lateness that a text may have. Feeds are asked every 5 min; whatever a feed lists later still comes later."""

_OFFSET_ORDER = "(event_time, topic_id, kafka_partition, kafka_offset)"
# Rows come newest first in a total order, so that equal times paginate right.
_RAW = """
SELECT {columns}, topic_id, kafka_partition, kafka_offset
FROM {{rows}}
WHERE symbol = $symbol AND {time} >= $start AND {time} < $end AND {chosen}
ORDER BY {time} DESC, topic_id DESC, kafka_partition DESC, kafka_offset DESC
LIMIT $limit
"""
# Instants at which the newest $limit rows of a range may be cut into slices: (instant, rows at or after it), then the
# number and the fingerprint of all rows of the range.
_BOUNDS = """
WITH matching AS (
    SELECT epoch_us({time}) AS us, hash(topic_id, kafka_partition, kafka_offset) AS key
    FROM {{rows}}
    WHERE symbol = $symbol AND {time} >= $start AND {time} < $end AND {chosen}
),
newest AS (SELECT us FROM matching ORDER BY us DESC LIMIT $limit),
numbered AS (
    SELECT us, row_number() OVER (ORDER BY us DESC) AS n,
        count(*) OVER (ORDER BY us DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n_from
    FROM newest
),
whole AS (SELECT count(*) AS n_rows, coalesce(bit_xor(key), 0)::VARCHAR AS fingerprint FROM matching)
SELECT us, n_from, n_rows, fingerprint FROM numbered CROSS JOIN whole
WHERE n % $slice = 0 OR n = least($limit, n_rows)
ORDER BY us DESC
"""
_BEFORE_KEY = """({time} < $key_time OR ({time} = $key_time
    AND (topic_id, kafka_partition, kafka_offset) < ($key_topic_id, $key_partition, $key_offset)))"""
_BUCKETS = """
SELECT bucket, {shown} FROM (
    SELECT {bucket} AS bucket, {sums}
    FROM {{rows}} {edges}
    WHERE symbol = $symbol AND event_time >= $start AND event_time < $end AND {chosen} AND {counted}
    GROUP BY bucket
)
ORDER BY bucket DESC LIMIT $limit
"""
# Joining on the minute keeps the build side as small as the page, however long the range is.
REALISED_PRICES = f"""
WITH targets AS (SELECT DISTINCT unnest($targets::BIGINT[]) AS target),
minutes AS (
    SELECT target, target // {MINUTE_US} - back AS minute
    FROM targets CROSS JOIN range({MAX_REALISED_AGE_US // MINUTE_US + 1}) AS ago(back)
),
prices AS (
    SELECT epoch_us(event_time) AS us, epoch_us(event_time) // {MINUTE_US} AS minute, price,
        {_OFFSET_ORDER} AS offset_order
    FROM {{rows}}
    WHERE symbol = $symbol AND event_time >= $start AND event_time < $end AND {PRICE_FIGURES.is_chosen}
)
SELECT target, arg_max(price, offset_order)
FROM prices JOIN minutes USING (minute)
WHERE us <= target AND us >= target - {MAX_REALISED_AGE_US}
GROUP BY target
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: its table and its points.

    ``raw_columns`` start with the default time of the range; ``curve`` is the raw column that a chart draws, and
    ``bucket_curve`` that of a bucket. Rows of a bucket come until ``grace_us`` after its end, as a rule.
    """

    name: str
    table: TableSpec
    raw_columns: tuple[str, ...]
    curve: str
    figures: Figures | None = None
    bucket_columns: tuple[str, ...] = ()
    bucket_curve: str = ""
    grace_us: int = 0

    @property
    def time_column(self) -> str:
        return self.raw_columns[0]

    @property
    def has_market(self) -> bool:
        return self.table is GOLD_PRICE

    @property
    def has_buckets(self) -> bool:
        return self.figures is not None

    def bucket_statement(self, *, is_fixed: bool) -> str:
        """Return the statement for buckets, newest first; see `bucket_sql`. Raises ValueError where it has none."""
        if self.figures is None:
            raise ValueError(f"{self.name} has no buckets")
        return _bucket_statement(self.figures, is_fixed=is_fixed)

    def raw_statement(
        self, columns: Iterable[str], *, time_column: str, equal: Iterable[str], after_key: bool
    ) -> str:
        """Return the statement for rows, newest first; its parts are names of columns.

        Columns that are ``equal`` to a bound value narrow it, and so does the key of a cursor.
        """
        return _RAW.format(
            columns=", ".join(self._select(name) for name in columns),
            time=time_column,
            chosen=_chosen(equal, time_column=time_column, after_key=after_key),
        )

    def bounds_statement(self, *, time_column: str, equal: Iterable[str], after_key: bool) -> str:
        """Return the statement that cuts the rows of `raw_statement` into slices."""
        chosen = _chosen(equal, time_column=time_column, after_key=after_key)
        return _BOUNDS.format(time=time_column, chosen=chosen)

    def _select(self, name: str) -> str:
        is_time = next(column.type for column in self.table.columns if column.name == name) == "timestamp"
        return f"epoch_us({name}) AS {name}_us" if is_time else name


@cache
def _bucket_statement(figures: Figures, *, is_fixed: bool) -> str:
    bucket, edges = bucket_sql("event_time", is_fixed=is_fixed)
    return _BUCKETS.format(
        bucket=bucket,
        edges=edges,
        shown=figures.shown,
        sums=figures.rows,
        chosen=figures.is_chosen,
        counted=figures.is_counted,
    )


def _chosen(equal: Iterable[str], *, time_column: str, after_key: bool) -> str:
    chosen = equal_to_bound(equal)
    return f"{chosen} AND {_BEFORE_KEY.format(time=time_column)}" if after_key else chosen


_SENTIMENT_COLUMNS = (
    "event_time", "score", "label", "p_negative", "p_neutral", "p_positive", "model", "model_version", "source",
    "title", "url", "language", "terms", "message_id", "origin",
)  # fmt: skip
_PREDICTION_COLUMNS = (
    "made_at", "target_time", "horizon", "model", "model_version", "base_price", "predicted_price",
    "lower", "upper", "nominal_coverage", "quote", "sigma", "p_up", "p_up_base_rate", "quantiles", "moves",
    "message_id", "origin",
)  # fmt: skip
SENTIMENT = Series(
    name="sentiment",
    table=GOLD_SENTIMENT,
    raw_columns=_SENTIMENT_COLUMNS,
    curve="score",
    figures=SENTIMENT_FIGURES,
    bucket_columns=("event_time", *SENTIMENT_FIGURES.names),
    bucket_curve="mean",
    grace_us=TEXT_GRACE_US,
)
STORY = replace(
    SENTIMENT,
    table=GOLD_STORY,
    raw_columns=("event_time", "message_id", "story_id", "story_time", "source", "score", "label", "origin"),
)
"""Sentiment with each story counted once. Its rows say which story a text tells."""
PREDICTION = Series(
    name="prediction",
    table=GOLD_PREDICTION,
    raw_columns=_PREDICTION_COLUMNS,
    curve="predicted_price",
)
PRICE = Series(
    name="price",
    table=GOLD_PRICE,
    raw_columns=("event_time", "venue", "quote", "price", "base_volume", "message_id", "origin"),
    curve="price",
    figures=PRICE_FIGURES,
    bucket_columns=("event_time", *PRICE_FIGURES.names),
    bucket_curve="close",
    grace_us=PRICE_GRACE_US,
)
SERIES: Mapping[str, Series] = {series.name: series for series in (SENTIMENT, PREDICTION, PRICE)}
