"""Views that the server accepts are those that the viewer keeps in its address: both are held to the same cases."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from api.metadata.view_parameters import MAX_SPAN, parameters_schema, validate_parameters

# The frontend's test of the same name asserts that the page writes and reads these, and offers no other value.
FRONTEND = Path(__file__).resolve().parents[3] / "api" / "viewer" / "frontend"
CASES: list[dict[str, Any]] = json.loads((FRONTEND / "tests" / "view-parameters.json").read_bytes())
PARAMETERS: list[dict[str, Any]] = [case["parameters"] for case in CASES]


def accepted(member: str) -> set[str]:
    """Return the values that a member is limited to, except null."""
    schema = parameters_schema()["ViewParameters"]["properties"][member]
    return {value for option in (schema, *schema.get("anyOf", ())) for value in option.get("enum", ())} - {
        None
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["address"])
def test_what_the_page_writes_is_accepted(case: dict[str, Any]) -> None:
    validate_parameters(case["parameters"])


def test_members_are_those_of_the_page() -> None:
    schemas = parameters_schema()
    assert set(schemas["ViewParameters"]["properties"]) == {name for view in PARAMETERS for name in view}
    assert set(schemas["Span"]["properties"]) == {
        name for view in PARAMETERS for name in view.get("span", {})
    }


@pytest.mark.parametrize("member", ["range", "detail", "lang"])
def test_values_are_those_that_the_page_offers(member: str) -> None:
    assert accepted(member) == {view[member] for view in PARAMETERS if member in view}


def test_longest_span_is_the_page_s() -> None:
    spans = [view["span"] for view in PARAMETERS if "span" in view]
    longest = max(
        spans, key=lambda span: datetime.fromisoformat(span["to"]) - datetime.fromisoformat(span["from"])
    )
    end = datetime.fromisoformat(longest["to"])
    assert end - datetime.fromisoformat(longest["from"]) == MAX_SPAN
    with pytest.raises(ValidationError):
        validate_parameters({"span": longest | {"to": (end + timedelta(milliseconds=1)).isoformat()}})


@pytest.mark.parametrize("member", ["symbol", "model", "horizon"])
@pytest.mark.parametrize("text", ["1h\n", "\n", "1h\r", "1h ", "1h\0", "É"])
def test_a_name_is_a_whole_text(member: str, text: str) -> None:
    with pytest.raises(ValidationError):
        validate_parameters({member: text})
