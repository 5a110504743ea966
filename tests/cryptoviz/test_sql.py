"""The command `cryptoviz sql` on a small lake."""

import json
from pathlib import Path

import pytest

from cryptoviz.__main__ import main
from tests.support.lake_builder import build_lake


@pytest.fixture
def lake(tmp_path: Path) -> str:
    build_lake(tmp_path).append("gold_price", [{"price": 1.5}, {"price": 2.5}])
    return str(tmp_path)


def test_table_is_printed(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "SELECT count(*) AS n_rows FROM gold_price", "--lake", lake]) == 0
    assert "n_rows" in capsys.readouterr().out


def test_json_is_an_array_of_rows_with_instants_in_utc(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    instant, missing = "TIMESTAMPTZ '2026-01-10 01:00:00+01' AS at", "'nan'::DOUBLE AS missing"
    query = f"SELECT price, {instant}, {missing} FROM gold_price ORDER BY ALL"
    assert main(["sql", query, "--lake", lake, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"price": 1.5, "at": "2026-01-10T00:00:00+00:00", "missing": None},
        {"price": 2.5, "at": "2026-01-10T00:00:00+00:00", "missing": None},
    ]


def test_csv_has_a_header(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "SELECT price FROM gold_price ORDER BY price", "--lake", lake, "--csv"]) == 0
    assert capsys.readouterr().out == "price\n1.5\n2.5\n"


def test_csv_has_no_formula_and_negative_numbers_stay_numbers(
    lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    query = "SELECT '=1+1' AS text, -1 AS whole, -0.5::DECIMAL(4, 1) AS exact, 'a-b' AS plain, [-1] AS list"
    assert main(["sql", query, "--lake", lake, "--csv"]) == 0
    assert capsys.readouterr().out == "text,whole,exact,plain,list\n'=1+1,-1,-0.5,a-b,[-1]\n"
    assert main(["sql", query, "--lake", lake, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["text"] == "=1+1"


def test_no_rows_are_an_empty_array(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "FROM gold_price WHERE price > 9", "--lake", lake, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_lake_that_does_not_exist_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "SELECT 1", "--lake", str(tmp_path / "nowhere")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cryptoviz sql: lake does not exist")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("query", ["SELECT * FROM gold_prise", "SELEKT 1", "SELECT prize FROM gold_price"])
def test_wrong_query_is_one_sentence(lake: str, query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", query, "--lake", lake]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("cryptoviz sql: ")
    assert (captured.out, captured.err.count("\n")) == ("", 1)
