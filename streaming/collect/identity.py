"""Which text is which: its guid, else its canonical address, else its normalised title. Pure."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from streaming.collect.feed_document import Item

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_cid|mc_eid|igshid|ref|ref_src|cmpid)$", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Identity:
    """What a text is known by. ``marks`` are all that make it a repeat; ``name`` is the first of them, in full."""

    name: str
    marks: tuple[str, ...]


def identities(items: Iterable[Item]) -> list[Identity]:
    """The identity of each item of one feed document.

    An address that several items with guids of their own share (a home page) identifies none of them, and a title
    counts only where there is neither guid nor address: a column may have one title every day.
    """
    listed = list(items)
    n_guids = Counter(
        canonical_url(url)
        for url, guid in {(i.url, i.guid) for i in listed if i.url is not None and i.guid is not None}
        if url is not None
    )
    return [_identity(item, n_guids) for item in listed]


def canonical_url(url: str) -> str:
    """An address without what does not tell texts apart: scheme, case of the host, fragment, tracking.

    >>> canonical_url("HTTPS://News.Example:443/a?id=3&utm_source=rss#top")
    '//news.example/a?id=3'
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
    return urlunsplit(("", host, parts.path.rstrip("/"), urlencode(query), ""))


def normalised_title(title: str) -> str:
    """A title without case, accents of form, punctuation and spacing.

    >>> normalised_title("  Bitcoin: «Record» week! ")
    'bitcoin record week'
    """
    letters = unicodedata.normalize("NFKC", title).casefold()
    words = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    return " ".join(words) or letters.strip()


def _identity(item: Item, n_guids: Counter[str]) -> Identity:
    names = []
    if item.guid is not None:
        names.append(("guid", item.guid))
    if item.url is not None and (item.guid is None or n_guids[canonical_url(item.url)] <= 1):
        names.append(("url", canonical_url(item.url)))
    if not names:
        names.append(("title", normalised_title(item.title)))
    return Identity(names[0][1], tuple(_mark(kind, name) for kind, name in names))


def _mark(kind: str, name: str) -> str:
    return f"{kind[0]}{hashlib.sha256(name.encode()).hexdigest()[:20]}"
