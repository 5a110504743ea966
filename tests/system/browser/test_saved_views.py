"""Saved views in the viewer: a real server and its SQLite, tabs of one person, and somebody else's browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.api_process import ApiProcess, running_viewer
from tests.support.users import PASSWORD, make_session
from tests.system.browser.chromium import DESKTOP, PHONE, resize, running_chromium
from tests.system.browser.conftest import OpenPage
from tests.system.browser.market_lake import build_market_lake
from tests.system.browser.page import ViewerPage
from tests.system.browser.test_accessibility import violations
from tests.system.browser.test_views import drag, ends
from tests.system.browser.views_menu import (
    failure,
    names,
    open_menu,
    opened,
    other_tab,
    press,
    row,
    saved,
    signed_in_elsewhere,
    stored,
)

pytestmark = pytest.mark.browser

NAME = "ann"
USUAL = "symbol=btc&range=24h&lang=en"


@pytest.fixture(scope="module")
def sessions(market: ApiProcess) -> dict[str, str]:
    return {name: make_session(market.runtime_dir, market.port, name) for name in (NAME, "bob")}


@pytest.fixture
def page(market: ApiProcess, page_of: OpenPage, sessions: dict[str, str]) -> Iterator[ViewerPage]:
    """Nobody is signed in."""
    page = page_of(market)
    first = page.driver.current_window_handle
    yield page
    for handle in page.driver.window_handles:
        page.driver.switch_to.window(handle)
        if handle != first:
            page.driver.close()
    page.driver.switch_to.window(first)
    page.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})


@pytest.fixture
def signed_in(page: ViewerPage, market: ApiProcess, sessions: dict[str, str]) -> ViewerPage:
    """ann's page; she has no view."""
    page.open(USUAL)
    page.driver.add_cookie({"name": "sessionid", "value": sessions[NAME], "path": "/"})
    page.open(USUAL)
    page.wait_until(lambda: page.texts("#views") == ["Views"], "the control")
    script = """
        const done = arguments[0];
        const {csrf_token} = await (await fetch("/api/v1/session")).json();
        const {elements} = await (await fetch("/api/v1/vues?limite=200")).json();
        for (const {id} of elements)
          await fetch(`/api/v1/vues/${id}`, {method: "DELETE", headers: {"If-Match": "*", "X-CSRFToken": csrf_token}});
        done();
    """
    page.driver.execute_async_script(script)
    return page


def test_signing_in_comes_back_to_what_was_seen(page: ViewerPage) -> None:
    page.open("symbol=eth&range=24h&lang=en&model=ridge-price&horizon=1h")
    drag(page, "price", (0.3, 0.6))
    page.wait_until(lambda: page.state == "ready" and "from=" in page.address, "a zoomed view")
    address, seen = page.address, ends(page)
    page.wait_until(lambda: page.texts("#sign-in") == ["Sign in to save views"], "the quiet link")
    assert page.driver.find_elements(By.CSS_SELECTOR, "#views") == []
    page.find("#sign-in").click()
    page.wait_until(lambda: page.driver.find_elements(By.ID, "password") != [], "the form")
    page.find("#username").send_keys(NAME)
    page.find("#password").send_keys(PASSWORD, Keys.ENTER)
    page.wait_for_state("ready")
    page.wait_until(lambda: page.texts("#views") == ["Views"], "the control")
    assert (page.address, ends(page)) == (address, seen)


