"""One WebSocket connection: a Channels consumer around a client of the hub."""

import asyncio
import time

from channels.generic.websocket import AsyncWebsocketConsumer

from api.access.permissions import Access, is_public
from api.live.authorization import is_authorized
from api.live.client import Client, Transport
from api.live.connection_limits import Scope, address_of, is_known_host, is_known_http_origin
from api.live.frames import (
    Frame,
    Subscribe,
    Unsubscribe,
    error_frame,
    pairs_of,
    parse_frame,
    table_of,
    unknown_symbol_frame,
)
from api.live.gateway import Gateway
from api.metrics.registry import WEBSOCKET_FRAMES
from lakehouse.delta.position import Position
from lakehouse.errors import QueryError

POLICY = 1008
TRY_LATER = 1013
TAIL_WAIT_SECONDS = 10.0
TAIL_POLL_SECONDS = 0.05
MAX_FRAMES = 100
FRAMES_SECONDS = 10.0
MAX_BAD_MESSAGES = 10


class FluxConsumer(AsyncWebsocketConsumer):
    """Consumer that subscribes, unsubscribes, and otherwise only sends. It has no channel: its process has one."""

    channel_layer_alias = "none"

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._client: Client | None = None
        self._address: str | None = None
        self._recheck: asyncio.Task[None] | None = None
        self._n_bad_messages = self._n_frames = 0
        self._frames_since = time.monotonic()
        # A client that comes back may name each of its subscriptions in a message of its own.
        self._max_frames = MAX_FRAMES + gateway.settings.live_subscriptions

    async def connect(self) -> None:
        scope: Scope = self.scope
        settings = self._gateway.settings
        is_known = is_known_host(scope, settings) and is_known_http_origin(scope, settings)
        if not is_known or not await is_authorized(scope):
            await self.close()  # before it is accepted: 403
            return
        await self.accept()
        transport = Transport(self._send_frame, scope["state"]["abort"])
        self._client = Client(transport, max_bytes=settings.live_buffer_bytes)
        address = address_of(scope, trusted_proxies=settings.trusted_proxies)
        refused = self._gateway.connection_limiter.acquire(address)
        if refused is not None:
            await self._refuse("too_many_clients", refused, TRY_LATER)
            return
        self._address = address
        self._gateway.hub.add_client(self._client)
        if not is_public(Access.HISTORY):
            self._recheck = asyncio.create_task(self._recheck_authorization())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        client = self._client
        if client is None or client.closed:
            return
        if self._exceeds_message_rate():
            detail = f"{self._max_frames} messages in {FRAMES_SECONDS:g} s"
            await self._refuse("too_many_messages", detail, POLICY)
            return
        try:
            if text_data is None:
                raise QueryError(parameter="message", problem="it is binary", accepted="text, JSON")
            await self._answer(client, parse_frame(text_data))
        except QueryError as error:
            self._n_bad_messages += 1
            client.offer(error_frame("bad_message", error.problem, error.accepted))
            if self._n_bad_messages >= MAX_BAD_MESSAGES:
                await self._refuse("too_many_mistakes", f"{MAX_BAD_MESSAGES} messages were wrong", POLICY)

    async def disconnect(self, code: int) -> None:
        if self._recheck is not None:
            self._recheck.cancel()
        if self._client is not None:
            self._gateway.hub.remove_client(self._client)
        if self._address is not None:
            self._gateway.connection_limiter.release(self._address)
            self._address = None

    async def _answer(self, client: Client, frame: Subscribe | Unsubscribe) -> None:
        if isinstance(frame, Subscribe):
            await self._subscribe(client, frame)
            return
        for channel, symbol in pairs_of(frame):
            self._gateway.hub.unsubscribe(client, channel, symbol)

    async def _subscribe(self, client: Client, frame: Subscribe) -> None:
        pairs, max_pairs = pairs_of(frame), self._gateway.settings.live_subscriptions
        n_new = len({(table_of(channel), symbol) for channel, symbol in pairs} - client.subscriptions)
        if len(client.subscriptions) + n_new > max_pairs:
            raise QueryError(
                parameter="symbols",
                problem=f"{len(client.subscriptions)} are followed already, and {n_new} more are too many",
                accepted=f"at most {max_pairs} pairs of channel and symbol",
            )
        if not await self._tail_has_begun():
            await self._refuse("unavailable", "Kafka has not been reached yet", TRY_LATER)
            return
        known = await self._gateway.symbols.known()
        unknown = [name for name in frame.symbols if known and not self._gateway.symbols.has(name, known)]
        since = None if frame.depuis is None else Position.from_json(frame.depuis)
        for channel, symbol in pairs:
            self._gateway.hub.subscribe(client, channel, symbol, since, is_known=symbol not in unknown)
        for symbol in unknown:
            client.offer(unknown_symbol_frame(symbol, known))

    async def _tail_has_begun(self) -> bool:
        deadline = time.monotonic() + TAIL_WAIT_SECONDS
        while not self._gateway.tail.has_begun:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(TAIL_POLL_SECONDS)
        return True

    async def _recheck_authorization(self) -> None:
        """End the connection once its token or session has ended."""
        settings = self._gateway.settings
        await asyncio.sleep(settings.live_recheck_seconds)
        while await is_authorized(self.scope):
            await asyncio.sleep(settings.live_recheck_seconds)
        await self._refuse("access_ended", "the token or session has ended", POLICY)

    def _exceeds_message_rate(self) -> bool:
        now = time.monotonic()
        if now - self._frames_since > FRAMES_SECONDS:
            self._frames_since, self._n_frames = now, 0
        self._n_frames += 1
        return self._n_frames > self._max_frames

    async def _refuse(self, code: str, detail: str, close_code: int) -> None:
        """Send the reason, then close."""
        client = self._client
        if client is not None:
            client.offer(error_frame(code, detail))
            await client.drained()
            self._gateway.hub.remove_client(client)
        await self.close(close_code)

    async def _send_frame(self, frame: Frame) -> None:
        await self.base_send({"type": "websocket.send", "text": frame.decode()})
        WEBSOCKET_FRAMES.inc()
