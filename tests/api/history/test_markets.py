"""Changes of market and cut buckets over HTTP: in every format, and never stale."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from api.history.views import response_cache
from api.process import lake as lakes
from lakehouse import lake
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.lake import Lake
from lakehouse.series.market_file import read_market_file
from lakehouse.time_range import to_us
from tests.support.api_client import Api
from tests.support.history_queries import DAY_START
from tests.support.lake_builder import NOON, build_lake

ApiOf = Callable[[Path], Api]
PATH = "/api/v1/prix/xmr/historique"
DAY = "date_debut=2026-01-10&date_fin=2026-01-11"


@pytest.fixture
def api(tmp_path: Path, api_of: ApiOf) -> Api:
    """Serve a pair that its preferred exchange delisted at 03:00, with other prices until 12:00."""

    def prices(venue: str, quote: str, n_hours: int, price: float) -> list[dict[str, Any]]:
        return [
            {
                "symbol": "xmr",
                "event_time": DAY_START + timedelta(minutes=30 * i),
                "venue": venue,
                "quote": quote,
                "price": price,
            }
            for i in range(2 * n_hours)
        ]

    build_lake(tmp_path, price=[*prices("binance", "usdt", 3, 1.0), *prices("kraken", "usd", 12, 2.0)])
    return api_of(tmp_path)


def market(venue: str, quote: str, start: str, end: str) -> dict[str, Any]:
    return {
        "venue": venue,
        "quote": quote,
        "start_time": f"2026-01-{start}:00:00Z",
        "end_time": f"2026-01-{end}:00:00Z",
        "asset": None,
        "asset_since": None,
    }


def test_answer_says_which_market_each_part_and_each_bucket_is_of(api: Api) -> None:
    document = api.get(PATH, f"{DAY}&intervalle=1h").document
    assert document["marches"] == [
        market("binance", "usdt", "10T00", "10T04"),
        market("kraken", "usd", "10T04", "11T00"),
    ]
    assert document["requete"]["marche"] == {"venue": "kraken", "quote": "usd"}
    assert [(point["venue"], point["open"], point["count"]) for point in document["points"]] == [
        *[("binance", 1.0, 2)] * 3,
        *[("kraken", 2.0, 2)] * 8,
    ]


def test_range_after_the_delisting_has_the_market_that_is_left_alone(api: Api) -> None:
    document = api.get(PATH, "date_debut=2026-01-10T06:00:00Z&date_fin=2026-01-10T08:00:00Z").document
    assert document["marches"] == [market("kraken", "usd", "10T06", "10T08")]
    assert len(document["points"]) == 4


@pytest.mark.parametrize("query", ["format=csv", "format=ndjson", "format=arrow"])
def test_every_format_has_the_markets_and_what_is_cut(api: Api, query: str) -> None:
    asked = f"date_debut=2026-01-10T02:30:00Z&date_fin=2026-01-10T05:45:00Z&intervalle=1h&{query}"
    content = api.client.generic("GET", PATH, QUERY_STRING=asked).content
    rows: list[Any]
    if "csv" in query:
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        rows = [row | {"complete": row["complete"] == "true"} for row in rows]
    elif "ndjson" in query:
        rows = [json.loads(line) for line in content.splitlines()]
    else:
        table = pa.ipc.open_stream(content).read_all()
        rows = table.to_pylist()
        assert len(json.loads(table.schema.metadata[b"marches"])) == 2
    assert [(row["venue"], row["complete"]) for row in rows] == [
        ("binance", False),
        ("kraken", True),
        ("kraken", False),
    ]


def test_raw_rows_stream_with_their_markets(api: Api) -> None:
    response = api.client.generic("GET", PATH, QUERY_STRING=f"{DAY}&intervalle=brut&format=csv&limite=20000")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [row["venue"] for row in rows] == ["binance"] * 6 + ["kraken"] * 16


def test_assets_name_the_market_that_is_left(api: Api) -> None:
    (asset,) = api.get("/api/v1/actifs").document["actifs"]
    assert asset["marche"] == {"venue": "kraken", "quote": "usd"}


def test_sentiment_has_no_markets(tmp_path: Path, api_of: ApiOf) -> None:
    build_lake(tmp_path, sentiment=[{}], prediction=[{}], price=[{}])
    api = api_of(tmp_path)
    assert "marches" not in api.history("sentiment", DAY).document
    assert [part["venue"] for part in api.history("prediction", DAY).document["marches"]] == ["simx"]


def test_answers_name_the_asset_that_an_operator_wrote_down(
    tmp_path: Path, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two forecasts of each asset, five minutes ahead, of a price every five minutes."""
    times = [NOON + timedelta(minutes=5 * i) for i in range(-6, 9)]
    made = [NOON - timedelta(minutes=20), NOON - timedelta(minutes=2), NOON, NOON + timedelta(minutes=10)]
    build_lake(
        tmp_path,
        price=[{"event_time": time, "price": float(i)} for i, time in enumerate(times)],
        prediction=[
            {"made_at": at, "target_time": at + timedelta(minutes=5), "horizon": "5m"} for at in made
        ],
    )
    (tmp_path / "markets.toml").write_text(
        '[[symbols.btc.assets]]\nfrom = 2026-01-10T12:00:00Z\nname = "Bitcoin 2"\n'
    )
    rules = read_market_file(tmp_path / "markets.toml")
    refresh_scores(Lake(lake.open(str(tmp_path)).location, market_rules=rules))
    api = api_of(tmp_path)
    monkeypatch.setattr(lakes.current_lake(), "market_rules", rules)
    monkeypatch.setattr("api.http.clock.now_us", lambda: to_us(times[-1]))

    prices = api.history("prix", f"{DAY}&intervalle=1d").document
    forecasts = api.history("prediction", DAY).document
    score = api.get("/api/v1/prediction/btc/score").document

    assert [(part["asset"], part["asset_since"]) for part in prices["marches"]] == [
        ("Bitcoin 2", "2026-01-10T12:00:00Z")
    ]
    assert [(point["count"], point["complete"]) for point in prices["points"]] == [(9, False)]
    assert [(part["asset"], part["start_time"]) for part in forecasts["marches"]] == [
        (None, "2026-01-10T00:00:00Z"),
        ("Bitcoin 2", "2026-01-10T12:00:00Z"),
    ]
    assert [point["realised_price"] for point in forecasts["points"]] == [3.0, None, None, 9.0]
    assert (score["asset"], score["asset_since"]) == ("Bitcoin 2", "2026-01-10T12:00:00Z")
    assert {(entry["n"], entry["n_without_price"]) for entry in score["scores"]} == {(1, 0)}


