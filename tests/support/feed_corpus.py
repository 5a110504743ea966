"""Feeds of feedparser's own tests, and mutations of feeds.

The archive holds the documents of feedparser 6.0.14's source distribution and its licence (BSD, two clauses).
"""

import random
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ARCHIVE = Path(__file__).with_name("feedparser_feeds.tar.xz")
_CONTENT_TYPE = re.compile(rb"^Header:\s*content-type:\s*(.*)$", re.MULTILINE | re.IGNORECASE)
_EXPECTATION = re.compile(rb"Expect:\s*(.*)")
# What broke a parser somewhere: references, declarations, sections and tags without an end, other encodings.
FRAGMENTS = (
    b"&#55357;&#56960;",
    b"&#xD83D;",
    b"&#99999999;",
    b"&#0;",
    b"&nbsp;",
    b"&",
    b"&unknown;",
    b"&#" + b"9" * 5_000 + b";",
    b"<![x]>",
    b"&lt;![x]&gt;",
    b"<!",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<!ENTITY a 'b'>",
    b"<?php",
    b"?>",
    b"<!DOCTYPE rss [",
    b"</rss>",
    b"</feed>",
    b"</item>",
    b"<item>",
    b"<entry>",
    b"<title>",
    b"</title>",
    b"<a ",
    b'"',
    b"<div xmlns='http://www.w3.org/1999/xhtml'>",
    b"<content type='xhtml'>",
    b"<content mode='base64'>",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
    b"\xed\xa0\xbd",
    b"\xc3",
    b"\x80\x81",
    b"\x1b$B",
    b"xml:base='http://[bad/'",
    b"<link href='http://[::1'/>",
    b"<guid>0</guid>",
    b"<pubDate>99/99/9999 99:99</pubDate>",
    b"<x:y xmlns:x='z'>",
    b"<pubDate>" + b"1" * 5_000 + b"</pubDate>",
    b"<?xml version='1.0' encoding='utf-7'?>",
    b"<b>" * 2_000,
    b"encoding='idna'",
    b"<category term='",
    b"<georss:point>x y</georss:point>",
    b"<media:content url='a'/>",
    b"&amp;#55357;",
    b"<psc:chapters><psc:chapter start='x'/></psc:chapters>",
    b"<itunes:duration>::</itunes:duration>",
    b"\r",
    b"\x85",
)
CONTENT_TYPES = (
    "",
    "application/rss+xml",
    "text/xml",
    "text/html; charset=utf-8",
    "text/xml; charset=iso-8859-1",
    "application/atom+xml; charset=utf-16",
    "text/plain; charset=nonsense",
    "application/xml; charset=punycode",
)


@dataclass(frozen=True, slots=True)
class CorpusFeed:
    """One document, the media type that it is served as, and what its test expects of it, in Python."""

    name: str
    body: bytes
    content_type: str
    expectation: str


@cache
def read_corpus() -> tuple[CorpusFeed, ...]:
    """Return every document, by name."""
    with tarfile.open(ARCHIVE) as archive:
        bodies = {
            member.name: file.read()
            for member in archive
            if member.name.endswith(".xml") and (file := archive.extractfile(member)) is not None
        }
    return tuple(_to_feed(name, body) for name, body in sorted(bodies.items()))


def mutated_feeds(n: int, *, seed: int) -> Iterator[tuple[bytes, str]]:
    """Yield documents that are mutations of the corpus, one or several at once, and a media type for each."""
    draw = random.Random(seed)
    bodies = [feed.body for feed in read_corpus()]
    for _ in range(n):
        body = draw.choice(bodies)
        for _ in range(draw.randint(1, 4)):
            body = draw.choice(_MUTATIONS)(body, draw, bodies)
        yield body[:100_000], draw.choice(CONTENT_TYPES)


def _to_feed(name: str, body: bytes) -> CorpusFeed:
    head = body.replace(b"\0", b"")
    content_type, expectation = _CONTENT_TYPE.search(head), _EXPECTATION.search(head)
    return CorpusFeed(
        name,
        body,
        content_type[1].decode().strip() if content_type else "",
        expectation[1].decode("utf-8", "replace") if expectation else "",
    )


Mutation = Callable[[bytes, random.Random, list[bytes]], bytes]


def _bounds(body: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randint(0, len(body))
    return start, min(len(body), start + draw.choice((1, 8, 64, 512)))


def _cut_out(body: bytes, draw: random.Random, _: list[bytes]) -> bytes:
    start, end = _bounds(body, draw)
    return body[:start] + body[end:]


def _truncate(body: bytes, draw: random.Random, _: list[bytes]) -> bytes:
    return body[: draw.randint(0, len(body))]


def _repeat(body: bytes, draw: random.Random, _: list[bytes]) -> bytes:
    start, end = _bounds(body, draw)
    return body[:start] + body[start:end] * draw.choice((2, 3, 50)) + body[end:]


def _insert(body: bytes, draw: random.Random, _: list[bytes]) -> bytes:
    at = draw.randint(0, len(body))
    return body[:at] + draw.choice(FRAGMENTS) + body[at:]


def _insert_in_text(body: bytes, draw: random.Random, _: list[bytes]) -> bytes:
    places = [
        match.end()
        for match in re.finditer(rb"<(?:title|description|summary|content|pubDate|guid)[^>]*>", body)
    ]
    at = draw.choice(places) if places else 0
    return body[:at] + draw.choice(FRAGMENTS) + body[at:]


def _flip(body: bytes, draw: random.Random, _: list[bytes]) -> bytes:
    changed = bytearray(body)
    for _unused in range(min(len(changed), draw.choice((1, 4, 16)))):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _splice(body: bytes, draw: random.Random, bodies: list[bytes]) -> bytes:
    other = draw.choice(bodies)
    return body[: draw.randint(0, len(body))] + other[draw.randint(0, len(other)) :]


def _encode(body: bytes, draw: random.Random, _: list[bytes]) -> bytes:
    return body.decode("utf-8", "replace").encode(
        draw.choice(("utf-16", "utf-16-be", "cp1252", "utf-32")), "replace"
    )


_MUTATIONS: tuple[Mutation, ...] = (
    _cut_out, _truncate, _repeat, _insert, _insert_in_text, _insert_in_text, _flip, _splice, _encode,
)  # fmt: skip
