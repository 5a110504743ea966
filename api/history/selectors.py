"""Answers to history questions: the envelope and the points, whole or as a stream."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from api.history.etags import page_etag, stream_etag
from api.history.parameters import BY, BY_STORY, BY_TEXT, FILLING, INTERVAL, MAX_LIMIT, wire_errors
from api.history.point_columns import point_schema
from api.history.representations import encode_envelope, encode_points, encode_slices
from api.history.response_cache import CachedPage, is_cacheable, valid_until_us
from api.history.symbols import check_symbol
from api.http.series_names import NAME_OF_SERIES
from lakehouse.delta.position import Position
from lakehouse.history.cursor import Cursor, encode_cursor
from lakehouse.history.knowledge import read_exclusions
from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryPage, HistoryQuery
from lakehouse.history.stream import HistoryStream, stream_history
from lakehouse.lake import Lake
from lakehouse.series.definitions import SENTIMENT
from lakehouse.series.market_schedule import MarketPart
from lakehouse.series.markets import Market
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.tail.store import OFF, TailStatus
from lakehouse.time_range import SECOND_US, format_us

Envelope = dict[str, Any]
_MAX_EXCLUSIONS = 100
_UNKNOWN_FRESHNESS = {"event_time": None, "event_age_seconds": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAnswer:
    """One page in one representation. ``meta`` is the envelope without its points; ``body`` may be large.

    ``cacheable`` answers the same request again.
    """

    etag: str
    meta: Envelope
    body: bytes | Iterator[bytes]
    cacheable: CachedPage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequest:
    """A question, the representation of its answer, and what its next page's URL is made of."""

    query: HistoryQuery
    representation: str
    path: str
    format_asked: str | None
    cursor_key: bytes
    wait_seconds: float


def history(*, lake: Lake, request: HistoryRequest) -> HistoryAnswer:
    """Return one page. Raises UnknownSymbolError where no table has ever seen the symbol, and what reading raises."""
    query = request.query
    with wire_errors():
        if query.is_raw and query.limit > MAX_LIMIT and query.n_points is None:
            return _streamed(lake, request, stream_history(lake, query, wait_seconds=request.wait_seconds))
        page = read_history(lake, query, wait_seconds=request.wait_seconds)
    if not page.n_observed and query.cursor is None:
        check_symbol(lake=lake, symbol=query.symbol)
    return _paged(request, page, to_exclusions(lake, query, page.positions))


def cached_answer(page: CachedPage, *, lake: Lake, now_us: int) -> HistoryAnswer | None:
    """Return a cached page with its freshness now; None where it is not valid any more. Raises LakeNotFoundError."""
    name = page.table.spec.name
    table = lake.snapshot(name)[name]
    tail = TailStatus(OFF, table.position, {}, None)
    if lake.tail is not None:
        tail = lake.tail.status(name, page.symbol, table.position)
    if not page.is_valid(table, tail.lasts, now_us):
        return None
    snapshot = to_snapshot(table, tail.reach, now_us, tail=tail.state, tail_newest_us=tail.newest_us)
    meta: Envelope = {**page.meta, "snapshot": [snapshot]}
    return HistoryAnswer(etag=page.etag, meta=meta, body=encode_envelope(meta, page.points))


def _paged(request: HistoryRequest, page: HistoryPage, exclusions: Envelope) -> HistoryAnswer:
    query, schema = request.query, point_schema(request.query.series, page.columns)
    meta = {
        "requete": to_request(query, page.market, n_read=page.n_read),
        **to_page_meta(request, page),
        **exclusions,
    }
    points = encode_points(schema, page.rows)
    etag = page_etag(
        representation=request.representation,
        builds=[page.snapshot.build.build_id],
        requete=meta["requete"],
        others={"complet": meta["complet"], "marches": meta.get("marches"), **exclusions},
        points=points,
    )
    snapshot = to_snapshots(page.snapshot, page.positions, query)
    answered: Envelope = {**meta, "snapshot": snapshot}
    if request.representation != "json":
        body = b"".join(encode_slices(request.representation, schema, [page.rows], answered))
        return HistoryAnswer(etag=etag, meta=answered, body=body)
    return HistoryAnswer(
        etag=etag,
        meta=answered,
        body=encode_envelope(answered, points),
        cacheable=_to_cacheable(query, page, meta, points, etag),
    )


def to_page_meta(request: HistoryRequest, page: HistoryPage) -> Envelope:
    """Return the members of an envelope that say what a page has, and what it lacks."""
    # Buckets that are left out of a curve are merged into others; rows are not.
    is_downsampled = request.query.is_raw and len(page.rows) < page.n_read
    return {
        **to_markets(request.query, page.market_parts),
        "suivant": to_next_url(request, page.next),
        "complet": page.next is None and not is_downsampled and page.retained_from_us is None,
        "retained_from": _format(page.retained_from_us),
    }


def _to_cacheable(
    query: HistoryQuery, page: HistoryPage, meta: Envelope, points: bytes, etag: str
) -> CachedPage | None:
    if not is_cacheable(query) or not page.has_stories:
        return None
    table = page.snapshot[query.series.table.name]
    return CachedPage(
        meta=meta,
        points=points,
        etag=etag,
        table=table,
        symbol=query.symbol,
        tail_lasts={} if table.tail is None else table.tail.lasts,
        since_us=query.as_of_us,
        until_us=valid_until_us(query),
    )


