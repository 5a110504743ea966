"""The newest row of each of many symbols, and the warming of a process."""

from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse import lake
from lakehouse.history.latest import read_latest
from lakehouse.history.warming import warm
from lakehouse.series.definitions import SERIES
from lakehouse.time_range import TimeRange, to_us
from tests.support.lake_builder import NOON, Row, build_lake

DAY = TimeRange(to_us(NOON - timedelta(hours=12)), to_us(NOON + timedelta(hours=12)))
LATER = NOON + timedelta(minutes=1)
BUDGET_BYTES = 100_000_000


@pytest.mark.parametrize("budget_bytes", [0, BUDGET_BYTES])
def test_newest_row_of_each_symbol_is_found_and_a_symbol_without_rows_left_out(
    budget_bytes: int, tmp_path: Path
) -> None:
    rows: list[Row] = [{"score": 0.1, "event_time": LATER}, {"score": 0.2}, {"symbol": "eth", "score": 0.3}]
    build_lake(tmp_path, sentiment=rows)
    reader = lake.open(str(tmp_path), columns_budget_bytes=budget_bytes)
    answered = read_latest(
        reader, SERIES["sentiment"], ["btc", "eth", "sol"], DAY, columns=("score", "event_time")
    )
    assert answered == {"btc": (0.1, to_us(LATER)), "eth": (0.3, to_us(NOON))}
    assert read_latest(reader, SERIES["sentiment"], [], DAY, columns=("score",)) == {}


@pytest.mark.parametrize("budget_bytes", [0, BUDGET_BYTES])
def test_latest_price_is_the_primary_markets(budget_bytes: int, tmp_path: Path) -> None:
    rows = [{"price": 1.0, "quote": "usd"}, {"price": 2.0, "quote": "zzz", "event_time": LATER}]
    build_lake(tmp_path, price=rows)
    reader = lake.open(str(tmp_path), columns_budget_bytes=budget_bytes)
    assert read_latest(reader, SERIES["price"], ["btc", "eth"], DAY, columns=("price",)) == {"btc": (1.0,)}


def test_warming_caches_the_newest_days_of_every_symbol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Row] = [{}, {"symbol": "eth"}, {"event_time": NOON - timedelta(days=1)}]
    builder = build_lake(tmp_path, sentiment=rows, price=rows)
    reader = lake.open(str(tmp_path), columns_budget_bytes=BUDGET_BYTES)
    warm(reader)
    held = reader.columns.n_bytes
    warm(reader)
    assert reader.columns.n_bytes == held > 0
    table = builder.open("gold_sentiment")
    for path in table.file_uris():
        Path(path.removeprefix("file://")).unlink()
    two_days = TimeRange(DAY.start_us - 86_400_000_000, DAY.end_us)
    newest = read_latest(reader, SERIES["sentiment"], ["btc", "eth"], two_days, columns=("score",))
    assert newest == {"btc": (0.5,), "eth": (0.5,)}


def test_warming_stops_before_it_evicts_what_it_loaded(tmp_path: Path) -> None:
    rows = [{"symbol": f"s{i:02d}", "title": "t" * 1000} for i in range(40)]
    build_lake(tmp_path, sentiment=rows)
    reader = lake.open(str(tmp_path), columns_budget_bytes=20_000)
    warm(reader)
    assert 16_000 <= reader.columns.n_bytes <= 20_000


def test_warming_does_nothing_without_a_lake_or_a_cache(tmp_path: Path) -> None:
    build_lake(tmp_path / "lake", sentiment=[{}])
    off = lake.open(str(tmp_path / "lake"))
    warm(off)
    warm(lake.open(str(tmp_path / "none"), columns_budget_bytes=BUDGET_BYTES))
    assert off.columns.n_bytes == 0
