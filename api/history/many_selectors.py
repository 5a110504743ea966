"""Answers to one question about many symbols: a series each, all of one snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pyarrow as pa

from api.history.etags import page_etag
from api.history.many_questions import ManyQuestion
from api.history.parameters import wire_errors
from api.history.point_columns import point_schema
from api.history.representations import encode_points, encode_slices
from api.history.selectors import (
    Envelope,
    HistoryAnswer,
    HistoryRequest,
    to_exclusions,
    to_page_meta,
    to_request,
    to_snapshots,
)
from api.http.encoding import encode_json
from api.http.series_names import NAME_OF_SERIES
from lakehouse.history.page import read_histories
from lakehouse.history.query import HistoryPage, HistoryQuery
from lakehouse.lake import Lake

_SYMBOL = pa.field("symbol", pa.string())


@dataclass(frozen=True, slots=True)
class _SeriesAnswer:
    """Page of one symbol, the members that describe it, and its points as JSON."""

    symbol: str
    page: HistoryPage
    meta: Mapping[str, Any]
    points: bytes


def histories(
    *, lake: Lake, question: ManyQuestion, representation: str, format_asked: str | None, cursor_key: bytes
) -> HistoryAnswer:
    """Return the series of all symbols, each the answer to the same question about it alone."""
    with wire_errors():
        pages = read_histories(lake, question.queries)
    series = []
    for query, page in zip(question.queries, pages, strict=True):
        request = HistoryRequest(
            query=query,
            representation=representation,
            path=f"/api/v1/{NAME_OF_SERIES[query.series.name]}/{query.symbol}/historique",
            format_asked=format_asked,
            cursor_key=cursor_key,
            wait_seconds=0.0,
        )
        points = encode_points(point_schema(query.series, page.columns), page.rows)
        series.append(_SeriesAnswer(query.symbol, page, to_page_meta(request, page), points))
    exclusions = to_exclusions(lake, question.queries[0], pages[0].positions)
    return _answer(question, series, representation, exclusions)


def _answer(
    question: ManyQuestion, series: list[_SeriesAnswer], representation: str, exclusions: Envelope
) -> HistoryAnswer:
    one, page = question.queries[0], series[0].page
    instants = [each.meta["retained_from"] for each in series if each.meta["retained_from"] is not None]
    requete = to_request(
        replace(one, limit=question.limit), None, n_read=sum(each.page.n_read for each in series)
    )
    del requete["symbol"]
    meta: Envelope = {
        "requete": {"serie": requete.pop("serie"), "symboles": [each.symbol for each in series], **requete},
        "complet": all(each.meta["complet"] for each in series),
        "suivant": None,
        "retained_from": max(instants, default=None),
        **exclusions,
    }
    etag = page_etag(
        representation=representation,
        builds=[page.snapshot.build.build_id],
        requete=meta["requete"],
        others={
            "series": [[each.symbol, each.meta["complet"], each.meta.get("marches")] for each in series],
            "retained_from": meta["retained_from"],
            **exclusions,
        },
        points=b"\n".join(each.points for each in series),
    )
    meta["snapshot"] = to_snapshots(page.snapshot, page.positions, one)
    return HistoryAnswer(etag=etag, meta=meta, body=_encode(one, series, representation, meta))


def _encode(one: HistoryQuery, series: list[_SeriesAnswer], representation: str, meta: Envelope) -> bytes:
    if representation == "json":
        members = [
            {"symbol": each.symbol, "points": msgspec.Raw(each.points), **each.meta} for each in series
        ]
        own = {name: member for name, member in meta.items() if name not in ("suivant", "retained_from")}
        return encode_json({"requete": own.pop("requete"), "series": members, **own})
    of_each = [{"symbol": each.symbol, **each.meta} for each in series]
    schema = pa.schema([_SYMBOL, *point_schema(one.series, series[0].page.columns)])
    slices: Iterable[list[Any]] = (
        [(each.symbol, *row) for row in each.page.rows] for each in series if each.page.rows
    )
    return b"".join(encode_slices(representation, schema, slices, {**meta, "series": of_each}))
