"""Bytes of a request: whole exactly at its end, however they arrive, and refused where they grow too many."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.server.request_bytes import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    MAX_REQUEST_LINE_BYTES,
    RequestBytes,
    RequestTooLargeError,
)

pytestmark = pytest.mark.unit

HEAD = b"POST /connexion HTTP/1.1\r\nHost: a\r\n"
WHOLE = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    HEAD + b"Content-Length: 0\r\n\r\n",
    HEAD + b"Content-Length: 10\r\n\r\n0123456789",
    HEAD + b"content-length:3  \r\nX: y\r\n\r\nabc",
    HEAD + b"Content-Length: 4\r\n\r\n\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
    HEAD + b"transfer-encoding:chunked\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n",  # a chunk that looks like the end
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: y\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",  # the parser refuses it
]


def in_pieces(request: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(request)) for cut in cuts} | {len(request)})
    return [request[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(st.sampled_from(WHOLE), st.lists(st.integers(1, 120), max_size=12))
@example(WHOLE[1], [1, 2, 15, 16, 17])
def test_whole_at_the_last_byte_and_not_before(request_bytes: bytes, cuts: list[int]) -> None:
    request = RequestBytes()
    *before, last = [piece for piece in in_pieces(request_bytes, cuts) if piece]
    for piece in before:
        request.add(piece)
        assert not request.is_whole
    request.add(last)
    assert request.is_whole
    assert bytes(request.buffer) == request_bytes


@pytest.mark.parametrize("request_bytes", WHOLE)
def test_whole_at_once_with_the_next_one_behind_it(request_bytes: bytes) -> None:
    request = RequestBytes(request_bytes + WHOLE[0][:9])
    assert request.is_whole
    assert request.buffer.endswith(WHOLE[0][:9])


@given(st.binary(max_size=300), st.lists(st.integers(1, 300), max_size=6))
def test_any_bytes_in_any_pieces_come_to_the_same(received: bytes, cuts: list[int]) -> None:
    at_once, piecewise = RequestBytes(received), RequestBytes()
    for piece in in_pieces(received, cuts):
        if not piecewise.is_whole:  # nothing is received once it is
            piecewise.add(piece)
    assert piecewise.is_whole == at_once.is_whole


@pytest.mark.parametrize(
    ("received", "status"),
    [
        (b"GET /" + b"x" * MAX_REQUEST_LINE_BYTES, 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES, 431),
        (HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (HEAD + b"Content-Length: 9999999999999999999\r\n\r\n", 413),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (MAX_BODY_BYTES + 1), 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * (MAX_BODY_BYTES // 6 + 1), 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * MAX_BODY_BYTES, 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nT: " + b"x" * MAX_HEAD_BYTES, 431),
    ],
)
def test_too_large_is_refused_before_it_is_received(received: bytes, status: int) -> None:
    with pytest.raises(RequestTooLargeError) as raised:
        RequestBytes(received)
    assert raised.value.status == status


@pytest.mark.parametrize(
    "received",
    [
        HEAD + b"Content-Length: x\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nno size\r\n",
        b"\x16\x03\x01\r\n\r\n",
    ],
)
def test_what_is_no_http_is_whole_so_that_the_parser_says_why(received: bytes) -> None:
    assert RequestBytes(received).is_whole


def test_a_client_that_waits_for_continue_is_asked_to_go_on() -> None:
    request = RequestBytes(HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert request.waits_for_continue
    request.add(b"ab")
    assert not request.waits_for_continue
    request.add(b"cde")
    assert request.is_whole
    assert not request.waits_for_continue
    assert not RequestBytes(HEAD + b"Content-Length: 5\r\n\r\n").waits_for_continue
