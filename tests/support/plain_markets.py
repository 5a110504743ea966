"""Primary markets and candles from plain sets and loops, sharing nothing with the product but its names."""

from collections.abc import Iterable, Mapping
from math import fsum
from typing import Any, NamedTuple

from lakehouse.history.query import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.series.active_hours import PROOF_HOURS
from lakehouse.series.buckets import BUCKET_WIDTHS_US
from lakehouse.series.markets import PREFERRED_MARKETS, Market
from lakehouse.time_range import HOUR_US

_BITS = {"collected": 1, "generated": 2, "replay": 4}


class Tick(NamedTuple):
    """One price, in the total order of rows."""

    us: int
    topic_id: str
    partition: int
    offset: int
    market: Market
    price: float
    volume: float | None
    origin: str


def next_primary(active: Mapping[Market, set[int]], primary: Market | None, hour: int) -> Market | None:
    """Return the primary market of an hour as the rule says it; markets come from the most preferred on."""
    if primary is not None and hour - 1 in active[primary]:
        for market, hours in active.items():
            if market == primary or all(hour - back in hours for back in range(1, PROOF_HOURS + 1)):
                return market
    alive = [market for market, hours in active.items() if hour - 1 in hours]
    beginning = [market for market, hours in active.items() if hour in hours]
    return next(iter([*alive, *beginning]), primary)


def primary_by_hour(ticks: Iterable[Tick], until_hour: int) -> dict[int, Market]:
    """Return the primary market of each hour from that of the first tick on.

    An hour that lies between two markets, after the one is known to be silent, has none.
    """
    active: dict[Market, set[int]] = {}
    for tick in ticks:
        active.setdefault(tick.market, set()).add(tick.us // HOUR_US)
    named = [market for market in PREFERRED_MARKETS if market in active]
    ranked = {market: active[market] for market in [*named, *sorted(active.keys() - set(named))]}
    found: dict[int, Market] = {}
    waiting: list[int] = []
    primary: Market | None = None
    for hour in range(min(map(min, active.values()), default=until_hour), until_hour):
        before, primary = primary, next_primary(ranked, primary, hour)
        if primary is None:
            continue
        if before != primary:
            waiting = []
        if {hour, hour - 1} & active[primary]:
            found |= dict.fromkeys((*waiting, hour), primary)
            waiting = []
        else:
            waiting.append(hour)
    return found | dict.fromkeys(waiting, primary) if primary is not None else found


def read_ticks(reader: Lake, symbol: str) -> list[Tick]:
    """Return every price of a symbol in gold, in order."""
    rows = reader.table("gold_price").where(symbol=symbol).arrow().to_pylist()
    ticks = [
        Tick(
            round(row["event_time"].timestamp() * 1_000_000),
            row["topic_id"],
            row["kafka_partition"],
            row["kafka_offset"],
            Market(row["venue"], row["quote"]),
            row["price"],
            row["base_volume"],
            row["origin"],
        )
        for row in rows
    ]
    return sorted(ticks)


def plain_candles(ticks: list[Tick], query: HistoryQuery) -> list[tuple[Any, ...]]:
    """Return (start, open, high, low, close, volume, count, origins, venue, quote) of a question, ascending."""
    width_us, time_range = BUCKET_WIDTHS_US[query.interval], query.time_range
    by_hour = primary_by_hour(ticks, time_range.end_us // HOUR_US + 25)
    buckets: dict[int, list[Tick]] = {}
    for tick in ticks:
        if time_range.start_us <= tick.us < time_range.end_us:
            buckets.setdefault(tick.us // width_us * width_us, []).append(tick)
    candles = []
    for start_us, own in sorted(buckets.items()):
        market = _market_of_bucket(by_hour, start_us, width_us)
        of_market = [tick for tick in own if tick.market == market]
        if of_market:
            candles.append((start_us, *_figures(of_market), market.venue, market.quote))
    return candles


def plain_rows(ticks: list[Tick], query: HistoryQuery) -> list[tuple[int, str, float]]:
    """Return (time, venue, price) of the prices of a question, ascending."""
    time_range = query.time_range
    by_hour = primary_by_hour(ticks, time_range.end_us // HOUR_US + 25)
    return [
        (tick.us, tick.market.venue, tick.price)
        for tick in ticks
        if time_range.start_us <= tick.us < time_range.end_us and by_hour[tick.us // HOUR_US] == tick.market
    ]


def _market_of_bucket(by_hour: Mapping[int, Market], start_us: int, width_us: int) -> Market:
    """Return the market of most hours of a bucket, of two equal ones the later; before the first, the first."""
    first = min(by_hour)
    hours = range(start_us // HOUR_US, -(-(start_us + width_us) // HOUR_US))
    markets = [by_hour[max(hour, first)] for hour in hours if max(hour, first) in by_hour]
    return max(markets, key=lambda market: (markets.count(market), -markets[::-1].index(market)))


def _figures(ticks: list[Tick]) -> tuple[Any, ...]:
    prices = [tick.price for tick in ticks]
    volumes = [tick.volume for tick in ticks if tick.volume is not None]
    origins = 0
    for tick in ticks:
        origins |= _BITS[tick.origin]
    volume = fsum(volumes) if volumes else None
    return prices[0], max(prices), min(prices), prices[-1], volume, len(ticks), origins
