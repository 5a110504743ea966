"""Other readers open a table's folder and see the rows that lakehouse sees."""

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse import lake
from lakehouse.table.lazy_table import Table
from tests.support.feed_lake import build_feed_lake


@pytest.fixture(scope="module")
def sentiment(tmp_path_factory: pytest.TempPathFactory) -> Table:
    location = build_feed_lake(tmp_path_factory.mktemp("readers") / "lake", n_days=0.5)
    return lake.open(location.uri).table("gold_sentiment")


def ids_of(table: Table) -> list[str]:
    return sorted(table.select("message_id").arrow()["message_id"].to_pylist())


def test_deltalake_and_pandas_see_the_same_rows(sentiment: Table) -> None:
    frame = DeltaTable(sentiment.location).to_pandas()
    assert sorted(frame["message_id"]) == ids_of(sentiment)
    assert set(frame.columns) == set(sentiment.schema.names)


def test_polars_sees_the_same_rows(sentiment: Table) -> None:
    frame = pl.scan_delta(sentiment.location).filter(pl.col("symbol") == "eth").collect()
    assert sorted(frame["message_id"]) == ids_of(sentiment.where(symbol="eth"))


def test_duckdb_sees_the_same_rows_in_the_listed_files(sentiment: Table) -> None:
    found = duckdb.read_parquet(sentiment.files).select("message_id").fetchall()
    assert sorted(message_id for (message_id,) in found) == ids_of(sentiment)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_spark_sees_the_same_rows_of_a_question_and_of_a_version(
    sentiment: Table, spark: SparkSession
) -> None:
    first = sentiment.lake.table(sentiment.name, version=sentiment.version - 1)
    questions = (
        sentiment,
        first,
        sentiment.where(symbol=["btc", "eth"], start="2026-01-05T03:00:00Z", end="2026-01-05T08:00:00Z"),
        sentiment.changes(first.position),
        sentiment.where(symbol=[]),
    )
    for asked in questions:
        rows = asked.select("message_id").spark(spark).collect()
        assert sorted(row["message_id"] for row in rows) == ids_of(asked)
