"""The viewer as a test reads it: through its elements and its own account of what it has drawn."""

from collections.abc import Callable
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

WAIT_SECONDS = 120
_COUNT_PIXELS = """
const [name, wanted] = arguments;
const canvas = document.querySelector(`.panel[data-series=${name}] canvas`);
const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
const probe = document.createElement("canvas").getContext("2d");
probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${wanted}`).trim();
probe.fillRect(0, 0, 1, 1);
const colour = probe.getImageData(0, 0, 1, 1).data;
let n = 0;
for (let i = 0; i < data.length; i += 4) {
  if ([0, 1, 2, 3].every((k) => Math.abs(data[i + k] - colour[k]) < 24)) n += 1;
}
return n;
"""


class ViewerPage:
    """One look at the viewer. ``may_log`` are texts of console errors that a test expects."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self._url = url
        self.may_log: tuple[str, ...] = ()

    def open(self, fragment: str = "lang=en", *, state: str = "ready") -> "ViewerPage":
        self.driver.get("about:blank")
        self.driver.get(f"{self._url}#{fragment}")
        self.wait_for_state(state)
        return self

    def wait_until(self, holds: Callable[[], Any], what: str) -> None:
        waiting = WebDriverWait(
            self.driver,
            WAIT_SECONDS,
            poll_frequency=0.1,
            ignored_exceptions=[StaleElementReferenceException],
        )
        waiting.until(lambda driver: holds(), message=f"in vain for: {what}; the page says {self.state!r}")

    def wait_for_state(self, state: str) -> None:
        self.wait_until(lambda: self.state == state, f"state {state}")

    @property
    def state(self) -> str:
        return self.of_document("dataset.state")

    @property
    def address(self) -> str:
        return str(self.driver.execute_script("return location.hash"))

    def of_document(self, expression: str) -> str:
        return str(self.driver.execute_script(f"return document.documentElement.{expression}"))

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((node) => node.innerText.trim())"
        return list(self.driver.execute_script(script, selector))

    def panel(self, name: str, key: str) -> str:
        return self.find(f".panel[data-series={name}]").get_attribute(f"data-{key}") or ""

    def n_points(self, name: str) -> int:
        return int(self.panel(name, "points") or 0)

    def n_pixels(self, name: str, colour: str) -> int:
        """Return the number of pixels of a chart in one of the page's colours."""
        return int(self.driver.execute_script(_COUNT_PIXELS, name, colour))

    def n_requests(self) -> int:
        """Return how often the page requested something and got an answer."""
        return int(self.driver.execute_script("return performance.getEntriesByType('resource').length"))

    def now_ms(self) -> float:
        """Return the page's own time."""
        return float(self.driver.execute_script("return performance.now()"))

    def choose(self, picker: str, text: str) -> None:
        select = Select(self.find(picker))
        select.select_by_index(
            next(i for i, option in enumerate(select.options) if option.text.startswith(text))
        )

    def choose_range(self, name: str) -> None:
        self.find(f"#ranges input[value='{name}'] + span").click()

    def unexpected_errors(self) -> list[str]:
        """Errors of the console since it was last asked, but those that the test expects."""
        messages = [
            str(entry["message"]) for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"
        ]  # type: ignore[attr-defined]
        return [message for message in messages if not any(expected in message for expected in self.may_log)]
