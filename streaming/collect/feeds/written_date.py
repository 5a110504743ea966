"""Written days of the calendar: ISO 8601 in all its forms, months by name, and numbers where their order is certain."""

import re
from datetime import date, timedelta
from typing import Final

from streaming.collect.feeds.time_words import MONTHS, WEEKDAYS, alternatives

_LAST_CENTURY_FROM: Final = 50  # Source: RFC 5322, 4.3
_SEPARATORS = re.compile(r"[,;|·•@_]+")
_LEAD = rf"(?:(?:{alternatives(WEEKDAYS)}|le|den|the|on|el|am|il|em|de|в|у)\b\.?\s*)*"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|ere|de|ste|e|o|a)?\.?"
_MONTH = rf"(?P<month>{alternatives(MONTHS)})\b\.?"
_YEAR = r"(?P<year>\d{4}|'?\d{2})(?:\s?[гр]\b)?\.?"
_OF = r"[\s/-]*(?:de|del|of|do)?[\s/-]*"
_FORMS = tuple(
    re.compile(rf"{_LEAD}{form}")
    for form in (
        rf"{_DAY}{_OF}{_MONTH}{_OF}{_YEAR}",
        rf"{_MONTH}[\s/-]*{_DAY}[\s/-]+{_YEAR}",
        rf"(?P<year>\d{{4}})\.?[\s/-]+{_MONTH}[\s/-]+{_DAY}",
        r"(?P<year>\d{4})(?P<separator>[/.-])\s?(?P<month>\d{1,2})(?P=separator)\s?(?P<day>\d{1,2})\.?",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"(?P<first>\d{1,2})(?P<separator>[/.-])\s?(?P<second>\d{1,2})(?P=separator)\s?(?P<year>\d{4})",
        r"(?P<year>\d{4})-?w(?P<week>\d{2})-?(?P<weekday>[1-7])",
        r"(?P<year>\d{4})-?(?P<ordinal>\d{3})",
    )
)


def read_date(text: str) -> date:
    """Return the day of a folded text. Raises: ValueError where it is no day, or could be two.

    >>> read_date("mer. 25 nov. 2026"), read_date("2026-w48-3")
    (datetime.date(2026, 11, 25), datetime.date(2026, 11, 25))
    """
    cleaned = " ".join(_SEPARATORS.sub(" ", text).split())
    for form in _FORMS:
        match = form.fullmatch(cleaned)
        if match is not None:
            return _to_date(match)
    raise ValueError(f"no date: {text!r}")


def _to_date(match: re.Match[str]) -> date:
    parts = match.groupdict()
    year = _full_year(parts["year"])
    if "week" in parts:
        return date.fromisocalendar(year, int(parts["week"]), int(parts["weekday"]))
    if "ordinal" in parts:
        day = date(year, 1, 1) + timedelta(days=int(parts["ordinal"]) - 1)
        if day.year != year:
            raise ValueError(f"no such day of the year: {match[0]!r}")
        return day
    if "first" in parts:
        month, day_of_month = _month_and_day(int(parts["first"]), int(parts["second"]))
        return date(year, month, day_of_month)
    month_text = parts["month"]
    month = int(month_text) if month_text.isdigit() else MONTHS[month_text]
    return date(year, month, int(parts["day"]))


def _full_year(text: str) -> int:
    year = int(text.lstrip("'"))
    if len(text.lstrip("'")) == 4:
        return year
    return year + (1900 if year >= _LAST_CENTURY_FROM else 2000)


def _month_and_day(first: int, second: int) -> tuple[int, int]:
    """Return month and day of two numbers before a year. Raises: ValueError where either may be the month."""
    if first <= 12 and second <= 12 and first != second:
        raise ValueError(f"{first} or {second} may be the month")
    return (second, first) if first > 12 else (first, second)
