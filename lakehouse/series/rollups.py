"""Rollups, and the statements that fold gold rows into them, merge their partial sums and answer from both."""

from dataclasses import dataclass
from functools import cache

from lakehouse.engine.position_sql import is_before, is_beyond, join_position
from lakehouse.schema.rollup_tables import GOLD_PRICE_1H, GOLD_PRICE_1M, GOLD_SENTIMENT_1H, GOLD_SENTIMENT_1M
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import GOLD_PRICE, GOLD_SENTIMENT
from lakehouse.series.aggregates import PRICE_FIGURES, SENTIMENT_FIGURES, Figures
from lakehouse.series.grid import bucket_sql
from lakehouse.time_range import HOUR_US, MINUTE_US

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
SELECT {bucket} AS bucket, {loaded}
FROM read_parquet($partial_files, union_by_name = true) {edges}
WHERE symbol = $symbol AND bucket_time >= $covered_start AND bucket_time < $covered_end AND {chosen}
"""
# Rows that no partial sum above holds: beyond the rollup's position, or in a minute or hour that the range cuts.
_FROM_ROWS = f"""
SELECT {{bucket}} AS bucket, {{sums}}
FROM {{{{rows}}}} {join_position("folded")} {{edges}}
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
    figures: Figures

    @property
    def fold_statement(self) -> str:
        """Partial sums of the rows whose offsets are in the bound ranges."""
        figures = self.figures
        return _FOLD.format(
            key=figures.key, stored=figures.stored, sums=figures.rows, counted=figures.is_counted
        )

    @property
    def merge_statement(self) -> str:
        """One partial sum for each key of many."""
        figures = self.figures
        return _MERGE.format(
            key=figures.key, stored=figures.stored, merged=figures.merged, loaded=figures.loaded
        )


@cache
def answer_statement(rollup: Rollup, *, has_partial: bool, has_rows: bool, is_fixed: bool) -> str:
    """Return the statement for buckets that the rollup's make up, newest first; see `bucket_sql`.

    Its rows are those of the series' bucket statement: from the partial sums of $partial_files within the covered part
    of the range, and from the rows of gold that the rollup does not hold. Either may have no file; what it would bind
    is not bound then.
    """
    figures = rollup.figures
    bucket, edges = bucket_sql("bucket_time", is_fixed=is_fixed)
    partial = _FROM_PARTIAL_SUMS.format(
        bucket=bucket, edges=edges, loaded=figures.loaded, chosen=figures.is_chosen
    )
    bucket, edges = bucket_sql("event_time", is_fixed=is_fixed)
    rows = _FROM_ROWS.format(
        bucket=bucket, edges=edges, sums=figures.rows, chosen=figures.is_chosen, counted=figures.is_counted
    )
    parts = [part for part, is_read in ((partial, has_partial), (rows, has_rows)) if is_read]
    return _ANSWER.format(shown=figures.shown, merged=figures.merged, sums="UNION ALL BY NAME".join(parts))


ROLLUPS = (
    Rollup(table=GOLD_SENTIMENT_1M, gold=GOLD_SENTIMENT, width_us=MINUTE_US, figures=SENTIMENT_FIGURES),
    Rollup(table=GOLD_SENTIMENT_1H, gold=GOLD_SENTIMENT, width_us=HOUR_US, figures=SENTIMENT_FIGURES),
    Rollup(table=GOLD_PRICE_1M, gold=GOLD_PRICE, width_us=MINUTE_US, figures=PRICE_FIGURES),
    Rollup(table=GOLD_PRICE_1H, gold=GOLD_PRICE, width_us=HOUR_US, figures=PRICE_FIGURES),
)
_COARSEST_FIRST = sorted(ROLLUPS, key=lambda rollup: -rollup.width_us)


def rollup_for(gold: TableSpec, unit_us: int) -> Rollup | None:
    """Return the coarsest rollup of a gold table whose buckets make up spans of a unit; None where there is none."""
    for rollup in _COARSEST_FIRST:
        if rollup.gold is gold and unit_us % rollup.width_us == 0:
            return rollup
    return None
