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

    A date is compared with the answer's own, where it has one: a wrong clock on this side changes no wait.
    Source: RFC 9110, 10.2.3 and 6.6.1.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        until_us, sent_us = _to_us(text), sent_time_us(headers)
        if until_us is None:
            return None
        seconds = (until_us - (now_us if sent_us is None else sent_us)) / SECOND_US
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def sent_time_us(headers: Mapping[str, str]) -> int | None:
    """Return when an answer was sent by its server's own clock; None where it does not say.

    Source: RFC 9110, 6.6.1.
    """
    return _to_us(headers.get("Date", ""))


def remaining_wait_seconds(*, not_before_us: int, wait_seconds: float, now_us: int) -> float:
    """Return the rest of a wait at the start of a process: never longer than the wait, however the clock was set."""
    return min(max((not_before_us - now_us) / SECOND_US, 0.0), wait_seconds)


def _to_us(text: str) -> int | None:
    """Return an HTTP date as epoch microseconds; None where it is none."""
    try:
        date = parsedate_to_datetime(text)
        return to_us(date if date.tzinfo else date.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError):
        return None


def retry_wait_seconds(
    error: FetchError, *, n_failures: int, poll_seconds: float, max_backoff_seconds: float
) -> float:
    """Return the wait before the next request: what the source asks for, else twice as long after each failure.

    It is never shorter than ``poll_seconds``.
    """
    backoff_seconds = min(poll_seconds * 2.0 ** min(n_failures, _MAX_DOUBLINGS), max_backoff_seconds)
    requested_seconds = error.retry_after_seconds
    return max(backoff_seconds if requested_seconds is None else requested_seconds, poll_seconds)
