"""The published schema is what is served."""

from collections.abc import Callable
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


def check(schema: dict[str, Any], path: str, status: int, document: Any) -> None:
    responses = schema["paths"][path]["get"]["responses"][str(status)]
    media_type = "application/json" if status == 200 else "application/problem+json"
    content = responses["content"][media_type]
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


def test_every_parameter_that_is_published_is_taken(api: Api) -> None:
    schema = api.get("/api/v1/schema").document
    for path, operations in schema["paths"].items():
        for parameter in operations["get"].get("parameters", []):
            if parameter["in"] == "query" and "security" not in operations["get"]:
                answer = api.get(path.format(symbol="btc"), f"{parameter['name']}=%00")
                assert (answer.status, answer.document["parameter"]) == (400, parameter["name"])
