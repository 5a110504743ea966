"""The viewer over a market's last days: charts, pickers, languages, keys."""

import re
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.api_process import ApiProcess
from tests.system.browser.conftest import OpenPage
from tests.system.browser.page import ViewerPage

pytestmark = pytest.mark.browser


@pytest.fixture
def page(market: ApiProcess, page_of: OpenPage) -> ViewerPage:
    return page_of(market)


def test_seven_days_are_drawn_on_four_charts(page: ViewerPage) -> None:
    page.open()
    assert page.address == "#symbol=btc&range=7d&lang=en"
    assert page.n_points("price") > 600
    assert page.n_points("sentiment") > 100
    assert int(page.panel("price", "predictions")) > 600
    page.wait_until(lambda: page.n_pixels("price", "price") > 500, "a line of prices")
    assert page.n_pixels("price", "predicted") > 200
    assert page.n_pixels("sentiment", "positive") > 200
    assert page.n_pixels("counts", "negative") > 200
    page.wait_until(lambda: page.n_points("heat") == 3, "the heatmap's three assets")
    page.wait_until(lambda: page.n_pixels("heat", "heat-7") > 200, "its cells")


def test_outage_is_a_gap_and_not_a_line(page: ViewerPage) -> None:
    page.open("symbol=btc&range=7d&lang=en")
    page.wait_until(lambda: page.panel("price", "segments") == "2", "two segments, one before the outage")


def test_lists_show_the_newest_texts_and_predictions(page: ViewerPage) -> None:
    page.open()
    page.wait_until(lambda: len(page.texts(".list[data-series=texts] ol > li")) == 12, "12 texts")
    page.wait_until(lambda: len(page.texts(".list[data-series=predictions] li")) == 12, "12 predictions")
    assert "Bitcoin" in page.texts(".list[data-series=texts] .title")[0]
    assert any("inside the interval" in text for text in page.texts(".list[data-series=predictions] li"))


def test_another_asset_and_range_change_charts_and_address(page: ViewerPage) -> None:
    page.open()
    page.choose("#asset", "Ethereum")
    page.wait_until(lambda: page.texts("h1") == ["Ethereum"] and page.state == "ready", "Ethereum")
    page.choose_range("24h")
    page.wait_until(lambda: page.state == "ready" and 280 <= page.n_points("price") <= 290, "a day of prices")
    assert page.address == "#symbol=eth&range=24h&lang=en"
    assert all("Ethereum" in title for title in page.texts(".list[data-series=texts] .title"))


def test_link_opens_the_same_view(page: ViewerPage) -> None:
    page.open("symbol=doge&range=24h&lang=fr&model=random-walk&horizon=1h")
    assert page.texts("h1") == ["Dogecoin"]
    assert page.of_document("lang") == "fr"
    assert page.find("#ranges input:checked").get_attribute("value") == "24h"
    assert "random-walk · 1 h" in page.texts(".panel[data-series=price] .legend")[0].replace("\n", " ")


