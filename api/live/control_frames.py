"""uvicorn's WebSocket protocol with a bounded rate of frames that carry no message."""

import time
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_CONTROL_FRAMES = 200
CONTROL_SECONDS = 10.0
"""A client may send MAX_CONTROL_FRAMES pings, pongs and pieces of messages within so many seconds."""
_SLICE_BYTES = 2048


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Protocol that closes the connection of a client that floods it, with code 1008.

    Messages are counted by the consumer, and one at a time is read; pings, pongs and pieces are answered here, ahead of
    everybody else's turn in the event loop.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._n_control_frames = 0
        self._counted_since = time.monotonic()

    def data_received(self, data: bytes) -> None:
        """Read a piece of the stream at a time, so that no more than a piece is parsed of a flood."""
        for start in range(0, len(data), _SLICE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + _SLICE_BYTES])

    def handle_ping(self) -> None:
        """Answer a ping."""
        if self._may_go_on():
            super().handle_ping()

    def handle_pong(self, event: Any) -> None:
        """Read the answer to a ping."""
        if self._may_go_on():
            super().handle_pong(event)

    def handle_cont(self, event: Any) -> None:
        """Read a piece of a message."""
        if self._may_go_on():
            super().handle_cont(event)

    def _may_go_on(self) -> bool:
        now = time.monotonic()
        if now - self._counted_since > CONTROL_SECONDS:
            self._counted_since, self._n_control_frames = now, 0
        self._n_control_frames += 1
        if self._n_control_frames <= MAX_CONTROL_FRAMES:
            return True
        if not self.transport.is_closing():
            self._refuse(f"more than {MAX_CONTROL_FRAMES} control frames in {CONTROL_SECONDS:g} s")
        return False

    def _refuse(self, reason: str) -> None:
        self.conn.fail(1008, reason)
        if self.conn.close_sent is None:  # it was not accepted yet
            self.transport.abort()
        else:
            self.handle_parser_exception()
