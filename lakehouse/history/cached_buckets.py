"""The buckets of a history from columns in memory, newest first, and the prices that predictions came to."""

from itertools import pairwise
from math import fsum
from typing import Any

import numpy as np
import numpy.typing as npt

from lakehouse.cache.block import Block, Floats, Integers
from lakehouse.cache.rollup_store import SentimentSums
from lakehouse.cache.symbol_columns import SymbolColumns
from lakehouse.delta.position import Position
from lakehouse.history.cached_rows import filters, kept_rows
from lakehouse.history.query import HistoryQuery, Pin, Row
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_PRICE
from lakehouse.series.buckets import BUCKET_WIDTHS_US
from lakehouse.series.definitions import ORIGIN_BITS, PRICE
from lakehouse.time_range import DAY_US, TimeRange

_SCORE_UNIT = 10**17
_LOW_BITS = 32
_HIGHEST = int(np.iinfo(np.int64).max)


class _Kept:
    """The rows of a range that count, ascending, as one array a column."""

    def __init__(
        self,
        columns: SymbolColumns,
        pin: Pin,
        name: str,
        wanted: dict[str, str],
        over: TimeRange,
        since: Position | None = None,
    ) -> None:
        self._lexicon = columns.lexicon
        self._parts: list[tuple[Block, Any]] = []
        for block in columns.blocks:
            low, high = block.window(over.start_us, over.end_us)
            mask = kept_rows(block, columns, pin, name, wanted, low, high)
            if since is not None:
                before = block.visible(low, high, since, columns.lexicon)
                beyond = np.zeros(high - low, dtype=bool) if before is None else ~before
                mask = beyond if mask is None else mask & beyond
            self._parts.append((block, slice(low, high) if mask is None else low + np.flatnonzero(mask)))

    def times(self) -> Integers:
        return np.concatenate([block.times[rows] for block, rows in self._parts])

    def numbers(self, name: str) -> Floats:
        return np.concatenate([block.numbers[name][rows] for block, rows in self._parts])

    def codes(self, name: str) -> npt.NDArray[np.uint16]:
        return np.concatenate([block.codes[name][rows] for block, rows in self._parts])

    def equal(self, name: str, value: str) -> npt.NDArray[np.bool_]:
        code = self._lexicon.code(name, value)
        codes = self.codes(name)
        return np.zeros(len(codes), dtype=bool) if code is None else codes == code

    def origin_bits(self) -> npt.NDArray[np.int64]:
        values = self._lexicon.values("origin")
        bits = np.array([ORIGIN_BITS.get(value or "", 4) for value in values] or [0], dtype=np.int64)
        return bits[self.codes("origin")]


def read_column_buckets(lake: Lake, query: HistoryQuery, pin: Pin, time_range: TimeRange) -> list[Row] | None:
    """The newest ``limit + 1`` buckets of a range as a GROUP BY gives them, or None where files have to answer."""
    kept = _read(lake, query, pin, time_range)
    if kept is None:
        return None
    times, width_us = kept.times(), BUCKET_WIDTHS_US[query.interval]
    if not len(times):
        return []
    if query.series.has_market:
        rows = _price_buckets(kept, times, width_us)
    else:
        rows = _sentiment_buckets(kept, times, width_us)
    rows.reverse()
    return rows[: query.limit + 1]


def read_column_sums(
    lake: Lake, query: HistoryQuery, pin: Pin, time_range: TimeRange, *, since: Position | None = None
) -> dict[int, SentimentSums] | None:
    """{bucket: sums of the sentiments of a range, only those beyond a position if given}, or None where files must."""
    name = query.series.table.name
    columns = lake.columns.read(
        pin.snapshot[name], query.series, query.symbol, _days(time_range), with_text=False
    )
    if columns is None:
        return None
    kept = _Kept(columns, pin, name, filters(query, pin), time_range, since)
    return _sentiment_sums(kept, kept.times(), BUCKET_WIDTHS_US[query.interval])


def read_column_prices(
    lake: Lake, query: HistoryQuery, pin: Pin, time_range: TimeRange, targets: list[int], *, max_age_us: int
) -> dict[int, float] | None:
    """{target: last price at or before it that is young enough}, or None where files have to answer."""
    days = _days(time_range)
    columns = lake.columns.read(pin.snapshot[GOLD_PRICE.name], PRICE, query.symbol, days, with_text=False)
    if columns is None:
        return None
    kept = _Kept(columns, pin, GOLD_PRICE.name, pin.bound_market(PRICE), time_range)
    times, prices = kept.times(), kept.numbers("price")
    if not len(times):
        return {}
    at = np.searchsorted(times, targets, side="right") - 1
    found = zip(targets, at.tolist(), times[at].tolist(), prices[at].tolist(), strict=True)
    return {
        target: price for target, row, time_us, price in found if row >= 0 and time_us >= target - max_age_us
    }


