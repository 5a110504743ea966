"""Answers of an exchange on their way in: bounded in bytes and time, decompressed once, and never led astray."""

import contextlib
import gzip
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator

import pytest

from streaming.collect.errors import FetchError
from streaming.collect.exchanges.client import ExchangeClient
from streaming.collect.exchanges.trade import Page, Question
from streaming.collect.exchanges.transport import MAX_ANSWER_BYTES
from streaming.collect.source import ExchangeSource
from tests.streaming.collect.conftest import NOON_US
from tests.support.exchange_server import TRADES, answer_of, serve_market
from tests.support.scripted_server import Answer, ScriptedServer

NOON = NOON_US / 1e6
ONE_TRADE = answer_of({"XXBTZUSD": [["100", "0.5", NOON - 60, "b", "l", "", 1]], "last": "0"})
BOMB = b"[" + b" " * (2 * MAX_ANSWER_BYTES)


def fetch(url: str, *, timeout_seconds: float = 5.0) -> Page:
    source = ExchangeSource(
        exchange="kraken",
        venue="k",
        symbols=("BTC/USD",),
        url=url,
        request_ms=0,
        timeout_seconds=timeout_seconds,
    )
    return ExchangeClient(source).fetch_page("BTC/USD", Question(kind="newest"), now_us=NOON_US)


@pytest.fixture
def market(server: ScriptedServer) -> ScriptedServer:
    serve_market(server)
    return server


def in_two_members(body: bytes) -> bytes:
    return gzip.compress(body[:20]) + gzip.compress(body[20:])


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("gzip", in_two_members),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
        ("identity", bytes),
        ("", gzip.compress),
    ],
)
def test_a_compressed_answer_is_read(
    market: ScriptedServer, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    market.answer(TRADES, Answer(headers={"Content-Encoding": coding}, body=compress(ONE_TRADE)))

    assert [trade.id for trade in fetch(market.url()).trades] == ["1"]


@pytest.mark.parametrize(
    ("coding", "body", "problem"),
    [
        ("gzip", gzip.compress(BOMB), "longer than 8000000 bytes"),
        ("deflate", zlib.compress(BOMB), "longer than 8000000 bytes"),
        ("gzip, gzip", gzip.compress(gzip.compress(BOMB)), "longer than 8000000 bytes"),
        ("", gzip.compress(BOMB), "longer than 8000000 bytes"),
        ("", b"[" * (MAX_ANSWER_BYTES + 1), "longer than 8000000 bytes"),
        ("gzip", ONE_TRADE, "compressed body is broken"),
        ("gzip", gzip.compress(ONE_TRADE)[:-9], "compressed body is broken"),
        ("br", ONE_TRADE, "'br' was not requested"),
        ("gzip, gzip, gzip", ONE_TRADE, "was not requested"),
    ],
    ids=range(9),
)
def test_of_what_is_too_long_or_broken_the_failure_says_why(
    market: ScriptedServer, coding: str, body: bytes, problem: str
) -> None:
    market.answer(TRADES, Answer(headers={"Content-Encoding": coding}, body=body))

    with pytest.raises(FetchError, match=problem):
        fetch(market.url())


def test_a_body_that_comes_to_no_end_is_left(market: ScriptedServer) -> None:
    def dribble() -> Iterator[bytes]:
        while not threading.Event().wait(0.01):
            yield b" "

    market.answer(TRADES, Answer(body=dribble))

    with pytest.raises(FetchError, match=r"no whole answer within 0\.3 s"):
        fetch(market.url(), timeout_seconds=0.3)


@pytest.mark.parametrize("piece", [b"X-More: 1\r\n", b"H"], ids=["header", "status"])
def test_headers_that_come_to_no_end_are_left(piece: bytes) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def dribble() -> None:
        connection, _ = listening.accept()
        connection.recv(65_536)
        with connection, contextlib.suppress(OSError):  # until the client hangs up
            connection.sendall(b"" if piece == b"H" else b"HTTP/1.1 200 OK\r\n")
            while not threading.Event().wait(0.05):
                connection.sendall(piece)

    thread = threading.Thread(target=dribble)
    thread.start()

    with pytest.raises(FetchError):
        fetch(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_seconds=0.3)
    thread.join()
    listening.close()


def test_a_redirect_is_followed(market: ScriptedServer) -> None:
    market.answer(TRADES, Answer(status=302, headers={"Location": "/moved"}))
    market.answer("/moved", Answer(body=ONE_TRADE))

    assert [trade.id for trade in fetch(market.url()).trades] == ["1"]


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        (TRADES, "more than 5 redirects"),
        ("file:///etc/passwd", "is not followed"),
        ("ftp://example.org/", "is not followed"),
        ("http://", "more than 5 redirects"),
        ("http://[", "is not followed"),
        ("javascript:alert(1)", "is not followed"),
    ],
)
def test_a_redirect_that_leads_astray_is_a_failure(
    market: ScriptedServer, location: str, problem: str
) -> None:
    market.answer(TRADES, Answer(status=302, headers={"Location": location}))

    with pytest.raises(FetchError, match=problem):
        fetch(market.url())


@pytest.mark.parametrize("status", [200, 403, 451, 503, 520])
def test_a_page_for_people_is_a_failure(market: ScriptedServer, status: int) -> None:
    page = b"<!doctype html><title>Just a moment...</title>"
    market.answer(TRADES, Answer(status=status, headers={"Content-Type": "text/html"}, body=page))

    with pytest.raises(FetchError):
        fetch(market.url())


@pytest.mark.parametrize("document", ["", "null", "[]", "7", '"text"', "{}", '{"error":[],"result":null}'])
def test_a_document_of_another_shape_is_a_failure_or_has_no_trades(
    market: ScriptedServer, document: str
) -> None:
    market.answer(TRADES, Answer(body=document.encode()))

    try:
        trades = fetch(market.url()).trades
    except FetchError:
        trades = ()
    assert trades == ()


def test_of_a_document_without_end_nothing_is_believed(market: ScriptedServer) -> None:
    rows = [["100", "0.5", NOON - 60 + n, "b", "l", "", n] for n in range(9)]
    body = json.dumps({"error": [], "result": {"XXBTZUSD": rows}}).encode()
    market.answer(TRADES, Answer(body=body[:-30]))

    with pytest.raises(FetchError, match="no JSON"):
        fetch(market.url())
