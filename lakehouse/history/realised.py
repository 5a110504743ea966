"""The prices that forecasts came to, where they are known."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lakehouse.history.pinning import PinnedQuery
from lakehouse.schema.tables import GOLD_PRICE
from lakehouse.series.definitions import MAX_REALISED_AGE_US, PRICE, REALISED_PRICES
from lakehouse.series.markets import Market
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.history.sources import Stores


class Forecast(NamedTuple):
    """Forecast whose realised price is asked for: when it was made, about when, in which currency."""

    made_us: int
    target_us: int
    quote: str


def read_realised_prices(
    stores: "Stores", pinned: PinnedQuery, forecasts: Sequence[Forecast]
) -> list[float | None]:
    """Return, for each forecast, its market's last price at or before the target, at most MAX_REALISED_AGE_US old.

    Its market is the primary one of when it was made: the price of another market, currency or asset is not what it
    was about. A price is known once the market has one at or after the target, so that a price that is still on its
    way cannot change the answer.
    """
    if GOLD_PRICE.name not in pinned.snapshot:
        return [None] * len(forecasts)
    markets = [_find_market(pinned, forecast) for forecast in forecasts]
    targets: dict[Market, set[int]] = {}
    for market, forecast in zip(markets, forecasts, strict=True):
        if market is not None and forecast.target_us <= pinned.markets.seen_until_us.get(market, 0):
            targets.setdefault(market, set()).add(forecast.target_us)
    prices = {
        market: _read_prices(stores, replace(pinned, market=market), known)
        for market, known in targets.items()
    }
    return [
        None if market is None else prices.get(market, {}).get(forecast.target_us)
        for market, forecast in zip(markets, forecasts, strict=True)
    ]


def _find_market(pinned: PinnedQuery, forecast: Forecast) -> Market | None:
    """Return the market that a forecast is about; its last price came just before it was made."""
    part = pinned.markets.schedule.at(forecast.made_us - 1)
    if part is None or part.market.quote != forecast.quote or forecast.target_us >= part.asset.end_us:
        return None
    return part.market


def _read_prices(stores: "Stores", pinned: PinnedQuery, targets: Collection[int]) -> dict[int, float]:
    known = sorted(targets)
    table, symbol = pinned.snapshot[GOLD_PRICE.name], pinned.query.symbol
    time_range = TimeRange(known[0] - MAX_REALISED_AGE_US, known[-1] + 1)
    columns = stores.columns.load(table, PRICE, symbol, time_range, with_text=False)
    if columns is not None:
        rows = columns.select(time_range, equal=pinned.bound_market, before=pinned.cut(table))
        return rows.last_numbers("price", known, max_age_us=MAX_REALISED_AGE_US)
    files = table.files.select(symbol=symbol, time_column=PRICE.time_column, time_range=time_range)
    rows_of_files = stores.session.fetch_rows(
        REALISED_PRICES,
        files.paths,
        spec=table.spec,
        before=pinned.cut(table),
        tail=table.tail_rows,
        symbol=symbol,
        start=time_range.start_time,
        end=time_range.end_time,
        targets=known,
        **pinned.bound_market,
    )
    return dict(rows_of_files)