def sum_units(units: Integers, starts: Integers) -> list[int]:
    """Exact sums of stretches of integers, however large they grow."""
    longest = int(np.diff(np.append(starts, len(units))).max(initial=0))
    if longest * _SCORE_UNIT <= _HIGHEST and int(np.abs(units).max(initial=0)) <= _SCORE_UNIT:
        sums: list[int] = np.add.reduceat(units, starts).tolist()
        return sums
    high = np.add.reduceat(units >> _LOW_BITS, starts).tolist()
    low = np.add.reduceat(units & (2**_LOW_BITS - 1), starts).tolist()
    return [(top << _LOW_BITS) + rest for top, rest in zip(high, low, strict=True)]


def to_score_units(scores: Floats) -> Integers:
    """Scores as DuckDB casts them to DECIMAL(18, 17): scaled in floating point, halves away from zero.

    >>> to_score_units(np.array([0.5, -1.5e-17])).tolist()
    [50000000000000000, -2]
    """
    scaled = scores * 1e17
    whole = np.trunc(scaled)
    return (whole + np.where(np.abs(scaled - whole) >= 0.5, np.sign(scaled), 0.0)).astype(np.int64)


def _read(lake: Lake, query: HistoryQuery, pin: Pin, time_range: TimeRange) -> _Kept | None:
    name = query.series.table.name
    columns = lake.columns.read(
        pin.snapshot[name], query.series, query.symbol, _days(time_range), with_text=False
    )
    return None if columns is None else _Kept(columns, pin, name, filters(query, pin), time_range)


def _days(time_range: TimeRange) -> range:
    return range(time_range.start_us // DAY_US, -(-time_range.end_us // DAY_US))


def _starts(times: Integers, width_us: int) -> tuple[Integers, list[int], list[int]]:
    """The first row of each bucket, the buckets' own starts, and how many rows each has."""
    buckets = times // width_us
    starts = np.flatnonzero(np.concatenate(([True], buckets[1:] != buckets[:-1])))
    counts = np.diff(np.append(starts, len(times))).tolist()
    return starts, (buckets[starts] * width_us).tolist(), counts


def _sentiment_buckets(kept: _Kept, times: Integers, width_us: int) -> list[Row]:
    sums = _sentiment_sums(kept, times, width_us)
    if not sums:
        return []
    counts, units, lowest, highest, *rest = zip(*sums.values(), strict=True)
    return list(
        zip(sums, counts, map(_mean, counts, units, lowest, highest), lowest, highest, *rest, strict=True)
    )


def shown_sums(sums: SentimentSums) -> Row:
    """The point that partial sums come to: count, mean, min, max, positive, negative, origins."""
    count, units, lowest, highest, *rest = sums
    return (count, _mean(count, units, lowest, highest), lowest, highest, *rest)


def _mean(count: int, units: int, lowest: float, highest: float) -> float:
    # Python divides integers to the nearest double, which is also how DuckDB turns a decimal into one.
    mean = units / _SCORE_UNIT / count
    return lowest if mean < lowest else highest if mean > highest else mean


def _sentiment_sums(kept: _Kept, times: Integers, width_us: int) -> dict[int, SentimentSums]:
    scores, labels = kept.numbers("score"), (kept.equal("label", "positive"), kept.equal("label", "negative"))
    origins, scored = kept.origin_bits(), ~np.isnan(scores)
    if not scored.all():
        times, scores, origins = times[scored], scores[scored], origins[scored]
        labels = (labels[0][scored], labels[1][scored])
    if not len(times):
        return {}
    starts, buckets, counts = _starts(times, width_us)
    positive, negative = (np.add.reduceat(of.astype(np.int64), starts).tolist() for of in labels)
    found = zip(
        counts,
        sum_units(to_score_units(scores), starts),
        np.minimum.reduceat(scores, starts).tolist(),
        np.maximum.reduceat(scores, starts).tolist(),
        positive,
        negative,
        np.bitwise_or.reduceat(origins, starts).tolist(),
        strict=True,
    )
    return dict(zip(buckets, found, strict=True))


def _price_buckets(kept: _Kept, times: Integers, width_us: int) -> list[Row]:
    prices = kept.numbers("price")
    starts, buckets, counts = _starts(times, width_us)
    ends = np.append(starts[1:], len(times)) - 1
    return list(
        zip(
            buckets,
            prices[starts].tolist(),
            np.maximum.reduceat(prices, starts).tolist(),
            np.minimum.reduceat(prices, starts).tolist(),
            prices[ends].tolist(),
            _volumes(kept.numbers("base_volume"), starts),
            counts,
            np.bitwise_or.reduceat(kept.origin_bits(), starts).tolist(),
            strict=True,
        )
    )


def _volumes(volumes: Floats, starts: Integers) -> list[float | None]:
    known = ~np.isnan(volumes)
    listed, edges = volumes.tolist(), [*starts.tolist(), len(volumes)]
    if known.all():
        return [fsum(listed[low:high]) for low, high in pairwise(edges)]
    stretches = [volumes[low:high][known[low:high]].tolist() for low, high in pairwise(edges)]
    return [fsum(stretch) if stretch else None for stretch in stretches]
