"""Symbols that a lake has seen, and the error for another."""

from api.http.problems import UnknownSymbolError
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.process.suggestions import did_you_mean
from lakehouse.schema.tables import ASSET_TABLES

UNKNOWN_SYMBOL_ACCEPTED = "a symbol that /api/v1/actifs lists"


def known_symbols(lake: Lake, *, tail_of: str | None = None) -> set[str]:
    """Return the symbols of every table, with what the tail holds of one; none where there is no table yet."""
    known: set[str] = set()
    for spec in ASSET_TABLES:
        try:
            snapshot = lake.snapshot(spec.name, tail_of=tail_of)[spec.name]
        except LakeNotFoundError:
            continue
        known |= lake.symbols.of(snapshot).symbols()
    return known


def check_symbol(*, lake: Lake, symbol: str) -> None:
    """Raise UnknownSymbolError, with a symbol that is close to it, unless some table has seen the symbol."""
    known = known_symbols(lake, tail_of=symbol)
    if symbol not in known:
        raise UnknownSymbolError(symbol, UNKNOWN_SYMBOL_ACCEPTED + did_you_mean(symbol, known))
