"""The answer of the overview: rows of the symbols that are asked for, each encoded once until it changes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import msgspec
from cachetools import TTLCache, cached

from api.history.selectors import to_snapshot
from api.history.symbol_lists import check_symbols
from api.http.encoding import encode_json
from api.metadata.assets import UNKNOWN, AssetDescription, read_descriptions
from lakehouse.overview.overview import Overview, OverviewAnswer
from lakehouse.overview.rows import OverviewRow, PredictedRange
from lakehouse.time_range import format_us

Document = dict[str, Any]
NAMES_SECONDS = 10.0
"""Age that the catalogue's names may have."""
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class EncodedOverview:
    """An answer as JSON, and its weak ETag: of the rows, not of how fresh they are."""

    body: bytes
    etag: str


def overview(*, overview: Overview, symbols: Sequence[str] | None, now_us: int) -> EncodedOverview:
    """Return the rows of some symbols, or of all. Raises UnknownSymbolsError, LakeNotFoundError."""
    answer = overview.read(now_us)
    if symbols is not None:
        check_symbols(symbols, answer.rows.keys())
    listed = sorted(answer.rows) if symbols is None else symbols
    names = _descriptions()
    rows = b",".join(
        _encoder().encode(answer.rows[symbol], names.get(symbol, UNKNOWN).name) for symbol in listed
    )
    envelope = {
        "requete": {
            "symboles": None if symbols is None else list(symbols),
            "instant": format_us(answer.end_us),
        },
        "actifs": msgspec.Raw(b"[" + rows + b"]"),
        "snapshot": _to_snapshots(answer, now_us),
    }
    digest = hashlib.blake2b(answer.snapshot.build.build_id.encode(), digest_size=_DIGEST_BYTES)
    digest.update(rows)
    return EncodedOverview(encode_json(envelope), f'W/"{digest.hexdigest()}"')


class RowEncoder:
    """JSON of rows, kept by symbol while row and name are the same. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._encoded: dict[str, tuple[OverviewRow, str | None, bytes]] = {}

    def encode(self, row: OverviewRow, name: str | None) -> bytes:
        """Return a row as JSON."""
        with self._lock:
            known = self._encoded.get(row.symbol)
        if known is not None and known[0] is row and known[1] == name:
            return known[2]
        encoded = encode_json(to_document(row, name))
        with self._lock:
            self._encoded[row.symbol] = (row, name, encoded)
        return encoded


def to_document(row: OverviewRow, name: str | None) -> Document:
    """Return one row of the answer."""
    change_1h, change_24h, change_7d = row.changes
    return {
        "symbol": row.symbol,
        "name": name,
        "price": row.price,
        "market": None if row.market is None else {"venue": row.market.venue, "quote": row.market.quote},
        "change_1h": change_1h,
        "change_24h": change_24h,
        "change_7d": change_7d,
        "sparkline": row.sparkline,
        "sentiment_24h": row.sentiment,
        "sentiment_change": row.sentiment_change,
        "n_texts_24h": row.n_texts,
        "range_24h": None if row.forecast is None else _to_range(row.forecast),
        "event_time": None if row.time_us is None else format_us(row.time_us),
    }


def _to_range(forecast: PredictedRange) -> Document:
    return {
        "lower": forecast.lower,
        "upper": forecast.upper,
        "coverage": forecast.coverage,
        "quote": forecast.quote,
        "model": forecast.model,
        "made_at": format_us(forecast.made_us),
        "target_time": format_us(forecast.target_us),
    }


def _to_snapshots(answer: OverviewAnswer, now_us: int) -> list[Document]:
    return [
        to_snapshot(
            table,
            answer.positions[name],
            now_us,
            tail=answer.tail,
            tail_newest_us=answer.newest_us.get(name),
        )
        for name, table in answer.snapshot.tables.items()
    ]


@cache
def _encoder() -> RowEncoder:
    return RowEncoder()


@cached(TTLCache(1, ttl=NAMES_SECONDS), lock=Lock())
def _descriptions() -> Mapping[str, AssetDescription]:
    return read_descriptions()
