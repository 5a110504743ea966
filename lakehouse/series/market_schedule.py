"""The primary market of a symbol as a function of time.

It depends on the rows of gold and the tail alone: not on the clock, not on the range of a question. A part begins and
ends at a whole hour, so that each bucket of an hour or less belongs to one market.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from lakehouse.series.active_hours import ActiveHours, primary_markets
from lakehouse.series.markets import ALWAYS_US, Asset, Market, SymbolRules
from lakehouse.time_range import HOUR_US, TimeRange

Activity = tuple[tuple[Market, ActiveHours], ...]
"""The hours in which each market of a symbol had prices."""
BucketOf = Callable[[int], TimeRange]
"""Returns the bucket of an instant."""


@dataclass(frozen=True, slots=True)
class MarketPart:
    """A range of time in which one market is the primary one of one asset."""

    start_us: int
    end_us: int
    market: Market
    asset: Asset

    @property
    def time_range(self) -> TimeRange:
        """Its range."""
        return TimeRange(self.start_us, self.end_us)

    def continues(self, other: "MarketPart") -> bool:
        """Return whether prices of the two are prices of one market of one asset."""
        return (self.market, self.asset.start_us) == (other.market, other.asset.start_us)

    def clipped(self, time_range: TimeRange) -> "MarketPart":
        """Return what of it is in a range that it overlaps."""
        start_us, end_us = max(self.start_us, time_range.start_us), min(self.end_us, time_range.end_us)
        return replace(self, start_us=start_us, end_us=end_us)


@dataclass(frozen=True, slots=True)
class MarketSchedule:
    """Parts in ascending time, without overlap. Of each asset the first part begins, and the last ends, with it.

    Between two markets there is nothing from when the one is known to be silent until the other begins.
    """

    parts: tuple[MarketPart, ...] = ()

    @property
    def newest(self) -> Market | None:
        """The primary market now."""
        return self.parts[-1].market if self.parts else None

    def at(self, instant_us: int) -> MarketPart | None:
        """Return the part of an instant; None where no market had a price of the asset."""
        at = bisect_right(self.parts, instant_us, key=_start) - 1
        return self.parts[at] if at >= 0 and instant_us < self.parts[at].end_us else None

    def within(self, time_range: TimeRange) -> list[MarketPart]:
        """Return the parts within a range, ascending, cut at its ends."""
        found = self._touching(time_range.start_us, time_range.end_us)
        return [part.clipped(time_range) for part in found]

    def of_buckets(self, time_range: TimeRange, bucket_of: BucketOf) -> list[MarketPart]:
        """Return the parts whose rows make up the buckets of a range: each bucket is of one market and one asset.

        A bucket is of the part that has most of its time, of two equal ones the later; all of it is, but for what is
        another asset.
        """
        if not time_range.span_us:
            return []
        whole = TimeRange(bucket_of(time_range.start_us).start_us, bucket_of(time_range.end_us - 1).end_us)
        parts = self.within(whole)
        if [part.time_range for part in parts] == [whole]:
            return [part.clipped(time_range) for part in parts]
        pieces: list[MarketPart] = []
        cut_us = whole.start_us
        for edge_us in (edge_us for part in parts for edge_us in (part.start_us, part.end_us)):
            bucket = bucket_of(edge_us)
            if edge_us != bucket.start_us and bucket.start_us >= cut_us:
                _fill(pieces, self, cut_us, bucket.start_us)
                pieces.append(self._of_bucket(bucket))
                cut_us = bucket.end_us
        _fill(pieces, self, cut_us, whole.end_us)
        return [piece.clipped(time_range) for piece in _joined(pieces) if _overlaps(piece, time_range)]

    def of_bucket(self, bucket: TimeRange) -> MarketPart | None:
        """Return the part that a bucket belongs to, as far as its asset goes in the bucket."""
        return self._of_bucket(bucket) if self._touching(bucket.start_us, bucket.end_us) else None

    def _of_bucket(self, bucket: TimeRange) -> MarketPart:
        spans: dict[tuple[int, Market], int] = {}
        parts = {}
        for part in self._touching(bucket.start_us, bucket.end_us):
            key = part.asset.start_us, part.market
            spans[key] = spans.get(key, 0) + part.clipped(bucket).time_range.span_us
            parts[key] = part
        most = parts[max(parts, key=lambda key: (spans[key], parts[key].start_us))]
        whole = replace(most, start_us=most.asset.start_us, end_us=most.asset.end_us)
        return whole.clipped(bucket)

    def _touching(self, start_us: int, end_us: int) -> Sequence[MarketPart]:
        first = max(0, bisect_right(self.parts, start_us, key=_start) - 1)
        end = bisect_right(self.parts, end_us - 1, key=_start)
        return [part for part in self.parts[first:end] if part.end_us > start_us]

    def continued(self, newer: "MarketSchedule", from_us: int) -> "MarketSchedule":
        """Return this up to an instant, and a newer one from there on."""
        before, after = TimeRange(0, from_us), TimeRange(from_us, ALWAYS_US)
        return MarketSchedule(tuple(_joined([*self.within(before), *newer.within(after)])))


NO_MARKETS = MarketSchedule()


@lru_cache(maxsize=4096)
def schedule_markets(activity: Activity, rules: SymbolRules) -> MarketSchedule:
    """Return the schedule of a symbol's markets; each asset that it stood for begins anew."""
    ranked = sorted(activity, key=lambda pair: rules.rank(pair[0]))
    parts: list[MarketPart] = []
    for asset in rules.assets:
        start, end = asset.start_us // HOUR_US, asset.end_us // HOUR_US
        own = {market: hours.clipped(start, end) for market, hours in ranked if asset.has(market)}
        # A market that would take over with the end of the asset has no part of it.
        changes = [change for at, change in enumerate(primary_markets(own)) if at == 0 or change[0] < end]
        starts_us = [asset.start_us, *(hour * HOUR_US for hour, _ in changes[1:])]
        for at, (_, market) in enumerate(changes):
            end_us = asset.end_us
            if at + 1 < len(changes):
                next_hour, _ = changes[at + 1]
                end_us = min(next_hour, own[market].last_before(next_hour) + 2) * HOUR_US
            parts.append(MarketPart(starts_us[at], end_us, market, asset))
    return MarketSchedule(tuple(parts))


def _fill(pieces: list[MarketPart], schedule: MarketSchedule, start_us: int, end_us: int) -> None:
    """Add the parts between two instants."""
    if start_us < end_us:
        pieces += schedule.within(TimeRange(start_us, end_us))


def _joined(pieces: Sequence[MarketPart]) -> list[MarketPart]:
    joined: list[MarketPart] = []
    for piece in pieces:
        if joined and joined[-1].end_us == piece.start_us and joined[-1].continues(piece):
            joined[-1] = replace(joined[-1], end_us=piece.end_us)
        else:
            joined.append(piece)
    return joined


def _overlaps(part: MarketPart, time_range: TimeRange) -> bool:
    return part.start_us < time_range.end_us and part.end_us > time_range.start_us


def _start(part: MarketPart) -> int:
    return part.start_us
