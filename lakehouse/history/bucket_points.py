"""What a bucket says beside its figures: its market, whether it is complete, and whether it was filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lakehouse.history.downsampling import downsample_buckets
from lakehouse.history.pinning import PinnedQuery
from lakehouse.history.query import Row
from lakehouse.series.aggregates import MARKET_COLUMNS
from lakehouse.series.buckets import bucket_of
from lakehouse.series.market_schedule import MarketPart
from lakehouse.time_range import TimeRange


@dataclass(frozen=True, slots=True)
class BucketPoints:
    """The points of a question's buckets."""

    pinned: PinnedQuery

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a point: the series' own, of prices the market, ``complete`` and ``filled``."""
        series = self.pinned.query.series
        return (*series.bucket_columns, *(MARKET_COLUMNS if series.has_market else ()), "complete", "filled")

    def to_points(self, rows: Sequence[Row]) -> list[Row]:
        """Return points, downsampled, from buckets that end in whether they were filled.

        A point that stands for several buckets stands for those of one market.
        """
        query, parts = self.pinned.query, self._parts(rows)
        points = self._with_market(rows, parts)
        if query.n_points is None:
            return points
        ends = [
            at
            for at, (part, following) in enumerate(pairwise(parts))
            if part is not None and following is not None and not part.continues(following)
        ]
        return downsample_buckets(
            self.columns, points, curve=query.series.bucket_curve, n_points=query.n_points, ends=ends
        )

    def is_one_market(self, one_us: int, other_us: int) -> bool:
        """Return whether the buckets of two starts are of one market of one asset."""
        if len(self.pinned.markets.schedule.parts) < 2 or not self.pinned.query.series.has_market:
            return True
        one, other = self._parts([(one_us,), (other_us,)])
        return one is not None and other is not None and one.continues(other)

    def _parts(self, rows: Sequence[Row]) -> list[MarketPart | None]:
        schedule = self.pinned.markets.schedule
        if not self.pinned.query.series.has_market or len(schedule.parts) == 1:
            return [schedule.parts[0] if self.pinned.query.series.has_market else None] * len(rows)
        bucket_at = bucket_of(self.pinned.query.width_us)
        return [schedule.of_bucket(bucket_at(row[0])) for row in rows]

    def _with_market(self, rows: Sequence[Row], parts: Sequence[MarketPart | None]) -> list[Row]:
        width_us, points = self.pinned.query.width_us, list[Row]()
        no_market = (None, None) if self.pinned.query.series.has_market else ()
        for (start_us, *figures, filled), part in zip(rows, parts, strict=True):
            complete = self._is_complete(TimeRange(start_us, start_us + width_us), part)
            market = no_market if part is None else (part.market.venue, part.market.quote)
            points.append((start_us, *figures, *market, complete, filled))
        return points

    def _is_complete(self, bucket: TimeRange, part: MarketPart | None) -> bool:
        """Return whether a bucket has all of its rows, and none is to come.

        It has not where the range, retention or another asset cuts it. Its market's prices have passed its end, or
        the series' grace has.
        """
        query, seen_until_us = self.pinned.query, 0
        whole = query.time_range
        if bucket.start_us < max(whole.start_us, self.pinned.retained_from_us or 0):
            return False
        if bucket.end_us > min(whole.end_us, query.as_of_us):
            return False
        if part is not None:
            if bucket.start_us < part.start_us or bucket.end_us > part.end_us:
                return False
            seen_until_us = self.pinned.markets.seen_until_us.get(part.market, 0)
        return seen_until_us >= bucket.end_us or query.as_of_us >= bucket.end_us + query.series.grace_us
