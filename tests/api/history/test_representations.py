"""One answer in JSON, CSV, NDJSON and Arrow, as asked for; whole or as a stream; compressed where asked."""

import csv
import io
import json
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from django.test import Client

from api.http.compression import preferred_encoding
from tests.support.api_client import Api
from tests.support.lake_builder import NOON, build_lake

ApiOf = Callable[[Path], Api]
RANGE = "date_debut=2026-01-10&date_fin=2026-01-11"
PATH = "/api/v1/sentiment/btc/historique"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, module_api_of: ApiOf) -> Client:
    path = tmp_path_factory.mktemp("lake")
    rows: list[dict[str, Any]] = [
        {"title": 'Said, "no"\nand left', "language": None},
        {"event_time": NOON + timedelta(minutes=1), "score": None, "label": "unscored", "terms": None},
        {"event_time": NOON + timedelta(minutes=2), "score": -0.25, "language": ""},
    ]
    prices = [{"event_time": NOON + timedelta(minutes=i), "price": 100.0 + i} for i in range(10)]
    predictions = [{"made_at": NOON, "target_time": NOON + timedelta(minutes=i)} for i in range(4)]
    build_lake(path, sentiment=rows, price=prices, prediction=predictions)
    return module_api_of(path).client


def ask(client: Client, query: str, path: str = PATH, **headers: str) -> Any:
    return client.generic("GET", path, QUERY_STRING=query, headers=headers)


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.parametrize("limit", ["2", "50000"])
def test_csv_has_a_header_and_tells_null_from_empty(client: Client, limit: str) -> None:
    response = ask(client, f"{RANGE}&intervalle=brut&format=csv&limite={limit}")
    text = body_of(response).decode()
    table = list(csv.DictReader(io.StringIO(text)))
    assert response.headers["Content-Type"] == "text/csv"
    assert [row["score"] for row in table] == ["0.5", "", "-0.25"][-int(limit) :]
    assert (table[-1]["event_time"], table[-1]["terms"]) == ("2026-01-10T12:02:00Z", '["surge"]')
    assert ',"",' in text.splitlines()[-1]


def test_csv_quotes_what_needs_it(client: Client) -> None:
    text = body_of(ask(client, f"{RANGE}&intervalle=brut&format=csv")).decode()
    assert next(csv.DictReader(io.StringIO(text)))["title"] == 'Said, "no"\nand left'


@pytest.mark.parametrize("limit", ["2", "50000"])
def test_csv_has_nested_values_as_json(client: Client, limit: str) -> None:
    path = "/api/v1/prediction/btc/historique"
    text = body_of(ask(client, f"{RANGE}&format=csv&limite={limit}", path)).decode()
    row = next(csv.DictReader(io.StringIO(text)))
    assert json.loads(row["quantiles"]) == {"levels": [0.05, 0.95], "values": [90.0, 110.0]}
    assert json.loads(row["moves"]) == [{"threshold": 0.01, "probability": 0.25}]


@pytest.mark.parametrize("path", [PATH, "/api/v1/prix/btc/historique", "/api/v1/prediction/btc/historique"])
@pytest.mark.parametrize("query", ["", "&limite=50000", "&limite=2", "&intervalle=brut&limite=50000"])
def test_lines_are_the_points_of_json(client: Client, path: str, query: str) -> None:
    envelope = ask(client, RANGE + query.replace("50000", "5000"), path).json()
    response = ask(client, f"{RANGE}{query}&format=ndjson", path)
    lines = [json.loads(line) for line in body_of(response).splitlines()]
    assert lines == envelope["points"]
    assert json.loads(response.headers["Cryptoviz-Snapshot"])[0]["table"] == envelope["snapshot"][0]["table"]
    assert json.loads(response.headers["Cryptoviz-Complet"]) == envelope["complet"]


@pytest.mark.parametrize("query", ["", "&limite=50000", "&intervalle=brut&limite=50000"])
def test_arrow_holds_typed_points_and_the_envelope(client: Client, query: str) -> None:
    envelope = ask(client, RANGE + query.replace("50000", "5000")).json()
    body = body_of(ask(client, f"{RANGE}{query}&format=arrow"))
    table = pa.ipc.open_stream(body).read_all()
    assert table.schema.field("event_time").type == pa.timestamp("us", tz="UTC")
    assert table.drop_columns("event_time").to_pylist() == [
        {name: value for name, value in point.items() if name != "event_time"} for point in envelope["points"]
    ]
    assert json.loads(table.schema.metadata[b"requete"])["symbol"] == "btc"
    assert json.loads(table.schema.metadata[b"suivant"]) is None


def test_arrow_holds_nested_points(client: Client) -> None:
    path = "/api/v1/prediction/btc/historique"
    table = pa.ipc.open_stream(body_of(ask(client, f"{RANGE}&format=arrow", path))).read_all()
    points = ask(client, RANGE, path).json()["points"]
    for name in ("quantiles", "moves"):
        assert table[name].to_pylist() == [point[name] for point in points]


