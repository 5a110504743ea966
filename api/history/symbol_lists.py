"""Lists of symbols in a parameter: parsing, and the error that names each one that is unknown."""

from collections.abc import Collection, Sequence

from api.history.parameters import SYMBOL_ACCEPTED
from api.history.symbols import UNKNOWN_SYMBOL_ACCEPTED
from api.http.instants import shown
from api.http.patterns import in_any_case, whole
from api.http.problems import UnknownSymbolsError
from lakehouse.errors import QueryError
from lakehouse.messages.contract import SYMBOL_PATTERN
from lakehouse.process.suggestions import did_you_mean

SYMBOLS = "symboles"
ALL_SYMBOLS = "tous"
MAX_SYMBOLS = 500
SYMBOLS_ACCEPTED = f"{ALL_SYMBOLS}, or up to {MAX_SYMBOLS} symbols with commas between, such as btc,eth"
_ONE = in_any_case(SYMBOL_PATTERN).removeprefix("^").removesuffix("$")
SYMBOLS_SHAPE = f"^{_ONE}(,{_ONE}){{0,{MAX_SYMBOLS - 1}}}$"
_MAX_SUGGESTED = 20
"""Looking for what is close costs a millisecond a symbol."""
_SYMBOL = whole(in_any_case(SYMBOL_PATTERN))


def parse_symbols(text: str) -> tuple[str, ...] | None:
    """Return the symbols of a list in lower case, each once; None where it asks for all.

    Raises: QueryError, naming each part that is no symbol.
    """
    if text.lower() == ALL_SYMBOLS:
        return None
    parts = text.split(",")
    if len(parts) > MAX_SYMBOLS:
        raise QueryError(
            parameter=SYMBOLS, problem=f"it lists {len(parts)} symbols", accepted=SYMBOLS_ACCEPTED
        )
    wrong = [part for part in parts if _SYMBOL.fullmatch(part) is None]
    if wrong:
        raise QueryError(
            parameter=SYMBOLS,
            problem=", ".join(f"{shown(part)} is no symbol" for part in wrong),
            accepted=f"{SYMBOLS_ACCEPTED}; a symbol is {SYMBOL_ACCEPTED}",
        )
    return tuple(dict.fromkeys(part.lower() for part in parts))


def check_symbols(symbols: Sequence[str], known: Collection[str]) -> None:
    """Raise UnknownSymbolsError, with what is close to each, unless all symbols are known."""
    unknown = [symbol for symbol in symbols if symbol not in known]
    if unknown:
        hints = [did_you_mean(symbol, known) for symbol in unknown[:_MAX_SUGGESTED]]
        errors = dict.fromkeys(unknown, UNKNOWN_SYMBOL_ACCEPTED)
        errors |= {
            symbol: UNKNOWN_SYMBOL_ACCEPTED + hint for symbol, hint in zip(unknown, hints, strict=False)
        }
        raise UnknownSymbolsError(SYMBOLS, errors, accepted=UNKNOWN_SYMBOL_ACCEPTED)
