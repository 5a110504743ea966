"""Identity of a text: its guid, else its canonical address, else its normalised title. Pure."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from streaming.collect.feeds.document import Item

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_cid|mc_eid|igshid|ref|ref_src|cmpid)$", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Identity:
    """Names of a text. Any of ``marks`` (digests) makes it a repeat; ``name`` is the first of them, in full."""

    name: str
    marks: tuple[str, ...]


def identities(items: Iterable[Item]) -> list[Identity]:
    """Return the identity of each item of one feed document.

    An address that several items with guids of their own share (a home page) identifies none of them. A title
    counts only where there is neither guid nor address: a daily column may repeat its title.
    """
    listed = list(items)
    n_guids = Counter(
        canonical_url(url)
        for url, guid in {(item.url, item.guid) for item in listed}
        if url is not None and guid is not None
    )
    return [_identity(item, n_guids) for item in listed]


def canonical_url(url: str) -> str:
    """Return an address without scheme, case of the host, fragment and tracking parameters.

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
    """Return a title without case, compatibility forms, punctuation and spacing.

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
