"""The prices that forecasts came to, where they are known."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lakehouse.history.pinning import PinnedQuery
from lakehouse.schema.tables import GOLD_PRICE
from lakehouse.series.definitions import MAX_REALISED_AGE_US, PRICE, REALISED_PRICES
from lakehouse.time_range import TimeRange

if TYPE_CHECKING:
    from lakehouse.history.sources import Stores


def read_realised_prices(stores: "Stores", pinned: PinnedQuery, targets: Iterable[int]) -> dict[int, float]:
    """Return {target: last price of the primary market at or before it, at most MAX_REALISED_AGE_US old}.

    A target is known once the market has a price at or after it, so that a price that is still on its way
    cannot change the answer.
    """
    known = sorted(target for target in set(targets) if target <= pinned.realised_until_us)
    if not known or pinned.market is None or GOLD_PRICE.name not in pinned.snapshot:
        return {}
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
