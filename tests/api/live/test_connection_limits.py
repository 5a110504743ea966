"""Who may connect, and how an upgrade differs from other requests."""

import socket

import pytest

from api.live.connection_limits import ConnectionLimiter, address_of, is_known_host, is_known_http_origin
from api.server.fd_passing import SocketHandoff, is_websocket_upgrade, to_head
from lakehouse.process.settings import Settings


@pytest.mark.parametrize(
    ("origin", "allowed", "is_known"),
    [
        (None, "", True),
        (b"http://api.example:8000", "", True),
        (b"http://evil.example", "", False),
        (b"null", "", False),
        (b"http://api.example", "", False),
        (b"http://api.example:8000.evil.example", "", False),
        (b"https://viewer.example", "https://viewer.example, https://b.example", True),
        (b"https://viewer.example.evil", "https://viewer.example", False),
        (b"http://evil.example", "*", True),
    ],
)
def test_only_our_own_pages_and_named_ones_connect(
    origin: bytes | None, allowed: str, is_known: bool
) -> None:
    headers = [(b"host", b"api.example:8000")] + ([(b"origin", origin)] if origin is not None else [])

    assert is_known_http_origin({"headers": headers}, Settings(live_origins=allowed)) is is_known


def test_a_place_is_free_again_once_a_client_left() -> None:
    connection_limiter = ConnectionLimiter(max_clients=3, max_of_address=2)

    assert [connection_limiter.acquire("a") is None for _ in range(3)] == [True, True, False]
    assert [connection_limiter.acquire("b") is None for _ in range(2)] == [True, False]
    connection_limiter.release("a")
    assert connection_limiter.acquire("a") is None


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy() -> None:
    scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"6.6.6.6, 1.2.3.4")]}

    assert address_of(scope, trusted_proxies=0) == "10.0.0.1"
    assert address_of(scope, trusted_proxies=1) == "1.2.3.4"


def test_a_header_that_comes_twice_is_one_list() -> None:
    headers = [(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"1.2.3.4")]

    assert address_of({"client": ("10.0.0.1", 1), "headers": headers}, trusted_proxies=1) == "1.2.3.4"


@pytest.mark.parametrize(
    ("host", "allowed", "is_known"),
    [
        (b"viz.example", "viz.example", True),
        (b"VIZ.example:8443", "viz.example", True),
        (b"evil.example", "viz.example", False),
        (b"viz.example.evil.example", "viz.example", False),
        (b"a.viz.example", ".viz.example", True),
        (b"[::1]:8000", "[::1]", True),
        (b"evil.example", "*", True),
        (b"", "*", False),
        (b"a b", "*", False),
        (None, "*", False),
    ],
)
def test_a_name_that_is_not_listed_is_not_answered_to(
    host: bytes | None, allowed: str, is_known: bool
) -> None:
    headers = [] if host is None else [(b"host", host)]

    assert is_known_host({"headers": headers}, Settings(allowed_hosts=allowed)) is is_known


def test_a_page_without_tls_or_with_two_origins_is_not_ours() -> None:
    host, plain, secure = (
        (b"host", b"viz.example"),
        (b"origin", b"http://viz.example"),
        (b"origin", b"https://viz.example"),
    )

    assert is_known_http_origin({"headers": [host, secure]}, Settings(production=True))
    assert not is_known_http_origin({"headers": [host, plain]}, Settings(production=True))
    assert not is_known_http_origin({"headers": [host, secure, secure]}, Settings())


@pytest.mark.parametrize(
    ("method", "path", "upgrade", "wants"),
    [
        ("GET", "/ws/v1/flux", "websocket", True),
        ("GET", "/ws/v1/flux/", "WebSocket", True),
        ("POST", "/ws/v1/flux", "websocket", False),
        ("GET", "/api/v1/etat", "websocket", False),
        ("GET", "/ws/v1/flux", "h2c", False),
    ],
)
def test_only_an_upgrade_on_its_path_goes_to_the_gateway(
    method: str, path: str, upgrade: str, wants: bool
) -> None:
    assert is_websocket_upgrade(method, path, [("UPGRADE", upgrade)]) is wants


def test_connection_is_handed_off_with_its_head() -> None:
    handoff = SocketHandoff.open()
    here, there = socket.socketpair()
    head = to_head("GET", "/ws/v1/flux", [("HOST", "a.example")])

    handoff.send(there, head)
    there.close()
    [(received, received_head)] = handoff.receive()
    received.sendall(b"hello")

    assert here.recv(5) == b"hello"
    assert received_head == b"GET /ws/v1/flux HTTP/1.1\r\nHOST: a.example\r\n\r\n"
    assert list(handoff.receive()) == []
    for each in (here, received, handoff.receiver, handoff.sender):
        each.close()
