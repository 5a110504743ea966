"""Answers to history questions, as the envelope that leaves."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from api.encoding import to_points
from api.problems import UnknownSymbolError
from lakehouse.buckets import RAW
from lakehouse.cursor import encode_cursor
from lakehouse.errors import LakeNotFoundError
from lakehouse.history import HistoryPage, HistoryQuery, read_history
from lakehouse.lake import Lake
from lakehouse.position import Position
from lakehouse.snapshot import TableSnapshot
from lakehouse.tables import ASSET_TABLES
from lakehouse.time_range import SECOND_US, format_us

_ORIGINS_OF_BITS = tuple(
    [name for bit, name in ((1, "collected"), (2, "generated"), (4, "replay")) if bits & bit]
    for bits in range(8)
)
_TIMES_OF_ROWS = ("event_time", "made_at", "target_time")

Envelope = dict[str, Any]


def history(
    *, lake: Lake, query: HistoryQuery, path: str, cursor_key: bytes, wait_seconds: float
) -> Envelope:
    """One page as API.md describes it. Raises UnknownSymbolError where no table has ever seen the symbol."""
    page = read_history(lake, query, wait_seconds=wait_seconds)
    if not page.n_observed and query.cursor is None:
        check_symbol(lake=lake, symbol=query.symbol)
    return {
        "requete": _to_request(query, page),
        "points": _to_points(query, page),
        "suivant": _to_next_url(query, page, path=path, cursor_key=cursor_key),
        "complet": page.next is None and not _left_out(query, page),
        "snapshot": [
            to_snapshot(table, page.positions[name], query.as_of_us)
            for name, table in page.snapshot.tables.items()
        ],
    }


def check_symbol(*, lake: Lake, symbol: str) -> None:
    """Raises UnknownSymbolError unless some table has seen the symbol."""
    for spec in ASSET_TABLES:
        try:
            snapshot = lake.snapshot(spec.name)[spec.name]
        except LakeNotFoundError:
            continue
        if symbol in lake.assets.of(snapshot).symbols():
            return
    raise UnknownSymbolError(symbol)


def to_snapshot(table: TableSnapshot, position: Position, as_of_us: int) -> Envelope:
    """The entry of one table in an envelope's ``snapshot``."""
    newest_us = table.files.newest_us(table.spec.sort_by[-1])
    return {
        "table": table.spec.name,
        "version": table.version,
        "build": table.build.build_id,
        "position": position.to_json(),
        "freshness": {
            "event_time": None if newest_us is None else format_us(newest_us),
            "event_age_seconds": None if newest_us is None else (as_of_us - newest_us) / SECOND_US,
        },
    }


def _to_request(query: HistoryQuery, page: HistoryPage) -> Envelope:
    request: Envelope = {
        "serie": query.series.name,
        "symbol": query.symbol,
        "date_debut": format_us(query.time_range.start_us),
        "date_fin": format_us(query.time_range.end_us),
        "intervalle": query.interval,
        "limite": None if query.whole else query.limit,
    }
    if query.interval != RAW:
        request["remplissage"] = query.filling
    if query.n_points is not None:
        request |= {"points": query.n_points, "points_lus": page.n_read}
    if query.series.bucket_statement is None:
        request |= {"axe": query.axis, "modele": query.model, "horizon": query.horizon}
    if page.market is not None:
        request["marche"] = {"venue": page.market.venue, "quote": page.market.quote}
    return request


def _left_out(query: HistoryQuery, page: HistoryPage) -> bool:
    """Whether thinning left rows out; buckets are merged instead."""
    return query.interval == RAW and len(page.rows) < page.n_read


def _to_points(query: HistoryQuery, page: HistoryPage) -> list[Mapping[str, Any]]:
    times = [name for name in _TIMES_OF_ROWS if name in page.columns]
    points = to_points(page.columns, page.rows, times)
    if query.interval != RAW:
        for point in points:
            point["origins"] = _ORIGINS_OF_BITS[point["origins"]]
    return list(points)


def _to_next_url(query: HistoryQuery, page: HistoryPage, *, path: str, cursor_key: bytes) -> str | None:
    if page.next is None:
        return None
    parameters = dict(query.asked) | {
        "limite": str(query.limit),
        "curseur": encode_cursor(page.next, cursor_key),
    }
    return f"{path}?{urlencode(parameters)}"
