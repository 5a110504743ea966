"""Item of a feed, whatever its format, and the rules of its fields."""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

from streaming.boilerplate import without_boilerplate
from streaming.collect.feeds.plain_text import to_plain_text, without_controls

MAX_ITEMS: Final = 10_000
"""Items of a document that are read: 4 MB of tiny ones are 130,000, and 25 s of work."""
MAX_TITLE, MAX_SUMMARY, MAX_ADDRESS = 2000, 20_000, 2000
MAX_MARKUP: Final = 200_000
"""Characters of a title or summary with its HTML; what is longer is cut off before it is read."""
TOO_MANY: Final = f"it has more than {MAX_ITEMS:,} items; the first of them are read"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")

DatedBy = Literal["published", "updated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One text of a feed. ``time_us`` is None where the feed gives no time that can be read."""

    guid: str | None
    url: str | None
    title: str
    summary: str | None
    language: str | None
    time_us: int | None
    dated_by: DatedBy | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """Items of a feed in its own order; ``problem`` describes a malformed document.

    ``failures`` are what reading an item raised: such an item is left out, and so is one that the document cuts off.
    """

    items: tuple[Item, ...]
    problem: str | None = None
    is_cut: bool = False
    failures: tuple[Exception, ...] = ()


def to_title_and_summary(title: str, summary: str) -> tuple[str, str | None] | None:
    """Return plain texts of two pieces of HTML; None where both are empty. A missing title is the summary's start."""
    plain_summary = without_boilerplate(to_plain_text(summary[:MAX_MARKUP]))
    plain_title = to_plain_text(title[:MAX_MARKUP]) or plain_summary[:200]
    if not plain_title:
        return None
    return plain_title[:MAX_TITLE], plain_summary[:MAX_SUMMARY] or None


def to_link(link: str, feed_url: str) -> str | None:
    """Return the absolute address that a reader may open: http or https."""
    try:
        address = urljoin(feed_url, link)
        return address if urlsplit(address).scheme in ("http", "https") else None
    except ValueError:
        return None


def to_identity(text: str | None) -> str | None:
    """Return a guid or address; one that is too long for the contract counts as absent."""
    cleaned = without_controls(text or "").strip().encode("utf-8", "replace").decode()
    return cleaned if 0 < len(cleaned) <= MAX_ADDRESS else None


def to_language(text: str | None) -> str | None:
    tag = _LANGUAGE.fullmatch((text or "").strip().replace("_", "-"))
    return tag[0].lower() if tag else None
