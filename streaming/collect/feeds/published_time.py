"""Reader of the times that feeds write. What is not certain is no time."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from lakehouse.time_range import SECOND_US, to_us
from streaming.collect.feeds.asian_dates import in_english
from streaming.collect.feeds.time_words import (
    AM,
    EAST_ASIAN_WEEKDAYS,
    EVENING,
    PM,
    WEEKDAYS,
    alternatives,
    fold,
)
from streaming.collect.feeds.time_zones import UnknownZoneError, meanings_of, to_instant, zone_of
from streaming.collect.feeds.written_date import read_date

_MAX_CHARACTERS: Final = 120
# Epoch numbers by their digits: seconds, milliseconds, microseconds and nanoseconds of this century.
_US_PER_UNIT = {10: (SECOND_US, 1), 13: (1_000, 1), 16: (1, 1), 19: (1, 1_000)}
_EPOCH = re.compile(r"(\d{10}|\d{13}|\d{16}|\d{19})(?:\.(\d{1,6})\d*)?")
_COMPACT = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[t ]?(\d{2})(\d{2})(?:(\d{2})([.,]\d+)?)?( ?(?:z|[+-]\d{2}:?(?:\d{2})?))?"
)
_HOUR_ALONE = re.compile(r"(?<=\dt)(\d{2})(?=z|[+-]\d|$)")
_EAST_ASIAN = str.maketrans({"年": "-", "月": "-", "日": " "})
_EAST_ASIAN_TIME = re.compile(r"(\d{1,2})\s?[時时點点시]\s?(?:(\d{1,2})\s?[分분]\s?(?:(\d{1,2})\s?[秒초])?)?")
_EAST_ASIAN_WEEKDAY = re.compile(
    r"(?:星期|周|週)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일"
)
_KOREAN = re.compile(r"(\d{4})년\s*(\d{1,2})월\s*(\d{1,2})일")
_REIWA = re.compile(r"令和\s?(\d{1,2}|元)年")
_LABEL = re.compile(
    r"(?:published|posted|updated|date|pub ?date|publiee?|mis a jour|veroffentlicht|aktualisiert|erstellt|publicado"
    r"|actualizado|atualizado|pubblicato|aggiornato|gepubliceerd|geplaatst|опубликовано|обновлено)"
    r"(?: (?:on|at|am|le|el|il|em|op))?(?:\s?:\s?|\s)"
)
# Points for colons where no date can be meant: after a word for "at", or after a day in the order of ISO 8601.
_DOTTED = re.compile(
    r"(?:(?<=\bkl )|(?<=\bkl\. )|(?<=\bklo )|(?<=\bpukul )|(?<=\d{4}-\d{2}-\d{2}[t ]))"
    r"(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?!\d)"
)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^][]*)\]")
_AM_PM = rf"(?:{alternatives((*AM, *PM))})"
_TIME = re.compile(
    rf"(?:(?<![^\W\d_])(?P<before>{_AM_PM})\s*)?(?<![\d.:+/-])(?P<hour>\d{{1,2}})"
    r"(?:\s?[:h]\s?(?P<minute>\d{1,2})(?!\d)(?:\s?min\b)?"
    r"(?:[:m]\s?(?P<second>\d{1,2})(?!\d)(?:[.,](?P<fraction>\d+)|:(?P<millis>\d{3})(?!\d))?)?:?"
    rf"|\.(?P<dotted>\d{{2}})(?=\s?(?:uhr|hrs|wib|wita|wit|{_AM_PM})(?![^\W_]))|(?=\s?{_AM_PM}(?![^\W_]))"
    r"|(?=\s?(?:h|uhr|heures|horas)\b))"
    rf"(?:\s*(?P<after>{_AM_PM})(?![^\W_]))?(?:\s?(?:h|hs|hrs|s|uhr|heures|horas|o'clock)\b)?"
)
_ZONE = (
    r"(?:(?:gmt|utc|ut) ?[+-] ?\d{1,2}(?::?\d{2})?(?::?00)?(?![\w.:/-])"
    r"|[+-]\d{2}(?::?\d{2})?(?::?00)?(?!(?!z\b)[\w.:/-])|[+-]\d(?::\d{2})?(?![\w.:/-])"
    r"|[a-z]+/[a-z_+\-0-9/]+|[a-z]{1,5}(?![a-z/.])|[a-z][a-z' ]*\b(?:time|zeit|universal|centrale|paris|eastern)\b)"
)
_CONNECTOR = re.compile(
    r"(?:(?<=\d)t|(?:^|[\s,])(?:at|um|a|alle|ore|a las|as|om|kl\.?|klo|pukul|saat|la|v|в|о))\s*$"
)
_ZONE_OF_DAY = re.compile(rf"(?:\s({_ZONE})|(z|[+]\d{{2}}:\d{{2}}))$")
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
    folded = fold(in_english(text, country=country)).strip("\"'“”;, ").rstrip(".")
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
    text = _in_common_form(outside)
    times = list(_TIME.finditer(text))
    if not times:
        return _read_day(text, remark, country)
    if len(times) > 1:
        raise ValueError(f"several times of day: {folded!r}")
    before = text[: times[0].start()]
    after, zones, meanings = _split_zones(text[times[0].end() :], country)
    day_text = f"{_CONNECTOR.sub('', before).strip(' -')} {after.strip(' -')}".strip()
    local = _at_time_of_day(read_date(day_text), times[0])
    return _to_instant(local, zones or _zones_of_remark(remark, country), meanings)


def _in_common_form(text: str) -> str:
    """Return a text without labels and East Asian words, its time of day with colons."""
    text = _REIWA.sub(
        lambda match: f"{2018 + (1 if match[1] == '元' else int(match[1]))}年", _LABEL.sub("", text)
    )
    text = _EAST_ASIAN_TIME.sub(_with_colons, _EAST_ASIAN_WEEKDAY.sub(" ", text))
    text = _KOREAN.sub(r"\1-\2-\3 ", text).translate(_EAST_ASIAN)
    text = _DOTTED.sub(_with_colons, _HOUR_ALONE.sub(r"\1:00", " ".join(text.split())))
    compact = _COMPACT.fullmatch(text)
    if compact is None:
        return text
    year, month, day, hour, minute, second, fraction, zone = compact.groups()
    return f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}{fraction or ''}{zone or ''}"


def _with_colons(match: re.Match[str]) -> str:
    hour, minute, second = match.groups("0")
    return f"{hour}:{int(minute):02}:{int(second):02}"


def _read_day(text: str, remark: str | None, country: str | None) -> datetime:
    """Return the midnight of a day without a time of day, in the zone that stands behind it."""
    zones = _zones_of_remark(remark, country)
    try:
        day = read_date(text)
    except ValueError:
        zone = _ZONE_OF_DAY.search(text)
        if zone is None or zones:
            raise
        day, zones = read_date(text[: zone.start()]), [zone_of(zone[1] or zone[2], country)]
    return _to_instant(datetime.combine(day, time()), zones, [])


def _split_zones(after: str, country: str | None) -> tuple[str, list[tzinfo], list[frozenset[timedelta]]]:
    """Return what stands after a time of day without its zones, those, and what ambiguous ones may mean."""
    zones: list[tzinfo] = []
    meanings: list[frozenset[timedelta]] = []
    while match := _ZONE_AT_START.match(after):
        zone, possible = _try_zone(match[1], country), meanings_of(match[1])
        if zone is None and not possible:
            break
        if zone is None:
            meanings.append(possible)
        else:
            zones.append(zone)
        after = after[match.end() :]
    if not zones and (match := _ZONE_AT_END.search(after)):
        zone = _try_zone(match[1], country)
        if zone is not None:
            zones.append(zone)
            after = after[: match.start()]
    return after, zones, meanings


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


def _to_instant(local: datetime, zones: list[tzinfo], meanings: list[frozenset[timedelta]]) -> datetime:
    """Return a local time as UTC. Raises: UnknownZoneError; an ambiguous zone counts where another one confirms it."""
    offsets = {zone.utcoffset(local) for zone in zones}
    if any(offsets.isdisjoint(possible) for possible in meanings):
        raise UnknownZoneError("an ambiguous zone without an offset that it may mean")
    instants = {to_instant(local, zone) for zone in zones or [UTC]}
    if len(instants) > 1:
        raise UnknownZoneError("zones that contradict each other")
    return instants.pop()


def _at_time_of_day(day: date, match: re.Match[str]) -> datetime:
    """Return the local time; 24:00 is the next day's midnight, a leap second the next minute's start."""
    hour, minute = _hour(match), int(match["minute"] or match["dotted"] or 0)
    second = int(match["second"] or 0)
    microsecond = int((match["fraction"] or match["millis"] or "0")[:6].ljust(6, "0"))
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
    if half == EVENING and hour == 12:
        raise ValueError("midnight of the day, or of the next one")
    if half in PM:
        return _afternoon_hour(hour)
    if hour > 12:
        raise ValueError(f"{hour} before noon")
    return hour % 12


def _afternoon_hour(hour: int) -> int:
    if hour == 0 or hour == 24:
        raise ValueError(f"{hour} in the afternoon")
    return hour if hour >= 12 else hour + 12
