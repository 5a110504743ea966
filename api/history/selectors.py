"""Answers to history questions: what an envelope says beside its points, and the points, whole or as a stream."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from api.history.etags import page_etag, stream_etag
from api.history.parameters import MAX_LIMIT
from api.history.point_columns import point_schema
from api.history.representations import encode_envelope, encode_points, encode_slices
from api.history.response_cache import CachedPage, is_kept, true_until_us
from api.http.problems import UnknownSymbolError
from lakehouse.delta.position import Position
from lakehouse.errors import LakeNotFoundError
from lakehouse.history.cursor import Cursor, encode_cursor
from lakehouse.history.page import HistoryPage, HistoryQuery, read_history
from lakehouse.history.stream import HistoryStream, stream_history
from lakehouse.lake import Lake
from lakehouse.schema.tables import ASSET_TABLES
from lakehouse.series.buckets import RAW
from lakehouse.series.markets import Market
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.tail.store import OFF, TailStatus
from lakehouse.time_range import SECOND_US, format_us

Envelope = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAnswer:
    """One page in one representation. ``meta`` is what the envelope has beside its points; ``body`` may be large.

    ``kept`` is what answers the same request again.
    """

    etag: str
    meta: Envelope
    body: bytes | Iterator[bytes]
    kept: CachedPage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequest:
    """How a question is to be answered: in which representation, and what its next page's URL is made of."""

    query: HistoryQuery
    representation: str
    path: str
    format_asked: str | None
    cursor_key: bytes
    wait_seconds: float


def history(*, lake: Lake, request: HistoryRequest) -> HistoryAnswer:
    """One page as API.md describes it. Raises UnknownSymbolError where no table has ever seen the symbol."""
    query = request.query
    if query.interval == RAW and query.limit > MAX_LIMIT and query.n_points is None:
        return _streamed(lake, request, stream_history(lake, query, wait_seconds=request.wait_seconds))
    page = read_history(lake, query, wait_seconds=request.wait_seconds)
    if not page.n_observed and query.cursor is None:
        check_symbol(lake=lake, symbol=query.symbol)
    return _paged(request, page)


def cached_answer(kept: CachedPage, *, lake: Lake, now_us: int) -> HistoryAnswer | None:
    """What a kept page says now; None where it is not true any more. Raises LakeNotFoundError."""
    name = kept.table.spec.name
    table = lake.snapshot(name)[name]
    tail = TailStatus(OFF, table.position, {}, None)
    if lake.tail is not None:
        tail = lake.tail.status(name, kept.symbol, table.position)
    if not kept.is_true(table, tail.lasts, now_us):
        return None
    meta: Envelope = {
        "requete": kept.requete,
        "suivant": kept.suivant,
        "complet": kept.complet,
        "horizon": kept.horizon,
        "snapshot": [to_snapshot(table, tail.reach, now_us, tail=tail.state, tail_newest_us=tail.newest_us)],
    }
    return HistoryAnswer(etag=kept.etag, meta=meta, body=encode_envelope(meta, kept.points))


def _paged(request: HistoryRequest, page: HistoryPage) -> HistoryAnswer:
    query, schema = request.query, point_schema(request.query.series, page.columns)
    meta: Envelope = {
        "requete": _to_request(query, page.market, n_read=page.n_read),
        "suivant": _to_next_url(request, page.next),
        "complet": page.next is None and not _left_out(query, page) and page.retained_from_us is None,
        "horizon": _to_retained_from(page.retained_from_us),
        "snapshot": _to_snapshots(page.snapshot, page.positions, query.as_of_us),
    }
    points = encode_points(schema, page.rows)
    etag = page_etag(
        representation=request.representation,
        builds=[page.snapshot.build.build_id],
        requete=meta["requete"],
        complet=meta["complet"],
        points=points,
    )
    if request.representation == "json":
        body = encode_envelope(meta, points)
        return HistoryAnswer(etag=etag, meta=meta, body=body, kept=_to_kept(query, page, meta, points, etag))
    body = b"".join(encode_slices(request.representation, schema, [page.rows], meta))
    return HistoryAnswer(etag=etag, meta=meta, body=body)


def _to_kept(
    query: HistoryQuery, page: HistoryPage, meta: Envelope, points: bytes, etag: str
) -> CachedPage | None:
    if not is_kept(query):
        return None
    table = page.snapshot[query.series.table.name]
    return CachedPage(
        requete=meta["requete"],
        suivant=meta["suivant"],
        complet=meta["complet"],
        horizon=meta["horizon"],
        points=points,
        etag=etag,
        table=table,
        symbol=query.symbol,
        tail_lasts={} if table.tail is None else table.tail.lasts,
        since_us=query.as_of_us,
        until_us=true_until_us(query),
    )


