"""Requests over a network that lies, waits and changes its mind."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from streaming.collect.errors import FetchError
from streaming.collect.network.deadline import Deadline
from streaming.collect.network.exchange import Answer as Given
from streaming.collect.network.exchange import Network, Request
from streaming.collect.network.redirects import follow
from tests.support.scripted_server import Answer, ScriptedServer

LOOPBACK, INTERNET = "127.0.0.1", "93.184.216.34"


def fetch(network: Network, url: str, *, seconds: float = 5.0, **options: Any) -> Given:
    with Deadline(seconds) as deadline:
        return follow(network, Request(url=url), deadline=deadline, max_bytes=10_000, **options).answer


class Names:
    """Name servers that give the next answer at each question, the last one again and again."""

    def __init__(self, **answers: list[str]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def __call__(self, host: str) -> list[str]:
        if host == LOOPBACK:
            return [host]
        self.asked.append(host)
        answers = self._answers[host.partition(".")[0]]
        return [answers.pop(0) if len(answers) > 1 else answers[0]]


def at(host: str, server: ScriptedServer, path: str) -> str:
    return f"http://{host}:{urlsplit(server.url()).port}{path}"


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(server: ScriptedServer) -> None:
    server.answer("/feed", Answer(body=b"whole"))
    names = Names(own=[LOOPBACK, INTERNET])

    answer = fetch(Network(names), at("own.example", server, "/feed"), private=True)

    assert answer.body == b"whole"
    assert names.asked == ["own.example"]


@pytest.mark.parametrize("address", [LOOPBACK, "::ffff:127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254"])
def test_a_name_that_comes_to_lead_into_the_own_network_is_not_requested(
    server: ScriptedServer, address: str
) -> None:
    server.answer("/feed", Answer(body=b"secret"))

    with pytest.raises(FetchError, match="private address"):
        fetch(Network(Names(feed=[address])), at("feed.example", server, "/feed"))
    assert server.asked == []


def test_one_private_address_among_public_ones_refuses_a_name(server: ScriptedServer) -> None:
    with pytest.raises(FetchError, match="private address"):
        fetch(Network(lambda _: [INTERNET, LOOPBACK]), at("feed.example", server, "/feed"))
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "host", ["inner.example", LOOPBACK, "localhost", "0x7f000001", "2130706433", "[::1]"]
)
def test_a_redirect_of_another_machine_does_not_lead_into_the_own_network(
    server: ScriptedServer, status: int, host: str
) -> None:
    target = at(host, server, "/metadata")

    class Redirecting(Network):
        def ask(self, request: Request, **options: Any) -> Given:
            if "feed.example" in request.url:
                return Given(url=request.url, status=status, headers=(("Location", target),), body=b"")
            return super().ask(request, **options)

    with pytest.raises(FetchError, match=r"private address|has no address"):
        fetch(Redirecting(lambda _: [LOOPBACK]), "http://feed.example/feed")
    assert server.asked == []


def test_a_connection_to_the_own_network_serves_no_request_that_may_not_reach_it(
    server: ScriptedServer,
) -> None:
    server.answer("/feed", Answer(body=b"whole"))
    network = Network(Names(own=[LOOPBACK]))
    url = at("own.example", server, "/feed")
    fetch(network, url, private=True)

    with pytest.raises(FetchError, match="private address"):
        fetch(network, url)
    assert len(server.asked) == 1


def test_the_next_address_of_a_name_is_tried_where_the_first_refuses(server: ScriptedServer) -> None:
    server.answer("/feed", Answer(body=b"whole"))

    network = Network(lambda _: ["127.0.0.2", LOOPBACK])

    assert fetch(network, at("own.example", server, "/feed"), private=True).body == b"whole"


def test_name_servers_that_do_not_answer_end_with_the_deadline() -> None:
    waiting = threading.Event()

    def resolve(_: str) -> list[str]:
        waiting.wait(30)
        return [INTERNET]

    with pytest.raises(FetchError, match="has no address"):
        fetch(Network(resolve), "http://slow.example/", seconds=0.2)
    waiting.set()


def _greet_never(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def _drip(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        while not threading.Event().wait(0.02):
            connection.sendall(piece)

    return serve


@contextlib.contextmanager
def _raw_server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    listening = socket.create_server((LOOPBACK, 0))

    def run() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                serve(connection)

    thread = threading.Thread(target=run)
    thread.start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.mark.parametrize(
    ("scheme", "serve"),
    [
        ("http", _greet_never),
        ("https", _greet_never),
        ("https", _drip(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb", b"\x03")),
        ("http", _drip(b"", b"H")),
        ("http", _drip(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n")),
        ("http", _drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")),
        ("http", _drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
        ("http", _drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x")),
        ("http", _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x")),
        ("http", _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")),
        ("http", _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x")),
    ],
    ids=range(11),
)
def test_whatever_drips_or_waits_ends_with_the_deadline(
    scheme: str, serve: Callable[[socket.socket], None]
) -> None:
    with _raw_server(serve) as port, pytest.raises(FetchError, match=r"no whole answer within 0\.3 s"):
        fetch(Network(), f"{scheme}://{LOOPBACK}:{port}/feed", seconds=0.3)


def test_redirects_share_one_deadline(server: ScriptedServer) -> None:
    waiting = threading.Event()

    def wait() -> Iterator[bytes]:
        waiting.wait(0.25)
        yield b""

    for step in range(5):
        server.answer(f"/{step}", Answer(status=302, headers={"Location": f"/{step + 1}"}, body=wait))

    with pytest.raises(FetchError, match=r"no whole answer within 0\.6 s"):
        fetch(Network(), server.url("/0"), seconds=0.6)
    assert 2 <= len(server.asked) <= 4


def test_a_name_and_password_of_an_address_are_sent_there_and_not_to_where_it_redirects(
    server: ScriptedServer,
) -> None:
    server.answer("/feed", Answer(status=302, headers={"Location": at("localhost", server, "/moved")}))
    server.answer("/moved", Answer(body=b"whole"))

    fetch(Network(), server.url("/feed").replace("//", "//me:secret@"))

    assert [asked.headers.get("Authorization") for asked in server.asked] == ["Basic bWU6c2VjcmV0", None]


def test_a_body_that_ends_too_early_is_an_error(server: ScriptedServer) -> None:
    url = server.answer("/feed", Answer(headers={"Content-Length": "100"}, body=lambda: [b"half"]))

    with pytest.raises(FetchError, match="IncompleteRead"):
        fetch(Network(), url)
