"""The published schema is what is served."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_client import Api
from tests.support.json_schema import Draft202012Validator
from tests.support.lake_builder import build_lake

ApiOf = Callable[[Path], Api]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, module_api_of: ApiOf) -> Api:
    path, tickers = tmp_path_factory.mktemp("lake"), [{"base_volume": None}, {"base_volume": None}]
    build_lake(path, sentiment=[{}, {"terms": None}], prediction=[{}, {"lower": None}], price=tickers)
    return module_api_of(path)


def resolve(schema: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference of the document stands for."""
    while "$ref" in found:
        _, *names = found["$ref"].split("/")
        found = schema
        for name in names:
            found = found[name]
    return found


def check(schema: dict[str, Any], path: str, status: int, document: Any) -> None:
    response = resolve(schema, schema["paths"][path]["get"]["responses"][str(status)])
    media_type = "application/json" if status == 200 else "application/problem+json"
    content = response["content"][media_type]
    Draft202012Validator({**content["schema"], "components": schema["components"]}).validate(document)


@pytest.mark.parametrize("series", ["sentiment", "prediction", "prix"])
@pytest.mark.parametrize("query", ["", "intervalle=brut", "limite=1", "periode=x", "date_debut=2026-01-10"])
def test_answers_match_the_schema(api: Api, series: str, query: str) -> None:
    schema = api.get("/api/v1/schema").document
    answer = api.history(series, query)
    check(schema, f"/api/v1/{series}/{{symbol}}/historique", answer.status, answer.document)


@pytest.mark.parametrize("path", ["/api/v1/actifs", "/api/v1/etat", "/healthz", "/readyz"])
def test_status_answers_match_the_schema(api: Api, path: str) -> None:
    check(api.get("/api/v1/schema").document, path, 200, api.get(path).document)


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (path, method, operation)."""
    for path, item in schema["paths"].items():
        for method in ("get", "post", "patch", "delete"):
            if method in item:
                yield path, method, item[method]


def described_parts(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (where, schema) of every property, however deep."""
    if isinstance(schema, dict):
        for name, part in schema.get("properties", {}).items():
            yield f"{where}.{name}", part
            yield from described_parts(part, f"{where}.{name}")
        for name in ("items", "additionalProperties", "anyOf", "oneOf"):
            yield from described_parts(schema.get(name), f"{where}.{name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from described_parts(part, where)


def test_every_operation_says_what_a_client_needs(api: Api) -> None:
    schema = api.get("/api/v1/schema").document
    tags = {tag["name"]: tag["description"] for tag in schema["tags"]}
    ids = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(set(ids)) == len(ids)
    for path, method, operation in operations(schema):
        label = f"{method} {path}"
        assert all(tags[tag] for tag in operation["tags"]), label
        assert operation["tags"], label
        assert operation["summary"], label
        assert operation["description"], label
        assert isinstance(operation["security"], list), label
        assert {"400", "401", "403", "405", "406", "429", "503"} <= operation["responses"].keys(), label
        assert ("415" in operation["responses"]) == ("requestBody" in operation), label
        names_symbols = any(each["name"] == "symboles" for each in operation.get("parameters", []))
        assert ("404" in operation["responses"]) == ("{" in path or names_symbols), label
        for parameter in (*operation.get("parameters", []), *schema["paths"][path].get("parameters", [])):
            assert parameter["description"], label


def test_every_problem_has_the_shape_of_problems(api: Api) -> None:
    schema = api.get("/api/v1/schema").document
    for path, method, operation in operations(schema):
        for status, found in operation["responses"].items():
            response = resolve(schema, found)
            assert response["description"], (path, method, status)
            if int(status) >= 400:
                (content,) = response["content"].values()
                assert list(response["content"]) == ["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "Retry-After" in schema["components"]["responses"]["TooManyRequests"]["headers"]
    assert "Retry-After" in schema["components"]["responses"]["Unavailable"]["headers"]


def test_every_field_of_every_schema_is_described(api: Api) -> None:
    schemas = api.get("/api/v1/schema").document["components"]["schemas"]
    parts = [part for name, schema in schemas.items() for part in described_parts(schema, name)]
    assert len(parts) > 150
    missing = [where for where, part in parts if not part.get("description") and "$ref" not in part]
    assert missing == []


def test_document_explains_time_paging_and_errors(api: Api) -> None:
    description = api.get("/api/v1/schema").document["info"]["description"]
    for word in ("**Time.**", "UTC", "**Paging.**", "suivant", "limite", "**Errors**", "Retry-After"):
        assert word in description


def test_every_parameter_that_is_published_is_taken(api: Api) -> None:
    schema = api.get("/api/v1/schema").document
    for path, operations in schema["paths"].items():
        for parameter in operations["get"].get("parameters", []):
            if parameter["in"] == "query" and operations["get"]["tags"] == ["Histories"]:
                answer = api.get(path.format(symbol="btc"), f"{parameter['name']}=%00")
                assert (answer.status, answer.document["parameter"]) == (400, parameter["name"])
