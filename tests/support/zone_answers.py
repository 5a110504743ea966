"""Every way to read a lake, run by a process in the time zone that TZ names: prints what each answers, as JSON.

python -m tests.support.zone_answers LAKE
"""

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import datetime
from typing import Any

import duckdb

from cryptoviz.__main__ import main as cryptoviz
from lakehouse import lake
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.lake import Lake
from tests.support.history_queries import DAY_START

SERIES = ("sentiment", "prix")
RANGE = "date_debut=2026-01-05&date_fin=2026-01-12"
BY_DAY = "SELECT date_trunc('day', event_time)::DATE::VARCHAR AS day, count(*) AS n FROM {rows} GROUP BY 1 ORDER BY 1"
QUERIES = (
    *(f"intervalle={interval}" for interval in ("1d", "4h", "1h", "brut")),
    "intervalle=1d&remplissage=null",
    "intervalle=1d&format=csv",
    "intervalle=brut&format=csv",
    "intervalle=brut&format=ndjson",
)


def of_tables(reader: Lake) -> Iterator[tuple[str, Any]]:
    """Yield (way, answer) of the Python API."""
    table = reader.table("gold_price")
    day = table.where(start="2026-01-10", end="2026-01-11")
    yield "rows of a day", day.arrow()["event_time"].to_pylist()
    yield "rows of a text without offset", table.where(start="2026-01-10T00:30").arrow().num_rows
    yield "rows of event_date", table.where(event_date="2026-01-10").arrow()["event_time"].to_pylist()
    yield "days in pandas", sorted(table.pandas()["event_time"].dt.strftime("%Y-%m-%d").tolist())
    yield "zone in pandas", str(table.pandas()["event_time"].dtype)
    yield "days in polars", sorted(table.polars()["event_time"].dt.date().to_list())
    yield "days of .duckdb()", _by_day(table.duckdb())
    yield "values of .duckdb()", sorted(row[0] for row in table.select("event_time").duckdb().fetchall())
    yield "days of connect()", reader.connect().execute(BY_DAY.format(rows="gold_price")).fetchall()
    own = duckdb.connect()
    own.execute("SET TimeZone = 'UTC'")
    rows = f"read_parquet({table.files})"
    yield "days on a connection of one's own", own.execute(BY_DAY.format(rows=rows)).fetchall()
    instants = reader.table("gold_price", as_of=datetime.now().astimezone()).history()["commit_time"]
    yield "commit times", instants.to_pylist()


def of_api(uri: str) -> Iterator[tuple[str, Any]]:
    """Yield (query, answer) of histories over HTTP."""
    os.environ |= {"CRYPTOVIZ_LAKE_URI": uri, "DJANGO_SETTINGS_MODULE": "api.config.settings"}
    import django

    django.setup()
    from django.test import Client

    for path in (
        f"/api/v1/{series}/btc/historique?{RANGE}&{query}" for series in SERIES for query in QUERIES
    ):
        response = Client().get(path)
        assert response.status_code == 200, response.content
        body = b"".join(response) if response.streaming else response.content
        is_json = response["Content-Type"] == "application/json"
        yield path, json.loads(body)["points"] if is_json else body.decode()


def of_shell(uri: str) -> Iterator[tuple[str, Any]]:
    """Yield (format, output) of the command."""
    for option in ("--json", "--csv"):
        printed = io.StringIO()
        with redirect_stdout(printed):
            statement = "SELECT event_time, event_time::DATE AS day FROM gold_price ORDER BY ALL"
            assert cryptoviz(["sql", statement, option, "--lake", uri]) == 0
        yield option, printed.getvalue()


def _by_day(relation: duckdb.DuckDBPyRelation) -> list[Any]:
    return relation.query("rows", BY_DAY.format(rows="rows")).fetchall()


def main(uri: str) -> int:
    reader = lake.open(uri)
    refresh_rollups(reader)
    answers = {"start": DAY_START} | dict([*of_tables(reader), *of_shell(uri), *of_api(uri)])
    json.dump(answers, sys.stdout, default=str, sort_keys=True, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
