"""Parsing of a query string into the same question about many symbols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from api.history.parameters import MAX_LIMIT, PARAMETERS, Parameter
from api.history.questions import MAX_DOWNSAMPLED_ROWS, to_query
from api.history.symbol_lists import (
    ALL_SYMBOLS,
    MAX_SYMBOLS,
    SYMBOLS,
    SYMBOLS_ACCEPTED,
    SYMBOLS_SHAPE,
    check_symbols,
    parse_symbols,
)
from api.history.symbols import known_symbols
from api.http.query import check_names
from lakehouse.errors import QueryError
from lakehouse.history.downsampling import MAX_POINTS
from lakehouse.history.query import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.schema.tables import ASSET_TABLES
from lakehouse.series.definitions import Series

MAX_LIMIT_OF_ALL = 100_000
_LIMIT = "limite"
_NOT_OF_MANY = frozenset({"curseur", _LIMIT})
SYMBOLS_PARAMETER = Parameter(
    name=SYMBOLS,
    example="btc",
    shape=SYMBOLS_SHAPE,
    meaning="symbols whose series are answered, in this order; required",
    accepted=SYMBOLS_ACCEPTED,
)
LIMIT_PARAMETER = Parameter(
    name=_LIMIT,
    example="1000",
    meaning=f"most points of all series together, shared alike among them; default {MAX_LIMIT}",
    accepted=f"a whole number from 1 to {MAX_LIMIT}, or to {MAX_LIMIT_OF_ALL} in other formats than json",
    between=(1, MAX_LIMIT_OF_ALL),
)


@dataclass(frozen=True, slots=True)
class ManyQuestion:
    """One question about each of several symbols, which differ in nothing else; ``limit`` is that of all together."""

    queries: tuple[HistoryQuery, ...]
    limit: int


def many_parameters(series: Series) -> list[Parameter]:
    """Return the parameters of a question about many symbols; each series has a cursor of its own."""
    own = [each for each in PARAMETERS if each.takes(series) and each.name not in _NOT_OF_MANY]
    return [SYMBOLS_PARAMETER, *own, LIMIT_PARAMETER]


def parse_many(
    *,
    series: Series,
    query: QueryDict,
    now_us: int,
    cursor_key: bytes,
    representation: str,
    lake: Lake,
) -> ManyQuestion:
    """Return the question that a query string asks about many symbols.

    Raises: QueryError, naming the parameter; UnknownSymbolsError; VersionGoneError.
    """
    texts = check_names(query, {each.name: each.accepted for each in many_parameters(series)})
    symbols = _find_symbols(lake, series, texts)
    own = {name: text for name, text in texts.items() if name not in (SYMBOLS, _LIMIT)}
    one = to_query(
        series=series,
        symbol=symbols[0],
        texts=own,
        now_us=now_us,
        cursor_key=cursor_key,
        representation=representation,
        lake=lake,
    )
    limit, of_each = _share(one, texts, len(symbols), representation)
    one = replace(one, limit=of_each, whole=one.whole and _LIMIT not in texts)
    return ManyQuestion(tuple(replace(one, symbol=symbol) for symbol in symbols), limit)


def _find_symbols(lake: Lake, series: Series, texts: Mapping[str, str]) -> Sequence[str]:
    if SYMBOLS not in texts:
        raise QueryError(parameter=SYMBOLS, problem="it is missing", accepted=SYMBOLS_ACCEPTED)
    symbols = parse_symbols(texts[SYMBOLS])
    if symbols is not None:
        known = known_symbols(lake)
        new = [symbol for symbol in symbols if symbol not in known and _is_in_tail(lake, symbol)]
        check_symbols(symbols, known | set(new))
        return symbols
    name = series.table.name
    listed = sorted(lake.symbols.of(lake.snapshot(name)[name]).symbols())
    if not 0 < len(listed) <= MAX_SYMBOLS:
        raise QueryError(
            parameter=SYMBOLS,
            problem=f"{ALL_SYMBOLS} is {len(listed)} symbols here",
            accepted=f"up to {MAX_SYMBOLS} symbols with commas between, such as btc,eth",
        )
    return listed


def _is_in_tail(lake: Lake, symbol: str) -> bool:
    tail = lake.tail
    return tail is not None and any(tail.newest(spec.name, symbol) is not None for spec in ASSET_TABLES)


def _share(
    one: HistoryQuery, texts: Mapping[str, str], n_symbols: int, representation: str
) -> tuple[int, int]:
    """Return the limit of all series together, and each one's share. Raises QueryError."""
    if one.n_points is not None and one.n_points * n_symbols > MAX_POINTS:
        raise QueryError(
            parameter="points",
            problem=f"{one.n_points} points of each of {n_symbols} series are {one.n_points * n_symbols}",
            accepted=f"at most {MAX_POINTS} points of all series together, or fewer {SYMBOLS}",
        )
    if one.whole and _LIMIT not in texts:
        return MAX_DOWNSAMPLED_ROWS, max(1, min(one.limit, MAX_DOWNSAMPLED_ROWS // n_symbols))
    limit = int(LIMIT_PARAMETER.check(texts.get(_LIMIT, str(MAX_LIMIT))))
    if representation == "json" and limit > MAX_LIMIT:
        raise QueryError(
            parameter=_LIMIT,
            problem=f"{limit} is too many for a page of json",
            accepted=LIMIT_PARAMETER.accepted,
        )
    if limit < n_symbols:
        raise QueryError(
            parameter=_LIMIT,
            problem=f"{n_symbols} series have less than a point each",
            accepted=f"at least {n_symbols}, or fewer {SYMBOLS}",
        )
    return limit, limit // n_symbols
