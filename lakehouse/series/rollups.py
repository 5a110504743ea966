"""What a rollup adds up, and the statements that fold gold rows in, merge partial sums and answer from both.

A partial sum is the aggregate of some rows of one bucket. Partial sums of disjoint rows merge into that of all of
them, so it does not matter in which refreshes, or after which compactions, a bucket's rows came together.
"""

from dataclasses import dataclass
from functools import cache

from lakehouse.engine.position_sql import is_before, is_beyond, join_position
from lakehouse.schema.rollup_tables import GOLD_PRICE_1H, GOLD_PRICE_1M, GOLD_SENTIMENT_1H, GOLD_SENTIMENT_1M
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import GOLD_PRICE, GOLD_SENTIMENT
from lakehouse.series.definitions import IN_MARKET, ORIGINS
from lakehouse.time_range import HOUR_US, MINUTE_US


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """One kind of partial sum, in four steps: of ``rows``; ``stored`` as columns; ``loaded`` again; ``merged``.

    ``key`` is what is summed apart beside the bucket, ``counted`` says which rows of gold count at all, ``chosen``
    which of a symbol's an answer is about; ``shown`` makes the point of a bucket.
    """

    key: str
    counted: str
    chosen: str
    rows: str
    stored: str
    loaded: str
    merged: str
    shown: str


_SENTIMENT_COLUMNS = "n_rows, score_sum, score_min, score_max, n_positive, n_negative, origins"
_SENTIMENT = _Sums(
    key="symbol",
    counted="score IS NOT NULL",
    chosen="TRUE",
    rows=f"""count(*) AS n_rows, sum(score::DECIMAL(18, 17)) AS score_sum, min(score) AS score_min,
        max(score) AS score_max, count(*) FILTER (label = 'positive') AS n_positive,
        count(*) FILTER (label = 'negative') AS n_negative, {ORIGINS}""",
    stored=_SENTIMENT_COLUMNS,
    loaded=_SENTIMENT_COLUMNS,
    merged="""sum(n_rows)::BIGINT AS n_rows, sum(score_sum) AS score_sum, min(score_min) AS score_min,
        max(score_max) AS score_max, sum(n_positive)::BIGINT AS n_positive,
        sum(n_negative)::BIGINT AS n_negative, bit_or(origins) AS origins""",
    shown="""n_rows, greatest(score_min, least(score_max, score_sum::DOUBLE / n_rows)), score_min, score_max,
        n_positive, n_negative, origins""",
)
# The least and the greatest tick, in the total order of rows, have the first and the last price.
_TICK = """{'time': event_time, 'topic_id': topic_id, 'partition': kafka_partition,
        'offset': kafka_offset, 'price': price}"""
_STORED_TICK = """{0}_tick.price AS {0}, {0}_tick.time AS {0}_time, {0}_tick.topic_id AS {0}_topic_id,
        {0}_tick.partition AS {0}_partition, {0}_tick.offset AS {0}_offset"""
_LOADED_TICK = """{{'time': {0}_time, 'topic_id': {0}_topic_id, 'partition': {0}_partition,
        'offset': {0}_offset, 'price': {0}}} AS {0}_tick"""
_PRICE = _Sums(
    key="symbol, venue, quote",
    counted="TRUE",
    chosen=IN_MARKET,
    rows=f"""count(*) AS n_rows, min({_TICK}) AS open_tick, max({_TICK}) AS close_tick, max(price) AS high,
        min(price) AS low, fsum(base_volume) AS volume_sum, {ORIGINS}""",
    stored=f"""n_rows, {_STORED_TICK.format("open")}, {_STORED_TICK.format("close")}, high, low, volume_sum,
        origins""",
    loaded=f"""n_rows, {_LOADED_TICK.format("open")}, {_LOADED_TICK.format("close")}, high, low, volume_sum,
        origins""",
    merged="""sum(n_rows)::BIGINT AS n_rows, min(open_tick) AS open_tick, max(close_tick) AS close_tick,
        max(high) AS high, min(low) AS low, fsum(volume_sum) AS volume_sum, bit_or(origins) AS origins""",
    shown="open_tick.price, high, low, close_tick.price, volume_sum, n_rows, origins",
)

