"""Parsing of instants and periods in requests."""

import re
from datetime import UTC, datetime, timedelta

from lakehouse.errors import QueryError
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, to_us

FIRST_YEAR = 1970
LAST_YEAR = 2100
MAX_PERIOD_US = 50 * 365 * DAY_US
INSTANT_ACCEPTED = (
    "a date (2026-01-31), a time with or without offset (2026-01-31T09:30:00Z, UTC without), "
    f"or epoch seconds or milliseconds (9 to 14 digits), from {FIRST_YEAR} to {LAST_YEAR}"
)
PERIOD_ACCEPTED = "a whole number and m, h, d (or j) or y (or a), such as 15m, 24h, 7d, 30d, 1y; at most 50y"

_UNITS_US = {"m": MINUTE_US, "h": HOUR_US, "d": DAY_US, "j": DAY_US, "y": 365 * DAY_US, "a": 365 * DAY_US}
PERIOD_PATTERN = r"([1-9][0-9]{0,8})([mhdjya])"
EPOCH_PATTERN = r"[0-9]{9,14}"
_EPOCH_SECONDS_DIGITS = 11
# A plus sign that a client forgot to escape arrives as a space.
ISO_PATTERN = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)"
    r"(?:([Zz])|([-+ ])([0-9]{2}):?([0-9]{2}))?)?"
)
INSTANT_PATTERN = f"^(?:{EPOCH_PATTERN}|{ISO_PATTERN})$"
_PERIOD = re.compile(PERIOD_PATTERN, re.ASCII)
_EPOCH = re.compile(EPOCH_PATTERN, re.ASCII)
_ISO = re.compile(ISO_PATTERN, re.ASCII)
_MAX_SHOWN = 60


def parse_period(parameter: str, text: str) -> int:
    """Return the microseconds of a period; a year has 365 days. Raises QueryError."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise QueryError(
            parameter=parameter, problem=f"{shown(text)} is not a period", accepted=PERIOD_ACCEPTED
        )
    period_us = int(match[1]) * _UNITS_US[match[2]]
    if period_us > MAX_PERIOD_US:
        raise QueryError(parameter=parameter, problem=f"{shown(text)} is too long", accepted=PERIOD_ACCEPTED)
    return period_us


def parse_instant(parameter: str, text: str) -> int:
    """Return the epoch microseconds of an instant. Raises QueryError."""
    try:
        instant_us = _parse_epoch(text) if _EPOCH.fullmatch(text) else _parse_iso(text)
    except (ValueError, OverflowError) as error:
        problem = f"{shown(text)} is not an instant"
        raise QueryError(parameter=parameter, problem=problem, accepted=INSTANT_ACCEPTED) from error
    if not _FIRST_US <= instant_us < _LAST_US:
        problem = f"{shown(text)} is outside the years that are answered"
        raise QueryError(parameter=parameter, problem=problem, accepted=INSTANT_ACCEPTED)
    return instant_us


def shown(text: str) -> str:
    """Return a client's text as an error may show it: printable and short."""
    return ascii(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")


def _parse_epoch(text: str) -> int:
    return int(text) * (1_000_000 if len(text) <= _EPOCH_SECONDS_DIGITS else 1_000)


def _parse_iso(text: str) -> int:
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, clock, _, sign, hours, minutes = match.groups()
    instant = datetime.fromisoformat(f"{day}T{(clock or '00:00').replace(',', '.')}").replace(tzinfo=UTC)
    if sign is None:
        return to_us(instant)
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError(text)
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return to_us(instant + offset if sign == "-" else instant - offset)


_FIRST_US = to_us(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
_LAST_US = to_us(datetime(LAST_YEAR, 1, 1, tzinfo=UTC))
