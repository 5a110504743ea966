"""The latest of all symbols at one snapshot, from a state in memory that follows the lake and its tail."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lakehouse.delta.position import Position
from lakehouse.errors import LakeNotFoundError
from lakehouse.overview.rows import OverviewRow, to_row
from lakehouse.overview.store import OverviewState
from lakehouse.schema.tables import ASSET_TABLES
from lakehouse.tail.store import OFF, TailGain
from lakehouse.time_range import MINUTE_US

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.snapshots.pinned import Snapshot

logger = logging.getLogger(__name__)

_TABLES = tuple(spec.name for spec in ASSET_TABLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewAnswer:
    """Rows of all symbols at ``end_us``, by symbol, and the tables, positions and tail that they are of.

    A row that did not change is the same object as before. ``newest_us`` are the tail's newest events by table.
    """

    rows: Mapping[str, OverviewRow]
    end_us: int
    snapshot: "Snapshot"
    positions: Mapping[str, Position]
    tail: str
    newest_us: Mapping[str, int | None]


class Overview:
    """Overview of one lake. Thread-safe; one thread at a time brings the state up to date.

    Costs about 60 kB of memory a market whose prices come each minute.
    """

    def __init__(self, lake: "Lake") -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._state: OverviewState | None = None
        self._rows: dict[str, OverviewRow] = {}

    def read(self, now_us: int) -> OverviewAnswer:
        """Return the rows as of the next whole minute. Raises LakeNotFoundError where no gold table exists."""
        end_us = -(-now_us // MINUTE_US) * MINUTE_US
        with self._lock:
            return self._lake.read(
                partial(self._lake.snapshot, optional=_TABLES), partial(self._answer, end_us=end_us)
            )

    def _answer(self, snapshot: "Snapshot", *, end_us: int) -> OverviewAnswer:
        if not snapshot.tables:
            raise LakeNotFoundError(what="any gold table", uri=self._lake.location.uri)
        state, gain = self._bring_to(snapshot, end_us)
        for symbol, of_symbol in state.symbols.items():
            if of_symbol.is_changed:
                self._rows[symbol] = to_row(symbol, of_symbol, end_us)
                of_symbol.is_changed = False
        return OverviewAnswer(
            rows=dict(self._rows),
            end_us=end_us,
            snapshot=snapshot,
            positions=dict(state.reaches),
            tail=gain.state,
            newest_us=gain.newest_us,
        )

    def _bring_to(self, snapshot: "Snapshot", end_us: int) -> tuple[OverviewState, TailGain]:
        """Return the state at a snapshot with the tail beyond it, brought there or loaded."""
        state, self._state = self._state, None  # none is left half way where reading fails
        if state is not None:
            gain = self._gain(snapshot, state.since(snapshot, end_us))
            if not state.advance(snapshot, gain, end_us):
                state = None
        if state is None:
            started = time.monotonic()
            self._rows, state = {}, OverviewState(self._lake, snapshot, end_us)
            gain = self._gain(snapshot, state.reaches)
            state.advance(snapshot, gain, end_us)
            logger.info(
                "overview loaded symbols=%d seconds=%.2f", len(state.symbols), time.monotonic() - started
            )
        self._state = state
        return state, gain

    def _gain(self, snapshot: "Snapshot", since: Mapping[str, Position]) -> TailGain:
        if self._lake.tail is None:
            return TailGain(OFF, {}, {}, {})
        return self._lake.tail.gain({name: table.position for name, table in snapshot.tables.items()}, since)
