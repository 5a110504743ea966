"""Parsing of a path and a query string into a question: ranges, intervals, defaults."""

from collections.abc import Mapping

from django.http import QueryDict

from api.history.parameters import (
    BY,
    BY_STORY,
    DEFAULT_LIMIT,
    DEFAULT_PERIOD,
    FILLING,
    INTERVAL,
    MAX_LIMIT,
    MAX_STREAMED,
    PARAMETER_OF,
    PARAMETERS,
    WIRE_BY_TEXT,
    WIRE_NO_FILLING,
    WIRE_RAW,
    parse_symbol,
    wire_errors,
)
from api.http.instants import parse_instant, parse_period, shown
from api.http.query import check_names
from lakehouse.errors import QueryError
from lakehouse.history.cursor import Cursor, decode_cursor
from lakehouse.history.pinning import optional_tables
from lakehouse.history.query import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.process.suggestions import did_you_mean
from lakehouse.series.buckets import (
    CALENDAR_UNITS,
    MAX_BUCKETS,
    RAW,
    Filling,
    automatic_interval,
    grid_of,
)
from lakehouse.series.definitions import Series
from lakehouse.series.grid import UTC_ZONE, FixedGrid, ceiling, zone_names
from lakehouse.snapshots.time_travel import PointInTime
from lakehouse.time_range import MINUTE_US, TimeRange

ZONE = "fuseau"
KNOWN_AT = "connu_le"
MAX_DOWNSAMPLED_ROWS = 200_000
_PER_PAGE = frozenset({"curseur", "format", "limite"})


def parse_history_query(
    *,
    series: Series,
    symbol: str,
    query: QueryDict,
    now_us: int,
    cursor_key: bytes,
    representation: str,
    lake: Lake,
) -> HistoryQuery:
    """Return the question that a path and a query string ask. Looks only at the past of a lake.

    Raises: QueryError, naming the parameter; VersionGoneError.
    """
    accepted = {parameter.name: parameter.accepted for parameter in PARAMETERS if parameter.takes(series)}
    texts = check_names(query, accepted)
    symbol = parse_symbol(symbol)
    return to_query(
        series=series,
        symbol=symbol,
        texts=texts,
        now_us=now_us,
        cursor_key=cursor_key,
        representation=representation,
        lake=lake,
    )


def to_query(
    *,
    series: Series,
    symbol: str,
    texts: Mapping[str, str],
    now_us: int,
    cursor_key: bytes,
    representation: str,
    lake: Lake,
) -> HistoryQuery:
    """Return the question that the texts of parameters ask. Raises QueryError, VersionGoneError."""
    texts = {name: PARAMETER_OF[name].check(text) for name, text in texts.items()}
    given = {name: text for name, text in texts.items() if name not in _PER_PAGE}
    cursor = _read_cursor(texts, given, cursor_key, series=series, symbol=symbol)
    if cursor is None:
        known_at_us, moment = _find_known(given, now_us), _find_moment(lake, series, given, now_us)
        now_us = moment.instant_us if moment is not None else now_us if known_at_us is None else known_at_us
        time_range, interval = _resolve(series, given, now_us)
    else:
        given = cursor.parameters
        known_at_us, moment = _find_known(given, now_us), _find_moment(lake, series, given, now_us)
        now_us = cursor.as_of_us
        time_range, interval = TimeRange(cursor.start_us, cursor.end_us), cursor.interval
    whole = cursor is None and "points" in given and "limite" not in texts
    return HistoryQuery(
        series=series,
        symbol=symbol,
        time_range=time_range,
        interval=interval,
        limit=_limit(texts, interval, whole=whole, representation=representation),
        as_of_us=now_us,
        axis=given.get("axe", series.time_column),
        model=given.get("modele"),
        horizon=given.get("horizon"),
        filling=_filling(given, interval),
        zone=_zone(given, interval),
        n_points=int(given["points"]) if "points" in given else None,
        whole=whole,
        moment=moment,
        version=int(given["version"]) if "version" in given else None,
        by_story=_by_story(given, interval),
        known_at_us=known_at_us,
        parameters=given,
        cursor=cursor,
    )


def _find_known(given: Mapping[str, str], now_us: int) -> int | None:
    """Return the instant that `connu_le` asks for; None where all that is known counts. Raises QueryError."""
    if KNOWN_AT not in given:
        return None
    others = [name for name in ("version", "a_la_date") if name in given]
    if others:
        raise QueryError(
            parameter=KNOWN_AT,
            problem=f"it contradicts {others[0]}",
            accepted=f"{KNOWN_AT}, version or a_la_date, not two of them",
        )
    known_at_us = parse_instant(KNOWN_AT, given[KNOWN_AT])
    if known_at_us > now_us:
        raise QueryError(parameter=KNOWN_AT, problem="it is yet to come", accepted="an instant up to now")
    return known_at_us


def _find_moment(lake: Lake, series: Series, given: Mapping[str, str], now_us: int) -> PointInTime | None:
    """Return the moment that `version` or `a_la_date` asks for; None for the present."""
    if "version" in given and "a_la_date" in given:
        raise QueryError(
            parameter="version",
            problem="it contradicts a_la_date",
            accepted="version or a_la_date, not both",
        )
    if "version" in given:
        newest = lake.snapshot(series.table.name)[series.table.name]
        return lake.time_travel.at_version(series.table.name, int(given["version"]), newest=newest)
    if "a_la_date" not in given:
        return None
    instant_us = parse_instant("a_la_date", given["a_la_date"])
    if instant_us > now_us:
        raise QueryError(parameter="a_la_date", problem="it is yet to come", accepted="an instant up to now")
    return lake.time_travel.at_instant(instant_us, (series.table.name,), optional=optional_tables(series))


