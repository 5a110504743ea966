"""The markets of an answer: which one is the primary one when, and how far its prices have come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakehouse.delta.position import Position
from lakehouse.history.cursor import CursorMarkets
from lakehouse.history.query import HistoryQuery
from lakehouse.schema.tables import GOLD_PRICE
from lakehouse.series.grid import bucket_at, ceiling
from lakehouse.series.market_schedule import NO_MARKETS, MarketPart, MarketSchedule, schedule_markets
from lakehouse.series.markets import Asset, Market
from lakehouse.time_range import HOUR_US, TimeRange

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.snapshots.pinned import Snapshot, TableSnapshot

MAX_PARTS_IN_CURSOR = 100
"""A cursor is part of a URL. Older parts than these are found anew; a range with so many changes is rare."""


@dataclass(frozen=True, slots=True)
class PinnedMarkets:
    """The schedule of a symbol at the versions of an answer, and the last price of each market, at most now."""

    schedule: MarketSchedule = NO_MARKETS
    seen_until_us: Mapping[Market, int] = field(default_factory=dict)

    def parts(self, query: HistoryQuery, time_range: TimeRange) -> list[MarketPart]:
        """Return the parts of a range in ascending time: of rows by the hour, of buckets by the bucket."""
        if query.is_raw:
            return self.schedule.within(time_range)
        return self.schedule.of_buckets(time_range, bucket_at(query.grid))

    def to_cursor(self, query: HistoryQuery) -> CursorMarkets:
        """Return what a cursor holds: the parts that the points of a question may be of."""
        parts = self.schedule.within(_whole_range(query))
        kept = parts[-MAX_PARTS_IN_CURSOR:]
        markets = list(dict.fromkeys(part.market for part in kept))
        assets = list(dict.fromkeys(part.asset for part in kept))
        return CursorMarkets(
            markets=[(each.venue, each.quote, self.seen_until_us.get(each, 0)) for each in markets],
            assets=[(asset.start_us, asset.end_us, asset.name) for asset in assets],
            parts=[
                (
                    part.start_us // HOUR_US,
                    part.end_us // HOUR_US,
                    markets.index(part.market),
                    assets.index(part.asset),
                )
                for part in kept
            ],
            is_cut=len(kept) < len(parts),
        )


def find_markets(
    lake: "Lake",
    query: HistoryQuery,
    snapshot: "Snapshot",
    cuts: Mapping[str, Position],
    rollup: "TableSnapshot | None",
) -> PinnedMarkets:
    """Return the markets of a question: those of its cursor, or of the prices in the snapshot, before their cut.

    ``rollup`` holds the activity of markets before what retention has left of prices.
    """
    if query.cursor is not None and not query.cursor.markets.is_cut:
        return _of_cursor(query.cursor.markets)
    if GOLD_PRICE.name not in snapshot:
        return PinnedMarkets()
    found = _of_prices(lake, query, snapshot[GOLD_PRICE.name], cuts, rollup)
    if query.cursor is None:
        return found
    kept = _of_cursor(query.cursor.markets)
    from_us = kept.schedule.parts[0].start_us
    schedule = found.schedule.continued(kept.schedule, from_us)
    return PinnedMarkets(schedule, {**found.seen_until_us, **kept.seen_until_us})


def _of_prices(
    lake: "Lake",
    query: HistoryQuery,
    price: "TableSnapshot",
    cuts: Mapping[str, Position],
    rollup: "TableSnapshot | None",
) -> PinnedMarkets:
    if query.known_at_us is not None:
        symbols = lake.symbols.before(price, cuts[GOLD_PRICE.name], query.symbol)
    else:
        symbols = lake.symbols.of(price) if query.moment is None else lake.symbols.exactly(price)
    rules, activity = lake.market_rules.of(query.symbol), symbols.activity(query.symbol)
    schedule = schedule_markets(activity, rules)
    if price.retained_from_us is not None and rollup is not None:
        expired = lake.symbols.activity_before(rollup, price.retained_from_us, query.symbol)
        if expired:
            before = schedule_markets(expired, rules)
            schedule = before.continued(schedule, price.retained_from_us) if activity else before
    seen = {market: symbols.seen(query.symbol, market) for market, _ in activity}
    seen_until_us = {
        market: min(stats.last_us, query.as_of_us) for market, stats in seen.items() if stats is not None
    }
    return PinnedMarkets(schedule, seen_until_us)


def _of_cursor(written: CursorMarkets) -> PinnedMarkets:
    markets = [Market(venue, quote) for venue, quote, _ in written.markets]
    assets = [Asset(start_us, end_us, name) for start_us, end_us, name in written.assets]
    parts = [
        MarketPart(start_hour * HOUR_US, end_hour * HOUR_US, markets[market], assets[asset])
        for start_hour, end_hour, market, asset in written.parts
    ]
    seen = {Market(venue, quote): until_us for venue, quote, until_us in written.markets}
    return PinnedMarkets(MarketSchedule(tuple(parts)), seen)


def _whole_range(query: HistoryQuery) -> TimeRange:
    """Return the range of whole hours and buckets that a question's points depend on.

    Of forecasts it begins with time, for they may be older than the range of their targets.
    """
    grid, time_range = query.grid, query.time_range
    start_us = grid.start(time_range.start_us) // HOUR_US * HOUR_US if query.series.has_buckets else 0
    return TimeRange(start_us, -(-ceiling(grid, time_range.end_us) // HOUR_US) * HOUR_US)
