"""Patterns of contracts in other places match what they match there, and nothing beside."""

import re

from api.http.patterns import in_any_case, in_path, or_empty, whole
from lakehouse.messages.contract import NAME_PATTERN, SYMBOL_PATTERN


def test_whole_text_has_no_line_break_at_its_end() -> None:
    assert whole(SYMBOL_PATTERN).search("btc") is not None
    assert whole(SYMBOL_PATTERN).search("btc\n") is None
    assert whole(SYMBOL_PATTERN).search("x btc") is None


def test_part_of_a_path_has_its_name() -> None:
    match = re.fullmatch(in_path("name", NAME_PATTERN), "simx")
    assert match is not None
    assert match["name"] == "simx"


def test_case_and_emptiness_are_added() -> None:
    assert re.search(in_any_case(SYMBOL_PATTERN), "BTC") is not None
    assert re.search(or_empty(SYMBOL_PATTERN), "") is not None
    assert re.search(or_empty(SYMBOL_PATTERN), "BTC") is None
