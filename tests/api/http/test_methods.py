"""Methods, media types and problems of every path that the OpenAPI document names."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.docs.openapi import openapi_document
from api.http.problems import to_problem
from lakehouse.errors import LayoutError
from tests.support.api_client import Api
from tests.support.lake_builder import build_lake
from tests.support.profiles import sized

ApiOf = Callable[[Path], Api]
METHODS = ("get", "post", "patch", "put", "delete")
NAMES = {
    "symbol": "btc",
    "name": "notice",
    "id": "1",
    "link": "A" * 22,
}
UUID = "00000000-0000-4000-8000-000000000000"


def paths() -> Iterator[tuple[str, set[str]]]:
    """Yield (path with its parameters filled in, methods) of the document."""
    for path, item in openapi_document()["paths"].items():
        names = NAMES | ({"id": UUID} if "/vues/" in path else {})
        yield path.format(**names), {method.upper() for method in METHODS if method in item}


PATHS = dict(paths())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, module_api_of: ApiOf, database: Any) -> Client:
    database()
    path = tmp_path_factory.mktemp("lake")
    build_lake(path, sentiment=[{}], prediction=[{}], price=[{}])
    return module_api_of(path).client


def is_problem(response: Any) -> bool:
    return response["Content-Type"] == "application/problem+json" and (
        json.loads(response.content)["status"] == response.status_code
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_options_lists_the_methods_of_the_document(client: Client, path: str, slash: str) -> None:
    response = client.options(path + slash)
    assert (response.status_code, response.content) == (204, b"")
    assert set(response["Allow"].split(", ")) == PATHS[path] | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", PATHS)
def test_another_method_is_a_405_that_lists_them(client: Client, path: str) -> None:
    for method in {"GET", "POST", "PATCH", "PUT", "DELETE", "TRACE", "BREW"} - PATHS[path]:
        response = client.generic(method, path, b"{}", content_type="application/json")
        assert (response.status_code, is_problem(response)) == (405, True), method
        assert set(response["Allow"].split(", ")) == PATHS[path] | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/nothing", "/api/v1/prix/nobody/historique"])
def test_head_is_get_without_its_body(client: Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("Content-Type", "ETag", "Cache-Control", "Allow", "Vary"):
        assert head.headers.get(name) == got.headers.get(name), name
    if "freshness" not in got.content.decode() and "/etat" not in path:
        assert head["Content-Length"] == str(len(got.content))


def test_head_of_a_stream_and_of_other_formats_has_no_body(client: Client) -> None:
    for query in ("intervalle=brut&format=csv&limite=20000", "format=arrow&date_debut=2026-01-10"):
        response = client.head("/api/v1/prix/btc/historique", QUERY_STRING=query)
        assert (response.status_code, response.content) == (200, b"")


WRITABLE = [(path, method) for path, methods in PATHS.items() for method in methods & {"POST", "PATCH"}]


@pytest.mark.parametrize(("path", "method"), WRITABLE)
@pytest.mark.parametrize(
    ("media_type", "is_taken"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/json;charset=UTF-8", True),
        ('Application/JSON; charset="utf-8"', True),
        ("application/json; version=1", True),
        ("application/json; charset=latin-1", False),
        ("application/json; charset=utf-16", False),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("application/merge-patch+json", False),
        ("application/jsonx", False),
        ("", False),
        (";", False),
    ],
)
def test_json_is_taken_with_its_parameters_and_nothing_else(
    client: Client, people: dict[str, Any], path: str, method: str, media_type: str, is_taken: bool
) -> None:
    client.force_login(people["staff"])
    try:
        response = client.generic(method, path, b"[]", content_type=media_type, headers={"if-match": "*"})
    finally:
        client.logout()
    if is_taken or response.status_code == 404:
        assert response.status_code in (400, 404), response.content
    else:
        assert (response.status_code, is_problem(response)) == (415, True)
        assert json.loads(response.content)["accepted"] == "application/json"


@settings(
    max_examples=sized(quick=40, full=200, soak=2_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(accept=st.text(alphabet="application/jsontextcsv*;q=0.19, \"'\\", max_size=40))
def test_any_accept_header_is_answered_or_406(client: Client, accept: str) -> None:
    response = client.get("/api/v1/actifs", headers={"accept": accept})
    assert response.status_code in (200, 406)
    assert response.status_code == 200 or is_problem(response)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200),
        ("*/*", 200),
        ("application/*", 200),
        ("application/json;q=0.1, text/html", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("text/html, */*;q=0", 406),
    ],
)
def test_accept_is_taken_by_its_ranges(client: Client, accept: str, status: int) -> None:
    assert client.get("/api/v1/actifs", headers={"accept": accept}).status_code == status


def test_lake_of_another_layout_is_a_503_that_says_so_and_names_no_path(
    tmp_path: Path, api_of: ApiOf
) -> None:
    builder = build_lake(tmp_path / "lake", sentiment=[{}])
    (entry,) = builder.path.glob("_catalog/builds/*.json")
    entry.write_text(json.dumps(json.loads(entry.read_text()) | {"layout": 1}))
    api = api_of(builder.path)
    for path in ("/api/v1/sentiment/btc/historique", "/api/v1/actifs", "/api/v1/etat", "/readyz"):
        answer = api.get(path)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2"), path
        assert answer.document["detail"].startswith("the lake has layout 1, this API reads layout ")
        assert str(tmp_path) not in json.dumps(answer.document)
    assert to_problem(LayoutError(uri="s3://bucket", layout=1, expected=2)).status_code == 503
