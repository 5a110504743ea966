"""The viewer's pure modules, asked in the browser that runs them."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.api_process import ApiProcess
from tests.browser.conftest import OpenPage
from tests.browser.page import ViewerPage
from tests.lake_builder import build_lake

pytestmark = pytest.mark.browser


@pytest.fixture
def page(tmp_path: Path, api: ApiProcess, page_of: OpenPage) -> ViewerPage:
    build_lake(tmp_path / "lake")
    return page_of(api).open(state="waiting")


def evaluate(page: ViewerPage, module: str, expression: str) -> Any:
    """What an expression gives that knows a module's exports as ``m``. Through the debugger: no CSP there."""
    source = page.driver.execute_script("return document.querySelector('script[type=module]').src")
    code = f"import('{source.rsplit('/', 1)[0]}/{module}').then((m) => ({expression}))"
    answer = page.driver.execute_cdp_cmd(
        "Runtime.evaluate", {"expression": code, "awaitPromise": True, "returnByValue": True}
    )
    return answer["result"]["value"]


def segments(page: ViewerPage, function: str, times: list[int], least: int) -> list[int]:
    points = f"[{', '.join(f'{{time: {time}}}' for time in times)}]"
    lengths: list[int] = evaluate(page, "points.js", f"m.{function}({points}, {least}).map((s) => s.length)")
    return lengths


def test_lines_end_where_something_is_missing(page: ViewerPage) -> None:
    assert segments(page, "bucketSegments", [0, 1, 2, 4, 6, 7], 1) == [3, 1, 2]
    assert segments(page, "bucketSegments", [], 1) == []
    rare_then_dense = [0, 60, 120, 180, 240, 245, 250, 255, 260]
    assert segments(page, "pathSegments", rare_then_dense, 5) == [9]
    dense_with_a_hole = [0, 5, 10, 15, 90, 95, 100, 105]
    assert segments(page, "pathSegments", dense_with_a_hole, 5) == [4, 4]


def test_numbers_read_as_each_language_writes_them(page: ViewerPage) -> None:
    written = "[m.formatPrice(91500.256), m.formatPrice(0.08312), m.formatAge(3), m.formatAge(-3600)]"
    assert evaluate(page, "words.js", written) == ["91,500.26", "0.083120", "3 s ago", "in 60 min"]
    french = f"(m.setLanguage('fr'), {written})"
    assert evaluate(page, "words.js", french) == ["91\u202f500,26", "0,083120", "il y a 3 s", "dans 60 min"]


def test_both_languages_have_every_word(page: ViewerPage) -> None:
    assert evaluate(page, "words.js", "m.missingWords()") == []


def test_ticks_are_round(page: ViewerPage) -> None:
    assert evaluate(page, "scales.js", "m.valueTicks([0.11, 0.114], 4)") == {
        "values": pytest.approx([0.11, 0.111, 0.112, 0.113, 0.114]),
        "digits": 3,
    }
    assert evaluate(page, "scales.js", "m.padded([5, null, 5], 0.5)") == pytest.approx([4.95, 5.05])
