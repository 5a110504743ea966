"""Fields of a bucket beside its figures: its market, whether it is complete, and whether it was filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lakehouse.history.downsampling import downsample_buckets
from lakehouse.history.pinning import PinnedQuery
from lakehouse.history.query import Row
from lakehouse.series.aggregates import MARKET_COLUMNS
from lakehouse.series.grid import bucket_at
from lakehouse.series.market_schedule import MarketPart


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
        ends = [at for at, (part, following) in enumerate(pairwise(parts)) if not _are_one(part, following)]
        return downsample_buckets(
            self.columns, points, curve=query.series.bucket_curve, n_points=query.n_points, ends=ends
        )

    def is_one_market(self, one_us: int, other_us: int) -> bool:
        """Return whether the buckets of two starts are of one market of one asset."""
        if not self.pinned.query.series.has_market or self._only_part() is not None:
            return True
        one, other = self._parts([(one_us,), (other_us,)])
        return _are_one(one, other)

    def _parts(self, rows: Sequence[Row]) -> list[MarketPart | None]:
        only = self._only_part()
        if not self.pinned.query.series.has_market or only is not None:
            return [only] * len(rows)
        bucket_of = bucket_at(self.pinned.query.grid)
        return [self.pinned.markets.schedule.of_bucket(bucket_of(row[0])) for row in rows]

    def _only_part(self) -> MarketPart | None:
        """Return the part that has the whole range, if one has."""
        parts, whole = self.pinned.markets.schedule.parts, self.pinned.query.time_range
        if len(parts) != 1 or not self.pinned.query.series.has_market:
            return None
        (part,) = parts
        return part if part.start_us <= whole.start_us and part.end_us >= whole.end_us else None

    def _with_market(self, rows: Sequence[Row], parts: Sequence[MarketPart | None]) -> list[Row]:
        if not rows:
            return []
        *shown, filled = zip(*rows, strict=True)
        ends_us = map(self.pinned.query.grid.end, shown[0])
        # By identity: hashing a part takes as long as the rest of a point.
        spans = {id(part): self._complete_span(part) for part in {id(part): part for part in parts}.values()}
        complete = [
            start_us <= at_us and until_us <= end_us
            for at_us, until_us, (start_us, end_us) in zip(
                shown[0], ends_us, [spans[id(part)] for part in parts], strict=True
            )
        ]
        markets: list[list[str | None]] = []
        if self.pinned.query.series.has_market:
            markets = [
                [None if part is None else part.market.venue for part in parts],
                [None if part is None else part.market.quote for part in parts],
            ]
        return list(zip(*shown, *markets, complete, filled, strict=True))

    def _complete_span(self, part: MarketPart | None) -> tuple[int, int]:
        """Return the span within which buckets of a part have all of their rows, and none is to come.

        The range, retention and another asset cut it. It ends where the market's prices have come to, or where the
        series' grace has passed.
        """
        query, retained_from_us = self.pinned.query, self.pinned.retained_from_us or 0
        start_us = max(query.time_range.start_us, retained_from_us)
        settled_us = query.as_of_us - query.series.grace_us
        if part is None:
            return start_us, min(query.time_range.end_us, settled_us)
        settled_us = max(settled_us, self.pinned.markets.seen_until_us.get(part.market, 0))
        return max(start_us, part.start_us), min(query.time_range.end_us, part.end_us, settled_us)


def _are_one(one: MarketPart | None, other: MarketPart | None) -> bool:
    """Return whether two parts are of one market of one asset, or both of none."""
    return one is other or (one is not None and other is not None and one.continues(other))
