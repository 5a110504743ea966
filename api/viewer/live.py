"""The URL of the WebSocket in the page and in its security policy."""

from html import escape
from urllib.parse import urlsplit

_SCHEMES = ("ws", "wss")
_MARK = b"{live_url}"


def with_live_url(page: bytes, url: str) -> bytes:
    """Return the page with the URL that it follows; an empty one: none."""
    return page.replace(_MARK, escape(url).encode())


def live_source(url: str) -> str:
    """Return the HTTP origin that the policy must allow besides the page's own; empty: none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in _SCHEMES else ""
