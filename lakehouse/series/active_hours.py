"""Hours in which a market had prices, and the market that they make the primary one."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from lakehouse.series.markets import Market

PROOF_HOURS = 24
"""Hours with a price in each, after which a better market takes over from one that still has prices."""


@dataclass(frozen=True, slots=True)
class ActiveHours:
    """Hours since the epoch, as runs of consecutive ones: (first, last), ascending."""

    runs: tuple[tuple[int, int], ...] = ()

    @staticmethod
    def of(hours: Iterable[int]) -> "ActiveHours":
        """Return the runs of hours of any order.

        >>> ActiveHours.of([7, 3, 4, 3]).runs
        ((3, 4), (7, 7))
        """
        numbered = enumerate(sorted(set(hours)))
        runs = [[hour for _, hour in run] for _, run in groupby(numbered, lambda pair: pair[1] - pair[0])]
        return ActiveHours(tuple((run[0], run[-1]) for run in runs))

    def first_of_run(self, hour: int) -> int | None:
        """Return the first hour of the run that an hour is in; None where it is in none."""
        at = bisect_right(self.runs, hour, key=_first) - 1
        return self.runs[at][0] if at >= 0 and hour <= self.runs[at][1] else None

    def last_before(self, hour: int) -> int:
        """Return the last active hour before an hour; there is one."""
        _, last = self.runs[bisect_right(self.runs, hour - 1, key=_first) - 1]
        return min(last, hour - 1)

    def __contains__(self, hour: int) -> bool:
        return self.first_of_run(hour) is not None

    def is_proven(self, hour: int) -> bool:
        """Return whether each of the PROOF_HOURS before an hour is active."""
        first = self.first_of_run(hour - 1)
        return first is not None and first <= hour - PROOF_HOURS

    def joined(self, other: "ActiveHours") -> "ActiveHours":
        """Return the hours of both."""
        if len(self.runs) < len(other.runs):
            return other.joined(self)
        if all(
            first in self and self.first_of_run(first) == self.first_of_run(last)
            for first, last in other.runs
        ):
            return self
        joined: list[tuple[int, int]] = []
        for first, last in sorted((*self.runs, *other.runs)):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = joined[-1][0], max(last, joined[-1][1])
            else:
                joined.append((first, last))
        return ActiveHours(tuple(joined))

    def clipped(self, start: int, end: int) -> "ActiveHours":
        """Return the hours of [start, end)."""
        runs = ((max(first, start), min(last, end - 1)) for first, last in self.runs)
        return ActiveHours(tuple((first, last) for first, last in runs if first <= last))


NO_HOURS = ActiveHours()


def next_primary(primary: Market | None, ranked: Mapping[Market, ActiveHours], hour: int) -> Market | None:
    """Return the primary market of an hour from that of the hour before; markets come from the most preferred on.

    It stays as long as it had a price in the hour before, unless a better market is proven. Otherwise the best market
    with a price in the hour before follows, and where none has, the best with one in this hour.
    """
    if primary is not None and hour - 1 in ranked[primary]:
        better = (market for market, hours in ranked.items() if hours.is_proven(hour))
        best = next(better, primary)
        order = list(ranked)
        return best if order.index(best) < order.index(primary) else primary
    for at in (hour - 1, hour):
        for market, hours in ranked.items():
            if at in hours:
                return market
    return primary


def primary_markets(ranked: Mapping[Market, ActiveHours]) -> list[tuple[int, Market]]:
    """Return the primary markets as (the hour from which on, market), ascending."""
    changes: list[tuple[int, Market]] = []
    primary: Market | None = None
    for hour in change_hours(ranked.values()):
        following = next_primary(primary, ranked, hour)
        if following is not None and following != primary:
            changes.append((hour, following))
        primary = following
    return changes


def change_hours(markets: Iterable[ActiveHours]) -> Sequence[int]:
    """Return the hours at which the primary market may change, ascending.

    Those in which a market starts, is known to have started, is proven, or has been silent for an hour.
    """
    hours: set[int] = set()
    for market in markets:
        for first, last in market.runs:
            hours |= {first, first + 1, last + 2}
            if last - first + 1 >= PROOF_HOURS:
                hours.add(first + PROOF_HOURS)
    return sorted(hours)


def _first(run: tuple[int, int]) -> int:
    return run[0]
