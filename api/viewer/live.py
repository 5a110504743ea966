"""The WebSocket that the page follows, as the page and its policy need it: the setting `live_url`."""

from html import escape
from urllib.parse import urlsplit

_SCHEMES = ("ws", "wss")
_MARK = b"{live_url}"


def with_live_url(page: bytes, url: str) -> bytes:
    """The page, told where to listen; empty: nowhere."""
    return page.replace(_MARK, escape(url).encode())


def live_source(url: str) -> str:
    """What the page's policy must let it connect to besides its own origin: another origin, or nothing."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in _SCHEMES else ""
