"""Takes the README's picture: `python -m tests.system.browser.screenshot [--all FOLDER]`.

It shows generated numbers, and says so. With a folder, every state worth a look goes there as well.
"""

import argparse
import base64
import sys
import tempfile
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.api_process import running_viewer
from tests.system.browser.chromium import prefer_colours, resize, running_chromium
from tests.system.browser.market_lake import build_market_lake

ROOT = Path(__file__).resolve().parents[3]
PICTURE = ROOT / "docs" / "images" / "viewer.png"
MAX_BYTES = 300_000
WAIT_SECONDS = 120
DESKTOP = (1320, 940)
PHONE = (390, 1300)


def main(arguments: list[str]) -> int:
    """Return exits 1 where the machine has no browser or the picture has become too large."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.browser.screenshot", description=__doc__)
    parser.add_argument(
        "--all", type=Path, metavar="FOLDER", help="further pictures: dark, phone, first states"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            n_bytes = _take(Path(folder), further=options.all)
        except LookupError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"{PICTURE.relative_to(ROOT)}: {n_bytes} bytes")
    return 0 if n_bytes < MAX_BYTES else 1


def _take(folder: Path, *, further: Path | None) -> int:
    build_market_lake(folder / "lake")
    with (
        running_chromium(folder / "profile", size=DESKTOP) as driver,
        running_viewer(lake=folder / "lake", runtime_dir=folder / "runtime") as api,
    ):
        driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        _look(driver, f"{api.url}#symbol=btc&range=7d&lang=en", "ready")
        _hover(driver)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        _save(driver, PICTURE)
        if further is not None:
            further.mkdir(parents=True, exist_ok=True)
            _take_further(driver, api.url, further)
            _take_held(driver, api.url, further)
            api.stop()
            _wait_for(driver, "connection", "offline")
            _save(driver, further / "offline.png")
    if further is not None:
        _take_first_states(folder / "first", further)
    return PICTURE.stat().st_size


def _take_further(driver: Chrome, url: str, folder: Path) -> None:
    for name, scheme, size, fragment, state in (
        ("dark", "dark", DESKTOP, "symbol=eth&range=24h&lang=en", "ready"),
        ("hour", "light", DESKTOP, "symbol=doge&range=1h&lang=fr", "ready"),
        ("month", "light", DESKTOP, "symbol=btc&range=30d&lang=fr", "ready"),
        ("empty", "light", DESKTOP, "symbol=btc&from=2026-01-01&to=2026-01-02&lang=en", "ready"),
        ("phone", "light", PHONE, "symbol=btc&range=7d&lang=fr", "ready"),
        ("phone-dark", "dark", PHONE, "symbol=btc&range=24h&lang=en", "ready"),
        ("unknown", "light", DESKTOP, "symbol=zzz&lang=en", "unknown"),
    ):
        prefer_colours(driver, scheme)
        resize(driver, size, scale=1.0, is_phone=size == PHONE)
        _look(driver, f"{url}#{fragment}", state)
        _save(driver, folder / f"{name}.png")
    prefer_colours(driver, "light")
    resize(driver, DESKTOP)


def _take_held(driver: Chrome, url: str, folder: Path) -> None:
    """Return a view that was paused, with the texts behind a point."""
    _look(driver, f"{url}#symbol=btc&range=24h&lang=en", "ready")
    driver.execute_script("document.getElementById('live').click()")
    charts = driver.find_element("id", "charts")
    charts.send_keys(Keys.END)
    while "at=" not in driver.current_url:
        charts.send_keys(Keys.ARROW_LEFT)
        charts.send_keys(Keys.ENTER)
    _wait_for_texts(driver)
    _save(driver, folder / "held.png")


def _take_first_states(folder: Path, pictures: Path) -> None:
    """Before there is a lake, and before there is an answer."""
    with (
        running_viewer(lake=folder / "lake", runtime_dir=folder / "runtime") as api,
        running_chromium(folder / "profile", size=DESKTOP) as driver,
    ):
        _look(driver, f"{api.url}#lang=en", "waiting")
        _save(driver, pictures / "waiting.png")
        driver.execute_cdp_cmd("Network.enable", {})
        driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/api/v1/*"]})
        _look(driver, f"{api.url}#lang=en", "offline")
        _save(driver, pictures / "no-server.png")


def _look(driver: Chrome, url: str, state: str) -> None:
    driver.get("about:blank")
    driver.get(url)
    _wait_for(driver, "state", state)
    if state == "ready":
        _wait_for_texts(driver)
    _wait_for_frame(driver)


def _wait_for(driver: Chrome, name: str, value: str) -> None:
    script = f"return document.documentElement.dataset.{name}"
    WebDriverWait(driver, WAIT_SECONDS).until(lambda browser: browser.execute_script(script) == value)


def _wait_for_texts(driver: Chrome) -> None:
    """Texts, heatmap and scores come after the charts."""
    script = (
        "return ['#texts', '.panel.heat', '#score']"
        ".every((name) => !document.querySelector(`${name} .state`).textContent.includes('…'))"
    )
    WebDriverWait(driver, WAIT_SECONDS).until(lambda browser: browser.execute_script(script))


def _hover(driver: Chrome) -> None:
    """Put the cursor on the charts, so that the picture shows what it reads."""
    driver.execute_script(
        "const mount = document.querySelector('.panel.price .mount'), box = mount.getBoundingClientRect();"
        "mount.dispatchEvent(new PointerEvent('pointermove',"
        " {clientX: box.left + box.width * 0.24, clientY: box.top + 90, bubbles: true}))"
    )
    _wait_for_frame(driver)


def _wait_for_frame(driver: Chrome) -> None:
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def _save(driver: Chrome, path: Path) -> None:
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    path.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
