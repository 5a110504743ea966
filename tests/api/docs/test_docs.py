"""The browsable page: its files come from here alone, and the examples that it shows work."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from api.docs.files import current_docs
from lakehouse import lake
from lakehouse.derived.score_refresh import refresh_scores
from tests.support.api_client import Api
from tests.support.lake_builder import build_lake

ApiOf = Callable[[Path], Api]


def test_page_loads_nothing_from_elsewhere() -> None:
    response = Client().get("/api/v1/docs")
    page = response.content.decode()
    loaded = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in response["Content-Security-Policy"]
    assert all(path.startswith("/api/v1/") for path in loaded)
    for path in loaded:
        file = Client().get(path)
        assert (file.status_code, len(file.content) > 0) == (200, True)
    assert "{version}" not in page


@pytest.mark.parametrize("name", ["page.html", "views.py", "..", "swagger-ui.css.map", "LICENSE"])
def test_nothing_else_is_served(name: str) -> None:
    response = Client().get(f"/api/v1/docs/{current_docs().version}/{name}")
    assert response.status_code == 404
    assert Client().get("/api/v1/docs/0123abc/start.js").status_code == 404


def test_examples_work(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{}], prediction=[{}], price=[{}])
    refresh_scores(lake.open(str(tmp_path)))
    api = api_of(tmp_path)
    document = api.get("/api/v1/schema").document
    urls = []
    for path, operations in document["paths"].items():
        for url in re.findall(r"\((/[^)]+)\)", operations["get"].get("description", "")):
            target, _, query = url.partition("?")
            response = api.client.generic("GET", target, QUERY_STRING=query)
            urls.append(url)
            assert (response.status_code, url) == (200, url)
            assert path.format(symbol="btc") == target
    assert len(urls) > 20