def _streamed(lake: Lake, request: HistoryRequest, stream: HistoryStream) -> HistoryAnswer:
    query, pinned, positions = request.query, stream.pinned, stream.pinned.positions
    if not stream.n_rows and query.cursor is None:
        check_symbol(lake=lake, symbol=query.symbol)
    exclusions = to_exclusions(lake, query, positions)
    meta: Envelope = {
        "requete": to_request(query, pinned.market, n_read=stream.n_rows),
        **to_markets(query, pinned.market_parts),
        "suivant": to_next_url(request, stream.next),
        "complet": stream.next is None and pinned.retained_from_us is None,
        "retained_from": _format(pinned.retained_from_us),
        **exclusions,
        "snapshot": to_snapshots(pinned.snapshot, positions, query),
    }
    others = {name: at.to_json() for name, at in positions.items() if name != query.series.table.name}
    etag = stream_etag(
        representation=request.representation,
        builds=[pinned.snapshot.build.build_id],
        requete=meta["requete"],
        fingerprint=stream.fingerprint,
        others=others
        | {"retained_from": pinned.retained_from_us, "marches": meta.get("marches"), **exclusions},
    )
    schema = point_schema(query.series, stream.columns)
    body = encode_slices(request.representation, schema, stream.slices, meta)
    return HistoryAnswer(etag=etag, meta=meta, body=body)


def to_snapshot(
    table: TableSnapshot,
    position: Position,
    as_of_us: int,
    *,
    tail: str = OFF,
    tail_newest_us: int | None = None,
) -> Envelope:
    """Return the entry of one table in an envelope's ``snapshot``. ``tail`` is one of TAIL_STATES."""
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
            "event_time": _format(newest_us),
            "event_age_seconds": None if newest_us is None else (as_of_us - newest_us) / SECOND_US,
        },
    }


def to_snapshots(
    snapshot: Snapshot, positions: Mapping[str, Position], query: HistoryQuery
) -> list[Envelope]:
    """Return the member ``snapshot`` of an answer."""
    entries = [
        to_snapshot(
            table,
            positions[name],
            query.as_of_us,
            tail=snapshot.tail,
            tail_newest_us=None if table.tail is None else table.tail.newest_us,
        )
        for name, table in snapshot.tables.items()
    ]
    # What is newest now was not known then.
    unknown = {} if query.known_at_us is None else {"freshness": _UNKNOWN_FRESHNESS}
    return [entry | unknown for entry in entries]


def to_request(query: HistoryQuery, market: Market | None, *, n_read: int) -> Envelope:
    """Return the request as it was understood."""
    request: Envelope = {
        "serie": NAME_OF_SERIES[query.series.name],
        "symbol": query.symbol,
        "date_debut": format_us(query.time_range.start_us),
        "date_fin": format_us(query.time_range.end_us),
        "intervalle": INTERVAL.to_wire(query.interval),
        "limite": None if query.whole else query.limit,
    }
    if "fuseau" in query.parameters:
        request["fuseau"] = query.zone
    if not query.is_raw:
        request["remplissage"] = FILLING.to_wire(query.filling)
        if query.series is SENTIMENT:
            request["par"] = BY.to_wire(BY_STORY if query.by_story else BY_TEXT)
    if query.n_points is not None:
        request |= {"points": query.n_points, "points_lus": n_read}
    if not query.series.has_buckets:
        request |= {"axe": query.axis, "modele": query.model, "horizon": query.horizon}
    if query.moment is not None:
        request["a_la_date"] = format_us(query.moment.instant_us)
    if query.known_at_us is not None:
        request["connu_le"] = format_us(query.known_at_us)
    if market is not None:
        request["marche"] = {"venue": market.venue, "quote": market.quote}
    return request


def to_exclusions(lake: Lake, query: HistoryQuery, positions: Mapping[str, Position]) -> Envelope:
    """Return the member ``exclus`` of an answer as it was known: records that an operator took out of gold since."""
    if query.known_at_us is None:
        return {}
    excluded = read_exclusions(lake, positions, query.known_at_us)
    records = [
        {
            "topic_id": each.topic_id,
            "partition": each.partition,
            "offset": each.offset,
            "excluded_time": format_us(each.excluded_us),
        }
        for each in excluded[:_MAX_EXCLUSIONS]
    ]
    return {"exclus": {"n": len(excluded), "records": records}}


def to_markets(query: HistoryQuery, parts: Sequence[MarketPart]) -> Envelope:
    """Return the member ``marches`` of an answer about prices, or about what forecasts came to."""
    if not query.series.has_market and query.series.has_buckets:
        return {}
    return {"marches": [_to_market(part) for part in parts]}


def _to_market(part: MarketPart) -> Envelope:
    return {
        "venue": part.market.venue,
        "quote": part.market.quote,
        "start_time": format_us(part.start_us),
        "end_time": format_us(part.end_us),
        "asset": part.asset.name,
        "asset_since": format_us(part.asset.start_us) if part.asset.start_us else None,
    }


def _format(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_us(instant_us)


def to_next_url(request: HistoryRequest, following: Cursor | None) -> str | None:
    """Return the URL of a symbol's next page."""
    if following is None:
        return None
    parameters = dict(request.query.parameters) | {
        "limite": str(request.query.limit),
        "curseur": encode_cursor(following, request.cursor_key),
    }
    if request.format_asked is not None:
        parameters["format"] = request.format_asked
    return f"{request.path}?{urlencode(parameters)}"
