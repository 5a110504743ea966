"""Symbols that a lake has seen, and the error for another."""

from collections.abc import Iterator

from api.http.problems import UnknownSymbolError
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.process.suggestions import did_you_mean
from lakehouse.schema.tables import ASSET_TABLES
from lakehouse.snapshots.symbols import TableSymbols

UNKNOWN_SYMBOL_ACCEPTED = "a symbol that /api/v1/actifs lists"


def known_symbols(lake: Lake) -> set[str]:
    """Return the symbols of every table; none where there is no table yet."""
    return set().union(*(table.symbols() for table in _tables(lake, tail_of=None)))


def check_symbol(*, lake: Lake, symbol: str) -> None:
    """Raise UnknownSymbolError, with a symbol that is close to it, unless some table has seen the symbol."""
    tables = list(_tables(lake, tail_of=symbol))
    if not any(symbol in table.by_symbol for table in tables):
        known: set[str] = set().union(*(table.symbols() for table in tables))
        raise UnknownSymbolError(symbol, UNKNOWN_SYMBOL_ACCEPTED + did_you_mean(symbol, known))


def _tables(lake: Lake, *, tail_of: str | None) -> Iterator[TableSymbols]:
    for spec in ASSET_TABLES:
        try:
            snapshot = lake.snapshot(spec.name, tail_of=tail_of)[spec.name]
        except LakeNotFoundError:
            continue
        yield lake.symbols.of(snapshot)
