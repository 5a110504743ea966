"""Symbols of each gold table (of news: sources) with their events, kept up to date from new files alone."""

import threading
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from lakehouse.delta.position import Position
from lakehouse.engine.duckdb_session import DuckdbSession
from lakehouse.engine.position_sql import bind_position, is_beyond, join_position
from lakehouse.schema.spec import TableSpec
from lakehouse.series.active_hours import NO_HOURS, ActiveHours
from lakehouse.series.market_schedule import Activity
from lakehouse.series.markets import Market
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.tail.rows import TableTail
from lakehouse.time_range import HOUR_US, TimeRange

# A row per key (the first column of the order), origin and market: count, first and last event, newest ingest, and
# of a market the hours that have events.
_COUNTS = """
SELECT {key}, origin, {market}, count(*),
    min(epoch_us({time})), max(epoch_us({time})), max(epoch_us(ingest_time)), {hours}
FROM {{rows}}
{since}
GROUP BY ALL
"""
_SINCE_POSITION = f"{join_position()} WHERE {is_beyond()}"
_OF_SYMBOL = "WHERE symbol = $symbol"
_HOURS = f"list(DISTINCT epoch_us({{time}}) // {HOUR_US})"
_ROLLED_HOURS = f"""
SELECT symbol, venue, quote, {_HOURS.format(time="bucket_time")}
FROM {{rows}} WHERE bucket_time < $until GROUP BY ALL
"""
_MAX_OLD_VERSIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStats:
    """Rows of one kind: how many, between which events, and the newest ingest (epoch microseconds).

    Of a market also the hours that have events.
    """

    n_rows: int
    first_us: int
    last_us: int
    ingest_us: int | None
    hours: ActiveHours = NO_HOURS

    def joined(self, other: "EventStats") -> "EventStats":
        """Return the figures of both."""
        return EventStats(
            n_rows=self.n_rows + other.n_rows,
            first_us=min(self.first_us, other.first_us),
            last_us=max(self.last_us, other.last_us),
            ingest_us=max(self.ingest_us or 0, other.ingest_us or 0) or None,
            hours=self.hours.joined(other.hours),
        )


_Kind = tuple[str, Market | None]
"""Origin and market of rows."""
_Kinds = Mapping[str, Mapping[_Kind, EventStats]]
"""Events by symbol, then by kind."""
_NO_KINDS: Mapping[_Kind, EventStats] = {}


@dataclass(frozen=True, slots=True, eq=False)
class TableSymbols:
    """Events of one table at one version, by symbol, origin and market."""

    snapshot: TableSnapshot
    by_symbol: _Kinds

    @property
    def n_rows(self) -> int:
        """Rows of the table."""
        return sum(stats.n_rows for kinds in self.by_symbol.values() for stats in kinds.values())

    def symbols(self) -> set[str]:
        """Return the symbols that have rows."""
        return set(self.by_symbol)

    def origins(self, symbol: str | None = None) -> list[str]:
        """Return the origins of a symbol's rows, or of all rows."""
        return sorted({origin for kinds in self._kinds(symbol) for origin, _ in kinds})

    def activity(self, symbol: str) -> Activity:
        """Return the hours in which each market of a symbol has events, by market."""
        hours: dict[Market, ActiveHours] = {}
        for (_, market), stats in self.by_symbol.get(symbol, _NO_KINDS).items():
            if market is not None:
                hours[market] = hours.get(market, NO_HOURS).joined(stats.hours)
        return tuple(sorted(hours.items()))

    def seen(self, symbol: str | None = None, market: Market | None = None) -> EventStats | None:
        """Return the events of a symbol, of one market of it, or of the table; None where there are none."""
        joined: EventStats | None = None
        for kinds in self._kinds(symbol):
            for (_, own_market), stats in kinds.items():
                if market in (None, own_market):
                    joined = stats if joined is None else joined.joined(stats)
        return joined

    def _kinds(self, symbol: str | None) -> Iterable[Mapping[_Kind, EventStats]]:
        return self.by_symbol.values() if symbol is None else (self.by_symbol.get(symbol, _NO_KINDS),)


