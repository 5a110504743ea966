"""State of all symbols at one moment of the lake and its tail: loaded once, then brought up to date row by row.

A row is known by its topic, partition and offset: what the tail gave is left out when gold has it too. Where rows went
away (an expired day, an exclusion, a rebuild) or the tail was withdrawn, the state is loaded anew.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lakehouse.delta.position import Position
from lakehouse.overview.loading import load_appended, load_closes, load_rows
from lakehouse.overview.observations import Observation, of_arrow, of_tail
from lakehouse.overview.symbol_state import FORECAST_HORIZON, TEXT_SPAN_US, SymbolState, Windows
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT
from lakehouse.tail.store import TAIL_TOPICS, TailGain
from lakehouse.time_range import DAY_US, HOUR_US, TimeRange, to_time

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.snapshots.pinned import Snapshot, TableSnapshot

logger = logging.getLogger(__name__)

MAX_APPENDED_ROWS = 200_000
"""Of one table: beyond it a new load is quicker."""
FUTURE_US = 100 * 365 * DAY_US
# Of each symbol the newest forecast before an end, and those after it: there may be thousands a day.
_NEWEST = f"""horizon = '{FORECAST_HORIZON}' QUALIFY made_at >= $until OR row_number() OVER (
    PARTITION BY symbol, made_at >= $until
    ORDER BY made_at DESC, topic_id DESC, kafka_partition DESC, kafka_offset DESC
) = 1"""


class OverviewState:
    """What is kept of every symbol at a snapshot. The owner's lock guards it."""

    def __init__(self, lake: "Lake", snapshot: "Snapshot", end_us: int) -> None:
        self.symbols: dict[str, SymbolState] = {}
        self.reaches: dict[str, Position] = {name: table.position for name, table in snapshot.tables.items()}
        self._lake = lake
        self._tables: Mapping[str, TableSnapshot] = snapshot.tables
        self._windows = Windows.at(end_us)
        self._end_us = end_us
        for name, table in snapshot.tables.items():
            for symbol in lake.symbols.of(table).symbols():
                self._state(symbol)
            _LOADERS[name](self, table)

    def advance(self, snapshot: "Snapshot", gain: TailGain, end_us: int) -> bool:
        """Bring the state to a snapshot, a tail and an end; return False where it has to be loaded anew."""
        reaches = {name: gain.reaches.get(name, table.position) for name, table in snapshot.tables.items()}
        is_later = end_us >= self._end_us and reaches.keys() == self.reaches.keys()
        if not is_later or not all(reaches[name].covers(at) for name, at in self.reaches.items()):
            return False
        for name, table in snapshot.tables.items():
            if not self._append(self._tables[name], table):
                return False
        self._tables = snapshot.tables
        self._move_to(end_us)
        for name, rows in gain.rows.items():
            self._add(name, (of_tail(TAIL_TOPICS[name], row) for row in rows))
        self.reaches = reaches
        return True

    def since(self, snapshot: "Snapshot", end_us: int) -> Mapping[str, Position]:
        """Return the positions from which on `advance` needs the rows of the tail.

        Those of gold in another hour, for the prices of a week ago are then read from its files again.
        """
        is_same = Windows.at(end_us) == self._windows
        return self.reaches if is_same else {name: table.position for name, table in snapshot.tables.items()}

    def _append(self, before: "TableSnapshot", after: "TableSnapshot") -> bool:
        """Add what a table gained; return False where that is not all that changed."""
        if before.version == after.version and before.build == after.build:
            return True
        n_gained = int(after.files.n_rows.sum()) - int(before.files.n_rows.sum())
        if before.build != after.build or not 0 <= n_gained <= MAX_APPENDED_ROWS:
            return False
        rows = load_appended(self._lake.session, before, after)
        name = after.spec.name
        self._add(name, of_arrow(after.spec, rows))
        self.reaches[name] = self.reaches[name].advanced(after.position.offsets)
        return bool(rows.num_rows == n_gained)

    def _move_to(self, end_us: int) -> None:
        if end_us == self._end_us:
            return
        windows = Windows.at(end_us)
        is_same, self._windows, self._end_us = windows == self._windows, windows, end_us
        for state in self.symbols.values():
            state.is_changed = True
            if is_same:
                state.settle_forecasts(end_us)
            else:
                state.trim(windows, end_us)
        if not is_same and GOLD_PRICE.name in self._tables:
            self._load_week_ago(self._tables[GOLD_PRICE.name])

    def _add(self, name: str, rows: Iterable[Observation]) -> None:
        """Add rows; one that is there already only where that changes nothing."""
        reach = self.reaches[name]
        for row in rows:
            state = self._state(row.symbol)
            is_new = row.offset >= reach[row.source]
            state.is_changed |= is_new
            if name == GOLD_PRICE.name:
                state.add_price(row, self._windows)
            elif is_new and name == GOLD_SENTIMENT.name:
                state.add_text(row, since_us=self._end_us - TEXT_SPAN_US)
            elif is_new:
                state.add_forecast(row, end_us=self._end_us)

    def _state(self, symbol: str) -> SymbolState:
        state = self.symbols.get(symbol)
        if state is None:
            state = self.symbols[symbol] = SymbolState(self._lake.market_rules.of(symbol))
        return state

    def _load_prices(self, table: "TableSnapshot") -> None:
        known = self._lake.symbols.of(table)
        for symbol in known.symbols():
            for market, hours in known.activity(symbol):
                self._state(symbol).note_hours(market, hours)
        recent = TimeRange(self._windows.recent_start_us, self._end_us + FUTURE_US)
        for symbol, market, closes in load_closes(self._lake.session, table, recent):
            self._state(symbol).recent[market] = closes
        self._load_week_ago(table)

    def _load_week_ago(self, table: "TableSnapshot") -> None:
        for symbol, market, closes in load_closes(self._lake.session, table, self._windows.week_ago):
            self._state(symbol).week_ago[market] = closes

    def _load_texts(self, table: "TableSnapshot") -> None:
        time_range = TimeRange(self._end_us - TEXT_SPAN_US, self._end_us + FUTURE_US)
        texts: dict[str, tuple[list[int], list[float]]] = {}
        for row in of_arrow(table.spec, load_rows(self._lake.session, table, time_range)):
            (score,) = row.values
            if score is not None:
                times, scores = texts.setdefault(row.symbol, ([], []))
                times.append(row.time_us)
                scores.append(score)
        for symbol, of_symbol in texts.items():
            self._state(symbol).texts.extend(*of_symbol)

    def _load_forecasts(self, table: "TableSnapshot") -> None:
        time_range = TimeRange(self._end_us - DAY_US - HOUR_US, self._end_us + FUTURE_US)
        until = to_time(self._end_us)
        rows = load_rows(self._lake.session, table, time_range, chosen=_NEWEST, until=until)
        for row in of_arrow(table.spec, rows):
            self._state(row.symbol).add_forecast(row, end_us=self._end_us)


_LOADERS = {
    GOLD_PRICE.name: OverviewState._load_prices,
    GOLD_SENTIMENT.name: OverviewState._load_texts,
    GOLD_PREDICTION.name: OverviewState._load_forecasts,
}