@pytest.mark.parametrize(("series", "grace_minutes"), [("sentiment", 10), ("prix", 5)])
def test_bucket_that_time_alone_completes_is_not_served_stale(
    tmp_path: Path, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch, series: str, grace_minutes: int
) -> None:
    rows = [{"event_time": NOON}, {"event_time": NOON + timedelta(minutes=5)}]
    build_lake(tmp_path, sentiment=rows, price=rows)
    api = api_of(tmp_path)
    complete, etags = [], []
    ends = [timedelta(minutes=at) for at in (5, 10, 5 + grace_minutes, 10 + grace_minutes)]
    for at in sorted({end + timedelta(microseconds=us) for end in ends for us in (-1, 0)}):
        monkeypatch.setattr("api.http.clock.now_us", lambda at=at: to_us(NOON + at))
        answers = [api.history(series, f"{DAY}&intervalle=5m") for _ in range(2)]
        assert answers[0].document == answers[1].document
        response_cache.cache_clear()
        assert api.history(series, f"{DAY}&intervalle=5m").document["points"] == answers[0].document["points"]
        complete.append([point["complete"] for point in answers[0].document["points"]])
        etags.append(answers[0].headers["ETag"])
    assert complete[0] == [False, False]
    assert complete[-1] == [True, True]
    assert len(set(etags)) == len({str(flags) for flags in complete}) == 3
