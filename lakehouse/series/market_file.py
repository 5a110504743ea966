"""The operator's file of markets: which go first, and what a symbol stands for from when on.

preferred = ["kraken/usd", "binance/usdt"]        # in place of the built-in order
[symbols.luna]
preferred = ["binance/usdt"]                      # before the others, for this symbol
[[symbols.luna.assets]]
from = 2022-05-28T06:00:00Z
name = "Terra 2.0"
venues = ["binance", "kraken"]                    # only these trade it; absent: all
"""

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import msgspec

from lakehouse.errors import MarketFileError
from lakehouse.messages.contract import EARLIEST_EVENT_TIME, NAME_PATTERN, SYMBOL_PATTERN
from lakehouse.series.markets import ALWAYS_US, PREFERRED_MARKETS, Asset, Market, MarketRules, SymbolRules
from lakehouse.time_range import HOUR_US, format_us, to_us

MAX_BYTES = 1_000_000
MAX_ASSETS = 20
# \Z, for $ also matches before a line feed at the end.
_VENUE_PATTERN, _SYMBOL_PATTERN = (rf"{pattern[:-1]}\Z" for pattern in (NAME_PATTERN, SYMBOL_PATTERN))
_MARKET_PATTERN = f"{NAME_PATTERN[:-1]}/{_SYMBOL_PATTERN[1:]}"
_TEXT_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]+\Z"

MarketText = Annotated[str, msgspec.Meta(pattern=_MARKET_PATTERN)]
VenueText = Annotated[str, msgspec.Meta(pattern=_VENUE_PATTERN)]


class _Asset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_time": "from"}):
    from_time: Annotated[datetime, msgspec.Meta(tz=True)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=_TEXT_PATTERN)] | None = None
    venues: Annotated[tuple[VenueText, ...], msgspec.Meta(min_length=1)] | None = None


class _Symbol(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    preferred: tuple[MarketText, ...] = ()
    assets: Annotated[tuple[_Asset, ...], msgspec.Meta(max_length=MAX_ASSETS)] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    preferred: tuple[MarketText, ...] | None = None
    symbols: dict[str, Any] = {}


def read_market_file(path: Path) -> MarketRules:
    """Return the rules of a file. Raises MarketFileError, naming the entry, what was wrong and what is accepted."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise MarketFileError(path, error.strerror or str(error)) from error
    if len(content) > MAX_BYTES:
        raise MarketFileError(path, f"it has more than {MAX_BYTES} bytes")
    try:
        tables = tomllib.loads(content.decode("utf-8"))
        written = msgspec.convert(tables, _File)
        return _to_rules(written)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError, _EntryError) as error:
        raise MarketFileError(path, _in_words(error)) from error


class _EntryError(Exception):
    """An entry that has the right type and contradicts another one or the clock."""


def _in_words(error: Exception) -> str:
    if isinstance(error, _EntryError):
        return str(error)
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"it is not TOML: {error}"
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8: byte {error.start}"
    hints: Sequence[tuple[str, str]] = (
        (_MARKET_PATTERN, "a venue and a quote such as binance/usdt, in lower case"),
        (_VENUE_PATTERN, "a venue such as kraken, in lower case"),
        ("datetime", "an instant with its zone, such as 2022-05-28T06:00:00Z"),
        ("timezone", "an instant with its zone, such as 2022-05-28T06:00:00Z"),
        (
            "unknown field",
            "preferred and symbols; of a symbol preferred and assets; of an asset from, name, venues",
        ),
    )
    text = str(error)
    hint = next((words for found, words in hints if found in text or repr(found)[1:-1] in text), None)
    return text + ("" if hint is None else f"; accepted: {hint}")


def _to_rules(written: _File) -> MarketRules:
    preferred: tuple[Market, ...] = PREFERRED_MARKETS
    if written.preferred is not None:
        preferred = _to_markets("preferred", written.preferred)
    symbols = {symbol: _to_symbol(symbol, tables, preferred) for symbol, tables in written.symbols.items()}
    return MarketRules(SymbolRules(preferred=preferred), symbols)


def _to_symbol(symbol: str, tables: Any, preferred: tuple[Market, ...]) -> SymbolRules:
    entry = f"symbols.{symbol}"
    if re.match(_SYMBOL_PATTERN, symbol) is None:
        raise _EntryError(f"{entry}; accepted: symbols such as btc, in lower case")
    try:
        written = msgspec.convert(tables, _Symbol)
    except msgspec.ValidationError as error:
        raise _EntryError(f"{entry}: {_in_words(error)}") from error
    first = _to_markets(f"{entry}.preferred", written.preferred)
    return SymbolRules(
        preferred=tuple(dict.fromkeys((*first, *preferred))),
        assets=_to_assets(f"{entry}.assets", written.assets),
    )


def _to_markets(entry: str, texts: Sequence[str]) -> tuple[Market, ...]:
    _check_distinct(entry, texts)
    return tuple(Market(*text.split("/")) for text in texts)


def _to_assets(entry: str, written: Sequence[_Asset]) -> tuple[Asset, ...]:
    starts_us = [0, *(to_us(asset.from_time) for asset in written)]
    for at, start_us in enumerate(starts_us[1:]):
        if start_us % HOUR_US:
            raise _EntryError(f"{entry}[{at}].from is {format_us(start_us)}; accepted: a whole hour in UTC")
        if start_us < to_us(EARLIEST_EVENT_TIME):
            raise _EntryError(
                f"{entry}[{at}].from is {format_us(start_us)}; accepted: from {EARLIEST_EVENT_TIME:%Y-%m-%d} on"
            )
        if start_us <= starts_us[at]:
            raise _EntryError(f"{entry}[{at}].from is not after the one before; accepted: ascending instants")
    for at, asset in enumerate(written):
        _check_distinct(f"{entry}[{at}].venues", asset.venues or ())
    changes = zip(pairwise([*starts_us, ALWAYS_US]), (None, *written), strict=True)
    return tuple(
        Asset(start_us, end_us)
        if asset is None
        else Asset(start_us, end_us, asset.name, tuple(asset.venues or ()))
        for (start_us, end_us), asset in changes
    )


def _check_distinct(entry: str, texts: Sequence[str]) -> None:
    repeated = sorted({text for text in texts if texts.count(text) > 1})
    if repeated:
        raise _EntryError(f"{entry} names {', '.join(repeated)} twice; accepted: each once")
