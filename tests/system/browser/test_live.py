"""The viewer while the lake under it begins, grows, misbehaves and goes away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta.table import append
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT, LOSSES
from tests.support.api_process import ApiProcess
from tests.support.lake_builder import LakeBuilder, Row, build_lake
from tests.system.browser.conftest import OpenPage

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
NOT_THERE = "status of 503"


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def prices(*minutes: float) -> list[Row]:
    return [{"event_time": ago(minute), "price": 100.0 + minute} for minute in minutes]


def build(path: Path) -> LakeBuilder:
    text = {"event_time": ago(6), "title": "An older headline"}
    return build_lake(path / "lake", price=prices(9, 8, 7), sentiment=[text])


def test_row_that_is_appended_shows_without_reload(
    tmp_path: Path, api: ApiProcess, page_of: OpenPage
) -> None:
    builder = build(tmp_path)
    page = page_of(api).open("symbol=btc&range=1h&lang=en")
    page.driver.execute_script("window.sameDocument = true")
    n_points = page.n_points("price")
    builder.append(GOLD_PRICE.name, [{"event_time": ago(0), "price": 321.5}])
    builder.append(GOLD_SENTIMENT.name, [{"event_time": ago(0), "title": "A fresh headline"}])
    page.wait_until(lambda: page.n_points("price") == n_points + 1, "one more price")
    page.wait_until(lambda: page.texts(".list .title")[0] == "A fresh headline", "the fresh headline")
    assert page.texts("#last")[0].startswith("321.50")
    assert page.driver.execute_script("return window.sameDocument")


def test_prediction_that_is_appended_shows_without_reload(
    tmp_path: Path, api: ApiProcess, page_of: OpenPage
) -> None:
    builder = build(tmp_path)
    page = page_of(api).open("symbol=btc&range=1h&lang=en")
    assert page.texts(".list[data-series=predictions] .state") == ["No prediction in this range."]
    made = {"made_at": ago(1), "target_time": ago(-4), "horizon": "5m", "predicted_price": 123.0}
    builder.append(GOLD_PREDICTION.name, [made])
    page.wait_until(lambda: page.panel("price", "predictions") == "1", "a prediction")
    page.wait_until(lambda: "walk · 5 min" in page.texts("#forecast")[0], "its model in the picker")
    builder.append(GOLD_PREDICTION.name, [made | {"made_at": ago(0), "target_time": ago(-5)}])
    page.wait_until(lambda: page.panel("price", "predictions") == "2", "another one")


def test_hostile_text_is_shown_and_not_run(tmp_path: Path, api: ApiProcess, page_of: OpenPage) -> None:
    build_lake(
        tmp_path / "lake",
        sentiment=[
            {
                "event_time": ago(1),
                "title": HOSTILE,
                "source": HOSTILE,
                "url": "javascript:document.title='owned'",
                "origin": "collected",
            }
        ],
    )
    page = page_of(api).open("symbol=btc&range=1h&lang=en")
    page.wait_until(lambda: page.texts(".list .title") == [HOSTILE], "the text")
    assert HOSTILE in page.texts(".list .meta")[0]
    assert (
        page.driver.execute_script("return document.querySelectorAll('li img, li script, li a').length") == 0
    )
    assert page.driver.title == "CRYPTO VIZ"


def test_collected_text_is_linked_and_not_labelled(
    tmp_path: Path, api: ApiProcess, page_of: OpenPage
) -> None:
    text = {"event_time": ago(1), "url": "https://news.example/1", "origin": "collected"}
    build_lake(tmp_path / "lake", sentiment=[text])
    page = page_of(api).open("symbol=btc&range=1h&lang=en")
    page.wait_until(lambda: page.texts(".list a.title") != [], "the text")
    link = page.find(".list a.title")
    assert link.get_attribute("href") == "https://news.example/1"
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert page.texts(".origin:not([hidden])") == []


def test_lake_that_does_not_exist_yet_is_waited_for(
    tmp_path: Path, api: ApiProcess, page_of: OpenPage
) -> None:
    page = page_of(api)
    page.may_log = (NOT_THERE,)
    page.open("lang=en", state="waiting")
    assert "Waiting for first data" in page.texts("#whole")[0]
    build(tmp_path)
    page.wait_for_state("ready")
    page.wait_until(lambda: page.texts(".list .title") == ["An older headline"], "its first text")
    page.wait_until(lambda: page.n_points("price") > 0, "its first prices")


def test_lake_without_rows_is_waited_for(tmp_path: Path, api: ApiProcess, page_of: OpenPage) -> None:
    builder = build_lake(tmp_path / "lake")
    page = page_of(api).open("lang=fr", state="waiting")
    assert "En attente des premières données" in page.texts("#whole")[0]
    builder.append(GOLD_PRICE.name, prices(1))
    page.wait_for_state("ready")
    nothing = ["Aucun texte sur cette période."]
    page.wait_until(lambda: page.texts(".list[data-series=texts] .state") == nothing, "no text")


def test_table_that_does_not_exist_yet_leaves_the_others(
    tmp_path: Path, api: ApiProcess, page_of: OpenPage
) -> None:
    LakeBuilder(tmp_path / "lake").append(GOLD_PRICE.name, prices(3, 2))
    page = page_of(api)
    page.may_log = (NOT_THERE,)
    page.open("symbol=btc&range=1h&lang=en")
    assert page.n_points("price") == 2
    assert page.texts(".panel[data-series=sentiment] .state") == ["Waiting for first data"]


def test_asset_that_nobody_knows_offers_those_that_are(
    tmp_path: Path, api: ApiProcess, page_of: OpenPage
) -> None:
    build(tmp_path)
    page = page_of(api).open("symbol=zzz&lang=en", state="unknown")
    assert "Nothing is known of “zzz”" in page.texts("#whole")[0]
    page.find("#whole button").click()
    page.wait_for_state("ready")
    assert page.address.startswith("#symbol=btc&")


def test_server_that_goes_away_is_waited_for(tmp_path: Path, api: ApiProcess, page_of: OpenPage) -> None:
    builder = build(tmp_path)
    page = page_of(api)
    page.may_log = ("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET")
    page.open("symbol=btc&range=1h&lang=en")
    n_points = page.n_points("price")
    api.stop()
    page.wait_until(lambda: "offline, retrying" in page.texts("#connection")[0], "the word offline")
    assert page.n_points("price") == n_points
    builder.append(GOLD_PRICE.name, prices(0))
    api.start()
    page.wait_until(lambda: page.n_points("price") == n_points + 1, "what happened meanwhile")
    assert page.of_document("dataset.connection") == "live"


def test_pause_holds_still_and_counts_what_comes(tmp_path: Path, api: ApiProcess, page_of: OpenPage) -> None:
    builder = build(tmp_path)
    page = page_of(api).open("symbol=btc&range=1h&lang=en")
    n_points, newest = page.n_points("price"), page.panel("price", "newest")
    page.find("#live").click()
    page.wait_until(lambda: page.of_document("dataset.connection") == "held", "a pause")
    page.wait_until(lambda: page.texts("#new-points") == ["nothing new"], "nothing new")
    span = page.texts("#span")
    builder.append(GOLD_PRICE.name, prices(0, 0.1))
    builder.append(GOLD_SENTIMENT.name, [{"event_time": ago(0), "title": "A fresh headline"}])
    page.wait_until(lambda: page.texts("#new-points") == ["3 new points"], "what has come")
    assert (page.n_points("price"), page.panel("price", "newest")) == (n_points, newest)
    assert page.texts("#span") == span
    page.find("#live").click()
    page.wait_until(lambda: page.n_points("price") > n_points, "what happened meanwhile")
    assert page.of_document("dataset.connection") == "live"
    assert page.texts("#new-points") == []


def test_stale_tables_turn_the_badge(tmp_path: Path, api: ApiProcess, page_of: OpenPage) -> None:
    build_lake(tmp_path / "lake", price=prices(9))
    page = page_of(api).open("symbol=btc&range=1h&lang=en")
    assert page.find("#freshness").get_attribute("data-level") == "stale"
    assert page.texts("#freshness") == ["Price stale · 9 min ago"]


def test_accepted_loss_is_shown_once_for_all_its_tables(
    tmp_path: Path, api: ApiProcess, page_of: OpenPage
) -> None:
    builder = build(tmp_path)
    loss = {
        "topic": "raw-price",
        "topic_id": "TopicPrice",
        "kafka_partition": 0,
        "from_offset": 5,
        "to_offset": None,
        "cause": "recreated",
        "reason": "the disk was lost",
        "accepted_by": "ana",
        "accepted_time": ago(1),
    }
    losses = [{"table_name": table, **loss} for table in ("bronze", "gold_price")]
    rows = pa.Table.from_pylist(losses, schema=LOSSES.to_arrow_schema())
    append(builder.open(LOSSES.name), LOSSES, rows, expected={}, advanced={})
    page = page_of(api).open("symbol=btc&range=1h&lang=en")
    assert page.texts("#losses b") == ["Accepted losses (1): offsets of Kafka that were never read."]
    assert page.texts("#losses span") == ["raw-price/0 [5, ?) recreated: the disk was lost"]
