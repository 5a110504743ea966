"""Texts of one story, folded in the list of headlines."""

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.support.api_process import ApiProcess
from tests.support.lake_builder import build_lake
from tests.system.browser.conftest import OpenPage
from tests.system.browser.test_accessibility import violations
from tests.system.browser.test_live import ago, prices

pytestmark = pytest.mark.browser

FIRST, COPY = (
    "Kraken wins licence to operate in Ireland",
    "Crypto exchange Kraken wins license to operate in Ireland",
)
OTHER = "Gemini wins licence to operate in Ireland"
ITEMS = "#texts > ol > li > div > .title"


@pytest.mark.parametrize(
    ("language", "label"), [("en", "Other texts of this story"), ("fr", "Autres textes de cette histoire")]
)
def test_sources_of_a_story_unfold_by_keyboard(
    tmp_path: Path, api: ApiProcess, page_of: OpenPage, language: str, label: str
) -> None:
    texts = [
        {"event_time": ago(9), "title": FIRST, "source": "wire"},
        {"event_time": ago(8), "title": OTHER, "source": "wire"},
        {"event_time": ago(7), "title": COPY, "source": "post"},
        {"event_time": ago(6), "title": f"{FIRST} - Coin Ledger", "source": "ledger"},
        {"event_time": ago(60 * 24), "title": FIRST, "source": "gazette"},
    ]
    build_lake(tmp_path / "lake", price=prices(9, 8, 7), sentiment=texts)
    page = page_of(api).open(f"symbol=btc&range=1h&lang={language}")
    page.wait_until(lambda: page.texts(ITEMS) == [f"{FIRST} - Coin Ledger", OTHER], "two stories")
    assert page.texts(".told summary") == ["4 sources"]
    assert page.texts(".told .title") == ["", ""]
    page.find(".told summary").send_keys(Keys.ENTER)
    page.wait_until(lambda: page.texts(".told .title") == [COPY, FIRST], "the other texts")
    assert page.find(".told ol").get_attribute("aria-label") == label
    assert violations(page) == []
    page.find(".told summary").send_keys(Keys.ENTER)
    page.wait_until(lambda: page.texts(".told .title") == ["", ""], "the other texts folded")
