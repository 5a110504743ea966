"""Problems that are answered outside of the application."""

import socket

from api.http.encoding import PROBLEM_MEDIA_TYPE, encode_json


def send_problem(client: socket.socket, status: int, title: str) -> None:
    """Send an answer of problem+json that ends the connection. Raises: OSError."""
    body = encode_json(
        {"type": "about:blank", "title": title, "status": status, "detail": "the request cannot be answered"}
    )
    head = (
        f"HTTP/1.1 {status} {title}\r\nConnection: close\r\nContent-Type: {PROBLEM_MEDIA_TYPE}\r\n"
        f"Cache-Control: no-store\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    client.sendall(head.encode() + body)
