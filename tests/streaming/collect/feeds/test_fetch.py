"""Conditional GETs against a server that misbehaves."""

import gzip
import time
import zlib
from collections.abc import Iterator
from functools import partial

import pytest

from streaming.collect.errors import FetchError, SourceGoneError
from streaming.collect.feeds.fetch import Fetched, Fetcher, Validators
from streaming.collect.network.http_rules import retry_after_seconds
from streaming.collect.source import NewsSource
from tests.streaming.collect.conftest import NOON_US
from tests.support.scripted_server import Answer, ScriptedServer

compress = partial(gzip.compress, mtime=0)  # the same bytes each time: they are names of cases

MEGABYTE = 1_000_000


def fetch(fetcher: Fetcher, url: str, *, timeout_seconds: float = 5.0, etag: str | None = None) -> Fetched:
    validators = Validators(etag=etag, last_modified="Wed, 25 Nov 2026 10:00:00 GMT" if etag else None)
    source = NewsSource(source="gazette", url=url, max_bytes=2 * MEGABYTE, timeout_seconds=timeout_seconds)
    return fetcher.fetch(source, url, validators=validators)


def test_a_request_identifies_the_collector_and_its_cached_version(
    server: ScriptedServer, fetcher: Fetcher
) -> None:
    url = server.answer("/feed", Answer(status=304))

    fetched = fetch(fetcher, url, etag='"7"')

    headers = server.asked[0].headers
    assert headers["User-Agent"].startswith("CryptoViz/")
    assert headers["If-None-Match"] == '"7"'
    assert headers["If-Modified-Since"] == "Wed, 25 Nov 2026 10:00:00 GMT"
    assert (fetched.status, fetched.body) == (304, None)
    assert fetched.validators.etag == '"7"'


