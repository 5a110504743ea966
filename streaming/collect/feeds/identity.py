"""Identity of a text: what its message id is made of, and when two items are one text. Pure.

The name, of which a message id is made, is the item's own: guid, canonical address and normalised title. It never
depends on the other items of a document, so that it is the same once they have scrolled out.

Whether an item is a text that was published before is a matter of evidence, since feeds repeat guids and addresses for
different texts, and change them for the same:

====================  ==========================================================  =====
evidence              where both items have it                                    votes
====================  ==========================================================  =====
guid, address, title  equal / different                                           +1/-1
published time        equal / under six hours apart / further apart               +1/0/-2
====================  ==========================================================  =====

Two items are one text where the votes are more than 0, guid or title agrees, and guid or address agrees too. A guid
or address that items of one document shared, then or ever before, has no vote. Without a vote of either, and with an
equal title, the time must not differ. So a doubtful item is published: a text twice is a lesser harm than a text lost.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from lakehouse.time_range import HOUR_US
from streaming.collect.feeds.document import Item

_TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|mc_cid|mc_eid|igshid|ref|ref_src|cmpid|xtor|at_(?:medium|campaign|\w+_id))$",
    re.IGNORECASE,
)
# Fragments that lead to a place in a page, or tell how it was found: no other text.
_SAME_PAGE = re.compile(r"^(top|comments?|respond|content|main|xtor=.*|utm_.*|ref=.*|rss.*)$", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAME_TIME_WITHIN_US = 6 * HOUR_US


class Traits(msgspec.Struct, frozen=True, array_like=True):
    """What tells a text from others: digests, and the time in us that its feed says it was published at."""

    guid: str | None
    url: str | None
    title: str
    time_us: int | None


def name_of(item: Item) -> tuple[str, str, str]:
    """Return the natural key of a text: guid, canonical address and normalised title, each empty where absent."""
    return item.guid or "", canonical_url(item.url) if item.url else "", normalised_title(item.title)


def traits_of(item: Item) -> Traits:
    """Return the traits of an item. A guid that is its address has one vote, not two."""
    guid, url, title = name_of(item)
    if guid and canonical_url(guid) == url:
        guid, url = url, ""
    return Traits(
        guid=_digest("g", guid) if guid else None,
        url=_digest("u", url) if url else None,
        title=_digest("t", title),
        time_us=item.time_us if item.dated_by == "published" else None,
    )


def shared_names(items: Iterable[Traits]) -> set[str]:
    """Return the guids and addresses of a document that items of different title, time or name share."""
    n_items = Counter(name for each in set(items) for name in (each.guid, each.url) if name is not None)
    return {name for name, n in n_items.items() if n > 1}


def is_same_text(one: Traits, other: Traits, shared: Collection[str]) -> bool:
    """Return true where two items are one text by the rules of this module."""
    guid = _vote(one.guid, other.guid, shared)
    url = _vote(one.url, other.url, shared)
    title = 1 if one.title == other.title else -1
    time = _time_vote(one.time_us, other.time_us)
    if guid + url + title + time <= 0:
        return False
    if guid > 0 or url > 0:
        return guid > 0 or title > 0
    is_time_known = one.time_us is not None and other.time_us is not None
    return url == 0 and title > 0 and (time > 0 if is_time_known else guid == 0)


def canonical_url(url: str) -> str:
    """Return an address without scheme, case of the host, tracking parameters and fragments that name no text.

    >>> canonical_url("HTTPS://News.Example:443/a?id=3&utm_source=rss#top")
    '//news.example/a?id=3'
    >>> canonical_url("https://news.example/live#post-1")
    '//news.example/live#post-1'
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    host = (parts.hostname or "").removeprefix("www.")
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme.lower()):
        host = f"{host}:{port}"
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if not _TRACKING.match(name)]
    fragment = "" if _SAME_PAGE.match(parts.fragment) else parts.fragment
    return urlunsplit(("", host, parts.path.rstrip("/"), urlencode(query, errors="replace"), fragment))


def normalised_title(title: str) -> str:
    """Return a title without case, compatibility forms, punctuation and spacing.

    >>> normalised_title("  Bitcoin: «Record» week! ")
    'bitcoin record week'
    """
    letters = unicodedata.normalize("NFKC", title).casefold()
    words = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    return " ".join(words) or letters.strip()


def _vote(one: str | None, other: str | None, shared: Collection[str]) -> int:
    if one is None or other is None or one in shared or other in shared:
        return 0
    return 1 if one == other else -1


def _time_vote(one_us: int | None, other_us: int | None) -> int:
    if one_us is None or other_us is None:
        return 0
    if one_us == other_us:
        return 1
    return 0 if abs(one_us - other_us) < _SAME_TIME_WITHIN_US else -2


def _digest(kind: str, name: str) -> str:
    return f"{kind}{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:16]}"
