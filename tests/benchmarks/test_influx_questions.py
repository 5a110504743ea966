"""InfluxQL of the benchmark's questions, and rows of its answers."""

import pytest

from benchmarks.influx_questions import quoted, to_influxql, to_rows


def question(kind: str, *, symbol: str = "s01", width_us: int = 3_600_000_000, rollup: bool = False) -> str:
    statement = to_influxql(
        kind, symbol=symbol, symbols=("s01", "s02"), start_us=10, end_us=20, width_us=width_us, rollup=rollup
    )
    return " ".join(statement.split())


@pytest.mark.parametrize("kind", ["raw", "minutes", "hours", "days", "latest", "all_symbols"])
@pytest.mark.parametrize("rollup", [False, True])
def test_every_question_names_both_ends_of_its_range(kind: str, rollup: bool) -> None:
    assert "time >= 10u AND time < 20u" in question(kind, rollup=rollup)


def test_buckets_have_the_asked_width_and_no_empty_ones() -> None:
    assert question("hours") == (
        "SELECT count(score), mean(score), min(score), max(score) FROM gold_sentiment "
        "WHERE symbol = 's01' AND time >= 10u AND time < 20u GROUP BY time(3600000000u) fill(none)"
    )


def test_buckets_of_all_symbols_are_grouped_by_symbol() -> None:
    assert question("all_symbols", width_us=86_400_000_000).endswith(
        "WHERE time >= 10u AND time < 20u GROUP BY time(86400000000u), symbol fill(none)"
    )


def test_only_buckets_of_whole_hours_come_from_the_rollup() -> None:
    assert "FROM hour_rollup" in question("hours", rollup=True)
    assert "FROM gold_sentiment" in question("minutes", rollup=True)
    assert "FROM gold_sentiment" in question("raw", rollup=True)


def test_a_symbol_cannot_leave_its_quotes() -> None:
    hostile = "x' OR symbol = 's02"

    assert "symbol = 'x\\' OR symbol = \\'s02' AND" in question("raw", symbol=hostile)
    assert quoted("a\\'b\nc") == "'a\\\\\\'b\\nc'"


def test_rows_of_one_series_are_its_values() -> None:
    assert to_rows("hours", [{"values": [[10, 2, 0.5, 0.1, 0.9]]}]) == [(10, 2, 0.5, 0.1, 0.9)]


def test_rows_of_several_series_begin_with_their_symbol() -> None:
    series = [
        {"tags": {"symbol": "s01"}, "values": [[10, 2], [20, 3]]},
        {"tags": {"symbol": "s02"}, "values": [[10, 4]]},
    ]

    assert to_rows("all_symbols", series) == [("s01", 10, 2), ("s01", 20, 3), ("s02", 10, 4)]


def test_the_latest_of_a_symbol_is_without_its_time() -> None:
    assert to_rows("latest", [{"tags": {"symbol": "s01"}, "values": [[10, "s01:9"]]}]) == [("s01", "s01:9")]


def test_no_series_is_no_rows() -> None:
    assert to_rows("raw", []) == []
