"""Handing a WebSocket's connection from a process that answers HTTP to the gateway: one port for both.

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
    """The two ends of the Unix socket. Any HTTP process may send, any gateway may receive."""

    sender: socket.socket
    receiver: socket.socket

    @staticmethod
    def open() -> "SocketHandoff":
        """Return both ends, open. Called before the processes fork."""
        sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (sender, receiver):
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, buffer, 8 * MAX_HEAD_BYTES)
        sender.settimeout(SEND_SECONDS)
        receiver.setblocking(False)
        return SocketHandoff(sender, receiver)

    def send(self, client: socket.socket, head: bytes) -> None:
        """Give a connection away; the caller still has to close its own descriptor.

        Raises OSError where no gateway takes it.
        """
        socket.send_fds(self.sender, [head], [client.fileno()])

    def receive(self) -> Iterator[tuple[socket.socket, bytes]]:
        """Yield every connection that waits, with its head."""
        while True:
            try:
                head, descriptors, _, _ = socket.recv_fds(self.receiver, MAX_HEAD_BYTES, 1)
            except BlockingIOError:
                return
            for descriptor in descriptors:
                yield socket.socket(fileno=descriptor), head


def is_websocket_upgrade(method: str, path: str, headers: Sequence[tuple[str, str]]) -> bool:
    """Return whether a request asks for the WebSocket; header names are upper-case."""
    if method != "GET" or path.rstrip("/") != SOCKET_PATH:
        return False
    return any(name == "UPGRADE" and value.lower() == "websocket" for name, value in headers)


def has_body(headers: Sequence[tuple[str, str]]) -> bool:
    """Return whether a request announces a body; header names are upper-case."""
    return any(
        name == "TRANSFER-ENCODING" or (name == "CONTENT-LENGTH" and value != "0") for name, value in headers
    )


def to_head(method: str, uri: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """Return the head of a request as it came, except for the case of its header names."""
    lines = [f"{method} {uri} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")