def test_next_page_is_a_link_and_keeps_the_format(client: Client) -> None:
    first = ask(client, f"{RANGE}&intervalle=brut&limite=2&format=ndjson")
    url, _, relation = first.headers["Link"].partition(">; ")
    assert relation == 'rel="next"'
    path, _, query = url.removeprefix("<").partition("?")
    second = ask(client, query, path)
    assert [json.loads(line)["score"] for line in body_of(second).splitlines()] == [0.5]
    assert "Link" not in second.headers


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 12, 40])
@pytest.mark.parametrize("slice_rows", [1, 3, 100])
def test_stream_is_the_newest_rows_ascending_and_its_pages_are_one_series(
    tmp_path: Path, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch, limit: int, slice_rows: int
) -> None:
    monkeypatch.setattr("api.history.selectors.MAX_LIMIT", 0)
    monkeypatch.setattr("lakehouse.history.stream.SLICE_ROWS", slice_rows)
    times = [0, 0, 1, 1, 1, 1, 2, 3, 3, 5, 8, 8]
    rows = [{"event_time": NOON + timedelta(seconds=s), "score": i / 20} for i, s in enumerate(times)]
    build_lake(tmp_path, sentiment=rows)
    client = api_of(tmp_path).client
    pages = []
    path, query = PATH, f"{RANGE}&intervalle=brut&format=ndjson&limite={limit}"
    while True:
        response = ask(client, query, path)
        assert response.streaming
        pages.append([json.loads(line)["score"] for line in body_of(response).splitlines()])
        if "Link" not in response.headers:
            break
        path, _, query = response.headers["Link"].split(">")[0].removeprefix("<").partition("?")
    together = [score for page in reversed(pages) for score in page]
    assert together == [i / 20 for i in range(12)]
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


def test_stream_goes_on_after_compaction_and_vacuum(
    tmp_path: Path, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.history.stream.SLICE_ROWS", 2)
    builder = build_lake(tmp_path)
    for i in range(8):
        builder.append("gold_sentiment", [{"event_time": NOON + timedelta(seconds=i), "score": i / 10}])
    client = api_of(tmp_path).client
    response = ask(client, f"{RANGE}&intervalle=brut&format=ndjson&limite=20000")
    pieces = iter(response.streaming_content)
    answered = next(pieces)
    table = builder.append("gold_sentiment", [{"event_time": NOON, "score": -1.0}])
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    answered += b"".join(pieces)
    assert [json.loads(line)["score"] for line in answered.splitlines()] == [i / 10 for i in range(8)]


def test_head_of_a_stream_has_its_headers_and_no_body(client: Client) -> None:
    query = f"{RANGE}&intervalle=brut&format=ndjson&limite=20000"
    response = client.generic("HEAD", PATH, QUERY_STRING=query)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["ETag"] == ask(client, query).headers["ETag"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*, application/json;q=0.5", "text/csv"),
        ("text/csv;q=0.4, application/x-ndjson;q=0.8", "application/x-ndjson"),
        ("application/json;q=0, */*", "text/csv"),
        ("application/vnd.apache.arrow.stream, */*;q=0.1", "application/vnd.apache.arrow.stream"),
    ],
)
def test_accept_chooses_by_quality(client: Client, accept: str, media_type: str) -> None:
    response = ask(client, RANGE, Accept=accept)
    assert (response.status_code, response.headers["Content-Type"]) == (200, media_type)
    assert "Accept" in response.headers["Vary"]


def test_format_wins_over_accept(client: Client) -> None:
    response = ask(client, f"{RANGE}&format=json", Accept="text/csv")
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("query", [f"{RANGE}&intervalle=1m&remplissage=null", f"{RANGE}&intervalle=brut"])
@pytest.mark.parametrize("form", ["json", "ndjson&limite=20000"])
def test_body_is_compressed_where_asked(client: Client, query: str, form: str) -> None:
    plain = body_of(ask(client, f"{query}&format={form}"))
    zstd = ask(client, f"{query}&format={form}", **{"Accept-Encoding": "gzip;q=0.5, zstd"})
    gzip = ask(client, f"{query}&format={form}", **{"Accept-Encoding": "gzip"})
    if len(plain) < 1_000 and not zstd.streaming:
        assert "Content-Encoding" not in zstd.headers
        return
    assert (zstd.headers["Content-Encoding"], gzip.headers["Content-Encoding"]) == ("zstd", "gzip")
    unpacked = zstandard.ZstdDecompressor().decompressobj().decompress(body_of(zstd))
    assert without_age(unpacked) == without_age(plain)
    assert without_age(zlib.decompress(body_of(gzip), 31)) == without_age(plain)
    assert "Accept-Encoding" in zstd.headers["Vary"]


def without_age(body: bytes) -> Any:
    lines = [json.loads(line) for line in body.splitlines()]
    for line in lines:
        line.pop("snapshot", None)
    return lines


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", None),
        ("br", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("GZIP ; q=1", "gzip"),
        ("gzip, zstd", "zstd"),
        ("gzip;q=0, zstd;q=0", None),
        ("*", "zstd"),
        ("zstd;q=0, *", "gzip"),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=x", None),
        ("gzip;q=nan", None),
        (",,;q=1,", None),
    ],
)
def test_encoding_is_what_the_client_likes_best(accepted: str, encoding: str | None) -> None:
    assert preferred_encoding(accepted) == encoding


@pytest.mark.parametrize("path", [PATH, "/api/v1/actifs", "/healthz", "/api/v1/prix/../../etc/historique"])
def test_options_says_what_may_be_asked(client: Client, path: str) -> None:
    response = client.generic("OPTIONS", path)
    assert (response.status_code, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
