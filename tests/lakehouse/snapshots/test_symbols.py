from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse import lake
from lakehouse.lake import Lake
from lakehouse.series.active_hours import ActiveHours
from lakehouse.series.markets import Market
from lakehouse.snapshots.symbols import SymbolCatalog, TableSymbols
from lakehouse.time_range import to_us
from tests.support.lake_builder import NOON, build_lake

NOON_US = to_us(NOON)


def assets_of(reader: Lake, name: str) -> TableSymbols:
    return reader.symbols.of(reader.snapshot(name)[name])


def test_symbols_are_known_with_their_counts_events_and_origins(tmp_path: Path) -> None:
    later = NOON + timedelta(minutes=1)
    build_lake(tmp_path, sentiment=[{}, {"event_time": later, "origin": "collected"}, {"symbol": "eth"}])
    assets = assets_of(lake.open(str(tmp_path)), "gold_sentiment")
    btc = assets.seen("btc")
    assert btc is not None
    assert assets.symbols() == {"btc", "eth"}
    assert (btc.n_rows, btc.first_us, btc.last_us) == (2, NOON_US, NOON_US + 60_000_000)
    assert assets.origins("btc") == ["collected", "generated"]
    assert assets.seen("zzz") is None


def test_markets_are_those_with_a_price_with_the_hours_that_have_one(tmp_path: Path) -> None:
    hour, kraken = NOON_US // 3_600_000_000, {"venue": "kraken", "quote": "eur"}
    builder = build_lake(tmp_path, price=[kraken, {}, kraken | {"event_time": NOON + timedelta(hours=3)}])
    reader = lake.open(str(tmp_path))
    first = assets_of(reader, "gold_price").activity("btc")
    builder.append("gold_price", [kraken | {"event_time": NOON + timedelta(hours=1), "origin": "replay"}])
    assert first == (
        (Market("kraken", "eur"), ActiveHours(((hour, hour), (hour + 3, hour + 3)))),
        (Market("simx", "usd"), ActiveHours(((hour, hour),))),
    )
    assert assets_of(reader, "gold_price").activity("btc") == (
        (Market("kraken", "eur"), ActiveHours(((hour, hour + 1), (hour + 3, hour + 3)))),
        (Market("simx", "usd"), ActiveHours(((hour, hour),))),
    )


def test_rows_are_counted_once_whatever_is_appended_and_compacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = build_lake(tmp_path)
    reader = lake.open(str(tmp_path))
    assets_of(reader, "gold_sentiment")
    monkeypatch.setattr(SymbolCatalog, "_scan", None)  # from here on only what is new may be read
    for i in range(6):
        table = builder.append(
            "gold_sentiment", [{"kafka_partition": i % 2}, {"symbol": f"s{i}"}], partitions=(0, 1)
        )
        if i % 2:
            table.optimize.compact()
        seen = assets_of(reader, "gold_sentiment").seen()
        assert seen is not None
        assert seen.n_rows == 2 * (i + 1)


def test_rows_that_expired_are_no_longer_counted(tmp_path: Path) -> None:
    builder = build_lake(tmp_path, sentiment=[{"event_time": NOON - timedelta(days=9), "symbol": "old"}, {}])
    reader = lake.open(str(tmp_path))
    assert assets_of(reader, "gold_sentiment").symbols() == {"btc", "old"}
    builder.open("gold_sentiment").delete("event_date = '2026-01-01'")
    assert assets_of(reader, "gold_sentiment").symbols() == {"btc"}
