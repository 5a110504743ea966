"""Zones of written times: offsets, names and abbreviations; what a name means in the feed's country.

An abbreviation that several countries use counts only where the feed's country is known. The North American ones of
RFC 822 are the exception, since RSS defines its times by that document; CST is none of them, because China writes it
as often.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

_MAX_OFFSET: Final = timedelta(hours=14)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?::?(?P<seconds>00))?")
_UTC_WITH_OFFSET = re.compile(r"(?:gmt|utc|ut|z) ?(?P<offset>[+-].+)")

# Minutes east of Greenwich, whatever the country.
_MINUTES: Mapping[str, int] = {
    "utc": 0, "ut": 0, "gmt": 0, "z": 0, "zulu": 0, "wet": 0, "west": 60,
    "coordinated universal time": 0, "greenwich mean time": 0, "tu": 0, "tuc": 0,
    "cet": 60, "cest": 120, "met": 60, "mest": 120, "mez": 60, "mesz": 120, "hec": 60, "heec": 120,
    "central european time": 60, "central european standard time": 60, "central european summer time": 120,
    "mitteleuropaische zeit": 60, "mitteleuropaische sommerzeit": 120,
    "mitteleuropaische normalzeit": 60, "heure normale d'europe centrale": 60,
    "heure d'ete d'europe centrale": 120, "british summer time": 60,
    "eet": 120, "eest": 180, "eastern european time": 120, "eastern european summer time": 180,
    "msk": 180, "moscow standard time": 180, "trt": 180, "samt": 240, "yekt": 300, "cat": 120, "sast": 120,
    "eat": 180, "wat": 60, "idt": 180, "irst": 210, "gulf standard time": 240, "pkt": 300, "npt": 345,
    "india standard time": 330, "indian standard time": 330, "ict": 420, "wib": 420, "wita": 480, "wit": 540,
    "hkt": 480, "sgt": 480, "myt": 480, "pht": 480, "awst": 480, "china standard time": 480, "jst": 540,
    "japan standard time": 540, "kst": 540, "korea standard time": 540, "acst": 570, "acdt": 630, "aest": 600,
    "aedt": 660, "nzst": 720, "nzdt": 780, "brt": -180, "art": -180, "uyt": -180, "clt": -240, "clst": -180,
    "bot": -240, "vet": -240, "cot": -300, "pet": -300, "ndt": -150, "adt": -180, "edt": -240, "mdt": -360,
    "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "hne": -300, "hae": -240, "hnc": -360, "hac": -300,
    "hnr": -420, "har": -360, "hnp": -480, "hap": -420, "eastern standard time": -300,
    "eastern daylight time": -240, "central daylight time": -300, "central standard time": -360,
    "mountain standard time": -420, "mountain daylight time": -360, "pacific standard time": -480,
    "pacific daylight time": -420, "singapore time": 480, "singapore standard time": 480, "beijing time": 480,
    "北京时间": 480, "北京時間": 480, "日本時間": 540, "мск": 180, "moscow time": 180, "horario de brasilia": -180,
    "hora de brasilia": -180,
}  # fmt: skip
# By country; the empty one is what the abbreviation means where the country is unknown, if anything.
_BY_COUNTRY: Mapping[str, Mapping[str, int]] = {
    "ist": {"in": 330, "ie": 60, "il": 120},
    "bst": {"gb": 60, "bd": 360},
    "cst": {"us": -360, "ca": -360, "mx": -360, "cn": 480, "tw": 480, "hk": 480, "mo": 480, "cu": -300},
    "cdt": {"": -300, "cu": -240, "cn": 540},
    "est": {"": -300, "au": 600},
    "edt": {"": -240, "au": 660},
    "mst": {"": -420, "my": 480, "mm": 390},
    "pst": {"": -480, "ph": 480},
    "ast": {"ca": -240, "pr": -240, "bm": -240, "sa": 180, "kw": 180, "qa": 180, "bh": 180, "iq": 180},
    "nst": {"ca": -210},
    "gst": {"ae": 240, "om": 240},
    "sst": {"sg": 480, "ws": -660, "as": -660},
    "wst": {"au": 480, "ws": 780},
    "bdt": {"bd": 360, "bn": 480},
    "amt": {"am": 240, "br": -240},
}
_GENERIC: Mapping[str, str] = {
    "et": "America/New_York", "eastern time": "America/New_York", "us eastern": "America/New_York",
    "ct": "America/Chicago", "central time": "America/Chicago",
    "mt": "America/Denver", "mountain time": "America/Denver",
    "pt": "America/Los_Angeles", "pacific time": "America/Los_Angeles",
    "uk time": "Europe/London", "heure de paris": "Europe/Paris", "paris time": "Europe/Paris",
    "heure francaise": "Europe/Paris",
}  # fmt: skip
_COUNTRY_BY_LANGUAGE: Mapping[str, str] = {
    "zh": "cn", "hi": "in", "ta": "in", "te": "in", "mr": "in", "gu": "in", "ga": "ie", "he": "il", "iw": "il",
    "bn": "bd", "ms": "my", "my": "mm", "fil": "ph", "tl": "ph",
}  # fmt: skip
_COUNTRY_OF_DOMAIN: Mapping[str, str] = {"uk": "gb"}
# Two-letter domains that anybody registers: they name no country.
_OPEN_DOMAINS = "ai am as cc co fm gg io is la me ms nu sh so st tk to tv vc ws"
_DOMAINS_OF_NOBODY = frozenset(_OPEN_DOMAINS.split())


class UnknownZoneError(ValueError):
    """A zone that names no certain offset."""


def country_of(language: str | None, host: str | None) -> str | None:
    """Return a feed's country: the region of its language, else its host's domain, else where its language is spoken.

    >>> country_of("en-AU", "news.example"), country_of(None, "news.example.co.uk"), country_of("zh", None)
    ('au', 'gb', 'cn')
    """
    primary, *subtags = (language or "").lower().split("-")
    region = next((tag for tag in subtags if len(tag) == 2 and tag.isalpha()), None)
    domain = (host or "").rpartition(".")[2].lower()
    if region is None and len(domain) == 2 and domain.isalpha() and domain not in _DOMAINS_OF_NOBODY:
        region = domain
    region = _COUNTRY_OF_DOMAIN.get(region or "", region)
    return region or _COUNTRY_BY_LANGUAGE.get(primary)


def zone_of(text: str, country: str | None) -> tzinfo:
    """Return the zone of a folded text without surrounding spaces. Raises: UnknownZoneError."""
    prefixed = _UTC_WITH_OFFSET.fullmatch(text)
    offset = _OFFSET.fullmatch(prefixed["offset"] if prefixed else text)
    if offset is not None:
        return _to_zone(offset)
    name = text.strip(" .")
    if name in _BY_COUNTRY:
        meanings = _BY_COUNTRY[name]
        minutes = meanings.get(country or "", meanings.get(""))
        if minutes is None:
            raise UnknownZoneError(text)
        return timezone(timedelta(minutes=minutes))
    if name in _MINUTES:
        return timezone(timedelta(minutes=_MINUTES[name]))
    key = _GENERIC.get(name) or _names_by_lower_case().get(name)
    if key is None:
        raise UnknownZoneError(text)
    return ZoneInfo(key)


def meanings_of(text: str) -> frozenset[timedelta]:
    """Return the offsets that an abbreviation has in several countries; none for another text."""
    return frozenset(timedelta(minutes=minutes) for minutes in _BY_COUNTRY.get(text.strip(" ."), {}).values())


def to_instant(local: datetime, zone: tzinfo) -> datetime:
    """Return a local time as UTC. Raises: UnknownZoneError where the clock shows it twice or never."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first != second:
        raise UnknownZoneError(f"{local} is ambiguous in {zone}")
    return first


def _to_zone(offset: re.Match[str]) -> tzinfo:
    hours, minutes = int(offset["hours"]), int(offset["minutes"] or 0)
    size = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or size > _MAX_OFFSET:
        raise UnknownZoneError(offset[0])
    return timezone(-size if offset["sign"] == "-" else size)


@cache
def _names_by_lower_case() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones() if "/" in name}
