"""The published schema is what is served."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lakehouse.tables import GOLD_TABLES
from tests.lake_builder import build_lake
from tests.unit.api.asking import Api

ApiOf = Callable[[Path], Api]


def check(schema: dict[str, Any], path: str, status: int, document: Any) -> None:
    responses = schema["paths"][path]["get"]["responses"][str(status)]
    media_type = "application/json" if status == 200 else "application/problem+json"
    content = responses["content"][media_type]
    Draft202012Validator({**content["schema"], "components": schema["components"]}).validate(document)


@pytest.mark.parametrize("series", ["sentiment", "prediction", "prix"])
@pytest.mark.parametrize("query", ["", "intervalle=brut", "limite=1", "periode=x", "date_debut=2026-01-10"])
def test_answers_match_the_schema(tmp_path: Path, api_of: ApiOf, series: str, query: str) -> None:
    tickers = [{"base_volume": None}, {"base_volume": None}]
    build_lake(tmp_path, sentiment=[{}, {"terms": None}], prediction=[{}, {"lower": None}], price=tickers)
    api = api_of(tmp_path)
    schema = api.get("/api/v1/schema").document
    answer = api.history(series, query)
    check(schema, f"/api/v1/{series}/{{symbol}}/historique", answer.status, answer.document)


@pytest.mark.parametrize("path", ["/api/v1/actifs", "/api/v1/etat", "/healthz", "/readyz"])
def test_status_answers_match_the_schema(tmp_path: Path, api_of: ApiOf, path: str) -> None:
    build_lake(tmp_path, sentiment=[{}], price=[{}])
    api = api_of(tmp_path)
    check(api.get("/api/v1/schema").document, path, 200, api.get(path).document)


def test_every_parameter_that_is_published_is_taken(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, **{spec.name.removeprefix("gold_"): [{}] for spec in GOLD_TABLES})
    api = api_of(tmp_path)
    schema = api.get("/api/v1/schema").document
    for path, operations in schema["paths"].items():
        for parameter in operations["get"].get("parameters", []):
            if parameter["in"] == "query":
                answer = api.get(path.format(symbol="btc"), f"{parameter['name']}=%00")
                assert (answer.status, answer.document["parameter"]) == (400, parameter["name"])
