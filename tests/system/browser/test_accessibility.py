"""axe-core over each state of the page, in both lights and on a phone."""

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.support.api_process import ApiProcess
from tests.support.processes import ROOT
from tests.system.browser.chromium import DESKTOP, PHONE, prefer_colours, resize
from tests.system.browser.conftest import OpenPage
from tests.system.browser.page import ViewerPage

pytestmark = pytest.mark.browser

AXE = ROOT / "api" / "viewer" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")


def violations(page: ViewerPage) -> list[str]:
    """Return the serious findings of axe, run through the debugger, to which the CSP does not apply."""
    evaluate = "Runtime.evaluate"
    page.driver.execute_cdp_cmd(evaluate, {"expression": AXE.read_text(encoding="utf-8")})
    answer: dict[str, Any] = page.driver.execute_cdp_cmd(
        evaluate,
        {
            "expression": "axe.run().then(({violations}) => violations)",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    return [
        f"{found['id']}: {[node['target'] for node in found['nodes']]}"
        for found in answer["result"]["value"]
        if found["impact"] in GRAVE
    ]


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)])
def test_nothing_serious_is_found(
    market: ApiProcess, page_of: OpenPage, scheme: str, size: tuple[int, int]
) -> None:
    page = page_of(market)
    try:
        resize(page.driver, size)
        prefer_colours(page.driver, scheme)
        page.open("symbol=btc&range=24h&lang=fr")
        page.wait_until(lambda: page.n_points("heat") == 3, "everything")
        page.wait_until(lambda: page.texts("#texts ol > li") != [], "texts")
        page.wait_until(lambda: page.texts("#matrix td[data-outcome=worse]") != [], "cells in colour")
        page.find("#matrix td[data-horizon='1h'] button").send_keys(Keys.ENTER)
        page.wait_until(lambda: page.texts("#matrix figure") != [], "a reliability curve")
        page.find("#share").click()
        page.find("#numbers summary").click()
        assert violations(page) == []
        page.find("#live").click()
        page.wait_until(lambda: page.texts("#new-points") != [], "a held view")
        assert violations(page) == []
    finally:
        prefer_colours(page.driver, "light")
        resize(page.driver, DESKTOP)


def test_states_without_charts_are_fine_as_well(
    market: ApiProcess, tmp_path: Path, api: ApiProcess, page_of: OpenPage
) -> None:
    unknown, waiting = page_of(market), page_of(api)
    unknown.may_log = waiting.may_log = ("status of 503",)  # one console for both
    unknown.open("symbol=zzz&lang=en", state="unknown")
    assert violations(unknown) == []
    waiting.open("lang=en", state="waiting")
    assert violations(waiting) == []