_BUCKET_DATES = (
    """, bucket_time::DATE AS event_date, date_trunc('month', bucket_time::DATE)::DATE AS month_date"""
)
_FOLD = f"""
SELECT *{_BUCKET_DATES} FROM (
    SELECT {{key}}, make_timestamp(bucket)::TIMESTAMPTZ AS bucket_time, {{stored}}
    FROM (
        SELECT {{key}}, epoch_us(event_time) // $width * $width AS bucket, {{sums}}
        FROM {{{{rows}}}} {join_position("from")} {join_position("to")}
        WHERE {is_beyond("from")} AND {is_before("to")} AND {{counted}}
        GROUP BY ALL
    )
)
"""
_MERGE = f"""
SELECT *{_BUCKET_DATES} FROM (
    SELECT {{key}}, bucket_time, {{stored}}
    FROM (
        SELECT {{key}}, bucket_time, {{merged}}
        FROM (SELECT {{key}}, bucket_time, {{loaded}} FROM {{{{rows}}}})
        GROUP BY ALL
    )
)
"""
_ANSWER = """
SELECT bucket, {shown}
FROM (SELECT bucket, {merged} FROM ({sums}) GROUP BY bucket)
ORDER BY bucket DESC LIMIT $limit
"""
_FROM_PARTIAL_SUMS = """
SELECT epoch_us(bucket_time) // $width * $width AS bucket, {loaded}
FROM read_parquet($partial_files, union_by_name = true)
WHERE symbol = $symbol AND bucket_time >= $covered_start AND bucket_time < $covered_end AND {chosen}
"""
# Rows that no partial sum above holds: beyond the rollup's position, or in a minute or hour that the range cuts.
_FROM_ROWS = f"""
SELECT epoch_us(event_time) // $width * $width AS bucket, {{sums}}
FROM {{{{rows}}}} {join_position("folded")}
WHERE symbol = $symbol AND event_time >= $start AND event_time < $end AND {{chosen}} AND {{counted}}
    AND ({is_beyond("folded")} OR event_time < $covered_start OR event_time >= $covered_end)
GROUP BY bucket
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rollup:
    """One rollup: its table, the gold table whose rows it adds up, and the width of its buckets."""

    table: TableSpec
    gold: TableSpec
    width_us: int
    sums: _Sums

    @property
    def fold_statement(self) -> str:
        """Partial sums of the rows whose offsets are in the bound ranges."""
        sums = self.sums
        return _FOLD.format(key=sums.key, stored=sums.stored, sums=sums.rows, counted=sums.counted)

    @property
    def merge_statement(self) -> str:
        """One partial sum for each key of many."""
        sums = self.sums
        return _MERGE.format(key=sums.key, stored=sums.stored, merged=sums.merged, loaded=sums.loaded)


@cache
def answer_statement(rollup: Rollup, *, has_partial: bool, has_rows: bool) -> str:
    """Buckets of any multiple of the rollup's width, newest first, as the series' bucket statement gives them.

    From the partial sums of $partial_files within the covered part of the range, and from the rows of gold that
    the rollup does not hold. Either may have no file; what it would bind is not bound then.
    """
    sums = rollup.sums
    partial = _FROM_PARTIAL_SUMS.format(loaded=sums.loaded, chosen=sums.chosen)
    rows = _FROM_ROWS.format(sums=sums.rows, chosen=sums.chosen, counted=sums.counted)
    parts = [part for part, wanted in ((partial, has_partial), (rows, has_rows)) if wanted]
    return _ANSWER.format(shown=sums.shown, merged=sums.merged, sums="UNION ALL BY NAME".join(parts))


ROLLUPS = (
    Rollup(table=GOLD_SENTIMENT_1M, gold=GOLD_SENTIMENT, width_us=MINUTE_US, sums=_SENTIMENT),
    Rollup(table=GOLD_SENTIMENT_1H, gold=GOLD_SENTIMENT, width_us=HOUR_US, sums=_SENTIMENT),
    Rollup(table=GOLD_PRICE_1M, gold=GOLD_PRICE, width_us=MINUTE_US, sums=_PRICE),
    Rollup(table=GOLD_PRICE_1H, gold=GOLD_PRICE, width_us=HOUR_US, sums=_PRICE),
)


def rollup_for(gold: TableSpec, width_us: int) -> Rollup | None:
    """The coarsest rollup of a gold table whose buckets make up those of a width; None where there is none."""
    fitting = [rollup for rollup in ROLLUPS if rollup.gold is gold and width_us % rollup.width_us == 0]
    return max(fitting, key=lambda rollup: rollup.width_us, default=None)
