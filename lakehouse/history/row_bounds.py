"""Where the rows of a range may be cut into slices, and a fingerprint of all of them."""

from dataclasses import dataclass

from lakehouse.history.query import HistoryQuery, Pin
from lakehouse.history.rows import asked_range, bind_rows
from lakehouse.lake import Lake


@dataclass(frozen=True, slots=True)
class RowBounds:
    """``boundaries``: (instant, how many of the newest ``limit`` rows are at or after it), descending in time.

    ``n_rows`` and ``fingerprint`` are of all rows of the range. A row never changes, so that its key tells it.
    """

    boundaries: list[tuple[int, int]]
    n_rows: int
    fingerprint: str


def read_row_bounds(lake: Lake, query: HistoryQuery, pin: Pin, *, slice_rows: int) -> RowBounds:
    """Bounds of slices of about ``slice_rows`` rows; rows of one instant are never parted."""
    time_range = asked_range(query)
    table = pin.snapshot[query.series.table.name]
    found = lake.session.fetch_rows(
        query.series.bounds_statement(time_column=query.axis, after_key=query.cursor is not None),
        table.files.select(symbol=query.symbol, time_column=query.axis, time_range=time_range).paths,
        spec=table.spec,
        before=pin.cut(table),
        tail=table.tail_rows,
        start=time_range.start_time,
        end=time_range.end_time,
        limit=query.limit,
        slice=slice_rows,
        **bind_rows(query, pin),
    )
    if not found:
        return RowBounds([], 0, "")
    return RowBounds([(us, n_from) for us, n_from, *_ in found], found[0][2], found[0][3])
