"""Rules of every request of the collectors: identification, Retry-After, and the wait after a failure."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from lakehouse.time_range import SECOND_US, to_us
from streaming.collect.errors import FetchError

USER_AGENT = (
    "CryptoViz/0.1 (news and price collector; polls with conditional requests and honours Retry-After)"
)
MAX_RETRY_AFTER_SECONDS = 86_400.0
_MAX_DOUBLINGS = 20


def retry_after_seconds(headers: Mapping[str, str], *, now_us: int) -> float | None:
    """Return a Retry-After header, in seconds or a date, as seconds from now: at most a day; None without one.

    Source: RFC 9110, 10.2.3.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
        seconds = (to_us(until if until.tzinfo else until.replace(tzinfo=UTC)) - now_us) / SECOND_US
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def retry_wait_seconds(
    error: FetchError, *, n_failures: int, poll_seconds: float, max_backoff_seconds: float
) -> float:
    """Return the wait before the next request: what the source asks for, else twice as long after each failure.

    It is never shorter than ``poll_seconds``.
    """
    backoff_seconds = min(poll_seconds * 2.0 ** min(n_failures, _MAX_DOUBLINGS), max_backoff_seconds)
    requested_seconds = error.retry_after_seconds
    return max(backoff_seconds if requested_seconds is None else requested_seconds, poll_seconds)