def test_view_is_saved_survives_a_reload_and_is_opened_again(signed_in: ViewerPage) -> None:
    page = signed_in
    page.choose("#asset", "Ethereum")
    drag(page, "price", (0.3, 0.6))
    page.wait_until(lambda: page.state == "ready" and "from=" in page.address, "a zoomed view")
    address, seen, n_points = page.address, ends(page), page.n_points("price")
    saved(page, "eth dip")
    assert page.texts("#views-list .open[aria-current] .name") == ["eth dip"]
    assert page.find("#view-name").get_attribute("value") == ""
    page.choose("#asset", "Dogecoin")
    page.choose_range("7d")
    page.wait_until(lambda: page.state == "ready" and "symbol=doge" in page.address, "another picture")
    other = page.address
    page.driver.refresh()
    page.wait_for_state("ready")
    page.wait_until(lambda: page.texts("#views") == ["Views"], "the control")
    open_menu(page)
    assert names(page) == ["eth dip"]
    assert page.texts("#views-list [aria-current]") == []
    opened(page, "eth dip")
    page.wait_until(lambda: page.n_points("price") == n_points, "the same points")
    assert (page.address, ends(page), page.texts("h1")) == (address, seen, ["Ethereum"])
    assert page.find("#views-menu").is_displayed() is False
    page.driver.back()
    page.wait_until(lambda: page.address == other, "what was seen before")


def test_wrong_name_is_told_beside_its_field_and_nothing_is_saved(signed_in: ViewerPage) -> None:
    page = signed_in
    saved(page, "mine")
    for typed, said in (
        ("  ", "A view needs a name."),
        ("x" * 81, "A name has at most 80 characters."),
        ("mine", "A view has this name already."),
    ):
        # Typed over, as a person does it: the page knows nothing of a value that the driver clears.
        page.find("#view-name").send_keys(Keys.CONTROL + "a" + Keys.NULL, typed, Keys.ENTER)
        page.wait_until(lambda said=said: page.texts("#view-name-problem") == [said], said)
        assert page.find("#view-name").get_attribute("value") == typed
        assert page.find("#view-name").get_attribute("aria-invalid") == "true"
        assert page.driver.switch_to.active_element == page.find("#view-name")
    assert list(stored(page)) == ["mine"]


def test_name_that_another_tab_took_meanwhile_is_refused_by_the_server(signed_in: ViewerPage) -> None:
    page = signed_in
    page.may_log = ("status of 409",)
    open_menu(page)
    with other_tab(page):
        page.open(USUAL)
        page.wait_until(lambda: page.texts("#views") == ["Views"], "the control")
        saved(page, "mine")
    page.find("#view-name").send_keys("mine", Keys.ENTER)
    assert failure(page).startswith("A view has this name already.")
    assert page.find("#view-name").get_attribute("value") == "mine"


def test_conflict_with_another_tab_replaces_nothing_and_can_be_decided(signed_in: ViewerPage) -> None:
    page = signed_in
    page.may_log = ("status of 412",)
    saved(page, "mine")
    with other_tab(page):
        page.open("symbol=doge&range=7d&lang=en")
        page.wait_until(lambda: page.texts("#views") == ["Views"], "the control")
        press(page, "mine", "overwrite")
        page.wait_until(
            lambda: page.texts("#views-message") == ["“mine” now holds what you see."], "the change"
        )
    page.find("#views").send_keys(Keys.ESCAPE)
    page.choose("#asset", "Ethereum")
    page.wait_until(lambda: page.state == "ready" and page.texts("h1") == ["Ethereum"], "another picture")
    address = page.address
    press(page, "mine", "overwrite")  # the list was read again: what is refused is what was never seen here
    assert failure(page).startswith("“mine” was changed elsewhere, for instance in another tab.")
    assert (page.address, stored(page)["mine"]["symbol"]) == (address, "doge")
    page.find("#views-failure button").click()
    page.wait_until(lambda: page.texts("#views-message") == ["The views were read again."], "a new list")
    assert page.driver.switch_to.active_element == page.find("#views-menu")
    press(page, "mine", "overwrite")
    page.wait_until(
        lambda: page.texts("#views-message") == ["“mine” now holds what you see."], "the decision"
    )
    assert (page.address, stored(page)["mine"]["symbol"]) == (address, "eth")


def test_view_that_was_deleted_elsewhere_is_told_and_can_be_saved_anew(signed_in: ViewerPage) -> None:
    page = signed_in
    page.may_log = ("status of 404",)
    saved(page, "mine")
    with other_tab(page):
        page.open(USUAL)
        page.wait_until(lambda: page.texts("#views") == ["Views"], "the control")
        press(page, "mine", "delete")
        row(page, "mine").find_element(By.CSS_SELECTOR, ".confirm").click()
        page.wait_until(lambda: names(page) == [], "it is gone")
    press(page, "mine", "overwrite")
    assert failure(page).startswith("“mine” was deleted elsewhere.")
    page.find("#views-failure button").click()
    page.wait_until(lambda: names(page) == [], "a new list")
    saved(page, "mine")
    assert list(stored(page)) == ["mine"]