class SymbolCatalog:
    """Symbols of every gold table of one lake. Thread-safe.

    A new version costs a scan of its new files for rows past the last position; only the first call, a new build
    and a table that lost rows (an expired day) cost a scan of everything.
    """

    def __init__(self, session: DuckdbSession) -> None:
        self._session = session
        self._locks: dict[str, threading.Lock] = {}
        self._latest: dict[str, TableSymbols] = {}
        self._old_versions: LRUCache[Hashable, TableSymbols] = LRUCache(_MAX_OLD_VERSIONS)
        self._old_versions_lock = threading.Lock()
        self._rolled: dict[str, tuple[list[str], dict[str, Activity]]] = {}

    def of(self, snapshot: TableSnapshot) -> TableSymbols:
        """Return a table's symbols at a version, or at a newer one that another thread asked for."""
        name = snapshot.spec.name
        with self._locks.setdefault(name, threading.Lock()):
            known = self._latest.get(name)
            if known is None or known.snapshot.build != snapshot.build:
                known = self._scan(snapshot)
            elif known.snapshot.version < snapshot.version:
                known = self._extend(known, snapshot)
            self._latest[name] = known
        return known if snapshot.tail is None else _with_tail(known, snapshot.tail)

    def exactly(self, snapshot: TableSnapshot) -> TableSymbols:
        """Return a table's symbols at exactly an old version. Costs a scan of it; the last few are cached."""
        key = (snapshot.spec.name, snapshot.build.build_id, snapshot.version)
        with self._old_versions_lock:
            known = self._old_versions.get(key)
        if known is None:
            known = self._scan(snapshot)
            with self._old_versions_lock:
                self._old_versions[key] = known
        return known

    def before(self, snapshot: TableSnapshot, position: Position, symbol: str) -> TableSymbols:
        """Return one symbol of a table as it was before a position. Costs a scan of its files; cached."""
        cut = tuple(sorted(position.offsets.items()))
        key = (snapshot.spec.name, snapshot.build.build_id, snapshot.version, symbol, cut)
        with self._old_versions_lock:
            known = None if snapshot.tail_rows is not None else self._old_versions.get(key)
        if known is None:
            paths = snapshot.files.select(symbol=symbol).paths
            known = TableSymbols(snapshot, self._count_before(snapshot, paths, position, symbol))
            if snapshot.tail_rows is None:
                with self._old_versions_lock:
                    self._old_versions[key] = known
        return known

    def activity_before(self, rollup: TableSnapshot, instant_us: int, symbol: str) -> Activity:
        """Return the activity of a symbol that a rollup of prices holds before an instant, cached for its files."""
        before = TimeRange(0, instant_us)
        paths = sorted(rollup.files.select(time_column="bucket_time", time_range=before).paths)
        known = self._rolled.get(rollup.spec.name)
        if known is None or known[0] != paths:
            activities: dict[str, Activity] = {}
            rows = self._session.fetch_rows(_ROLLED_HOURS, paths, spec=rollup.spec, until=before.end_time)
            for own, venue, quote, hours in sorted(rows):
                of_market = Market(venue, quote), ActiveHours.of(hours)
                activities[own] = (*activities.get(own, ()), of_market)
            known = self._rolled[rollup.spec.name] = (paths, activities)
        return known[1].get(symbol, ())

    def _scan(self, snapshot: TableSnapshot) -> TableSymbols:
        return TableSymbols(snapshot, self._count(snapshot, snapshot.files.paths.tolist(), None))

    def _extend(self, known: TableSymbols, snapshot: TableSnapshot) -> TableSymbols:
        old_paths = set(known.snapshot.files.paths)
        new_paths = [path for path in snapshot.files.paths if path not in old_paths]
        more = self._count(snapshot, new_paths, known.snapshot)
        extended = TableSymbols(snapshot, _joined(known.by_symbol, more))
        return extended if extended.n_rows == int(snapshot.files.n_rows.sum()) else self._scan(snapshot)

    def _count(self, snapshot: TableSnapshot, paths: list[str], since: TableSnapshot | None) -> _Kinds:
        position = since.position if since is not None and len(since.position) else None
        bound: dict[str, Any] = {} if position is None else dict(bind_position(position))
        statement = _counts_statement(snapshot.spec, "" if position is None else _SINCE_POSITION)
        return _to_kinds(self._session.fetch_rows(statement, paths, spec=snapshot.spec, **bound))

    def _count_before(
        self, snapshot: TableSnapshot, paths: list[str], position: Position, symbol: str
    ) -> _Kinds:
        rows = self._session.fetch_rows(
            _counts_statement(snapshot.spec, _OF_SYMBOL),
            paths,
            spec=snapshot.spec,
            before=position,
            tail=snapshot.tail_rows,
            symbol=symbol,
        )
        return _to_kinds(rows)


def _counts_statement(spec: TableSpec, condition: str) -> str:
    has_market = "venue" in spec.column_names
    return _COUNTS.format(
        market="venue, quote" if has_market else "NULL AS venue, NULL AS quote",
        hours=_HOURS.format(time=spec.sort_by[-1]) if has_market else "[]",
        key=spec.sort_by[0],
        time=spec.sort_by[-1],
        since=condition,
    )


def _to_kinds(rows: Iterable[tuple[Any, ...]]) -> _Kinds:
    by_symbol: dict[str, dict[_Kind, EventStats]] = {}
    for symbol, origin, venue, quote, n_rows, first_us, last_us, ingest_us, hours in rows:
        kind = origin, Market(venue, quote) if venue is not None else None
        by_symbol.setdefault(symbol, {})[kind] = EventStats(
            n_rows=n_rows,
            first_us=first_us,
            last_us=last_us,
            ingest_us=ingest_us,
            hours=ActiveHours.of(hours),
        )
    return by_symbol


def _joined(known: _Kinds, more: _Kinds) -> _Kinds:
    """Return the events of both. What only one has is shared with it."""
    joined = dict(known)
    for symbol, kinds in more.items():
        of_symbol = dict(joined.get(symbol, _NO_KINDS))
        for kind, stats in kinds.items():
            of_symbol[kind] = stats.joined(of_symbol[kind]) if kind in of_symbol else stats
        joined[symbol] = of_symbol
    return joined


def _with_tail(known: TableSymbols, tail: TableTail) -> TableSymbols:
    """Return the known symbols with the tail's rows of its symbol beyond their position."""
    has_market = "venue" in tail.contract.table.column_names
    times_us: dict[tuple[str, _Kind], list[int]] = {}
    for row in tail.held:
        if row.offset < known.snapshot.position[row.source]:
            continue
        market = (
            Market(row.get(tail.contract, "venue"), row.get(tail.contract, "quote")) if has_market else None
        )
        kind = row.get(tail.contract, "origin"), market
        times_us.setdefault((row.symbol, kind), []).append(row.time_us)
    more: dict[str, dict[_Kind, EventStats]] = {}
    for (symbol, kind), of_kind in times_us.items():
        more.setdefault(symbol, {})[kind] = EventStats(
            n_rows=len(of_kind),
            first_us=min(of_kind),
            last_us=max(of_kind),
            ingest_us=None,
            hours=ActiveHours.of(us // HOUR_US for us in of_kind) if has_market else NO_HOURS,
        )
    return TableSymbols(known.snapshot, _joined(known.by_symbol, more))