def test_prediction_can_be_another_or_none(page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    page.choose("#forecast", "random-walk")
    page.wait_until(
        lambda: "random-walk" in page.texts(".panel[data-series=price] .legend")[0], "another path"
    )
    page.choose("#forecast", "No prediction")
    page.wait_until(lambda: page.n_pixels("price", "predicted") == 0, "no path")
    assert page.texts(".list[data-series=predictions] .state") == ["No prediction chosen."]


def test_language_is_switched_without_reload(page: ViewerPage) -> None:
    page.open("symbol=btc&range=7d&lang=en")
    page.find("#language").click()
    page.wait_until(lambda: page.texts(".list[data-series=texts] h2") == ["Derniers textes"], "French")
    assert page.of_document("lang") == "fr"
    assert "lang=fr" in page.address
    assert re.fullmatch(r"\d{2,3}\u202f\d{3},\d\d USD", page.texts("#last")[0])
    page.find("#language").click()
    page.wait_until(lambda: page.texts(".list[data-series=texts] h2") == ["Latest texts"], "English")


def test_keys_move_one_cursor_over_all_charts(page: ViewerPage) -> None:
    page.open("symbol=btc&range=7d&lang=en")
    charts = page.find("#charts")
    charts.send_keys(Keys.ARROW_LEFT)
    page.wait_until(lambda: len(page.texts(".tooltip:not([hidden])")) == 4, "four tooltips")
    before = charts.get_attribute("data-cursor") or ""
    charts.send_keys(Keys.ARROW_LEFT)
    assert (charts.get_attribute("data-cursor") or "") < before
    assert "Price" in page.find("#readout").get_attribute("textContent")
    charts.send_keys(Keys.ESCAPE)
    assert page.texts(".tooltip:not([hidden])") == []


def test_generated_numbers_are_labelled(page: ViewerPage) -> None:
    page.open()
    assert page.find("#generated").is_displayed()
    assert page.texts(".panel h2 .origin") == ["generated"] * 4
    for name in ("texts", "predictions"):
        assert page.texts(f".list[data-series={name}] .origin") == ["generated"] * 12
    # Of the scorecard one horizon is open, the others are folded up.
    assert page.texts(".list[data-series=scores] .origin") == ["generated", "", ""]


def test_scorecard_is_a_matrix_of_models_and_horizons(market: ApiProcess, page: ViewerPage) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    page.wait_until(lambda: page.texts("#matrix td") != [], "cells")
    assert page.texts("#matrix > table thead th") == ["5 min ahead", "1 h ahead", "24 h ahead"]
    assert page.texts("#matrix > table tbody th") == ["random-walk", "ridge-price"]
    cells = {(of["model"], of["horizon"]): of for of in distributions(market, "btc")}
    assert len(cells) == len(page.texts("#matrix td button")) == 6
    for (model, horizon), score in cells.items():
        (said,) = page.texts(f"#matrix td[data-model={model}][data-horizon='{horizon}']")
        names = ["constant volatility", "recent moves", "no change"][: len(score["verdicts"])]
        assert [
            name for name in ("constant volatility", "recent moves", "no change") if name in said
        ] == names
        coverage = score["coverage"]
        assert coverage is not None or horizon == "24h"
        assert coverage is None or said.endswith(f"{100 * coverage['share']:.1f} %")
        if all(verdict["verdict"] == "too little data" for verdict in score["verdicts"]):
            assert "too little data" in said
    page.find("#language").click()
    page.wait_until(lambda: page.texts("#matrix > table thead th")[0] == "à 5 min", "French")
    assert "volatilité constante" in page.texts("#matrix td")[0]


def test_cell_unfolds_its_reliability_curve_by_mouse_and_by_keys(
    market: ApiProcess, page: ViewerPage
) -> None:
    page.open("symbol=btc&range=24h&lang=en")
    page.wait_until(lambda: page.texts("#matrix td") != [], "cells")
    (score,) = [
        of for of in distributions(market, "btc") if (of["model"], of["horizon"]) == ("ridge-price", "1h")
    ]
    event = next((of for of in score["events"] if of["move"] == 0.01), score["events"][0])
    button = page.find("#matrix td[data-model=ridge-price][data-horizon='1h'] button")
    button.send_keys(Keys.ENTER)
    page.wait_until(lambda: page.texts("#detail-name") == ["ridge-price, 1 h ahead"], "the cell's detail")
    assert button.get_attribute("aria-expanded") == "true"
    ns = [str(of["n"]) for of in event["reliability"]]
    assert page.texts("#matrix figure tbody td:last-child") == ns
    dots = page.driver.find_elements(By.CSS_SELECTOR, "#matrix .curve circle")
    assert [dot.get_attribute("data-n") for dot in dots] == ns
    spoken = page.find("#matrix .curve").get_attribute("aria-label") or ""
    assert spoken.count("stated") == len(ns)
    page.find("#matrix .moves input:checked").send_keys(Keys.ESCAPE)
    page.wait_until(lambda: page.texts("#matrix .detail") == [], "a folded detail")
    assert page.driver.switch_to.active_element == button
    button.click()
    page.wait_until(lambda: page.texts("#matrix .detail") != [], "the detail again")
    button.click()
    page.wait_until(lambda: page.texts("#matrix .detail") == [], "a folded detail")


def distributions(api: ApiProcess, symbol: str) -> list[dict[str, Any]]:
    _, _, answer = api.get(f"/api/v1/prediction/{symbol}/score")
    return list(answer["distributions"])


def test_footer_tells_versions_and_what_is_not_there(page: ViewerPage) -> None:
    page.open()
    price = page.texts("#tables li[data-table=gold_price]")[0]
    assert "version 1" in price
    assert "lag unknown" in price
    assert "bronze\nnot there yet" in page.texts("#tables li.absent")


def test_nothing_is_wider_than_a_phone(page: ViewerPage) -> None:
    metrics = {"width": 360, "height": 780, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.open("symbol=btc&range=7d&lang=fr")
        page.wait_until(lambda: page.texts("#matrix td") != [], "the scorecard")
        page.find("#matrix td[data-horizon='1h'] button").send_keys(Keys.ENTER)
        page.wait_until(lambda: page.texts("#matrix figure") != [], "a reliability curve")
        assert int(page.of_document("scrollWidth")) == 360
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
