"""A path and a query string as the question that they ask, resolved: ranges, intervals, defaults."""

from collections.abc import Mapping

from django.http import QueryDict

from api.history.parameters import (
    DEFAULT_LIMIT,
    DEFAULT_PERIOD,
    PARAMETER_OF,
    PARAMETERS,
    check_names,
    parse_symbol,
)
from api.instants import parse_instant, parse_period
from lakehouse.buckets import (
    BUCKET_WIDTHS_US,
    MAX_BUCKETS,
    NO_FILLING,
    RAW,
    automatic_interval,
    bucket_start,
)
from lakehouse.cursor import Cursor, decode_cursor
from lakehouse.errors import QueryError
from lakehouse.history import HistoryQuery
from lakehouse.series import Series
from lakehouse.time_range import TimeRange

MAX_THINNED_ROWS = 200_000
_PER_PAGE = frozenset({"curseur", "limite"})


def parse_history_query(
    *, series: Series, symbol: str, query: QueryDict, now_us: int, cursor_key: bytes
) -> HistoryQuery:
    """The question that a path and a query string ask. Raises QueryError, naming the parameter."""
    taken = [parameter.name for parameter in PARAMETERS if parameter.takes(series)]
    given = check_names(query, taken.__contains__, taken)
    symbol = parse_symbol(symbol)
    checked = {name: PARAMETER_OF[name].check(text) for name, text in given.items()}
    asked = {name: text for name, text in checked.items() if name not in _PER_PAGE}
    cursor = decode_cursor(checked["curseur"], cursor_key) if "curseur" in checked else None
    if cursor is not None:
        _check_same(cursor, series=series, symbol=symbol, asked=asked)
        asked, now_us = cursor.asked, cursor.as_of_us
        time_range, interval = TimeRange(cursor.start_us, cursor.end_us), cursor.interval
    else:
        time_range, interval = _resolve(series, asked, now_us)
    whole = cursor is None and "points" in asked and "limite" not in checked
    return HistoryQuery(
        series=series,
        symbol=symbol,
        time_range=time_range,
        interval=interval,
        limit=_limit(checked, interval, whole=whole),
        as_of_us=now_us,
        axis=asked.get("axe", series.time_column),
        model=asked.get("modele"),
        horizon=asked.get("horizon"),
        filling=_filling(asked, interval),
        n_points=int(asked["points"]) if "points" in asked else None,
        whole=whole,
        asked=asked,
        cursor=cursor,
    )


def _limit(checked: Mapping[str, str], interval: str, *, whole: bool) -> int:
    """Points that are read: a page, or where a whole range is thinned, as many as that may be."""
    if not whole:
        return int(checked.get("limite", DEFAULT_LIMIT))
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
    if "date_debut" not in asked and interval != RAW:
        start_us = bucket_start(start_us, BUCKET_WIDTHS_US[interval])  # a period begins with a whole bucket
    return TimeRange(max(start_us, 0), end_us), interval


def _resolve_interval(series: Series, asked: str | None, span_us: int) -> str:
    if series.bucket_statement is not None:
        return asked or automatic_interval(span_us)
    if asked not in (None, RAW):
        raise QueryError(parameter="intervalle", problem="predictions have no buckets", accepted=RAW)
    return RAW
