"""Reader of the times that feeds write. What is not certain is no time."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from lakehouse.time_range import SECOND_US, to_us
from streaming.collect.feeds.time_words import AM, EAST_ASIAN_WEEKDAYS, PM, WEEKDAYS, alternatives, fold
from streaming.collect.feeds.time_zones import UnknownZoneError, to_instant, zone_of
from streaming.collect.feeds.written_date import read_date

_MAX_CHARACTERS: Final = 120
# Epoch numbers by their digits: seconds, milliseconds, microseconds and nanoseconds of this century.
_US_PER_UNIT = {10: (SECOND_US, 1), 13: (1_000, 1), 16: (1, 1), 19: (1, 1_000)}
_EPOCH = re.compile(r"(\d{10}|\d{13}|\d{16}|\d{19})(?:\.(\d{1,6})\d*)?")
_COMPACT = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[t ]?(\d{2})(\d{2})(?:(\d{2})([.,]\d+)?)?( ?(?:z|[+-]\d{2}:?(?:\d{2})?))?"
)
_HOUR_ALONE = re.compile(r"(?<=\dt)(\d{2})(?=z|[+-]\d|$)")
_EAST_ASIAN = str.maketrans({"年": "-", "月": "-", "日": " ", "時": ":", "时": ":", "分": ":", "秒": " "})
_EAST_ASIAN_WEEKDAY = re.compile(
    r"(?:星期|周|週)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일"
)
_KOREAN = re.compile(r"(\d{4})년\s*(\d{1,2})월\s*(\d{1,2})일")
_IN_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^][]*)\]")
_AM_PM = rf"(?:{alternatives((*AM, *PM))})"
_TIME = re.compile(
    rf"(?:(?<![^\W\d_])(?P<before>{_AM_PM})\s*)?(?<![\d.:+/-])(?P<hour>\d{{1,2}})"
    r"(?:\s?[:h]\s?(?P<minute>\d{2})(?:[:m]\s?(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?:?"
    rf"|\.(?P<dotted>\d{{2}})(?=\s?uhr)|(?=\s?{_AM_PM}(?![^\W_]))|(?=\s?(?:h|uhr|heures|horas)\b))"
    rf"(?:\s*(?P<after>{_AM_PM})(?![^\W_]))?(?:\s?(?:h|hs|s|uhr|heures|horas)\b)?"
)
_ZONE = (
    r"(?:(?:gmt|utc|ut) ?[+-] ?\d{1,2}(?::?\d{2})?(?::?00)?(?![\w.:/-])"
    r"|[+-]\d{2}(?::?\d{2})?(?::?00)?(?![\w.:/-])|[+-]\d(?::\d{2})?(?![\w.:/-])"
    r"|[a-z]+/[a-z_+\-0-9/]+|[a-z]{1,5}(?![a-z/.])|[a-z][a-z' ]*\b(?:time|zeit|universal|centrale|paris|eastern)\b)"
)
_CONNECTOR = re.compile(r"(?:(?<=\d)t|(?:^|[\s,])(?:at|um|a|alle|ore|a las|as|om|kl\.?))\s*$")
_ZONE_AT_START = re.compile(rf"[\s,]*({_ZONE})")
_ZONE_AT_END = re.compile(rf"(?<=\s)({_ZONE})\.?$")


def read_time_us(text: str, *, country: str | None = None) -> int | None:
    """Return epoch microseconds; None where the text is no time, or may be several.

    A time without a zone is UTC, a day alone its midnight in UTC. A zone that is not known, or means several in the
    absence of a ``country`` (ISO 3166, lower case), makes the time unknown, and so do 5/11 and 11/5.

    >>> read_time_us("Wed, 25 Nov 2026 10:00:00 PM EST")
    1795662000000000
    >>> read_time_us("mer. 25 nov. 2026 10:00:00 GMT+1")
    1795597200000000
    >>> read_time_us("5/11/2026 10:00"), read_time_us("25 Nov 2026 10:00 XYZ")
    (None, None)
    """
    if len(text) > _MAX_CHARACTERS:
        return None
    folded = fold(text).rstrip(".")
    try:
        epoch = _EPOCH.fullmatch(folded)
        return _read_epoch_us(epoch) if epoch is not None else to_us(_read_instant(folded, country))
    except (ValueError, OverflowError):
        return None


def _read_epoch_us(match: re.Match[str]) -> int:
    multiplier, divisor = _US_PER_UNIT[len(match[1])]
    fraction_us = int((match[2] or "0").ljust(6, "0")) * multiplier // SECOND_US
    return int(match[1]) * multiplier // divisor + fraction_us


def _read_instant(folded: str, country: str | None) -> datetime:
    outside = _IN_BRACKETS.sub(" ", folded)
    remark = next((found[1] or found[2] for found in _IN_BRACKETS.finditer(folded)), None)
    outside = _KOREAN.sub(r"\1-\2-\3 ", _EAST_ASIAN_WEEKDAY.sub(" ", outside).translate(_EAST_ASIAN))
    text = _HOUR_ALONE.sub(r"\1:00", " ".join(outside.split()))
    compact = _COMPACT.fullmatch(text)
    if compact is not None:
        year, month, day, hour, minute, second, fraction, zone = compact.groups()
        text = f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}{fraction or ''}{zone or ''}"
    times = list(_TIME.finditer(text))
    if not times:
        return datetime.combine(read_date(text), datetime.min.time(), UTC)
    if len(times) > 1:
        raise ValueError(f"several times of day: {folded!r}")
    before = text[: times[0].start()]
    after, zones = _split_zones(text[times[0].end() :], country)
    day_text = f"{_CONNECTOR.sub('', before).strip(' -')} {after.strip(' -')}".strip()
    local = _at_time_of_day(read_date(day_text), times[0])
    return _to_instant(local, zones or _zones_of_remark(remark, country))


def _split_zones(after: str, country: str | None) -> tuple[str, list[tzinfo]]:
    """Return what stands after a time of day without its zones, and those."""
    zones = []
    while (match := _ZONE_AT_START.match(after)) and (zone := _try_zone(match[1], country)):
        zones.append(zone)
        after = after[match.end() :]
    if not zones and (match := _ZONE_AT_END.search(after)):
        zone = _try_zone(match[1], country)
        if zone is not None:
            zones.append(zone)
            after = after[: match.start()]
    return after, zones


def _try_zone(text: str, country: str | None) -> tzinfo | None:
    try:
        return zone_of(re.sub(r"(?<=[+-]) ", "", text), country)
    except UnknownZoneError:
        return None


def _zones_of_remark(remark: str | None, country: str | None) -> list[tzinfo]:
    """Return the zone that stands in brackets. Raises: UnknownZoneError, since an unknown zone is never UTC."""
    if remark is None or remark.strip(" .") in WEEKDAYS | EAST_ASIAN_WEEKDAYS:
        return []
    return [zone_of(remark.strip(), country)]


def _to_instant(local: datetime, zones: list[tzinfo]) -> datetime:
    instants = {to_instant(local, zone) for zone in zones or [UTC]}
    if len(instants) > 1:
        raise UnknownZoneError("zones that contradict each other")
    return instants.pop()


def _at_time_of_day(day: date, match: re.Match[str]) -> datetime:
    """Return the local time; 24:00 is the next day's midnight, a leap second the next minute's start."""
    hour, minute = _hour(match), int(match["minute"] or match["dotted"] or 0)
    second = int(match["second"] or 0)
    microsecond = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    extra = timedelta(0)
    if second == 60 and minute == 59:
        second, microsecond, extra = 59, 0, timedelta(seconds=1)
    if hour == 24 and minute == second == microsecond == 0:
        hour, extra = 0, timedelta(days=1)
    return datetime.combine(day, time(hour, minute, second, microsecond)) + extra


def _hour(match: re.Match[str]) -> int:
    hour = int(match["hour"])
    half = match["before"] or match["after"]
    if half is None:
        return hour
    if match["before"] and match["after"]:
        raise ValueError("two halves of the day")
    if half in PM:
        return _afternoon_hour(hour)
    if hour > 12:
        raise ValueError(f"{hour} before noon")
    return hour % 12


def _afternoon_hour(hour: int) -> int:
    if hour == 0 or hour == 24:
        raise ValueError(f"{hour} in the afternoon")
    return hour if hour >= 12 else hour + 12