def _streamed(lake: Lake, request: HistoryRequest, stream: HistoryStream) -> HistoryAnswer:
    query, pin = request.query, stream.pin
    if not stream.n_rows and query.cursor is None:
        check_symbol(lake=lake, symbol=query.symbol)
    positions = {name: pin.position(table) for name, table in pin.snapshot.tables.items()}
    meta: Envelope = {
        "requete": _to_request(query, pin.market, n_read=stream.n_rows),
        "suivant": _to_next_url(request, stream.next),
        "complet": stream.next is None and stream.retained_from_us is None,
        "horizon": _to_retained_from(stream.retained_from_us),
        "snapshot": _to_snapshots(pin.snapshot, positions, query.as_of_us),
    }
    etag = stream_etag(
        representation=request.representation,
        builds=[pin.snapshot.build.build_id],
        requete=meta["requete"],
        fingerprint=stream.fingerprint,
        others={name: positions[name].to_json() for name in positions if name != query.series.table.name}
        | {"horizon": stream.retained_from_us},
    )
    schema = point_schema(query.series, stream.columns)
    body = encode_slices(request.representation, schema, stream.slices, meta)
    return HistoryAnswer(etag=etag, meta=meta, body=body)


def check_symbol(*, lake: Lake, symbol: str) -> None:
    """Raises UnknownSymbolError unless some table has seen the symbol."""
    for spec in ASSET_TABLES:
        try:
            snapshot = lake.snapshot(spec.name, tail_of=symbol)[spec.name]
        except LakeNotFoundError:
            continue
        if symbol in lake.symbols.of(snapshot).symbols():
            return
    raise UnknownSymbolError(symbol)


def to_snapshot(
    table: TableSnapshot,
    position: Position,
    as_of_us: int,
    *,
    tail: str = OFF,
    tail_newest_us: int | None = None,
) -> Envelope:
    """The entry of one table in an envelope's ``snapshot``. ``tail`` is one of TAIL_STATES."""
    newest_us = table.files.newest_us(table.spec.sort_by[-1])
    if tail_newest_us is not None:
        newest_us = tail_newest_us if newest_us is None else max(newest_us, tail_newest_us)
    return {
        "table": table.spec.name,
        "version": table.version,
        "build": table.build.build_id,
        "position": position.to_json(),
        "tail": tail,
        "freshness": {
            "event_time": None if newest_us is None else format_us(newest_us),
            "event_age_seconds": None if newest_us is None else (as_of_us - newest_us) / SECOND_US,
        },
    }


def _to_snapshots(snapshot: Snapshot, positions: Mapping[str, Position], as_of_us: int) -> list[Envelope]:
    return [
        to_snapshot(
            table,
            positions[name],
            as_of_us,
            tail=snapshot.tail,
            tail_newest_us=None if table.tail is None else table.tail.newest_us,
        )
        for name, table in snapshot.tables.items()
    ]


def _to_request(query: HistoryQuery, market: Market | None, *, n_read: int) -> Envelope:
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
        request |= {"points": query.n_points, "points_lus": n_read}
    if query.series.bucket_statement is None:
        request |= {"axe": query.axis, "modele": query.model, "horizon": query.horizon}
    if query.moment is not None:
        request["a_la_date"] = format_us(query.moment.instant_us)
    if market is not None:
        request["marche"] = {"venue": market.venue, "quote": market.quote}
    return request


def _to_retained_from(retained_from_us: int | None) -> str | None:
    """The first instant that rows are kept of, where an answer lacks what came before it."""
    return None if retained_from_us is None else format_us(retained_from_us)


def _left_out(query: HistoryQuery, page: HistoryPage) -> bool:
    """Whether thinning left rows out; buckets are merged instead."""
    return query.interval == RAW and len(page.rows) < page.n_read


def _to_next_url(request: HistoryRequest, following: Cursor | None) -> str | None:
    if following is None:
        return None
    parameters = dict(request.query.asked) | {
        "limite": str(request.query.limit),
        "curseur": encode_cursor(following, request.cursor_key),
    }
    if request.format_asked is not None:
        parameters["format"] = request.format_asked
    return f"{request.path}?{urlencode(parameters)}"
