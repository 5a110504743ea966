"""Who follows what: takes rows from the follower and hands them to clients, each row once and in order."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence

from api.live.client import Client
from api.live.frames import (
    Frame,
    Subscribe,
    channel_of,
    envelope,
    gap_frame,
    row_point,
    table_of,
    update_frame,
)
from lakehouse.delta.position import Position, TopicPartition
from lakehouse.tail.rows import TailRow
from lakehouse.tail.store import Tail

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 4.0
TICK_SECONDS = 0.5
STALL_SECONDS = 20.0
MAX_REPLAYED = 5_000
"""Rows that a resume may bring, and that may wait for one client; beyond it the history is quicker."""

FRESH = "fresh"
NOTHING_MISSED = "nothing_missed"
REPLAYED = "replayed"
GAP = "gap"

_Pending = tuple[str, TopicPartition, Sequence[TailRow], int]


class Hub:
    """The clients of one process. Everything but ``gained`` and ``jumped`` is called in the event loop."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._pending: deque[_Pending] = deque()
        self._jumped: deque[str] = deque()
        self._dispatched: dict[TopicPartition, int] = {}
        self._followers: dict[tuple[str, str], dict[Client, Position]] = {}
        self.clients: set[Client] = set()

    def gained(self, table: str, source: TopicPartition, rows: Sequence[TailRow], end: int) -> None:
        """The tail has taken in a partition up to ``end``. Called in the follower's thread."""
        self._pending.append((table, source, rows, end))

    def jumped(self, table: str) -> None:
        """The tail begins anew and does not go on where it was. Called in the follower's thread."""
        self._jumped.append(table)

    def drain(self) -> None:
        """Hands on what was gained. A ring that got lost costs nothing but time: the next one brings all."""
        while self._jumped:
            self._tell_gap(self._jumped.popleft())
        while self._pending:
            table, source, rows, end = self._pending.popleft()
            known = self._dispatched.get(source, 0)
            for row in rows:
                if row.offset >= known:
                    self._hand_on(table, row)
            self._dispatched[source] = max(known, end)

    def subscribe(self, client: Client, channel: str, symbol: str, depuis: Position | None) -> None:
        """From here on a client gets a symbol's rows, after those since ``depuis`` where the tail has them."""
        table = table_of(channel)
        reach = self._reach(table)
        rows: Sequence[TailRow] = []
        outcome = FRESH
        if depuis is not None:
            outcome, rows = self._missed(client, table, symbol, depuis, reach)
            if outcome != GAP:
                reach = reach.advanced({key: depuis[key] for key in reach if key in depuis})
        self._followers.setdefault((table, symbol), {})[client] = reach
        client.subscriptions.add((table, symbol))
        told = {"outcome": outcome, "n_replayed": len(rows)}
        client.offer(envelope("subscribed", channel=channel, symbol=symbol, position=reach, data=told))
        if outcome == GAP:
            client.offer(gap_frame(channel, symbol, reach, "the position is not held any more"))
        elif outcome == FRESH:
            client.offer(self._snapshot(table, symbol, reach))
        for row in rows:
            client.offer(update_frame(table, row), is_replay=True)

    def unsubscribe(self, client: Client, channel: str, symbol: str) -> None:
        self._leave(client, (table_of(channel), symbol))

    def join(self, client: Client) -> None:
        self.clients.add(client)

    def leave(self, client: Client) -> None:
        client.close()
        for key in list(client.subscriptions):
            self._leave(client, key)
        self.clients.discard(client)

    async def beat(self) -> None:
        """Every half second: hands on what no ring announced, says that we live, cuts off who does not read."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.drain()
            now, heartbeat = time.monotonic(), None
            for client in list(self.clients):
                if client.waiting_since is not None and now - client.waiting_since > STALL_SECONDS:
                    client.cut_off()
                elif now - client.last_frame_at >= HEARTBEAT_SECONDS - TICK_SECONDS:
                    heartbeat = heartbeat or self._heartbeat()
                    client.offer(heartbeat)

    def _missed(
        self, client: Client, table: str, symbol: str, depuis: Position, reach: Position
    ) -> tuple[str, Sequence[TailRow]]:
        if not len(reach) or not any(key in depuis for key in reach):
            return GAP, []  # the topic is another one, or the position says nothing of it
        found = self._tail.since(table, symbol, depuis)
        if found is None:
            return GAP, []
        rows = [row for row in found if row.offset < reach[row.source]]
        if len(rows) + client.n_replayed > MAX_REPLAYED:
            return GAP, []
        return (REPLAYED if rows else NOTHING_MISSED), rows

    def _reach(self, table: str) -> Position:
        """How far rows of a table were handed on, or came before anybody was here."""
        return self._tail.ends_of(table)

    def _snapshot(self, table: str, symbol: str, reach: Position) -> Frame:
        newest = self._tail.newest(table, symbol)
        return envelope(
            "snapshot",
            channel=channel_of(table),
            symbol=symbol,
            position=reach,
            event_time_us=None if newest is None else newest.time_us,
            data=None if newest is None else row_point(table, newest),
        )

    def _heartbeat(self) -> Frame:
        return envelope(
            "heartbeat", position=Position(dict(self._dispatched)), data={"tail": self._tail.state}
        )

    def _hand_on(self, table: str, row: TailRow) -> None:
        followers = self._followers.get((table, row.symbol))
        if not followers:
            return
        frame = update_frame(table, row)
        for client, first in list(followers.items()):
            if row.offset >= first[row.source]:
                client.offer(frame)

    def _tell_gap(self, table: str) -> None:
        for (of_table, symbol), followers in self._followers.items():
            if of_table == table:
                frame = gap_frame(channel_of(table), symbol, None, "messages were passed over")
                for client in list(followers):
                    client.offer(frame)

    def _leave(self, client: Client, key: tuple[str, str]) -> None:
        client.subscriptions.discard(key)
        followers = self._followers.get(key)
        if followers is not None:
            followers.pop(client, None)
            if not followers:
                del self._followers[key]


def pairs_of(asked: Subscribe) -> list[tuple[str, str]]:
    """Each (channel, symbol) once."""
    return list(dict.fromkeys((channel, symbol) for channel in asked.channels for symbol in asked.symbols))
