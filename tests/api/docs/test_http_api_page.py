"""Tests of docs/http-api.md: it names every path, query parameter and scope that the API has."""

from pathlib import Path
from typing import Any

from api.access.scopes import SCOPES
from api.docs.openapi import openapi_document

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "http-api.md").read_text(encoding="utf-8")


def operations() -> list[dict[str, Any]]:
    """Return the operations of the OpenAPI document."""
    methods = ("get", "post", "patch", "delete")
    return [
        item[method] for item in openapi_document()["paths"].values() for method in methods if method in item
    ]


def test_page_names_every_path() -> None:
    collections = {path.partition("/{")[0] for path in openapi_document()["paths"]}
    assert [path for path in sorted(collections) if path not in PAGE] == []


def test_page_names_every_query_parameter() -> None:
    names = {
        parameter["name"]
        for operation in operations()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    }
    assert {"periode", "curseur", "limite"} <= names
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


def test_page_names_every_scope() -> None:
    assert [scope for scope in SCOPES if f"`{scope}`" not in PAGE] == []
