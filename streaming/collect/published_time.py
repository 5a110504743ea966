"""When a text was published, from the many ways in which feeds write it."""

import calendar
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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
    """Epoch microseconds, or None where nobody can tell. Without a zone UTC is meant.

    ``parsed`` is what feedparser made of it, the last resort.

    >>> read_time_us("Wed, 25 Nov 2026 10:00:00 EST", None)
    1795618800000000
    >>> read_time_us("mer. 25 nov. 2026 10:00:00 +0100", None)
    1795597200000000
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return int(text) * 1_000_000
    if _MILLISECONDS.fullmatch(text):
        return int(text) * 1_000
    for read in (datetime.fromisoformat, parsedate_to_datetime, _read_french):
        try:
            return _to_us(read(text))
        except (ValueError, TypeError, OverflowError):
            continue
    return None if parsed is None else calendar.timegm(parsed) * 1_000_000


def _read_french(text: str) -> datetime:
    found = _FRENCH_DATE.match(text)
    if found is None or found[2].lower() not in _FRENCH_MONTHS:
        raise ValueError(text)
    clock = found[4].strip(" ,à") or "00:00:00"
    return parsedate_to_datetime(f"{found[1]} {_FRENCH_MONTHS[found[2].lower()]} {found[3]} {clock}")


def _to_us(instant: datetime) -> int:
    elapsed = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - _EPOCH
    return elapsed.days * 86_400_000_000 + elapsed.seconds * 1_000_000 + elapsed.microseconds
