"""Pages of the symbols that the tables hold: those of the catalogue first, so that no stranger's hide them."""

import math
import threading
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from api.metadata.assets import UNKNOWN, AssetDescription
from lakehouse.errors import LakeNotFoundError
from lakehouse.history.cursor import seal, unseal
from lakehouse.lake import Lake
from lakehouse.schema.tables import ASSET_TABLES, GOLD_PRICE
from lakehouse.series.market_schedule import schedule_markets
from lakehouse.series.markets import MarketRules
from lakehouse.snapshots.symbols import EventStats, TableSymbols
from lakehouse.time_range import format_us

Document = dict[str, Any]
Place = tuple[float, str]
"""Of a symbol in the list: its order in the catalogue, infinite for one that is not in it, and its name."""

_PURPOSE = b"assets"


class AssetCursor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last place that was given; ``order`` is None behind the catalogue."""

    order: int | None
    symbol: str

    @property
    def place(self) -> Place:
        return (math.inf if self.order is None else self.order, self.symbol)


class SymbolOrder:
    """Sorted symbols of a lake, made once for each version of its tables and its catalogue. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: object = None
        self._places: Sequence[Place] = ()

    def of(
        self, tables: Mapping[str, TableSymbols], descriptions: Mapping[str, AssetDescription]
    ) -> Sequence[Place]:
        """Return the place of each symbol, ascending."""
        orders = {symbol: given.display_order for symbol, given in descriptions.items()}
        versions = [
            (name, each.snapshot.build.build_id, each.snapshot.version) for name, each in tables.items()
        ]
        key = (versions, orders)
        with self._lock:
            if key != self._key:
                symbols: set[str] = set().union(*(table.symbols() for table in tables.values()))
                self._places = sort_places(symbols, orders)
                self._key = key
            return self._places


def read_page(
    *,
    lake: Lake,
    order: SymbolOrder,
    descriptions: Mapping[str, AssetDescription],
    limit: int,
    cursor: AssetCursor | None,
) -> tuple[list[Document], AssetCursor | None]:
    """Return the assets after a cursor, at most ``limit``, and the cursor of what follows; None for the last page.

    Raises: LakeNotFoundError where no gold table exists.
    """
    tables = _tables_of(lake)
    places = order.of(tables, descriptions)
    symbols, following = page_of(places, cursor, limit)
    return _to_assets(symbols, tables, descriptions, lake.market_rules), following


def sort_places(symbols: Iterable[str], orders: Mapping[str, int | None]) -> list[Place]:
    """Return the place of each symbol, ascending, of those that ``orders`` names in that order."""
    return sorted((_order(orders.get(symbol)), symbol) for symbol in symbols)


def page_of(
    places: Sequence[Place], cursor: AssetCursor | None, limit: int
) -> tuple[list[str], AssetCursor | None]:
    """Return the symbols after a cursor, at most ``limit``, and the cursor of what follows; None at the end."""
    start = 0 if cursor is None else bisect_right(places, cursor.place)
    given = places[start : start + limit]
    following = None
    if start + limit < len(places):
        last, symbol = given[-1]
        following = AssetCursor(order=None if math.isinf(last) else int(last), symbol=symbol)
    return [symbol for _, symbol in given], following


def read_one(*, lake: Lake, descriptions: Mapping[str, AssetDescription], symbol: str) -> list[Document]:
    """Return a symbol's asset; none where no table has it. Raises: LakeNotFoundError."""
    tables = _tables_of(lake)
    known = [symbol] if any(symbol in table.by_symbol for table in tables.values()) else []
    return _to_assets(known, tables, descriptions, lake.market_rules)


def encode_asset_cursor(cursor: AssetCursor, key: bytes) -> str:
    return seal(msgspec.json.encode(cursor), key, purpose=_PURPOSE)


def decode_asset_cursor(text: str, key: bytes) -> AssetCursor:
    """Return the cursor that `encode_asset_cursor` wrote. Raises: QueryError for anything else."""
    return unseal(text, key, purpose=_PURPOSE, kind=AssetCursor)


def _tables_of(lake: Lake) -> Mapping[str, TableSymbols]:
    snapshot = lake.snapshot(optional=tuple(spec.name for spec in ASSET_TABLES))
    tables = {name: lake.symbols.of(table) for name, table in snapshot.tables.items()}
    if not tables:
        raise LakeNotFoundError(what="any gold table", uri=lake.location.uri)
    return tables


def _order(display_order: int | None) -> float:
    return math.inf if display_order is None else display_order


def _to_assets(
    symbols: Sequence[str],
    tables: Mapping[str, TableSymbols],
    descriptions: Mapping[str, AssetDescription],
    rules: MarketRules,
) -> list[Document]:
    return [_to_asset(symbol, tables, descriptions.get(symbol, UNKNOWN), rules) for symbol in symbols]


def _to_asset(
    symbol: str, tables: Mapping[str, TableSymbols], description: AssetDescription, rules: MarketRules
) -> Document:
    events = {name: stats for name, table in tables.items() if (stats := table.seen(symbol)) is not None}
    market = None
    if GOLD_PRICE.name in tables:
        market = schedule_markets(tables[GOLD_PRICE.name].activity(symbol), rules.of(symbol)).newest
    return {
        "symbol": symbol,
        "name": description.name,
        "first_event_time": format_us(min(stats.first_us for stats in events.values())),
        "last_event_time": format_us(max(stats.last_us for stats in events.values())),
        "tables": {name: _to_events(stats) for name, stats in events.items()},
        "origins": sorted({origin for table in tables.values() for origin in table.origins(symbol)}),
        "marche": None if market is None else {"venue": market.venue, "quote": market.quote},
        "enabled": description.enabled,
        "display_order": description.display_order,
        "colour": description.colour,
    }


def _to_events(stats: EventStats) -> Document:
    return {
        "count": stats.n_rows,
        "first_event_time": format_us(stats.first_us),
        "last_event_time": format_us(stats.last_us),
    }
