"""Candles from files: every usual unit and type of time, and errors that say what is accepted."""

from pathlib import Path

import duckdb
import pytest

from streaming.analysis.prediction.evaluation.candles import CandleFileError, read_candles

MINUTE = 29_484_000
SECOND = MINUTE * 60


def write_csv(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_times_of_every_unit_are_minutes_of_the_epoch(tmp_path: Path, unit: int) -> None:
    file = write_csv(
        tmp_path / "btc.csv", "time,open,close", f"{SECOND * unit},1,100.5", f"{(SECOND + 60) * unit},1,101"
    )
    candles = read_candles(file)
    assert (candles.name, candles.minutes.tolist(), candles.closes.tolist()) == (
        "btc",
        [MINUTE, MINUTE + 1],
        [100.5, 101.0],
    )


@pytest.mark.parametrize("type_", ["TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_NS"])
def test_timestamps_are_utc(tmp_path: Path, type_: str) -> None:
    file = tmp_path / "btc.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'")
        connection.execute(f"COPY (SELECT to_timestamp({SECOND})::{type_} AS time, 7.5 AS close) TO '{file}'")
    assert read_candles(file).minutes.tolist() == [MINUTE]


def test_rows_in_any_order_are_sorted_and_the_later_of_a_minute_counts(tmp_path: Path) -> None:
    rows = (
        f"{SECOND + 60},3",
        f"{SECOND},1",
        f"{SECOND + 59},2",
        f"{SECOND + 120},0",
        f"{SECOND + 180},-4",
        f"{SECOND + 240},nan",
    )
    candles = read_candles(write_csv(tmp_path / "x.csv", "time,close", *rows))
    assert (candles.minutes.tolist(), candles.closes.tolist()) == ([MINUTE, MINUTE + 1], [2.0, 3.0])


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        ("x.csv", ("when,close", "1,2"), "columns time and close"),
        ("x.csv", ("time,price", f"{SECOND},2"), "columns time and close"),
        ("x.csv", ("time,close", "12,2"), "column time holds timestamps, or seconds"),
        ("x.csv", ("time,close", "yesterday,2"), "column time holds timestamps, or seconds"),
        ("x.csv", ("time,close", f"{SECOND},0"), "no row has a positive close"),
        ("x.csv", ("time,close",), "column time"),
        ("x.json", ("[]",), "read from .parquet or .csv files"),
        ("x.parquet", ("no parquet",), "columns time and close"),
    ],
)
def test_file_that_cannot_be_read_is_named_with_what_is_accepted(
    tmp_path: Path, name: str, rows: tuple[str, ...], message: str
) -> None:
    file = write_csv(tmp_path / name, *rows)
    with pytest.raises(CandleFileError, match=message) as raised:
        read_candles(file)
    assert str(file) in str(raised.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CandleFileError, match="no such file"):
        read_candles(tmp_path / "none.parquet")
