"""Parser of JSON Feed, versions 1 and 1.1, as items of plain text. Pure.

Source: https://www.jsonfeed.org/version/1.1/
"""

import html
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

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
from streaming.collect.feeds.published_time import read_time_us
from streaming.collect.feeds.time_zones import country_of

_VERSION = "jsonfeed.org/version/1"
_TIMES: tuple[tuple[str, DatedBy], ...] = (("date_published", "published"), ("date_modified", "updated"))


def looks_like_json(text: str) -> bool:
    """Return whether a document is a JSON object and no markup."""
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def parse_json_feed(text: str, *, url: str) -> FeedDocument:
    """Return the items of a JSON Feed; what an item raises costs itself alone."""
    try:
        feed = json.loads(text.lstrip("\ufeff"), parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        return FeedDocument(items=(), problem=f"it is no JSON: {type(error).__name__}: {error}", is_cut=True)
    listed = feed.get("items")
    if _VERSION not in str(feed.get("version")) or not isinstance(listed, list):
        return FeedDocument(
            items=(), problem="it is JSON and no feed: its version and items are not JSON Feed's"
        )
    items: list[Item] = []
    failures: list[Exception] = []
    for given in listed[:MAX_ITEMS]:
        try:
            item = _to_item(given, feed.get("language"), url)
        except Exception as error:  # noqa: BLE001 - whatever one item raises
            failures.append(error)
            continue
        if item is not None:
            items.append(item)
    problem = TOO_MANY if len(listed) > MAX_ITEMS else None
    return FeedDocument(items=tuple(items), problem=problem, failures=tuple(failures))


def _to_item(given: Any, feed_language: Any, feed_url: str) -> Item | None:
    """Return an item; None where it has neither title nor text. Raises: TypeError where it is no object."""
    if not isinstance(given, Mapping):
        raise TypeError(f"an item is {type(given).__name__} and no object")
    texts = to_title_and_summary(_plain(given, "title"), _summary(given))
    if texts is None:
        return None
    language = to_language(_text(given, "language")) or to_language(
        feed_language if isinstance(feed_language, str) else None
    )
    link = _text(given, "url") or _text(given, "external_url")
    time_us, dated_by = _time_of(given, country_of(language, urlsplit(feed_url).hostname))
    return Item(
        guid=to_identity(_text(given, "id")),
        url=to_identity(to_link(link, feed_url) if link else None),
        title=texts[0],
        summary=texts[1],
        language=language,
        time_us=time_us,
        dated_by=dated_by,
    )


def _summary(given: Mapping[str, Any]) -> str:
    """Return the HTML of an item's summary, else of its content."""
    return _plain(given, "summary") or _text(given, "content_html") or _plain(given, "content_text")


def _time_of(given: Mapping[str, Any], country: str | None) -> tuple[int | None, DatedBy | None]:
    for name, kind in _TIMES:
        time_us = read_time_us(_text(given, name), country=country)
        if time_us is not None:
            return time_us, kind
    return None, None


def _plain(given: Mapping[str, Any], name: str) -> str:
    """Return a member of plain text as HTML; references in it, which many writers leave there, are characters."""
    return html.escape(html.unescape(_text(given, name)), quote=False)


def _text(given: Mapping[str, Any], name: str) -> str:
    """Return a member that is a text or a number; empty without one. A number for an id is allowed."""
    value = given.get(name)
    return value if isinstance(value, str) else ""
