"""Outcomes of forecasts: when an outcome is fixed, and which price it is.

A forecast is about one market: the primary one of when it was made. The price of a target is that market's last one
at or before it, at most two minutes old, among those that arrived before the market had a price GRACE_US past the
target. It is fixed from then on, so that it is the same whenever it is read. A market that falls silent fixes its
targets when the table has gone on without it for SILENCE_US. Where the market's quote is not the forecast's, or the
symbol is another asset at the target, there is no price to compare with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_PRICE, GOLD_SCORE
from lakehouse.scores.quantiles import score_distributions
from lakehouse.series.definitions import MAX_REALISED_AGE_US, PRICE_GRACE_US
from lakehouse.series.market_schedule import MarketPart, schedule_markets
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import HOUR_US, TimeRange

GRACE_US = PRICE_GRACE_US
"""Lateness that a price may have, on the clock of the market's own prices."""
SILENCE_US = HOUR_US
"""Progress of the price table after which a market without a price past the target counts as silent."""
REALISED, NO_PRICE = "realised", "no price"

# A price counts where nothing that arrived before it, in its partition, is GRACE_US or more past the target.
_PRICES = """
WITH targets AS (
    SELECT unnest($symbols) AS symbol, unnest($venues) AS venue, unnest($quotes) AS quote,
        unnest($targets::BIGINT[]) AS target_us
),
markets AS (SELECT DISTINCT symbol, venue, quote FROM targets),
minutes AS (
    SELECT *, target_us // 60000000 - back AS minute FROM targets CROSS JOIN range(3) AS ago(back)
),
arrived AS (
    SELECT symbol, venue, quote, price, epoch_us(event_time) AS us, epoch_us(event_time) // 60000000 AS minute,
        topic_id, kafka_partition, kafka_offset,
        max(epoch_us(event_time)) OVER (
            PARTITION BY symbol, venue, quote, topic_id, kafka_partition ORDER BY kafka_offset
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS newest_before_us
    FROM {rows} JOIN markets USING (symbol, venue, quote)
    WHERE event_time >= $start AND event_time < $end
),
last AS (
    SELECT symbol, venue, quote, target_us, max({'us': us, 'topic_id': topic_id, 'partition': kafka_partition,
        'offset': kafka_offset, 'price': price}) AS seen
    FROM arrived JOIN minutes USING (symbol, venue, quote, minute)
    WHERE us <= target_us AND us >= target_us - $max_age_us
        AND coalesce(newest_before_us < target_us + $grace_us, TRUE)
    GROUP BY ALL
)
SELECT symbol, venue AS market_venue, quote, target_us, seen.price AS realised_price,
    make_timestamp(seen.us)::TIMESTAMPTZ AS realised_time, venue,
    seen.topic_id AS price_topic_id, seen.partition AS price_partition, seen.offset AS price_offset
FROM last
"""
_KEY = ["symbol", "market_venue", "quote", "target_us"]
_OF_PRICE = (
    "realised_price",
    "realised_time",
    "venue",
    "price_topic_id",
    "price_partition",
    "price_offset",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceClock:
    """Progress of the prices of one version, on the clocks of events and of ingestion, never of the wall.

    ``parts`` are the primary markets of every symbol, each with the last target that its prices settle; a target and a
    forecast at or before ``silent_since_us`` are settled without them.
    """

    prices: TableSnapshot
    parts: Sequence[tuple[str, MarketPart, int]]
    silent_since_us: int

    def bind(self) -> dict[str, Any]:
        """Return the parameters of the relation that forecasts are joined with."""
        parts = self.parts
        return {
            "part_symbols": [symbol for symbol, _, _ in parts],
            "part_starts_us": [part.start_us for _, part, _ in parts],
            "part_venues": [part.market.venue for _, part, _ in parts],
            "part_quotes": [part.market.quote for _, part, _ in parts],
            "part_asset_ends_us": [part.asset.end_us for _, part, _ in parts],
            "part_settled_us": [settled_until_us for _, _, settled_until_us in parts],
            "silent_since_us": self.silent_since_us,
        }


def read_price_clock(lake: Lake, prices: TableSnapshot) -> PriceClock:
    """Return the clock of a version of gold_price, or of a newer one of the same build."""
    assets = lake.symbols.of(prices)
    parts = []
    for symbol in sorted(assets.symbols()):
        schedule = schedule_markets(assets.activity(symbol), lake.market_rules.of(symbol))
        for part in schedule.parts:
            stats = assets.seen(symbol, part.market)
            if stats is not None:
                parts.append((symbol, part, stats.last_us - GRACE_US))
    all_stats = assets.seen()
    newest_us = all_stats.ingest_us or 0 if all_stats is not None else 0
    return PriceClock(prices=assets.snapshot, parts=parts, silent_since_us=newest_us - SILENCE_US)


def to_scores(lake: Lake, clock: PriceClock, due: pa.Table | None) -> pa.Table:
    """Return the rows of gold_score of settled forecasts."""
    schema = GOLD_SCORE.to_arrow_schema()
    if due is None or not due.num_rows:
        return schema.empty_table()
    realised = _read_prices(lake, clock, due)
    if realised is None:
        nothing = {name: pa.nulls(due.num_rows, schema.field(name).type) for name in _OF_PRICE}
        scores = due
        for name, column in nothing.items():
            scores = scores.append_column(name, column)
    else:
        scores = _with_prices(due, realised)
    known = pc.is_valid(scores["realised_price"])
    scores = scores.append_column("outcome", pc.if_else(known, REALISED, NO_PRICE))
    errors = pc.subtract(scores["predicted_price"], pc.cast(scores["realised_price"], pa.float64()))
    crps, pits = score_distributions(scores["quantiles"], scores["base_price"], scores["realised_price"])
    for name, column in (("error", errors), ("crps", crps), ("pit", pits)):
        scores = scores.append_column(name, column)
    return scores.select(schema.names).cast(schema)


def _with_prices(due: pa.Table, realised: pa.Table) -> pa.Table:
    """Return the forecasts with their prices, null without. Arrow joins no nested columns: rows have numbers."""
    numbers = pa.array(range(due.num_rows), pa.int64())
    priced = due.select(_KEY).append_column("row", numbers).join(realised, keys=_KEY, join_type="left outer")
    priced = priced.sort_by("row")
    for name in _OF_PRICE:
        due = due.append_column(name, priced[name])
    return due


def _read_prices(lake: Lake, clock: PriceClock, due: pa.Table) -> pa.Table | None:
    targets = due.filter(pc.is_valid(due["market_venue"])).select(_KEY).group_by(_KEY).aggregate([])
    if not targets.num_rows:
        return None
    span = pc.min_max(targets["target_us"]).as_py()
    time_range = TimeRange(span["min"] - MAX_REALISED_AGE_US, span["max"] + GRACE_US + SILENCE_US)
    paths = clock.prices.files.select(time_column="event_time", time_range=time_range).paths
    if not paths:
        return None
    return lake.session.fetch_arrow(
        _PRICES,
        paths,
        spec=GOLD_PRICE,
        symbols=targets["symbol"].to_pylist(),
        venues=targets["market_venue"].to_pylist(),
        quotes=targets["quote"].to_pylist(),
        targets=targets["target_us"].to_pylist(),
        start=time_range.start_time,
        end=time_range.end_time,
        max_age_us=MAX_REALISED_AGE_US,
        grace_us=GRACE_US,
    )
