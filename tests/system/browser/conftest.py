"""One browser and one market for the whole run; each test has a page, and the console is read after each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.support.api_process import ApiProcess, running_viewer
from tests.system.browser.chromium import DESKTOP, find_chromium, running_chromium
from tests.system.browser.market_lake import build_market_lake
from tests.system.browser.page import ViewerPage

OpenPage = Callable[[ApiProcess], ViewerPage]


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    if find_chromium() is None:
        pytest.skip("no Chromium with a chromedriver on this machine: make test installs it where it may")
    with running_chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """Run a server over a market's last seven days, which no test changes."""
    folder = tmp_path_factory.mktemp("market")
    build_market_lake(folder / "lake")
    with running_viewer(lake=folder / "lake", runtime_dir=folder / "runtime") as process:
        yield process


@pytest.fixture
def page_of(driver: Chrome) -> Iterator[OpenPage]:
    """Return a function that opens a server's viewer; fail on console errors that the test did not expect."""
    pages: list[ViewerPage] = []

    def make(api: ApiProcess) -> ViewerPage:
        pages.append(ViewerPage(driver, api.url))
        return pages[-1]

    driver.get_log("browser")  # type: ignore[attr-defined]
    # A test that looked through a phone's screen leaves a small window behind.
    driver.set_window_size(*DESKTOP)
    yield make
    driver.get("about:blank")
    for page in pages:
        assert page.unexpected_errors() == []


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiProcess]:
    """Run a server over a lake of the test's own, at tmp_path / "lake", which does not exist yet."""
    with running_viewer(lake=tmp_path / "lake", runtime_dir=tmp_path / "runtime") as process:
        yield process
