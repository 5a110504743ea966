"""Parser of feed documents: RSS and Atom of any version and JSON Feed, as items of plain text. Pure."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import feedparser

from streaming.collect.feeds.decoding import decode_document
from streaming.collect.feeds.item import (
    MAX_ITEMS,
    TOO_MANY,
    DatedBy,
    FeedDocument,
    Item,
    to_identity,
    to_language,
    to_link,
    to_title_and_summary,
)
from streaming.collect.feeds.json_feed import looks_like_json, parse_json_feed
from streaming.collect.feeds.markup import Markup, declares_entities, repair
from streaming.collect.feeds.published_time import read_time_us
from streaming.collect.feeds.time_zones import country_of

_MAX_REPEATED = 10_000_000
"""Characters around the items of a document, which are parsed again with each item where it cannot be parsed whole."""
_HEADERS = {"content-type": "application/xml; charset=utf-8"}


@dataclass(slots=True)
class _Parsed:
    """Entries of feedparser with their language, country and address."""

    language: str | None = None
    is_feed: bool = False
    flaw: str | None = None
    entries: list[Mapping[str, Any]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)


def parse_feed(body: bytes, *, content_type: str, url: str) -> FeedDocument:
    """Return what can be parsed of a feed. A document that declares entities is not parsed and has no items.

    What parsing raises concerns the item that raises it. The last item of a document without an end is left out where
    it has no end either.
    """
    text = decode_document(body, content_type=content_type)
    if looks_like_json(text):
        return parse_json_feed(text, url=url)
    if declares_entities(text):
        return FeedDocument(items=(), problem="it declares entities; it was not parsed")
    markup, has_more = _bounded(repair(text))
    parsed = _parse(markup)
    is_cut = not markup.is_closed and parsed.is_feed
    if is_cut and markup.open_item is not None:
        parsed.entries = parsed.entries[:-1]
    items = _to_items(parsed, url)
    problem = parsed.flaw
    if is_cut:
        problem = "it has no end" if parsed.flaw is None else f"it has no end: {parsed.flaw}"
    elif not parsed.is_feed and not parsed.failures:
        problem = "it is no feed"
    elif has_more:
        problem = TOO_MANY
    return FeedDocument(items=tuple(items), problem=problem, is_cut=is_cut, failures=tuple(parsed.failures))


def _bounded(markup: Markup) -> tuple[Markup, bool]:
    """Return a document of at most MAX_ITEMS items, and whether it had more."""
    if len(markup.items) <= MAX_ITEMS:
        return markup, False
    end, rest = markup.items[MAX_ITEMS - 1][1], markup.items[-1][1]
    text = markup.text[:end] + markup.text[rest:]
    return replace(markup, text=text, items=markup.items[:MAX_ITEMS]), True


def _parse(markup: Markup) -> _Parsed:
    """Parse a document whole; where that raises, each of its items alone, with what stands before and after them."""
    try:
        return _parse_text(markup.text)
    except Exception as error:  # noqa: BLE001 - whatever a document raises
        whole = _Parsed(failures=[error], flaw=f"{type(error).__name__}: {error}")
    if not markup.items:
        return whole
    head, tail = markup.text[: markup.items[0][0]], markup.text[markup.items[-1][1] :]
    if len(markup.items) * (len(head) + len(tail)) > _MAX_REPEATED:
        return whole
    parsed = _Parsed(is_feed=True, flaw=whole.flaw)
    for start, end in markup.items:
        try:
            alone = _parse_text(f"{head}{markup.text[start:end]}{tail}")
        except Exception as error:  # noqa: BLE001 - whatever one item raises
            parsed.failures.append(error)
            continue
        parsed.language = alone.language
        parsed.entries += alone.entries
    return parsed


def _parse_text(text: str) -> _Parsed:
    """Parse a document with feedparser, which opens a file where it is given bytes alone that are a file's name."""
    document = io.BytesIO(f"<?xml version='1.0' encoding='utf-8'?>\n{text}".encode())
    parsed = feedparser.parse(
        document, response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False
    )
    flaw = f"{type(parsed.bozo_exception).__name__}: {parsed.bozo_exception}" if parsed.bozo else None
    return _Parsed(
        language=parsed.feed.get("language"),
        is_feed=bool(parsed.get("version") or parsed.entries),
        flaw=flaw,
        entries=list(parsed.entries),
    )


def _to_items(parsed: _Parsed, url: str) -> list[Item]:
    """Return the entries as items; one that raises is a failure of its own."""
    items = []
    for entry in parsed.entries:
        try:
            item = _to_item(entry, parsed.language, url)
        except Exception as error:  # noqa: BLE001 - whatever one item raises
            parsed.failures.append(error)
            continue
        if item is not None:
            items.append(item)
    return items


def _to_item(entry: Mapping[str, Any], feed_language: str | None, feed_url: str) -> Item | None:
    """Return an entry as an item; None where it has neither title nor summary."""
    texts = to_title_and_summary(entry.get("title") or "", entry.get("summary") or _content(entry))
    if texts is None:
        return None
    language = to_language((entry.get("title_detail") or {}).get("language") or feed_language)
    time_us, dated_by = _time_of(entry, country_of(language, urlsplit(feed_url).hostname))
    return Item(
        guid=to_identity(entry.get("id")),
        url=to_identity(_link(entry, feed_url)),
        title=texts[0],
        summary=texts[1],
        language=language,
        time_us=time_us,
        dated_by=dated_by,
    )


def _time_of(entry: Mapping[str, Any], country: str | None) -> tuple[int | None, DatedBy | None]:
    kinds: tuple[DatedBy, ...] = ("published", "updated")
    for kind in kinds:
        if kind in entry:
            time_us = read_time_us(str(entry[kind]), country=country)
            if time_us is not None:
                return time_us, kind
    return None, None


def _content(entry: Mapping[str, Any]) -> str:
    parts: Sequence[Mapping[str, Any]] = entry.get("content") or ()
    return " ".join(str(part.get("value", "")) for part in parts)


def _link(entry: Mapping[str, Any], feed_url: str) -> str | None:
    """Return the text's own address. feedparser mistakes any guid for one; ids stay as the feed wrote them."""
    link = str(entry.get("link") or "").strip()
    if not link or (link == entry.get("id") and "://" not in link):
        return None
    return to_link(link, feed_url)
