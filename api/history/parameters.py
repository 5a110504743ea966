"""The parameters of a history, as data, and the question that they make."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import QueryDict

from api.instants import INSTANT_ACCEPTED, PERIOD_ACCEPTED, parse_instant, parse_period, shown
from lakehouse.buckets import BUCKET_WIDTHS_US, INTERVALS, RAW, automatic_interval, bucket_start
from lakehouse.contract import HORIZON_PATTERN, NAME_PATTERN, SYMBOL_PATTERN
from lakehouse.cursor import Cursor, decode_cursor
from lakehouse.errors import QueryError
from lakehouse.history import HistoryQuery
from lakehouse.series import AXES, PREDICTION, Series
from lakehouse.time_range import TimeRange

DEFAULT_PERIOD = "24h"
DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000
MAX_QUERY_CHARACTERS = 12_000
SYMBOL_ACCEPTED = "1 to 20 ASCII letters and digits, such as btc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter; ``only`` one series takes it, or all. Not ``available``: not built yet."""

    name: str
    meaning: str
    accepted: str
    pattern: str | None = None
    one_of: tuple[str, ...] = ()
    only: Series | None = None
    available: bool = True

    def takes(self, series: Series) -> bool:
        return self.available and self.only in (None, series)

    def check(self, text: str) -> str:
        """The text, if it may stand for this parameter. Raises QueryError."""
        listed = not self.one_of or text in self.one_of
        if not listed or (
            self.pattern is not None and re.fullmatch(self.pattern.rstrip("$"), text, re.ASCII) is None
        ):
            raise QueryError(
                parameter=self.name, problem=f"{shown(text)} is not accepted", accepted=self.accepted
            )
        return text


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="periode",
        meaning="how far back from now; not together with dates; default 24h",
        accepted=PERIOD_ACCEPTED,
    ),
    Parameter(name="date_debut", meaning="start of the range, included", accepted=INSTANT_ACCEPTED),
    Parameter(name="date_fin", meaning="end of the range, left out; default now", accepted=INSTANT_ACCEPTED),
    Parameter(
        name="intervalle",
        meaning="brut for rows, or the width of a bucket; absent: by the span (predictions: always brut)",
        accepted=", ".join(INTERVALS),
        one_of=INTERVALS,
    ),
    Parameter(
        name="limite",
        meaning=f"most points on a page; default {DEFAULT_LIMIT}",
        accepted=f"a whole number from 1 to {MAX_LIMIT}",
        pattern="[1-9][0-9]{0,4}",
    ),
    Parameter(
        name="curseur",
        meaning="where to go on, from the suivant of the page before",
        accepted="an untouched suivant",
    ),
    Parameter(
        name="modele",
        meaning="only this model's predictions",
        accepted=f"a name matching {NAME_PATTERN}",
        pattern=NAME_PATTERN,
        only=PREDICTION,
    ),
    Parameter(
        name="horizon",
        meaning="only predictions of this horizon",
        accepted="a whole number and m, h or d, such as 5m, 1h, 24h",
        pattern=HORIZON_PATTERN,
        only=PREDICTION,
    ),
    Parameter(
        name="axe",
        meaning="the time that the range is on; default made_at",
        accepted=", ".join(AXES),
        one_of=AXES,
        only=PREDICTION,
    ),
    Parameter(name="remplissage", meaning="gap filling of buckets", accepted="", available=False),
    Parameter(name="points", meaning="at most this many points", accepted="", available=False),
    Parameter(name="version", meaning="time travel by version", accepted="", available=False),
    Parameter(name="a_la_date", meaning="time travel by time", accepted="", available=False),
    Parameter(name="format", meaning="another representation than JSON", accepted="", available=False),
)
_BY_NAME: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}
_PER_PAGE = frozenset({"curseur", "limite"})


def parse_symbol(text: str) -> str:
    """The symbol of a path, in lower case. Raises QueryError."""
    if not text.isascii() or re.fullmatch(SYMBOL_PATTERN.rstrip("$"), text.lower()) is None:
        raise QueryError(parameter="symbol", problem=f"{shown(text)} is no symbol", accepted=SYMBOL_ACCEPTED)
    return text.lower()


def check_names(query: QueryDict, takes: Callable[[str], bool], accepted: list[str]) -> dict[str, str]:
    """{name: value} of a query string. Raises QueryError for an unknown, repeated or unbuilt name."""
    for name, values in query.lists():
        known = _BY_NAME.get(name)
        if known is not None and not known.available:
            raise QueryError(
                parameter=name, problem="it is not available yet", accepted=", ".join(accepted) or "none"
            )
        if not takes(name):
            named = shown(name).strip("'")
            raise QueryError(
                parameter=named,
                problem="there is no such parameter here",
                accepted=", ".join(accepted) or "none",
            )
        if len(values) > 1:
            raise QueryError(
                parameter=name, problem=f"it is given {len(values)} times", accepted="it once, or not at all"
            )
        if "\0" in values[0]:
            raise QueryError(parameter=name, problem="it holds a NUL", accepted=_BY_NAME[name].accepted)
    return {name: values[0] for name, values in query.lists()}


def parse_history_query(
    *, series: Series, symbol: str, query: QueryDict, now_us: int, cursor_key: bytes
) -> HistoryQuery:
    """The question that a path and a query string ask. Raises QueryError, naming the parameter."""
    taken = [parameter.name for parameter in PARAMETERS if parameter.takes(series)]
    given = check_names(query, taken.__contains__, taken)
    symbol = parse_symbol(symbol)
    checked = {name: _BY_NAME[name].check(text) for name, text in given.items()}
    limit = _parse_limit(checked.get("limite"))
    asked = {name: text for name, text in checked.items() if name not in _PER_PAGE}
    cursor = decode_cursor(checked["curseur"], cursor_key) if "curseur" in checked else None
    if cursor is not None:
        _check_same(cursor, series=series, symbol=symbol, asked=asked)
        asked, now_us = cursor.asked, cursor.as_of_us
        time_range, interval = TimeRange(cursor.start_us, cursor.end_us), cursor.interval
    else:
        time_range, interval = _resolve(series, asked, now_us)
    return HistoryQuery(
        series=series,
        symbol=symbol,
        time_range=time_range,
        interval=interval,
        limit=limit,
        as_of_us=now_us,
        axis=asked.get("axe", series.time_column),
        model=asked.get("modele"),
        horizon=asked.get("horizon"),
        asked=asked,
        cursor=cursor,
    )


def _parse_limit(text: str | None) -> int:
    limit = DEFAULT_LIMIT if text is None else int(text)
    if limit > MAX_LIMIT:
        raise QueryError(
            parameter="limite",
            problem=f"{limit} is too many for a page",
            accepted=_BY_NAME["limite"].accepted,
        )
    return limit


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