def test_view_is_renamed_and_deleted_only_when_that_was_meant(signed_in: ViewerPage) -> None:
    page = signed_in
    saved(page, "mine")
    press(page, "mine", "rename")
    field = row(page, "mine").find_element(By.CSS_SELECTOR, "input")
    assert page.driver.switch_to.active_element == field
    field.send_keys("ours", Keys.ENTER)  # what was there is selected, and replaced
    page.wait_until(lambda: names(page) == ["ours"], "the new name")
    more = row(page, "ours").find_element(By.CSS_SELECTOR, ".more")
    assert page.driver.switch_to.active_element == more
    press(page, "ours", "delete")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)  # the focus is on keeping it
    page.wait_until(lambda: page.texts("#views-list .ask") == [], "no question")
    press(page, "ours", "delete")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.wait_until(lambda: page.texts("#views-list .ask") == [], "no question")
    assert (list(stored(page)), page.find("#views-menu").is_displayed()) == (["ours"], True)
    press(page, "ours", "delete")
    row(page, "ours").find_element(By.CSS_SELECTOR, ".confirm").click()
    page.wait_until(lambda: page.texts("#views-message") == ["“ours” deleted."], "it is gone")
    assert stored(page) == {}
    assert page.driver.switch_to.active_element == page.find("#views-menu")


def test_link_shows_somebody_else_the_same_picture_until_it_is_withdrawn(
    signed_in: ViewerPage, tmp_path: Path
) -> None:
    page = signed_in
    page.choose("#asset", "Ethereum")
    drag(page, "price", (0.3, 0.6))
    page.wait_until(lambda: page.state == "ready" and "from=" in page.address, "a zoomed view")
    saved(page, "eth dip")
    press(page, "eth dip", "copy")
    page.wait_until(lambda: page.texts("#views-list .link") != [], "a link")
    link = str(page.find("#views-list .link").get_attribute("value"))
    with running_chromium(tmp_path / "profile") as stranger:
        theirs = ViewerPage(stranger, link)
        stranger.get(link)
        theirs.wait_for_state("ready")
        theirs.wait_until(lambda: theirs.n_points("price") == page.n_points("price"), "the same points")
        assert (theirs.address, ends(theirs), theirs.texts("h1")) == (page.address, ends(page), ["Ethereum"])
        assert "vue=" not in stranger.current_url
        assert theirs.texts("#shared") == ["Shared view: eth dip"]
        theirs.wait_until(lambda: theirs.texts("#sign-in") == ["Sign in to save views"], "the quiet link")
        theirs.choose("#asset", "Bitcoin")
        theirs.wait_until(lambda: theirs.texts("#shared") == [], "it is their own picture by now")
        page.find("#views-list .unshare").click()
        page.wait_until(lambda: page.texts("#views-list .link") == [], "no link")
        more = row(page, "eth dip").find_element(By.CSS_SELECTOR, ".more")
        page.wait_until(lambda: page.driver.switch_to.active_element == more, "a focus")
        stranger.get(link)
        theirs.wait_for_state("ready")
        assert theirs.texts("#shared")[0].startswith("This link shares no view, or not any more.")
        assert [one for one in theirs.unexpected_errors() if "status of 404" not in one] == []


def test_session_that_ended_loses_neither_name_nor_picture(
    signed_in: ViewerPage, sessions: dict[str, str]
) -> None:
    page = signed_in
    page.may_log = ("status of 401", "status of 403")
    open_menu(page)
    page.driver.delete_cookie("sessionid")
    page.find("#view-name").send_keys("mine", Keys.ENTER)
    assert failure(page).startswith("You are no longer signed in as ann.")
    signed_in_elsewhere(page, sessions["bob"])
    page.find("#view-name").send_keys(Keys.ENTER)
    assert failure(page).startswith("You are no longer signed in as ann.")
    assert stored(page) == {}  # bob's: nothing was saved under his name
    signed_in_elsewhere(page, sessions[NAME])
    page.find("#view-name").send_keys(Keys.ENTER)
    page.wait_until(lambda: page.texts("#views-message") == ["“mine” saved."], "it is saved")
    assert list(stored(page)) == ["mine"]


