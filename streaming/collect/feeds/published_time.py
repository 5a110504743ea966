"""Parser of publication times, in the many forms that feeds use."""

import calendar
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lakehouse.time_range import SECOND_US, to_us

_FRENCH_MONTHS = {
    "janv": "Jan", "janvier": "Jan", "févr": "Feb", "fevr": "Feb", "février": "Feb", "fevrier": "Feb",
    "mars": "Mar", "avr": "Apr", "avril": "Apr", "mai": "May", "juin": "Jun", "juil": "Jul",
    "juillet": "Jul", "août": "Aug", "aout": "Aug", "sept": "Sep", "septembre": "Sep", "oct": "Oct",
    "octobre": "Oct", "nov": "Nov", "novembre": "Nov", "déc": "Dec", "dec": "Dec", "décembre": "Dec",
    "decembre": "Dec",
}  # fmt: skip
_FRENCH_DATE = re.compile(
    r"^(?:[a-zé]+\.?,?\s+)?(\d{1,2})(?:er)?\s+([a-zéûû]+)\.?\s+(\d{4})(.*)$", re.IGNORECASE
)
_SECONDS, _MILLISECONDS = re.compile(r"\d{9,10}"), re.compile(r"\d{12,13}")


def read_time_us(text: str, parsed: time.struct_time | None) -> int | None:
    """Return epoch microseconds, or None where the text is no time. A time without a zone is UTC.

    ``parsed`` is feedparser's reading, the last resort.

    >>> read_time_us("Wed, 25 Nov 2026 10:00:00 EST", None)
    1795618800000000
    >>> read_time_us("mer. 25 nov. 2026 10:00:00 +0100", None)
    1795597200000000
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return int(text) * SECOND_US
    if _MILLISECONDS.fullmatch(text):
        return int(text) * 1_000
    for read in (datetime.fromisoformat, parsedate_to_datetime, _read_french):
        try:
            instant = read(text)
            return to_us(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
        except (ValueError, TypeError, OverflowError):
            continue
    return None if parsed is None else calendar.timegm(parsed) * SECOND_US


def _read_french(text: str) -> datetime:
    date = _FRENCH_DATE.match(text)
    if date is None or date[2].lower() not in _FRENCH_MONTHS:
        raise ValueError(text)
    time_of_day = date[4].strip(" ,à") or "00:00:00"
    return parsedate_to_datetime(f"{date[1]} {_FRENCH_MONTHS[date[2].lower()]} {date[3]} {time_of_day}")