def _limit(texts: Mapping[str, str], interval: str, *, whole: bool, representation: str) -> int:
    """Return how many points are read: a page, or where a whole range is downsampled, as many as that may be."""
    if not whole:
        limit = int(texts.get("limite", DEFAULT_LIMIT))
        most = MAX_DOWNSAMPLED_ROWS if "points" in texts else MAX_STREAMED
        if limit > (MAX_LIMIT if representation == "json" else most):
            raise QueryError(
                parameter="limite",
                problem=f"{limit} is too many for a page of {representation}",
                accepted=PARAMETER_OF["limite"].accepted,
            )
        return limit
    return MAX_DOWNSAMPLED_ROWS if interval == RAW else MAX_BUCKETS


def _zone(given: Mapping[str, str], interval: str) -> str:
    """Return the time zone of buckets. Raises QueryError where it is unknown, or the interval has none."""
    if ZONE not in given:
        return UTC_ZONE
    zone = given[ZONE]
    if zone not in zone_names():
        raise QueryError(
            parameter=ZONE,
            problem=f"{shown(zone)} is no time zone",
            accepted=PARAMETER_OF[ZONE].accepted + did_you_mean(zone, zone_names()),
        )
    if interval not in CALENDAR_UNITS:
        raise QueryError(
            parameter=ZONE,
            problem=f"{INTERVAL.name} is {INTERVAL.to_wire(interval)}, whose buckets are alike in every zone",
            accepted=f"{ZONE} with {INTERVAL.name} {', '.join(CALENDAR_UNITS)}",
        )
    return zone


def _filling(given: Mapping[str, str], interval: str) -> Filling:
    filling = Filling(FILLING.values[given.get(FILLING.name, WIRE_NO_FILLING)])
    if interval == RAW and filling is not Filling.NONE:
        raise QueryError(
            parameter=FILLING.name,
            problem=f"rows have no gaps to fill, and intervalle is {WIRE_RAW}",
            accepted=f"{WIRE_NO_FILLING}, or an intervalle of buckets",
        )
    return filling


def _by_story(given: Mapping[str, str], interval: str) -> bool:
    by_story = BY.values[given.get(BY.name, WIRE_BY_TEXT)] == BY_STORY
    if by_story and interval == RAW:
        raise QueryError(
            parameter=BY.name,
            problem=f"rows are texts, each with its story_id, and intervalle is {WIRE_RAW}",
            accepted=f"{WIRE_BY_TEXT}, or an intervalle of buckets",
        )
    return by_story


def _read_cursor(
    texts: Mapping[str, str], given: Mapping[str, str], cursor_key: bytes, *, series: Series, symbol: str
) -> Cursor | None:
    """Return the cursor, if one is given: what is repeated beside it must be its own question. Raises QueryError."""
    if "curseur" not in texts:
        return None
    with wire_errors():
        cursor = decode_cursor(texts["curseur"], cursor_key)
    if (cursor.series, cursor.symbol) != (series.name, symbol):
        raise QueryError(
            parameter="curseur",
            problem=f"it belongs to {cursor.series} of {cursor.symbol}",
            accepted="the curseur of this path's own previous answer",
        )
    for name, text in given.items():
        if cursor.parameters.get(name) != text:
            raise QueryError(
                parameter=name,
                problem="it differs from what the curseur was made for",
                accepted=cursor.parameters.get(name, "nothing") + ", or leave it out: the curseur holds it",
            )
    return cursor


def _resolve(series: Series, given: Mapping[str, str], now_us: int) -> tuple[TimeRange, str]:
    dates = [name for name in ("date_debut", "date_fin") if name in given]
    if "periode" in given and dates:
        raise QueryError(
            parameter="periode",
            problem=f"it contradicts {' and '.join(dates)}",
            accepted="periode, or dates, not both",
        )
    end_us = parse_instant("date_fin", given["date_fin"]) if "date_fin" in given else now_us
    if "date_debut" in given:
        start_us = parse_instant("date_debut", given["date_debut"])
    else:
        start_us = end_us - parse_period("periode", given.get("periode", DEFAULT_PERIOD))
    if start_us >= end_us:
        end = "date_fin" if "date_fin" in given else "now, which is date_fin where none is given"
        raise QueryError(
            parameter="date_debut", problem=f"it is not before {end}", accepted="a range that goes forward"
        )
    interval = _resolve_interval(series, given.get(INTERVAL.name), end_us - start_us)
    # What is relative to now begins and ends with a whole bucket or minute: sent again soon, it is the same range.
    steps = FixedGrid(MINUTE_US) if interval == RAW else grid_of(interval, _zone(given, interval))
    if "date_fin" not in given:
        end_us = ceiling(steps, end_us)
    if "date_debut" not in given and (interval != RAW or "date_fin" not in given):
        start_us = steps.start(max(start_us, 0))
    return TimeRange(max(start_us, 0), end_us), interval


def _resolve_interval(series: Series, text: str | None, span_us: int) -> str:
    if series.has_buckets:
        return INTERVAL.values[text] if text is not None else automatic_interval(span_us)
    if text not in (None, WIRE_RAW):
        raise QueryError(parameter=INTERVAL.name, problem="predictions have no buckets", accepted=WIRE_RAW)
    return RAW
