"""Feed of an outlet as bytes: RSS 2.0 or Atom, newest first, with the validators of conditional requests."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from xml.etree import ElementTree as xml

from lakehouse.time_range import to_time
from streaming.kafka.messages import to_rfc3339
from streaming.offline.news_wire import News, Outlet

CONTENT_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}
ORIGIN = "generated"
_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """A feed at one moment. ``modified_us`` is the time of its newest text, in whole seconds."""

    body: bytes
    content_type: str
    etag: str
    modified_us: int


def to_feed_page(outlet: Outlet, news: Sequence[News], *, kind: str) -> FeedPage:
    """Return the page of ``kind`` (rss or atom) that lists the news, which are given in the order of time."""
    newest_first = tuple(reversed(news))
    root = (_to_rss if kind == "rss" else _to_atom)(outlet, newest_first)
    body = xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return FeedPage(
        body=body,
        content_type=CONTENT_TYPES[kind],
        etag=f'"{hashlib.sha256(body).hexdigest()[:24]}"',
        modified_us=newest_first[0].time_us if newest_first else 0,
    )


def _to_rss(outlet: Outlet, news: Sequence[News]) -> xml.Element:
    rss = xml.Element("rss", version="2.0")
    channel = xml.SubElement(rss, "channel")
    _add(channel, "title", outlet.title)
    _add(channel, "link", f"https://{outlet.source}.example/")
    _add(channel, "description", f"Texts written for CRYPTO VIZ; everything here is {ORIGIN}.")
    _add(channel, "language", outlet.language)
    for each in news:
        item = xml.SubElement(channel, "item")
        _add(item, "title", each.title)
        _add(item, "link", each.url)
        _add(item, "guid", each.guid, isPermaLink="false")
        _add(item, "pubDate", format_datetime(to_time(each.time_us), usegmt=True))
        _add(item, "category", ORIGIN)
        _add(item, "description", f"<p>{each.summary}</p>")
    return rss


def _to_atom(outlet: Outlet, news: Sequence[News]) -> xml.Element:
    feed = xml.Element("feed", {"xmlns": _ATOM, _LANG: outlet.language})
    _add(feed, "title", outlet.title)
    _add(feed, "id", f"urn:cryptoviz:{outlet.source}")
    _add(feed, "updated", to_rfc3339(news[0].time_us if news else 0))
    for each in news:
        entry = xml.SubElement(feed, "entry")
        _add(entry, "title", each.title)
        xml.SubElement(entry, "link", href=each.url)
        _add(entry, "id", f"urn:cryptoviz:{each.outlet}:{each.guid}")
        _add(entry, "published", to_rfc3339(each.time_us))
        _add(entry, "updated", to_rfc3339(each.time_us))
        xml.SubElement(entry, "category", term=ORIGIN)
        _add(entry, "summary", each.summary)
    return feed


def _add(parent: xml.Element, name: str, text: str, **attributes: str) -> None:
    xml.SubElement(parent, name, attributes).text = text
