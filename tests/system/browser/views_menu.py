"""The menu of saved views as a test uses it: by its names, buttons and what it says."""

from collections.abc import Iterator
from contextlib import contextmanager

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.system.browser.page import ViewerPage


def open_menu(page: ViewerPage) -> None:
    if page.find("#views").get_attribute("aria-expanded") == "false":
        page.find("#views").click()
    page.wait_until(lambda: "Reading…" not in page.texts("#views-menu > .message"), "the list")


def names(page: ViewerPage) -> list[str]:
    return page.texts("#views-list .name")


def row(page: ViewerPage, name: str) -> WebElement:
    return page.find(f"#views-list [aria-label='{name}']")


def press(page: ViewerPage, name: str, action: str) -> None:
    """Return an action on a view, by the class of its button."""
    open_menu(page)
    more = row(page, name).find_element(By.CSS_SELECTOR, ".more")
    if more.get_attribute("aria-expanded") == "false":
        more.click()
    row(page, name).find_element(By.CSS_SELECTOR, f".{action}").click()


def saved(page: ViewerPage, name: str) -> None:
    open_menu(page)
    page.find("#view-name").send_keys(name, Keys.ENTER)
    page.wait_until(lambda: page.texts("#views-message") == [f"“{name}” saved."], "it is saved")


def opened(page: ViewerPage, name: str) -> None:
    open_menu(page)
    row(page, name).find_element(By.CSS_SELECTOR, ".open").click()
    page.wait_until(lambda: page.texts("#views-opened") == [f"“{name}” opened."], "it is open")
    page.wait_until(lambda: page.state == "ready", "its data")


def stored(page: ViewerPage) -> dict[str, dict[str, str]]:
    """Return what the server has, by name."""
    script = "fetch('/api/v1/vues').then((a) => a.json()).then(({elements}) => arguments[0](elements))"
    return {view["name"]: view["parameters"] for view in page.driver.execute_async_script(script)}


@contextmanager
def other_tab(page: ViewerPage) -> Iterator[None]:
    """Return the same person's second tab, until the end of the block."""
    before = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    try:
        yield
    finally:
        page.driver.close()
        page.driver.switch_to.window(before)


def failure(page: ViewerPage) -> str:
    page.wait_until(lambda: page.texts("#views-failure") != [""], "what went wrong")
    return page.texts("#views-failure")[0]


def signed_in_elsewhere(page: ViewerPage, session: str) -> None:
    """As a tab that signs in leaves the cookies: another session, and the old CSRF token worth nothing."""
    page.driver.delete_cookie("csrftoken")
    page.driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