def test_an_answer_brings_its_validators(server: ScriptedServer, fetcher: Fetcher) -> None:
    url = server.answer("/feed", Answer(headers={"ETag": '"8"', "Last-Modified": "then"}, body=b"<rss/>"))

    fetched = fetch(fetcher, url)

    assert fetched.body == b"<rss/>"
    assert fetched.validators == Validators(etag='"8"', last_modified="then")


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_carries_the_requested_wait(server: ScriptedServer, fetcher: Fetcher, status: int) -> None:
    url = server.answer("/feed", Answer(status=status, headers={"Retry-After": "120"}))

    with pytest.raises(FetchError) as raised:
        fetch(fetcher, url)

    assert raised.value.status == status
    assert raised.value.retry_after_seconds == 120


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("90", 90.0),
        ("Wed, 25 Nov 2026 12:05:00 GMT", 300.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999", 86_400.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_in_all_its_forms(header: str, seconds: float | None) -> None:
    assert retry_after_seconds({"Retry-After": header}, now_us=NOON_US) == seconds


def test_a_broken_server_is_an_error_that_names_the_status(server: ScriptedServer, fetcher: Fetcher) -> None:
    url = server.answer("/feed", Answer(status=500))

    with pytest.raises(FetchError, match="status 500"):
        fetch(fetcher, url)


def test_gone_is_gone(server: ScriptedServer, fetcher: Fetcher) -> None:
    url = server.answer("/feed", Answer(status=410))

    with pytest.raises(SourceGoneError):
        fetch(fetcher, url)


def test_a_server_that_never_comes_to_an_end_is_left(server: ScriptedServer, fetcher: Fetcher) -> None:
    def dribble() -> Iterator[bytes]:
        while True:
            time.sleep(0.01)
            yield b"<rss>"

    url = server.answer("/feed", Answer(body=dribble))

    with pytest.raises(FetchError, match=r"no whole answer within 0\.1 s"):
        fetch(fetcher, url, timeout_seconds=0.1)


def test_a_silent_server_is_left(server: ScriptedServer, fetcher: Fetcher) -> None:
    def wait() -> Iterator[bytes]:
        time.sleep(0.5)
        yield b"<rss/>"

    url = server.answer("/feed", Answer(body=wait))

    with pytest.raises(FetchError, match=r"no whole answer within 0\.05 s"):
        fetch(fetcher, url, timeout_seconds=0.05)


def test_nobody_there_is_an_error(fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="Connection refused"):
        fetch(fetcher, "http://127.0.0.1:1/feed")


def test_of_fifty_megabytes_no_more_is_read_than_allowed(server: ScriptedServer, fetcher: Fetcher) -> None:
    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for _ in range(500):
            sent.append(100_000)
            yield b"<item/>" + b" " * 99_993

    url = server.answer("/feed", Answer(body=pieces))

    with pytest.raises(FetchError, match="longer than 2000000 bytes"):
        fetch(fetcher, url)
    assert sum(sent) < 25 * MEGABYTE  # what the sockets hold beyond the limit, never all of it


def test_a_small_body_that_unpacks_to_fifty_megabytes_is_cut_off(
    server: ScriptedServer, fetcher: Fetcher
) -> None:
    compressed = compress(bytes(50 * MEGABYTE))
    url = server.answer("/feed", Answer(headers={"Content-Encoding": "gzip"}, body=compressed))

    with pytest.raises(FetchError, match="longer than 2000000 bytes"):
        fetch(fetcher, url)
    assert len(compressed) < MEGABYTE


def test_compressed_bodies_are_decompressed_and_broken_ones_refused(
    server: ScriptedServer, fetcher: Fetcher
) -> None:
    compressed = {"Content-Encoding": "gzip"}
    good = server.answer("/good", Answer(headers=compressed, body=compress(b"<rss/>")))
    broken = server.answer("/broken", Answer(headers=compressed, body=b"<rss/>"))
    unrequested = server.answer("/unrequested", Answer(headers={"Content-Encoding": "br"}, body=b"?"))

    assert fetch(fetcher, good).body == b"<rss/>"
    with pytest.raises(FetchError, match="broken"):
        fetch(fetcher, broken)
    with pytest.raises(FetchError, match="'br' was not requested"):
        fetch(fetcher, unrequested)


def test_a_permanent_redirect_is_reported_and_a_temporary_one_is_not(
    server: ScriptedServer, fetcher: Fetcher
) -> None:
    server.answer("/new", Answer(body=b"<rss/>"))
    moved = server.answer("/old", Answer(status=301, headers={"Location": "/new"}))
    lent = server.answer("/lent", Answer(status=302, headers={"Location": "/new"}))
    moved_then_lent = server.answer("/older", Answer(status=308, headers={"Location": "/lent"}))

    assert fetch(fetcher, moved).moved_to == server.url("/new")
    assert fetch(fetcher, lent).moved_to is None
    assert fetch(fetcher, moved_then_lent).moved_to == server.url("/lent")


def test_a_circle_of_redirects_ends(server: ScriptedServer, fetcher: Fetcher) -> None:
    url = server.answer("/round", Answer(status=301, headers={"Location": "/round"}))

    with pytest.raises(FetchError, match="more than 5 redirects"):
        fetch(fetcher, url)
    assert len(server.asked) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://host/feed", ""])
def test_a_redirect_leads_to_http_only(server: ScriptedServer, fetcher: Fetcher, location: str) -> None:
    url = server.answer("/feed", Answer(status=302, headers={"Location": location}))

    with pytest.raises(FetchError, match="is not followed"):
        fetch(fetcher, url)


def raw_deflate(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush()


HALVES = compress(b"<rss>") + compress(b"</rss>")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", HALVES),
        ("gzip", compress(b"") + HALVES + compress(b"")),
        ("gzip", HALVES + bytes(512)),
        ("gzip", HALVES + b"\r\n"),
        ("x-gzip", compress(b"<rss></rss>")),
        ("GZIP", compress(b"<rss></rss>")),
        ("identity, gzip", compress(b"<rss></rss>")),
        ("deflate, gzip", compress(zlib.compress(b"<rss></rss>"))),
        ("deflate", zlib.compress(b"<rss></rss>")),
        ("deflate", zlib.compress(b"<rss></rss>", level=0)),
        ("deflate", raw_deflate(b"<rss></rss>")),
        ("identity", b"<rss></rss>"),
        ("", b"<rss></rss>"),
        ("", compress(b"<rss></rss>")),
        ("gzip", compress(compress(b"<rss></rss>"))),
    ],
)
def test_every_way_to_compress_a_body_gives_all_of_it(
    server: ScriptedServer, fetcher: Fetcher, coding: str, body: bytes
) -> None:
    url = server.answer("/feed", Answer(headers={"Content-Encoding": coding}, body=body))

    assert fetch(fetcher, url).body == b"<rss></rss>"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", compress(b"<rss></rss>" * 9)[:-9]),
        ("gzip", compress(b"<rss></rss>" * 9)[:-1]),
        ("gzip", HALVES[:-1]),
        ("gzip", HALVES + b"\x1f\x8b"),
        ("gzip", b""),
        ("gzip", compress(b"<rss/>")[:-8] + bytes(8)),
        ("deflate", zlib.compress(b"<rss></rss>" * 9)[:-1]),
        ("deflate", raw_deflate(b"<rss></rss>" * 9)[:-1]),
        ("deflate", b"<rss></rss>"),
        ("gzip", compress(b"") * 1_001),
    ],
)
def test_a_compressed_body_without_its_end_or_sum_is_an_error(
    server: ScriptedServer, fetcher: Fetcher, coding: str, body: bytes
) -> None:
    url = server.answer("/feed", Answer(headers={"Content-Encoding": coding}, body=body))

    with pytest.raises(FetchError, match="the compressed body is broken"):
        fetch(fetcher, url)


@pytest.mark.parametrize(
    "body",
    [
        compress(bytes(1_500_000)) * 2,
        compress(b"") + compress(bytes(2_000_001)),
        compress(compress(bytes(50 * MEGABYTE))),
    ],
)
def test_all_members_together_are_bounded(server: ScriptedServer, fetcher: Fetcher, body: bytes) -> None:
    url = server.answer("/feed", Answer(headers={"Content-Encoding": "gzip"}, body=body))

    with pytest.raises(FetchError, match="longer than 2000000 bytes"):
        fetch(fetcher, url)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip, gzip", "nonsense"])
def test_a_coding_that_was_not_offered_is_refused(
    server: ScriptedServer, fetcher: Fetcher, coding: str
) -> None:
    url = server.answer("/feed", Answer(headers={"Content-Encoding": coding}, body=b"?"))

    with pytest.raises(FetchError, match="was not requested"):
        fetch(fetcher, url)
    assert server.asked[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "location", ["http://[bad/", "http://a..b/", f"http://{'a' * 70}.example/", "//", "http:///x"]
)
def test_a_redirect_to_no_address_is_an_error(
    server: ScriptedServer, fetcher: Fetcher, location: str
) -> None:
    url = server.answer("/feed", Answer(status=302, headers={"Location": location}))

    with pytest.raises(FetchError):
        fetch(fetcher, url)
