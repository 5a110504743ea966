"""Parser of feed documents: RSS and Atom of any version, as items of plain text. Pure."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Literal
from urllib.parse import urljoin

import feedparser

from streaming.collect.feeds.published_time import read_time_us

MAX_TITLE, MAX_SUMMARY, MAX_ADDRESS = 2000, 20_000, 2000
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENTITY = tuple("<!ENTITY".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_CLOSED = re.compile(rb"</(?:[A-Za-z]+:)?(?:rss|feed|RDF)\s*>", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_BLOCKS = frozenset(("p", "br", "div", "li", "ul", "ol", "tr", "td", "h1", "h2", "h3", "h4", "blockquote"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One text of a feed. ``time_us`` is None where the feed gives no time that can be read."""

    guid: str | None
    url: str | None
    title: str
    summary: str | None
    language: str | None
    time_us: int | None
    dated_by: Literal["published", "updated"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """Items of a feed in its own order; ``problem`` describes a malformed document."""

    items: tuple[Item, ...]
    problem: str | None = None
    is_cut: bool = False


def parse_feed(body: bytes, *, content_type: str, url: str) -> FeedDocument:
    """Return what can be parsed of a feed. A document that declares entities is not parsed and has no items.

    The last item of an incomplete document is left out, since it may be incomplete too.
    """
    if any(mark in body for mark in _ENTITY):
        return FeedDocument(items=(), problem="it declares entities; it was not parsed")
    headers = {}
    if content_type and not body.startswith(_BOMS):
        headers["content-type"] = content_type
    parsed = feedparser.parse(body, response_headers=headers)
    language = parsed.feed.get("language")
    entries = list(parsed.entries)
    problem, is_cut = (None if parsed.get("version") or entries else "it is no feed"), False
    if parsed.bozo and not isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride):
        problem = f"{type(parsed.bozo_exception).__name__}: {parsed.bozo_exception}"
        is_cut = not _is_closed(body)
        entries = entries[:-1] if is_cut else entries
    items = (_to_item(entry, language, url) for entry in entries)
    return FeedDocument(
        items=tuple(item for item in items if item is not None), problem=problem, is_cut=is_cut
    )


def to_plain_text(html: str) -> str:
    """Return the text of HTML, or of plain text, on one line.

    >>> to_plain_text("<p>Fees  fell</p><p>by 3&nbsp;%</p>")
    'Fees fell by 3 %'
    """
    collector = _TextCollector()
    collector.feed(html)
    collector.close()
    text = "".join(collector.parts).encode("utf-8", "replace").decode()
    return " ".join(text.split())


class _TextCollector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        self.parts.append(" " if tag in _BLOCKS else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0
        self.parts.append(" " if tag in _BLOCKS else "")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _to_item(entry: Mapping[str, Any], feed_language: str | None, feed_url: str) -> Item | None:
    """Return an entry as an item; None where it has neither title nor summary."""
    summary = to_plain_text(entry.get("summary") or _content(entry)) or None
    title = to_plain_text(entry.get("title") or "") or (summary or "")[:200]
    if not title:
        return None
    time_us, dated_by = _time_of(entry)
    return Item(
        guid=_address(entry.get("id")),
        url=_address(_link(entry, feed_url)),
        title=title[:MAX_TITLE],
        summary=summary[:MAX_SUMMARY] if summary else None,
        language=_language((entry.get("title_detail") or {}).get("language") or feed_language),
        time_us=time_us,
        dated_by=dated_by,
    )


def _time_of(entry: Mapping[str, Any]) -> tuple[int | None, Literal["published", "updated"] | None]:
    kinds: tuple[Literal["published", "updated"], ...] = ("published", "updated")
    for kind in kinds:
        if kind in entry:
            time_us = read_time_us(str(entry[kind]), entry.get(f"{kind}_parsed"))
            if time_us is not None:
                return time_us, kind
    return None, None


def _content(entry: Mapping[str, Any]) -> str:
    return " ".join(str(part.get("value", "")) for part in entry.get("content") or ())


def _link(entry: Mapping[str, Any], feed_url: str) -> str | None:
    """Return the text's own address. feedparser mistakes any guid for one; ids stay as the feed wrote them."""
    link = str(entry.get("link") or "").strip()
    if not link or (link == entry.get("id") and "://" not in link):
        return None
    try:
        return urljoin(feed_url, link)
    except ValueError:
        return link


def _address(text: str | None) -> str | None:
    """Return a guid or address; one that is too long for the contract counts as absent."""
    cleaned = (text or "").strip().encode("utf-8", "replace").decode()
    return cleaned if 0 < len(cleaned) <= MAX_ADDRESS else None


def _language(text: str | None) -> str | None:
    tag = _LANGUAGE.fullmatch((text or "").strip().replace("_", "-"))
    return tag[0].lower() if tag else None


def _is_closed(body: bytes) -> bool:
    return _CLOSED.search(body[-200:].replace(b"\x00", b"")) is not None