def test_keyboard_alone_saves_and_opens(signed_in: ViewerPage) -> None:
    page = signed_in
    page.find("#views").send_keys(Keys.ENTER)
    page.wait_until(lambda: "No view is saved yet." in page.texts("#views-menu > .message"), "the list")
    page.driver.switch_to.active_element.send_keys(Keys.TAB)  # to signing out
    page.driver.switch_to.active_element.send_keys(Keys.TAB)
    page.driver.switch_to.active_element.send_keys("mine", Keys.ENTER)
    page.wait_until(lambda: names(page) == ["mine"], "it is saved")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert page.driver.switch_to.active_element == page.find("#views")
    assert page.find("#views-menu").is_displayed() is False
    page.choose("#asset", "Ethereum")
    page.find("#views").send_keys(Keys.ENTER)
    page.wait_until(lambda: names(page) == ["mine"], "the list")
    for _ in range(2):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_until(lambda: "symbol=btc" in page.address, "the view")
    assert page.driver.switch_to.active_element == page.find("#views")
    page.find("#views").send_keys(Keys.ENTER)
    page.find("#view-name").send_keys("half", Keys.TAB, Keys.TAB)
    assert page.driver.switch_to.active_element == page.find("#live")
    assert page.find("#views-menu").is_displayed() is False  # it was left
    page.find("#views").send_keys(Keys.ENTER)
    assert page.find("#view-name").get_attribute("value") == "half"


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_serious_is_found_and_nothing_sticks_out(
    signed_in: ViewerPage, size: tuple[int, int]
) -> None:
    page = signed_in
    try:
        resize(page.driver, size)
        saved(page, "x" * 80)
        for action in ("copy", "delete", "rename"):
            press(page, "x" * 80, action)
            assert violations(page) == []
            page.find("#views-list .more").click()
        page.find("#view-name").send_keys("x" * 81, Keys.ENTER)
        page.wait_until(lambda: page.texts("#view-name-problem") != [""], "a problem")
        assert violations(page) == []
        box = page.driver.execute_script(
            "const {left, right} = document.getElementById('views-menu').getBoundingClientRect();"
            "return [left, innerWidth - right, document.documentElement.scrollWidth - innerWidth]"
        )
        assert (box[0] >= 0, box[1] >= 0, box[2] <= 0) == (True, True, True)
    finally:
        resize(page.driver, DESKTOP)


def test_shared_link_where_histories_are_closed_survives_signing_in(
    tmp_path: Path, page_of: OpenPage
) -> None:
    build_market_lake(tmp_path / "lake", days=1.0)
    with running_viewer(
        lake=tmp_path / "lake", runtime_dir=tmp_path / "runtime", CRYPTOVIZ_HISTORY_OPEN="no"
    ) as closed:
        session = make_session(closed.runtime_dir, closed.port, NAME)
        page = page_of(closed)
        page.driver.get(closed.url)
        page.driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
        page.open("symbol=eth&range=24h&lang=en")
        page.wait_until(lambda: page.texts("#views") == ["Views"], "the control")
        saved(page, "eth")
        press(page, "eth", "copy")
        page.wait_until(lambda: page.texts("#views-list .link") != [], "a link")
        link = str(page.find("#views-list .link").get_attribute("value"))
        page.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        page.driver.get("about:blank")
        page.driver.get(link)
        page.find("#username").send_keys(NAME)
        page.find("#password").send_keys(PASSWORD, Keys.ENTER)
        page.wait_for_state("ready")
        assert (page.texts("#shared"), page.texts("h1")) == (["Shared view: eth"], ["Ethereum"])
        page.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        page.driver.get("about:blank")
