"""A path and a query string as the question that they ask, resolved: ranges, intervals, defaults."""

from collections.abc import Callable, Mapping

from django.http import QueryDict

from api.history.parameters import (
    DEFAULT_LIMIT,
    DEFAULT_PERIOD,
    MAX_LIMIT,
    MAX_STREAMED,
    PARAMETER_OF,
    PARAMETERS,
    parse_symbol,
)
from api.http.instants import parse_instant, parse_period
from api.http.query import check_names
from lakehouse.errors import QueryError
from lakehouse.history.cursor import Cursor, decode_cursor
from lakehouse.history.page import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.series.buckets import (
    BUCKET_WIDTHS_US,
    MAX_BUCKETS,
    NO_FILLING,
    RAW,
    automatic_interval,
    bucket_start,
)
from lakehouse.series.definitions import Series
from lakehouse.snapshots.time_travel import PointInTime
from lakehouse.time_range import MINUTE_US, TimeRange

MAX_THINNED_ROWS = 200_000
_PER_PAGE = frozenset({"curseur", "format", "limite"})

Travel = Callable[[Series, Mapping[str, str], int], PointInTime | None]


def no_travel(series: Series, asked: Mapping[str, str], now_us: int) -> PointInTime | None:
    """Where there is no past to look at."""
    return None


def travel_in(lake: Lake) -> Travel:
    """Finds moments in a lake's past. What it gives raises QueryError and VersionGoneError."""

    def travel(series: Series, asked: Mapping[str, str], now_us: int) -> PointInTime | None:
        if "version" in asked and "a_la_date" in asked:
            raise QueryError(
                parameter="version",
                problem="it contradicts a_la_date",
                accepted="version or a_la_date, not both",
            )
        if "version" in asked:
            newest = lake.snapshot(series.table.name)[series.table.name]
            return lake.time_travel.at_version(series.table.name, int(asked["version"]), newest=newest)
        if "a_la_date" in asked:
            instant_us = parse_instant("a_la_date", asked["a_la_date"])
            if instant_us > now_us:
                raise QueryError(
                    parameter="a_la_date", problem="it is yet to come", accepted="an instant up to now"
                )
            return lake.time_travel.at_instant(instant_us)
        return None

    return travel


def parse_history_query(
    *,
    series: Series,
    symbol: str,
    query: QueryDict,
    now_us: int,
    cursor_key: bytes,
    representation: str = "json",
    travel: Travel = no_travel,
) -> HistoryQuery:
    """The question that a path and a query string ask. Raises QueryError, naming the parameter.

    ``travel`` finds the moment that `version` or `a_la_date` asks for.
    """
    accepted = {parameter.name: parameter.accepted for parameter in PARAMETERS if parameter.takes(series)}
    given = check_names(query, accepted)
    symbol = parse_symbol(symbol)
    checked = {name: PARAMETER_OF[name].check(text) for name, text in given.items()}
    asked = {name: text for name, text in checked.items() if name not in _PER_PAGE}
    cursor = decode_cursor(checked["curseur"], cursor_key) if "curseur" in checked else None
    if cursor is not None:
        _check_same(cursor, series=series, symbol=symbol, asked=asked)
        asked = cursor.asked
    moment = travel(series, asked, now_us)
    if cursor is not None:
        now_us = cursor.as_of_us
        time_range, interval = TimeRange(cursor.start_us, cursor.end_us), cursor.interval
    else:
        now_us = now_us if moment is None else moment.instant_us
        time_range, interval = _resolve(series, asked, now_us)
    whole = cursor is None and "points" in asked and "limite" not in checked
    return HistoryQuery(
        series=series,
        symbol=symbol,
        time_range=time_range,
        interval=interval,
        limit=_limit(checked, interval, whole=whole, representation=representation),
        as_of_us=now_us,
        axis=asked.get("axe", series.time_column),
        model=asked.get("modele"),
        horizon=asked.get("horizon"),
        filling=_filling(asked, interval),
        n_points=int(asked["points"]) if "points" in asked else None,
        whole=whole,
        moment=moment,
        version=int(asked["version"]) if "version" in asked else None,
        asked=asked,
        cursor=cursor,
    )


