"""Use of the charts: zoom, travel, read what is behind a point, take it away, share it."""

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.keys import Keys

from tests.support.api_process import ApiProcess
from tests.system.browser.conftest import OpenPage
from tests.system.browser.page import ViewerPage

pytestmark = pytest.mark.browser

GUTTER, EDGE = 62, 14
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def page(market: ApiProcess, page_of: OpenPage) -> ViewerPage:
    return page_of(market)


def ends(page: ViewerPage) -> tuple[datetime, datetime]:
    """Return the range that the charts show."""
    charts = page.find("#charts")
    start, end = (datetime.fromisoformat(str(charts.get_attribute(f"data-{key}"))) for key in ("from", "to"))
    return start, end


def drag(page: ViewerPage, panel: str, shares: tuple[float, float], *, from_bottom_px: int = 60) -> None:
    """Presses at one share of a chart's width, lets go at another."""
    plot = page.find(f".panel[data-series={panel}] .mount")
    width, height = plot.size["width"] - GUTTER - EDGE, plot.size["height"]
    at, to = (round(GUTTER + share * width - plot.size["width"] / 2) for share in shares)
    actions = ActionChains(page.driver, duration=50)
    actions.move_to_element_with_offset(plot, at, height // 2 - from_bottom_px).click_and_hold()
    actions.move_by_offset((to - at) // 2, 0).move_by_offset(to - at - (to - at) // 2, 0).release().perform()


def hours(span: timedelta) -> float:
    return span.total_seconds() / 3_600


def test_brush_zooms_all_charts_and_holds_the_view(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    start, end = ends(page)
    drag(page, "price", (0.25, 0.5))
    page.wait_until(lambda: page.state == "ready" and "from=" in page.address, "a zoomed view")
    zoomed_start, zoomed_end = ends(page)
    assert hours(zoomed_end - zoomed_start) == pytest.approx(hours(end - start) / 4, rel=0.05)
    assert hours(zoomed_start - start) == pytest.approx(hours(end - start) / 4, rel=0.05)
    page.wait_until(lambda: page.n_pixels("sentiment", "positive") > 200, "bars")
    assert (
        "per 5 min" in page.texts(".panel[data-series=sentiment] .legend")[0]
        or "15 min" in page.texts(".panel[data-series=sentiment] .legend")[0]
    )
    assert page.texts("#live") == ["▶ Go live"]
    page.find("#live").click()
    page.wait_until(lambda: "from=" not in page.address and page.state == "ready", "a live view")
    assert hours(ends(page)[1] - ends(page)[0]) == pytest.approx(hours(end - start))


def test_dragging_the_time_axis_travels(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    start, end = ends(page)
    drag(page, "price", (0.2, 0.7), from_bottom_px=8)
    page.wait_until(lambda: page.state == "ready" and "from=" in page.address, "another time")
    moved_start, moved_end = ends(page)
    assert hours(start - moved_start) == pytest.approx(hours(end - start) / 2, rel=0.05)
    assert hours(moved_end - moved_start) == pytest.approx(hours(end - start), rel=0.001)
    assert page.texts("#connection")[0].startswith("looking back")
    assert page.n_points("price") > 200


def test_finger_travels_and_a_tap_reads(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    start, _ = ends(page)
    plot = page.find(".panel[data-series=price] .mount")
    finger = PointerInput("touch", "finger")
    actions = ActionBuilder(page.driver, mouse=finger, duration=60)
    tap = actions.pointer_action
    tap.move_to(plot, 40, 0).pointer_down().pointer_up()
    actions.perform()
    page.wait_until(lambda: len(page.texts(".tooltip:not([hidden])")) >= 3, "tooltips")
    actions = ActionBuilder(page.driver, mouse=finger, duration=60)
    drag_right = actions.pointer_action
    drag_right.move_to(plot, -100, 0).pointer_down().move_to(plot, 0, 0).move_to(plot, 120, 0).pointer_up()
    actions.perform()
    page.wait_until(lambda: "from=" in page.address and ends(page)[0] < start, "an earlier time")


def test_keys_zoom_travel_pause_and_go_live(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    charts = page.find("#charts")
    start, end = ends(page)
    charts.send_keys("+")
    page.wait_until(lambda: hours(ends(page)[1] - ends(page)[0]) < 0.6 * hours(end - start), "half of it")
    charts.send_keys("-")
    page.wait_until(lambda: hours(ends(page)[1] - ends(page)[0]) > 0.9 * hours(end - start), "all of it")
    before, _ = ends(page)
    charts.send_keys(Keys.PAGE_UP)
    page.wait_until(lambda: ends(page)[0] < before, "an earlier time")
    charts.send_keys("l")
    page.wait_until(lambda: page.of_document("dataset.connection") == "live", "a live view")
    charts.send_keys(Keys.SPACE)
    page.wait_until(lambda: page.of_document("dataset.connection") == "held", "a pause")


def test_point_of_sentiment_opens_the_texts_behind_it(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    charts = page.find("#charts")
    charts.send_keys(Keys.END)
    for _ in range(40):
        charts.send_keys(Keys.ARROW_LEFT)
        if "mean" in str(page.find("#readout").get_attribute("textContent")):
            break
    charts.send_keys(Keys.ENTER)
    page.wait_until(lambda: "at=" in page.address, "an open point")
    page.wait_until(lambda: page.texts("#texts ol > li") != [], "its texts")
    assert page.texts("#texts h2")[0].startswith("Texts behind ")
    assert page.texts("#texts .terms li")[0] == "surge"
    assert "vader" in page.texts("#texts .meta")[0]
    times = [
        str(node)
        for node in page.driver.execute_script(
            "return [...document.querySelectorAll('#texts time')].map((node) => node.dateTime)"
        )
    ]
    opened = datetime.fromisoformat(re.findall(r"at=([^&]+)", page.address)[0])
    assert all(timedelta() <= datetime.fromisoformat(time) - opened < timedelta(minutes=15) for time in times)
    page.find("#back").click()
    page.wait_until(lambda: page.texts("#texts h2") == ["Latest texts"], "the newest again")
    assert "at=" not in page.address


def test_cell_of_the_heatmap_chooses_its_asset(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    page.wait_until(lambda: page.n_points("heat") == 3, "three rows")
    plot = page.find(".panel[data-series=heat] .mount")
    ActionChains(page.driver).move_to_element_with_offset(plot, 0, -13).click().perform()
    page.wait_until(
        lambda: page.texts("h1") == ["Ethereum"] and page.state == "ready", "the second row's asset"
    )
    assert "symbol=eth" in page.address


def test_scorecard_says_in_words_what_the_prediction_was_worth(page: ViewerPage) -> None:
    page.open("symbol=btc&range=7d&lang=en&model=ridge-price&horizon=1h")
    page.wait_until(lambda: page.texts("#score summary") != [], "a score")
    assert page.texts("#score summary")[0].startswith("ridge-price, 1 h ahead, last 30 d")
    said = page.texts("#score details[open] p")
    assert re.fullmatch(r"Off by [\d,.]+ USD on average\. Assuming no change: [\d,.]+ USD\.", said[0])
    assert any(re.fullmatch(r"Its \d+ % interval held \d+ % of outcomes\.", text) for text in said)
    page.choose("#forecast", "random-walk")
    page.wait_until(lambda: "assumption of no change" in page.texts("#score summary")[0], "the baseline's")


def test_shared_link_reopens_the_view(page: ViewerPage) -> None:
    page.open("symbol=eth&range=24h&lang=en")
    drag(page, "price", (0.3, 0.6))
    page.wait_until(lambda: page.state == "ready" and "from=" in page.address, "a zoomed view")
    address, seen, n_points = page.address, ends(page), page.n_points("price")
    page.open(address.removeprefix("#"))
    page.wait_until(lambda: page.n_points("price") == n_points, "the same points")
    assert (page.address, ends(page), page.texts("h1")) == (address, seen, ["Ethereum"])


def test_numbers_and_picture_of_what_is_seen_are_saved(page: ViewerPage, tmp_path: Path) -> None:
    page.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    page.open("symbol=btc&range=24h&lang=en")
    page.find("#share").click()
    page.find("#csv").click()
    page.find("#png").click()
    page.wait_until(
        lambda: len(list(tmp_path.glob("btc-*.csv")) + list(tmp_path.glob("btc-*.png"))) == 2, "files"
    )
    with next(tmp_path.glob("*.csv")).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["series"] for row in rows} == {"prix", "sentiment", "prediction"}
    prices = [row for row in rows if row["series"] == "prix"]
    assert len(prices) == page.n_points("price")
    assert {row["origins"] for row in rows} == {"generated"}
    start, end = ends(page)
    assert all(start - timedelta(minutes=5) < datetime.fromisoformat(row["time"]) < end for row in prices)
    assert next(tmp_path.glob("*.png")).read_bytes().startswith(PNG_SIGNATURE)


def test_table_says_what_the_charts_show(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    page.find("#numbers summary").click()
    page.wait_until(lambda: len(page.texts("#numbers tbody tr")) > 40, "rows")
    last = page.texts("#last")[0].removesuffix(" USD")
    assert last in page.texts("#numbers tbody tr")[0]


def test_colours_can_be_chosen_and_are_kept(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    background = "return getComputedStyle(document.body).backgroundColor"
    light = page.driver.execute_script(background)
    try:
        page.find("#theme").click()
        page.find("#theme").click()
        assert page.of_document("dataset.theme") == "dark"
        dark = page.driver.execute_script(background)
        assert dark != light
        page.open("symbol=btc&range=24h&lang=en")
        assert page.driver.execute_script(background) == dark
    finally:
        page.driver.execute_script("localStorage.clear()")
