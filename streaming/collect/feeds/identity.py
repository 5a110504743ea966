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
summary               different, where the times are further apart                -1
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
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit, urlunsplit

import msgspec

from lakehouse.time_range import HOUR_US
from streaming.collect.feeds.item import Item

_TRACKING = re.compile(
    r"^(utm[_-]\w+|(?:fb|g|d|y|tw|tt)clid|msclkid|irclickid|li_fat_id|[wg]braid|_g[al]|_hs(?:enc|mi)|__hs\w+"
    r"|mc_[ce]id|igsh(?:id)?|ref|ref_(?:src|url)|cmp(?:id)?|ncid|icid|xtor|at_(?:medium|campaign|\w+_id)|spm|s_cid"
    r"|mkt_tok|vero_(?:id|conv)|oly_(?:enc|anon)_id|wt\.\w+|(?:pk|mtm|piwik|matomo)_\w+|sfmc_id|hss_channel"
    r"|guccounter|guce_\w+|soc_(?:src|trk)|smid|smtyp|ocid|cvid|ns_(?:campaign|mchannel|source|linkname|fee)|tpcc"
    r"|__twitter_impression|amp_\w+|usqp|amp|outputtype|srsltid|_openstat|epik)$",
    re.IGNORECASE,
)
_FROM_FEED = re.compile(r"^(rss\d*|rss-?feed|feed|atom)$", re.IGNORECASE)
# Fragments that lead to a place in a page, or tell how it was found: no other text.
_SAME_PAGE = re.compile(
    r"^(top|comments?|respond|content|main|xtor=.*|utm_.*|ref=.*|rss.*|:~:.*|)$", re.IGNORECASE
)
# Other ways to show the same page: those for telephones, and AMP.
_SHOWN_FOR = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.[^.]+)")
_SHOWN_AS = re.compile(r"(?:/amp|/index\.(?:html?|php|aspx?))$|\.amp(?=\.html?$)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAME_TIME_WITHIN_US = 6 * HOUR_US


class Traits(msgspec.Struct, frozen=True, array_like=True):
    """What tells a text from others: digests, and the time in us that its feed says it was published at."""

    guid: str | None
    url: str | None
    title: str
    time_us: int | None
    summary: str | None = None


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
        summary=_digest("s", normalised_title(item.summary)) if item.summary else None,
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
    if time < 0 and one.summary != other.summary:
        time -= 1  # the next issue of a daily text, rather than the same one with another date
    if guid + url + title + time <= 0:
        return False
    if guid > 0 or url > 0:
        return guid > 0 or title > 0
    is_time_known = one.time_us is not None and other.time_us is not None
    return url == 0 and title > 0 and (time > 0 if is_time_known else guid == 0)


def canonical_url(url: str) -> str:
    """Return an address without what names no other text.

    That is scheme, port and host's case and prefix (www, m, amp); tracking parameters, the order of the others, and
    fragments within the page; writings of the same path: percent-encoded, with dots, doubled or trailing slashes, AMP.

    >>> canonical_url("HTTPS://News.Example:443/a?id=3&utm_source=rss#top")
    '//news.example/a?id=3'
    >>> canonical_url("https://m.news.example/caf%c3%a9/amp/?source=rss")
    '//news.example/caf%C3%A9'
    >>> canonical_url("https://news.example/live#post-1")
    '//news.example/live#post-1'
    """
    cleaned = url.encode("utf-8", "replace").decode().strip()
    try:
        parts = urlsplit(cleaned)
        port = parts.port
    except ValueError:
        return cleaned
    host = _SHOWN_FOR.sub("", _ascii_host((parts.hostname or "").rstrip(".")))
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme.lower()):
        host = f"{host}:{port}"
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, True)
        if not _TRACKING.match(name) and not _FROM_FEED.match(value)
    )
    fragment = "" if _SAME_PAGE.match(parts.fragment) else parts.fragment
    return urlunsplit(("", host, _canonical_path(parts.path), urlencode(query, errors="replace"), fragment))


def _canonical_path(path: str) -> str:
    """Return a path as RFC 3986 normalises it (6.2.2), without doubled and trailing slashes, index file and AMP."""
    pieces: list[str] = []
    for piece in path.split("/"):
        if piece == "..":
            del pieces[-1:]
        elif piece not in ("", "."):
            pieces.append(quote(unquote_to_bytes(piece), safe=""))
    whole = "".join(f"/{piece}" for piece in pieces)
    return _SHOWN_AS.sub("", whole)


def _ascii_host(host: str) -> str:
    """Return a host name as DNS has it; one that cannot be is left as it is."""
    try:
        return host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return host


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
