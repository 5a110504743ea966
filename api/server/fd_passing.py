"""A WebSocket's connection on its way from a process that answers HTTP to the gateway: one port for both.

The HTTP server reads the head of a request. Where it asks for the WebSocket, the connection itself goes to the gateway
through a Unix socket, with the head; no byte of it passes through a proxy afterwards.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakehouse.process.settings import SOCKET_PATH

MAX_HEAD_BYTES = 128 * 1024
SEND_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class SocketHandoff:
    """The two ends of the Unix socket. Any process may send, any gateway may receive."""

    outside: socket.socket
    inside: socket.socket

    @staticmethod
    def open() -> "SocketHandoff":
        outside, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (outside, inside):
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, buffer, 8 * MAX_HEAD_BYTES)
        outside.settimeout(SEND_SECONDS)
        inside.setblocking(False)
        return SocketHandoff(outside, inside)

    def hand_over(self, client: socket.socket, head: bytes) -> None:
        """Gives a connection away; the caller's own descriptor stays to be closed.

        Raises OSError where no gateway takes it.
        """
        socket.send_fds(self.outside, [head], [client.fileno()])

    def received(self) -> Iterator[tuple[socket.socket, bytes]]:
        """Every connection that waits, with its head."""
        while True:
            try:
                head, descriptors, _, _ = socket.recv_fds(self.inside, MAX_HEAD_BYTES, 1)
            except BlockingIOError:
                return
            for descriptor in descriptors:
                yield socket.socket(fileno=descriptor), head


def is_websocket_upgrade(method: str, path: str, headers: Sequence[tuple[str, str]]) -> bool:
    """Whether a request asks for the WebSocket; header names are upper-case."""
    if method != "GET" or path.rstrip("/") != SOCKET_PATH:
        return False
    return any(name == "UPGRADE" and value.lower() == "websocket" for name, value in headers)


def to_head(method: str, uri: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """The head of a request as it came, but for the case of its names."""
    lines = [f"{method} {uri} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")
