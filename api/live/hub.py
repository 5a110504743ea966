"""Subscriptions of the WebSocket: rows of the follower reach their subscribers, each row once and in order."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence

from api.live.client import Client
from api.live.frames import (
    Frame,
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

HEARTBEAT_SECONDS = 4.0
TICK_SECONDS = 0.5
STALL_SECONDS = 20.0
MAX_REPLAYED = 5_000
"""Rows that a resume may bring, and that may wait for one client; beyond it the history is quicker."""

FRESH = "fresh"
NOTHING_MISSED = "nothing_missed"
REPLAYED = "replayed"
GAP = "gap"

_Batch = tuple[str, TopicPartition, Sequence[TailRow], int]


class Hub:
    """The clients of one process. Everything but ``add_rows`` and ``add_gap`` is called in the event loop."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._batches: deque[_Batch] = deque()
        self._gaps: deque[str] = deque()
        self._dispatched: dict[TopicPartition, int] = {}
        self._subscribers: dict[tuple[str, str], dict[Client, Position]] = {}
        self.clients: set[Client] = set()

    def add_rows(self, table: str, source: TopicPartition, rows: Sequence[TailRow], end: int) -> None:
        """Queue the rows of a partition that the tail has read up to ``end``. Called in the follower's thread."""
        self._batches.append((table, source, rows, end))

    def add_gap(self, table: str) -> None:
        """Queue a gap: the tail begins anew, and not where it was. Called in the follower's thread."""
        self._gaps.append(table)

    def dispatch(self) -> None:
        """Send what is queued to its subscribers. A lost notification costs time only: the next call sends all."""
        while self._gaps:
            self._send_gap(self._gaps.popleft())
        while self._batches:
            table, source, rows, end = self._batches.popleft()
            dispatched = self._dispatched.get(source, 0)
            for row in rows:
                if row.offset >= dispatched:
                    self._send_row(table, row)
            self._dispatched[source] = max(dispatched, end)

    def subscribe(
        self,
        client: Client,
        channel: str,
        symbol: str,
        since: Position | None,
        *,
        is_known: bool = True,
    ) -> None:
        """Send a symbol's rows to a client from now on, after those since ``since`` that the tail still holds.

        Without ``since`` a subscription that exists goes on: no row of it is lost or sent twice. A client is told where
        no table has seen the symbol.
        """
        table = table_of(channel)
        position = self._tail.ends_of(table)
        resumed = since if since is not None else self._sent_position(client, table, symbol, position)
        rows: Sequence[TailRow] = []
        outcome = FRESH
        if resumed is not None:
            outcome, rows = self._missed_rows(client, table, symbol, resumed, position)
            if outcome != GAP:
                position = position.advanced({key: resumed[key] for key in position if key in resumed})
        self._subscribers.setdefault((table, symbol), {})[client] = position
        client.subscriptions.add((table, symbol))
        data = {"outcome": outcome, "n_replayed": len(rows)} | ({} if is_known else {"known": False})
        client.offer(envelope("subscribed", channel=channel, symbol=symbol, position=position, data=data))
        if outcome == GAP:
            client.offer(gap_frame(channel, symbol, position, "the position is not held any more"))
        elif since is None and not rows:
            client.offer(self._snapshot(table, symbol, position))
        for row in rows:
            client.offer(update_frame(table, row), is_replay=True)

    def unsubscribe(self, client: Client, channel: str, symbol: str) -> None:
        """End one subscription, and tell the client whether there was one."""
        key = (table_of(channel), symbol)
        data = {"was_subscribed": key in client.subscriptions}
        self._unsubscribe(client, key)
        client.offer(envelope("unsubscribed", channel=channel, symbol=symbol, data=data))

    def add_client(self, client: Client) -> None:
        """Send heartbeats to a client from now on."""
        self.clients.add(client)

    def remove_client(self, client: Client) -> None:
        """Close a client and end its subscriptions. Idempotent."""
        client.close()
        for key in list(client.subscriptions):
            self._unsubscribe(client, key)
        self.clients.discard(client)

    async def run(self) -> None:
        """Dispatch and look after the clients every half second, without an end."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.dispatch()
            self.look_after_clients(time.monotonic())

    def look_after_clients(self, now_seconds: float) -> None:
        """Send due heartbeats, and disconnect who does not read; the instant is of the monotonic clock."""
        heartbeat = None
        for client in list(self.clients):
            if client.waiting_since is not None and now_seconds - client.waiting_since > STALL_SECONDS:
                client.disconnect()
            elif now_seconds - client.last_frame_at >= HEARTBEAT_SECONDS - TICK_SECONDS:
                heartbeat = heartbeat or envelope(
                    "heartbeat",
                    position=Position(dict(self._dispatched)),
                    data={"tail": self._tail.state},
                )
                client.offer(heartbeat)

    def _sent_position(self, client: Client, table: str, symbol: str, ends: Position) -> Position | None:
        """Return up to where rows of a subscription were sent; None where there is none yet."""
        first = self._subscribers.get((table, symbol), {}).get(client)
        if first is None or not len(ends):
            return None
        return Position({key: max(first[key], self._dispatched.get(key, 0)) for key in ends})

    def _missed_rows(
        self, client: Client, table: str, symbol: str, since: Position, position: Position
    ) -> tuple[str, Sequence[TailRow]]:
        """Return (outcome, rows between ``since`` and ``position``)."""
        if not len(position) or not any(key in since for key in position):
            return GAP, []  # the topic is another one, or the position says nothing of it
        held = self._tail.since(table, symbol, since)
        if held is None:
            return GAP, []
        rows = [row for row in held if row.offset < position[row.source]]
        if len(rows) + client.n_replayed > MAX_REPLAYED:
            return GAP, []
        return (REPLAYED if rows else NOTHING_MISSED), rows

    def _snapshot(self, table: str, symbol: str, position: Position) -> Frame:
        newest = self._tail.newest(table, symbol)
        return envelope(
            "snapshot",
            channel=channel_of(table),
            symbol=symbol,
            position=position,
            event_time_us=None if newest is None else newest.time_us,
            data=None if newest is None else row_point(table, newest),
        )

    def _send_row(self, table: str, row: TailRow) -> None:
        subscribers = self._subscribers.get((table, row.symbol))
        if not subscribers:
            return
        frame = update_frame(table, row)
        for client, first in list(subscribers.items()):
            if row.offset >= first[row.source]:
                client.offer(frame)

    def _send_gap(self, table: str) -> None:
        for (of_table, symbol), subscribers in self._subscribers.items():
            if of_table == table:
                frame = gap_frame(channel_of(table), symbol, None, "messages were passed over")
                for client in list(subscribers):
                    client.offer(frame)

    def _unsubscribe(self, client: Client, key: tuple[str, str]) -> None:
        client.subscriptions.discard(key)
        subscribers = self._subscribers.get(key)
        if subscribers is not None:
            subscribers.pop(client, None)
            if not subscribers:
                del self._subscribers[key]
