"""What became of predictions: the price at each target time, where it is known."""

from lakehouse.history.cached_buckets import read_column_prices
from lakehouse.history.query import HistoryQuery, Pin
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_PRICE
from lakehouse.series.definitions import PRICE, REALISED_PRICES
from lakehouse.time_range import MINUTE_US, TimeRange

MAX_REALISED_AGE_US = 2 * MINUTE_US


def realised_prices(lake: Lake, query: HistoryQuery, pin: Pin, targets: set[int]) -> dict[int, float]:
    """{target: last price of the primary market at or before it, at most two minutes old}, where it is known.

    A target is known once the market has a price at or after it, so that a price that is still on its way
    cannot change the answer.
    """
    known = sorted(target for target in targets if target <= pin.realised_until_us)
    if not known or pin.market is None or GOLD_PRICE.name not in pin.snapshot:
        return {}
    table = pin.snapshot[GOLD_PRICE.name]
    time_range = TimeRange(known[0] - MAX_REALISED_AGE_US, known[-1] + 1)
    held = read_column_prices(lake, query, pin, time_range, known, max_age_us=MAX_REALISED_AGE_US)
    if held is not None:
        return held
    selected = table.files.select(symbol=query.symbol, time_column=PRICE.time_column, time_range=time_range)
    rows = lake.session.fetch_rows(
        REALISED_PRICES,
        selected.paths,
        spec=table.spec,
        before=pin.cut(table),
        tail=table.tail_rows,
        symbol=query.symbol,
        start=time_range.start_time,
        end=time_range.end_time,
        venue=pin.market.venue,
        quote=pin.market.quote,
        targets=known,
        max_age=MAX_REALISED_AGE_US,
    )
    return dict(rows)
