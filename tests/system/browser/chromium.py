"""The system's Chromium, driven through its own driver; nothing is downloaded."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from setup.system_packages import CHROMIUMS

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--force-color-profile=srgb",
)
DESKTOP = (1440, 1100)
PHONE = (390, 844)


def find_chromium() -> str | None:
    """Return the path of a Chromium that has a driver beside it."""
    if shutil.which("chromedriver") is None:
        return None
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


@contextmanager
def running_chromium(
    profile: Path,
    *,
    size: tuple[int, int] = DESKTOP,
    language: str = "en-GB",
    trace: Mapping[str, str] | None = None,
) -> Iterator[Chrome]:
    """Return a browser with a profile of its own. Raises LookupError where the machine has none.

    With ``trace`` (chromedriver's perfLoggingPrefs) its log "performance" has trace events.
    """
    binary, driver_path = find_chromium(), shutil.which("chromedriver")
    if binary is None or driver_path is None:
        raise LookupError("no Chromium with a chromedriver on this machine")
    options = ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--lang={language}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    logs = {"browser": "ALL"}
    if trace is not None:
        options.add_experimental_option("perfLoggingPrefs", dict(trace))
        logs["performance"] = "ALL"
    options.set_capability("goog:loggingPrefs", logs)
    driver = Chrome(options=options, service=Service(driver_path))
    try:
        resize(driver, size)
        yield driver
    finally:
        driver.quit()


def resize(driver: Chrome, size: tuple[int, int], *, scale: float = 1.0, is_phone: bool = False) -> None:
    """Return gives the page exactly this many CSS pixels."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def prefer_colours(driver: Chrome, scheme: str) -> None:
    """As if the system were set to light or dark."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