def _limit(checked: Mapping[str, str], interval: str, *, whole: bool, representation: str) -> int:
    """Points that are read: a page, or where a whole range is thinned, as many as that may be."""
    if not whole:
        limit = int(checked.get("limite", DEFAULT_LIMIT))
        most = MAX_THINNED_ROWS if "points" in checked else MAX_STREAMED
        if limit > (MAX_LIMIT if representation == "json" else most):
            raise QueryError(
                parameter="limite",
                problem=f"{limit} is too many for a page of {representation}",
                accepted=PARAMETER_OF["limite"].accepted,
            )
        return limit
    return MAX_THINNED_ROWS if interval == RAW else MAX_BUCKETS


def _filling(asked: Mapping[str, str], interval: str) -> str:
    filling = asked.get("remplissage", NO_FILLING)
    if interval == RAW and filling != NO_FILLING:
        raise QueryError(
            parameter="remplissage",
            problem=f"rows have no gaps to fill, and intervalle is {RAW}",
            accepted=f"{NO_FILLING}, or an intervalle of buckets",
        )
    return filling


def _check_same(cursor: Cursor, *, series: Series, symbol: str, asked: Mapping[str, str]) -> None:
    """A cursor goes on with its own question: what is repeated beside it must be the same."""
    if (cursor.series, cursor.symbol) != (series.name, symbol):
        raise QueryError(
            parameter="curseur",
            problem=f"it belongs to {cursor.series} of {cursor.symbol}",
            accepted="the curseur of this path's own previous answer",
        )
    for name, text in asked.items():
        if cursor.asked.get(name) != text:
            raise QueryError(
                parameter=name,
                problem="it differs from what the curseur was made for",
                accepted=cursor.asked.get(name, "nothing") + ", or leave it out: the curseur holds it",
            )


def _resolve(series: Series, asked: Mapping[str, str], now_us: int) -> tuple[TimeRange, str]:
    dates = [name for name in ("date_debut", "date_fin") if name in asked]
    if "periode" in asked and dates:
        raise QueryError(
            parameter="periode",
            problem=f"it contradicts {' and '.join(dates)}",
            accepted="periode, or dates, not both",
        )
    end_us = parse_instant("date_fin", asked["date_fin"]) if "date_fin" in asked else now_us
    if "date_debut" in asked:
        start_us = parse_instant("date_debut", asked["date_debut"])
    else:
        start_us = end_us - parse_period("periode", asked.get("periode", DEFAULT_PERIOD))
    if start_us >= end_us:
        end = "date_fin" if "date_fin" in asked else "now, which is date_fin where none is given"
        raise QueryError(
            parameter="date_debut", problem=f"it is not before {end}", accepted="a range that goes forward"
        )
    interval = _resolve_interval(series, asked.get("intervalle"), end_us - start_us)
    # What is relative to now begins and ends with a whole bucket or minute: asked again soon, it is the same range.
    step_us = BUCKET_WIDTHS_US.get(interval, MINUTE_US)
    if "date_fin" not in asked:
        end_us = -(-end_us // step_us) * step_us
    if "date_debut" not in asked and (interval != RAW or "date_fin" not in asked):
        start_us = bucket_start(start_us, step_us)
    return TimeRange(max(start_us, 0), end_us), interval


def _resolve_interval(series: Series, asked: str | None, span_us: int) -> str:
    if series.bucket_statement is not None:
        return asked or automatic_interval(span_us)
    if asked not in (None, RAW):
        raise QueryError(parameter="intervalle", problem="predictions have no buckets", accepted=RAW)
    return RAW
