"""gunicorn worker of the gateway: receives connections that ask for the WebSocket, and runs Channels on them."""

import asyncio
import logging
import os
import signal
import socket
from typing import Any

from gunicorn.workers.base import Worker
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.server.fd_passing import SocketHandoff

logger = logging.getLogger(__name__)

NOTIFY_SECONDS = 1.0
PING_SECONDS = 20.0
CLOSE_SECONDS = 2.0


class GatewayWorker(Worker):
    """Worker supervised by gunicorn like the others; a new one receives the connections that still wait."""

    handoff: SocketHandoff

    def load_wsgi(self) -> None:
        """Load nothing: this worker has no WSGI application."""

    def run(self) -> None:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        from api.live.asgi import make_application  # after the fork, like all of the application

        gateway, application = make_application()
        server = _Server(application)
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, ended.set)
        gateway.start()
        logger.info("gateway serves pid=%d", os.getpid())
        loop.add_reader(self.handoff.receiver, self._receive, server)
        try:
            while not ended.is_set() and os.getppid() == self.ppid:
                self.notify()
                try:
                    async with asyncio.timeout(NOTIFY_SECONDS):
                        await ended.wait()
                except TimeoutError:
                    continue
        finally:
            loop.remove_reader(self.handoff.receiver)
            await server.shut_down()
            await gateway.stop()

    def _receive(self, server: "_Server") -> None:
        for client, head in self.handoff.receive():
            server.adopt(client, head)


class _Server:
    """uvicorn's WebSocket protocol on sockets that others accepted."""

    def __init__(self, application: Any) -> None:
        from api.live.control_frames import BoundedWebSocketProtocol
        from api.live.frames import MAX_FRAME_BYTES

        self._protocol = BoundedWebSocketProtocol
        self._config = Config(
            application,
            ws=self._protocol,
            ws_max_size=MAX_FRAME_BYTES,
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PING_SECONDS,
            ws_per_message_deflate=False,
            log_config=None,
            lifespan="off",
            interface="asgi3",
        )
        self._config.load()
        self._state = ServerState()
        self._adoptions: set[asyncio.Task[None]] = set()

    def adopt(self, client: socket.socket, head: bytes) -> None:
        client.setblocking(False)
        task = asyncio.create_task(self._adopt(client, head))
        self._adoptions.add(task)
        task.add_done_callback(self._adoptions.discard)

    async def _adopt(self, client: socket.socket, head: bytes) -> None:
        state: dict[str, Any] = {}
        loop = asyncio.get_running_loop()
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport, protocol = await loop.connect_accepted_socket(
                lambda: self._protocol(self._config, self._state, state), client
            )
        except OSError as error:
            logger.debug("a client left before it was adopted error=%s", error)
            client.close()
            return
        state["abort"] = transport.abort
        protocol.data_received(head)

    async def shut_down(self) -> None:
        """Ask every client to reconnect (close code 1012), and wait shortly for those that close properly."""
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=CLOSE_SECONDS)


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:  # not on every platform
        return None
    return uvloop.new_event_loop
